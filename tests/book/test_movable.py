"""The movable figures compute what the page says, with and without JavaScript."""

import math

import pytest

from .conftest import assert_accessible, build, opened

pytestmark = pytest.mark.browser
PAGE = """\
# Figures

```{movable} rnn-memory
:name: fig-memory
The state $h_t$.
```

See {numref}`fig-memory`.

```{movable} lstm-cell
The cell $C_t$.
```
"""
RNN, LSTM = "form.movable >> nth=0", "form.movable >> nth=1"
DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pages = {"index": PAGE, "plain": "# Plain\n\nNo figure here.\n"}
    return build(tmp_path_factory.mktemp("movable"), pages)


def test_in_print_a_figure_has_its_style_but_cannot_be_moved(tmp_path):
    pages = {"index": "# First\n", "figures": PAGE}
    printed = build(tmp_path, pages, builder="singlehtml") / "index.html"
    assert "movable.css" in printed.read_text("utf-8")
    assert "movable.js" not in printed.read_text("utf-8")


@pytest.fixture
def figures(site, serve, page):
    with serve(site) as root:
        page.goto(f"{root}index.html")
        yield page


def rnn(xs, w_xh=1.5, w_hh=0.9, b_h=0.0):
    h, product = 0.0, 1.0
    for t, x in enumerate(xs):
        h = math.tanh(w_xh * x + w_hh * h + b_h)
        product *= w_hh * (1 - h * h) if t else 1
    return {"h": h, "gradient": product}


def lstm(candidates, f=0.95, i=1.0, o=1.0):
    C = 0.0
    for candidate in candidates:
        C = f * C + i * candidate
    return {"C": C, "h": o * math.tanh(C), "gradient": f ** (len(candidates) - 1)}


def one_then_zeros(steps):
    return [1] + [0] * (steps - 1)


def check(page, figure, expected):
    """Every number shown is the expected one, to the three digits that are shown."""
    for name, value in expected.items():
        text = page.locator(f"{figure} >> output[name={name}]").inner_text()
        mantissa, _, exponent = text.translate(DIGITS).partition("·10")
        shown = float(mantissa) * 10.0 ** int(exponent or 0)
        assert shown == pytest.approx(value, rel=0.0051), name
        if value:
            assert len(mantissa.lstrip("-0.").replace(".", "")) == 3, text


def slider(page, figure, name):
    return page.locator(f"{figure} >> input[name={name}]")


def test_it_starts_with_the_numbers_of_the_formula(figures):
    check(figures, RNN, rnn(one_then_zeros(20)))
    check(figures, LSTM, lstm(one_then_zeros(30)))


def test_the_page_is_complete_without_javascript(site, serve, browser):
    with serve(site) as root, opened(browser, java_script_enabled=False) as page:
        page.goto(f"{root}index.html")
        check(page, RNN, rnn(one_then_zeros(20)))
        check(page, LSTM, lstm(one_then_zeros(30)))
        assert page.locator(f"{LSTM} >> .movable-chart .curve-2 circle").count() == 30
        assert page.locator("form.movable :enabled").count() == 0


def test_javascript_draws_what_the_page_shows_already(figures):
    charts = "document.querySelectorAll('form.movable .movable-chart')"
    shape = (
        f"[...{charts}].map(c => [...c.querySelectorAll('circle')]"
        ".map(e => e.cy.baseVal.valueInSpecifiedUnits))"
    )
    before = figures.evaluate(shape)
    figures.evaluate("document.querySelectorAll('form.movable').forEach(f => f.reset())")
    figures.wait_for_function(
        f"{charts}[0].querySelector('circle').getAttribute('cy').length > 9"
    )
    for old, new in zip(before, figures.evaluate(shape), strict=True):
        assert new == pytest.approx(old, abs=1e-3)


@pytest.mark.parametrize(
    ("figure", "name", "key", "formula", "steps"),
    [
        (RNN, "w_hh", "ArrowRight", rnn, 20),
        (RNN, "w_xh", "ArrowLeft", rnn, 20),
        (RNN, "b_h", "ArrowLeft", rnn, 20),
        (LSTM, "f", "ArrowLeft", lstm, 30),
        (LSTM, "i", "ArrowLeft", lstm, 30),
        (LSTM, "o", "ArrowLeft", lstm, 30),
    ],
)
def test_a_slider_moves_by_keyboard(figures, figure, name, key, formula, steps):
    handle = slider(figures, figure, name)
    before = float(handle.input_value())
    handle.focus()
    for _ in range(4):
        figures.keyboard.press(key)
    after = float(handle.input_value())
    assert after != before
    check(figures, figure, formula(one_then_zeros(steps), **{name: after}))


def test_a_slider_moves_by_mouse_and_reset_moves_it_back(figures):
    handle = slider(figures, RNN, "w_hh")
    box = handle.bounding_box()
    figures.mouse.click(box["x"] + 0.2 * box["width"], box["y"] + box["height"] / 2)
    value = float(handle.input_value())
    assert -2 <= value < -0.8
    check(figures, RNN, rnn(one_then_zeros(20), w_hh=value))
    figures.locator(f"{RNN} >> button[type=reset]").click()
    figures.wait_for_function("document.querySelector('input[name=w_hh]').value === '0.9'")
    check(figures, RNN, rnn(one_then_zeros(20)))


def test_an_input_is_toggled_by_click_and_by_keyboard(figures):
    xs = one_then_zeros(20)
    buttons = figures.locator(f"{RNN} >> .movable-toggles button")
    buttons.nth(4).click()
    xs[4] = 1
    check(figures, RNN, rnn(xs))
    figures.keyboard.press("ArrowRight")
    figures.keyboard.press("Space")
    xs[5] = 1
    check(figures, RNN, rnn(xs))
    figures.locator(f"{RNN} >> .movable-stems").click(position={"x": 3, "y": 20})
    xs[0] = 0
    check(figures, RNN, rnn(xs))
    assert buttons.evaluate_all("all => all.filter(b => b.tabIndex === 0).length") == 1


def test_a_candidate_takes_three_values_and_the_axis_grows(figures):
    candidates = one_then_zeros(30)
    buttons = figures.locator(f"{LSTM} >> .movable-toggles button")
    for k in (1, 2):
        buttons.nth(k).click()
        candidates[k] = 1
    check(figures, LSTM, lstm(candidates))
    assert figures.locator(f"{LSTM} >> .tick").all_text_contents() == ["5", "0", "−5"]
    buttons.nth(1).click()
    assert buttons.nth(1).get_attribute("aria-label") == "C̃_2 = −1"
    candidates[1] = -1
    check(figures, LSTM, lstm(candidates))


def test_a_number_near_zero_keeps_its_digits(figures):
    handle = slider(figures, LSTM, "f")
    handle.focus()
    figures.keyboard.press("Home")
    for _ in range(3):
        figures.keyboard.press("ArrowRight")
    check(figures, LSTM, {"gradient": 0.03**29})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_and_is_accessible(site, serve, browser, scheme, width):
    size = {"width": width, "height": 800}
    with serve(site) as root, opened(browser, viewport=size, color_scheme=scheme) as page:
        page.goto(f"{root}index.html")
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        # On a phone, a finger needs 24 px.
        narrowest = page.locator(".movable-toggles button").evaluate_all(
            "all => Math.min(...all.map(b => b.getBoundingClientRect().width))"
        )
        assert width > 360 or narrowest >= 24
        assert_accessible(page, "form.movable")


def test_a_page_without_figures_loads_nothing_of_them(site, serve, page):
    with serve(site) as root:
        page.goto(f"{root}plain.html", wait_until="networkidle")
    assert not [address for address in page.requests if "movable" in address]


def test_the_figure_has_a_number(figures):
    assert figures.locator("figcaption >> nth=0").inner_text().startswith("Fig. 1")
    assert (
        "Fig. 1" in figures.locator("article").get_by_role("link", name="Fig. 1").inner_text()
    )
