"""How numbers are drawn, rounded, and written into a text.

A text names its numbers in angle brackets, so that it can be read, and translated, as it is:

    <x>     0.5   -0.5          the number
    <(x)>   0.5   (-0.5)        as a factor
    <+x>    + 0.5   - 0.5       as a further term of a sum
    <~x>    = 0.5   ≈ 0.905     as a result, exact or rounded
"""

import math
import re
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

COUNT_WORDS = ("no", "one", "two", "three", "four", "five", "six")
PLACE = re.compile(r"<([+~(]?)([A-Za-z]\w*)\)?>")


class Number(float):
    """A float that knows how it is written and whether rounding has changed it."""

    def __new__(cls, value, text=None, exact=True):
        """Without a text, as many decimals are written as there are, 10 at most."""
        number = super().__new__(cls, value)
        number.text = written(value) if text is None else text
        number.exact = exact
        return number

    def __str__(self):
        return self.text


class Rounding(NamedTuple):
    """To how many places a result is rounded, and how the question says it."""

    kind: str  # "decimals", "significant" or "whole"
    places: int = 0

    def __call__(self, value):
        """Round half up, as on paper, and return a Number."""
        value = float(value)
        if not math.isfinite(value):
            return Number(value, str(value), exact=False)
        places = self.places
        if self.kind == "significant" and value:
            places -= math.floor(math.log10(abs(value))) + 1
        rounded = Decimal(format(value, ".13g")).quantize(
            Decimal(1).scaleb(-places), ROUND_HALF_UP
        )
        text = format(rounded, "f") if abs(value) >= 1e-4 or not value else power(rounded)
        if not rounded:
            text = text.lstrip("-")
        exact = math.isclose(float(rounded), value, rel_tol=1e-9, abs_tol=1e-12)
        return Number(float(rounded), text, exact)

    def unit(self, value):
        """One unit in the last place that is kept."""
        if self.kind == "significant" and value:
            return 10.0 ** (math.floor(math.log10(abs(value))) + 1 - self.places)
        return 10.0**-self.places

    def sentence(self, keep):
        """What the question says of it; `keep` is the rounding of results on the way."""
        if self.kind == "whole":
            return "The answer is a whole number."
        noun = "decimal" if self.kind == "decimals" else "significant digit"
        many = "" if self.places == 1 else "s"
        text = f"Round the answer to {COUNT_WORDS[self.places]} {noun}{many}"
        if keep == self:
            return text + "."
        many = "" if keep.places == 1 else "s"
        noun = "decimal" if keep.kind == "decimals" else "significant digit"
        return f"{text}; on the way keep {COUNT_WORDS[keep.places]} {noun}{many} or more."


def decimals(places):
    """Round to so many decimals."""
    return Rounding("decimals", places)


def significant(places):
    """Round to so many significant digits."""
    return Rounding("significant", places)


WHOLE = Rounding("whole")


class Draw:
    """Numbers that one can calculate with on paper, from one seeded generator."""

    def __init__(self, rng):
        self.rng = rng

    def one_of(self, *values):
        """One of the values."""
        return values[int(self.rng.integers(len(values)))]

    def whole(self, low, high):
        """A whole number from low to high."""
        return int(self.rng.integers(low, high + 1))

    def steps(self, low, high, step, but=()):
        """One of low, low + step, … high, but none of `but`."""
        count = round((high - low) / step)
        values = [round(low + k * step, 10) for k in range(count + 1)]
        return Number(self.one_of(*(v for v in values if v not in but)))

    def tenths(self, low, high):
        """A number with one decimal from low to high, not zero."""
        return self.steps(low, high, 0.1, but=(0,))

    def sample(self, values, count):
        """Some of the values, all different, in a random order."""
        order = self.rng.permutation(len(values))[:count]
        return [values[k] for k in order]


def breakable(text):
    """Cut formulas before =, ≈, + and -, so that a line may break there: $a$ $= b$ ${} + c$."""
    return re.sub(r"\$([^$]+)\$", lambda match: f"${_cut(match[1])}$", text)


def _cut(formula):
    depth, parts, start = 0, [], 0
    for match in re.finditer(r"\\left|\\right|[{(\[]|[})\]]| (?:=|\\approx|[+-]) ", formula):
        mark = match[0]
        if mark in "{([":
            depth += 1
        elif mark in "})]":
            depth -= 1
        elif mark.startswith(" ") and depth == 0 and match.start() > start:
            parts.append(formula[start : match.start()])
            start = match.start() + 1
    parts.append(formula[start:])
    return "$ $".join(
        "{} " + part if part[0] in "+-" and k else part for k, part in enumerate(parts)
    )


def written(value):
    """As many decimals as the number has, 10 at most."""
    if isinstance(value, int):
        return str(value)
    text = f"{value:.10f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def power(value):
    """1.6·10⁻⁷ in TeX, for numbers that would begin with many zeros."""
    mantissa, _, exponent = f"{value:e}".partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"


def fill(text, values):
    """Put the numbers into the text; see the top of this file."""

    def put(match):
        style, name = match.groups()
        value = values[name]
        if isinstance(value, str):
            return value
        shown = value.text if isinstance(value, Number) else written(value)
        negative = shown.startswith("-")
        if style == "(":
            return f"({shown})" if negative else shown
        if style == "+":
            return f"- {shown[1:]}" if negative else f"+ {shown}"
        if style == "~":
            exact = not isinstance(value, Number) or value.exact
            return f"= {shown}" if exact else rf"\approx {shown}"
        return shown

    return PLACE.sub(put, text)
