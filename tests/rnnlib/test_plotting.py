"""The figures: what is drawn are the numbers that were given, on the axes that were given."""

import matplotlib as mpl
import numpy as np
import pytest
import torch

mpl.use("agg")

import matplotlib.pyplot as plt

from rnnlib import plotting


@pytest.fixture
def ax():
    with plotting.style():
        _, ax = plt.subplots()
        yield ax
    plt.close("all")


def lines(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def test_gates(ax):
    f = torch.tensor([0.1, 0.9, 0.5], requires_grad=True)
    assert plotting.plot_gates({"$f_t$": f, "$i_t$": np.ones(3)}, ax) is ax
    np.testing.assert_array_equal(lines(ax)["$f_t$"].get_ydata(), f.detach().numpy())
    np.testing.assert_array_equal(lines(ax)["$f_t$"].get_xdata(), [1, 2, 3])


def test_lines_differ_without_colour(ax):
    plotting.plot_gates({name: np.ones(3) for name in "abcd"}, ax)
    assert len({line.get_linestyle() for line in ax.get_lines()}) == 4


def test_colours_have_contrast_on_white(ax):
    plotting.plot_gates({name: np.ones(3) for name in "abcd"}, ax)

    def luminance(colour):
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in mpl.colors.to_rgb(colour)
        ]
        return np.dot([0.2126, 0.7152, 0.0722], linear)

    for line in ax.get_lines():
        assert 1.05 / (luminance(line.get_color()) + 0.05) >= 4.5


def test_gradient_norm_shows_median_and_spread_of_seeds(ax):
    norms = np.array([[1.0, 0.1], [2.0, 0.4], [4.0, 0.2]])
    plotting.plot_gradient_norm({"$a$": norms}, ax)
    np.testing.assert_array_equal(lines(ax)["$a$"].get_ydata(), [2.0, 0.2])
    drawn = [tuple(line.get_ydata()) for line in ax.get_lines()]
    assert (1.0, 0.1) in drawn
    assert (4.0, 0.4) in drawn
    assert ax.get_yscale() == "log"


def test_attention(ax):
    weights = np.array([[0.9, 0.1, 0.0], [0.0, 0.2, 0.8]])
    plotting.plot_attention(weights, ["a", "b", "c"], ["x", "y"], ax)
    np.testing.assert_array_equal(ax.get_images()[0].get_array(), weights)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["x", "y"]


def test_forecast(ax):
    plotting.plot_forecast([1.0, 2.0], [1.5, 2.5], [1.0, 2.0], [2.0, 3.0], ax, start=5)
    np.testing.assert_array_equal(lines(ax)[r"$\hat y_t$"].get_ydata(), [1.5, 2.5])
    np.testing.assert_array_equal(lines(ax)["$y_t$"].get_xdata(), [5, 6])


def test_learning_curves_mark_the_best_epoch(ax):
    plotting.plot_learning_curves({"$a$": [3.0, 1.0, 2.0]}, ax, scale="log")
    marks = [line for line in ax.get_lines() if line.get_marker() == "o"]
    assert [(m.get_xdata()[0], m.get_ydata()[0]) for m in marks] == [(2, 1.0)]


def test_without_ax_a_new_figure_is_made():
    ax = plotting.plot_gates({"$f_t$": [0.5]})
    assert ax.figure.number in plt.get_fignums()
    plt.close("all")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: plotting.plot_gates({"a": np.ones((2, 2))}),
            "gates must be numbers with 1 axes, got shape (2, 2) of float64.",
        ),
        (
            lambda: plotting.plot_attention(np.ones((2, 2)), ["a"], ["b", "c"]),
            "weights must have a row per target and a column per source token, (2, 1), "
            "got (2, 2).",
        ),
        (
            lambda: plotting.plot_forecast([1.0], [1.0], low=[0.0]),
            "low and high must be given together.",
        ),
        (
            lambda: plotting.plot_learning_curves({"a": [1.0]}, scale="cubic"),
            "scale must be one of 'linear', 'log', got 'cubic'.",
        ),
    ],
)
def test_bad_input(call, sentence):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        call()
    assert str(caught.value) == sentence
    plt.close("all")
