"""The course's figures; the only module that imports matplotlib.

Each function takes `ax` (a new one by default), draws, labels with symbols rather than
words, and returns the Axes. Lines differ in dash as well as in colour, and the colours have
contrast on white; `style()` sets the rest of the look for a `with` block.
"""

import matplotlib.pyplot as plt
import numpy as np

from rnnlib._checks import check_choice


def style():
    """The look of the course's figures: `with plotting.style(): …`."""
    return plt.style.context("rnnlib.page")


def plot_gates(gates, ax=None):
    """Gates over time, each a line from 0 to 1.

    Args:
        gates: a mapping from a label, such as "$f_t$", to (T,) numbers in [0, 1].
        ax: where to draw.
    """
    ax = _axes(ax)
    for label, values in gates.items():
        values = _numbers("gates", values, 1)
        ax.plot(np.arange(1, len(values) + 1), values, label=label)
    ax.set(xlabel="$t$", ylim=(-0.05, 1.05))
    ax.legend(ncols=len(gates))
    return ax


def plot_gradient_norm(norms, ax=None):
    """Gradient norm against lag, logarithmic: a straight line is exponential decay.

    Args:
        norms: a mapping from a label to (K,) norms of ∂h_T/∂h_{T-k} for k = 1 … K, or to
            (S, K) for S seeds, drawn as the median with a band from the least to the greatest.
        ax: where to draw.
    """
    ax = _axes(ax)
    for label, values in norms.items():
        values = np.atleast_2d(_numbers("norms", values, 1, 2))
        k = np.arange(1, values.shape[1] + 1)
        (line,) = ax.plot(k, np.median(values, axis=0), label=label)
        if len(values) > 1:
            _band(ax, k, values.min(0), values.max(0), line)
    ax.set(xlabel="$k$", ylabel=r"$\Vert\partial h_T / \partial h_{T-k}\Vert$", yscale="log")
    ax.legend()
    return ax


def plot_attention(weights, source, target, ax=None):
    """An attention map: row by row, where the decoder looked when it wrote a token.

    Args:
        weights: (T_target, T_source), rows that sum to 1.
        source: the T_source tokens that were read.
        target: the T_target tokens that were written.
        ax: where to draw.
    """
    weights = _numbers("weights", weights, 2)
    if weights.shape != (len(target), len(source)):
        raise ValueError(
            f"weights must have a row per target and a column per source token, "
            f"({len(target)}, {len(source)}), got {weights.shape}."
        )
    ax = _axes(ax)
    image = ax.imshow(weights, cmap="Greys", vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(len(source)), source)
    ax.set_yticks(range(len(target)), target)
    ax.grid(False)
    ax.figure.colorbar(image, ax=ax, label=r"$\alpha$")
    return ax


def plot_forecast(truth, forecast, low=None, high=None, ax=None, start=0):
    """A series, its forecast, and the band of error around it.

    Args:
        truth: (T,) what happened.
        forecast: (T,) what was said beforehand.
        low, high: (T,) the band, both or neither.
        ax: where to draw.
        start: the time of the first entry.
    """
    truth, forecast = _numbers("truth", truth, 1), _numbers("forecast", forecast, 1)
    ax, t = _axes(ax), start + np.arange(len(truth))
    ax.plot(t, truth, label="$y_t$")
    (line,) = ax.plot(t, forecast, label=r"$\hat y_t$")
    if (low is None) != (high is None):
        raise ValueError("low and high must be given together.")
    if low is not None:
        _band(ax, t, _numbers("low", low, 1), _numbers("high", high, 1), line)
    ax.set(xlabel="$t$")
    ax.legend()
    return ax


def plot_learning_curves(curves, ax=None, scale="linear"):
    """Losses over epochs; the lowest point of each curve is marked.

    Args:
        curves: a mapping from a label to (E,) losses.
        ax: where to draw.
        scale: "linear" or "log".
    """
    check_choice("scale", scale, ("linear", "log"))
    ax = _axes(ax)
    for label, values in curves.items():
        values = _numbers("curves", values, 1)
        epochs = np.arange(1, len(values) + 1)
        (line,) = ax.plot(epochs, values, label=label)
        best = int(np.nanargmin(values))
        ax.plot(epochs[best], values[best], "o", color=line.get_color())
    ax.set(xlabel="$e$", ylabel="$L$", yscale=scale)
    ax.legend()
    return ax


def _axes(ax):
    return plt.subplots()[1] if ax is None else ax


def _band(ax, x, low, high, line):
    """A band that a grey print still shows: light colour, and thin edges of its own."""
    ax.fill_between(x, low, high, color=line.get_color(), alpha=0.15, linewidth=0)
    for edge in (low, high):
        ax.plot(x, edge, color=line.get_color(), linewidth=0.6, linestyle="-")


def _numbers(name, values, *ndims):
    """The values as a NumPy array, whatever library they came from."""
    if hasattr(values, "detach"):  # a torch tensor, without importing torch
        values = values.detach().cpu()
    values = np.asarray(values)
    if values.ndim not in ndims or values.size == 0 or values.dtype.kind not in "fiub":
        raise ValueError(
            f"{name} must be numbers with {' or '.join(map(str, ndims))} axes, "
            f"got shape {values.shape} of {values.dtype}."
        )
    return values
