"""How a movable figure looks: HTML and SVG with the state that it starts in.

The picture is complete without JavaScript; movable.js only changes heights and numbers in
it. Horizontal places are percentages and all else is in pixels, so the figure fits a phone
while its letters keep their size.
"""

import json
from html import escape

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def symbol(name, index=""):
    """Write w_xh as w with the subscript xh, and h with the index t likewise."""
    letter, _, own = name.partition("_")
    sub = own or str(index)
    if not sub:
        return f"<i>{letter}</i>"
    return f"<i>{letter}</i><sub>{sub if sub.isdigit() else f'<i>{sub}</i>'}</sub>"


def number(value):
    """Write a number with three digits, as movable.js does: 0.905, −1.23·10⁻⁷."""
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    exponent = int(exponent)
    if -3 <= exponent <= 2:
        return f"{value:.{2 - exponent}f}".replace("-", "−")
    return f"{mantissa}·10".replace("-", "−") + str(exponent).translate(SUPERSCRIPTS)


def reach(curves):
    """Return the end of the vertical axis: 1, 2, 5, 10, 20, … so that all values fit."""
    largest = max(abs(value) for values in curves.values() for value in values)
    return next(m * 10**k for k in range(9) for m in (1, 2, 5) if m * 10**k >= largest)


def render(figure, serial, sliders, inputs, curves, gradient, words):
    """Return the whole figure; its controls sleep until movable.js wakes them."""
    data = {key: figure[key] for key in ("steps", "state", "gradient", "input", "curves")}
    return "".join(
        [
            f'<form class="movable" autocomplete="off" data-figure="{_attribute(data)}">',
            _legend(figure, words),
            _stems(figure, inputs),
            _toggles(figure, inputs),
            _chart(figure, curves),
            _sliders(figure, serial, sliders),
            _numbers(figure, curves, gradient),
            "</form>",
        ]
    )


def _attribute(data):
    return escape(json.dumps(data, ensure_ascii=False, separators=(",", ":")), quote=True)


def _percent(share):
    return f"{100 * share:.6g}%"


def _across(t, steps):
    return _percent((t - 0.5) / steps)


def _legend(figure, words):
    stem = '<line x1="16" x2="16" y1="4" y2="16"/><circle cx="16" cy="4" r="3.5"/>'
    keys = [_key("stem", stem, figure["input"]["name"])]
    line = '<line x1="1" x2="31" y1="8" y2="8"/><circle cx="16" cy="8" r="3.5"/>'
    keys += [_key(f"curve-{k}", line, name) for k, name in enumerate(figure["curves"], start=1)]
    reset = f'<button type="reset" disabled title="{words["reset"]}">'
    reset += (
        f'<span aria-hidden="true">↺</span><span class="movable-aside">{words["reset"]}</span>'
    )
    return f'<div class="movable-legend">{"".join(keys)}{reset}</button></div>'


def _key(style, shape, name):
    sample = f'<svg class="{style}" width="32" height="16" aria-hidden="true">{shape}</svg>'
    return f"<span>{sample} {symbol(name, 't')}</span>"


def _stems(figure, inputs):
    name, steps = figure["input"]["name"], figure["steps"]
    low, high = min(figure["input"]["values"]), max(figure["input"]["values"])
    height = [_percent((high - value) / (high - low)) for value in (0, *inputs)]
    parts = [f'<line class="axis" x1="0" x2="100%" y1="{height[0]}" y2="{height[0]}"/>']
    for t in range(1, steps + 1):
        x, y = _across(t, steps), height[t]
        parts.append(f'<line x1="{x}" x2="{x}" y1="{height[0]}" y2="{y}"/>')
        parts.append(f'<circle cx="{x}" cy="{y}" r="4"/>')
    return _picture("movable-stems stem", _spoken(name, inputs), parts)


def _toggles(figure, inputs):
    """One button per step; only the first is a Tab stop, the arrow keys lead on."""
    name = figure["input"]["name"]
    buttons = "".join(
        f'<button type="button" disabled tabindex="{-1 if t > 1 else 0}" data-t="{t}" '
        f'value="{value}" aria-label="{name}_{t} = {_signed(value)}">{_signed(value)}</button>'
        for t, value in enumerate(inputs, start=1)
    )
    return (
        f'<div class="movable-toggles" role="group" aria-label="{name}_t" '
        f'style="--steps: {figure["steps"]}">{buttons}</div>'
    )


def _chart(figure, curves):
    steps, high = figure["steps"], reach(curves)
    parts = []
    for share, value in ((0, high), (0.5, 0), (1, -high)):
        y = _percent(share)
        parts.append(f'<line class="axis" x1="0" x2="100%" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="tick" x="-9" y="{y}" dy="0.35em">{_signed(value)}</text>')
    for t in (1, *range(5, steps + 1, 5)):
        parts.append(f'<text x="{_across(t, steps)}" y="100%" dy="1.7em">{t}</text>')
    parts.append('<text class="name" x="100%" y="100%" dx="0.5em" dy="1.7em">t</text>')
    for k, values in enumerate(curves.values(), start=1):
        height = [_percent((1 - value / high) / 2) for value in values]
        parts.append(f'<g class="curve-{k}">{_lines(height)}{_dots(height)}</g>')
    label = "; ".join(_spoken(name, values) for name, values in curves.items())
    return _picture("movable-chart", label, parts)


def _picture(style, label, parts):
    return f'<svg class="{style}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _lines(height):
    steps = len(height)
    return "".join(
        f'<line x1="{_across(t, steps)}" x2="{_across(t + 1, steps)}" '
        f'y1="{height[t - 1]}" y2="{height[t]}"/>'
        for t in range(1, steps)
    )


def _dots(height):
    return "".join(
        f'<circle cx="{_across(t, len(height))}" cy="{y}" r="3.5"/>'
        for t, y in enumerate(height, start=1)
    )


def _sliders(figure, serial, sliders):
    rows = []
    for name, slider in figure["sliders"].items():
        key, shown = f"movable-{serial}-{name}", _signed(sliders[name], ".2f")
        rows.append(
            f'<div><label for="{key}">{symbol(name)}</label>'
            f'<input id="{key}" type="range" name="{name}" disabled min="{slider["min"]}" '
            f'max="{slider["max"]}" step="{slider["step"]}" value="{sliders[name]}">'
            f'<output for="{key}" aria-live="off">{shown}</output></div>'
        )
    return f'<div class="movable-sliders">{"".join(rows)}</div>'


def _numbers(figure, curves, gradient):
    last, state = figure["steps"], figure["state"]
    rows = [_result(name, symbol(name, last), values[-1]) for name, values in curves.items()]
    fraction = f"∂{symbol(state, last)} / ∂{symbol(state, 1)}"
    rows.append(_result("gradient", fraction, gradient))
    return f'<div class="movable-numbers">{"".join(rows)}</div>'


def _result(name, text, value):
    return f'<span>{text} = <output name="{name}">{number(value)}</output></span>'


def _signed(value, form=""):
    return format(value, form).replace("-", "−")


def _spoken(name, values):
    return f"{name}_t = " + ", ".join(_signed(round(value, 2), "g") for value in values)
