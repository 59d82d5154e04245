"""Restricted-domain translation: dates, amounts and spans of time in two languages."""

from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np

from rnnlib._checks import check_choice
from rnnlib.datasets.split import Split

KINDS = ("date", "unit", "timedelta")
FORMATS = ("medium", "long", "full")  # not "short": 3/1/13 does not name its order
UNITS = (
    "length-kilometer",
    "length-meter",
    "mass-kilogram",
    "volume-liter",
    "duration-hour",
    "duration-day",
)
SPANS = ("second", "minute", "hour", "day")
FIRST_DAY = date(1900, 1, 1)
DAYS = (date(2100, 1, 1) - FIRST_DAY).days
NUMBERS = 9_999


class Pair(NamedTuple):
    """What to translate, its translation, and the date or number that both speak of."""

    source: str
    target: str
    key: Any


def load_translation(source="en", target="ru", kind="date", count=8_000, seed=0):
    """Pairs of strings that say the same in two languages, made by babel at call time.

        date:      "Friday, March 1, 2013"  ->  "пятница, 1 марта 2013 г."
        unit:      "23 kilometers"          ->  "23 километра"
        timedelta: "5 minutes ago"          ->  "5 минут назад"

    This is translation of a restricted domain: a few patterns, but with agreement, other
    word order and, for weekdays, words far from their place.

    Source: the package babel 2.18.0, which carries the Unicode CLDR; nothing is shipped
    here. Licence: babel BSD-3-Clause, CLDR Unicode-3.0.

    The split is 8 : 1 : 1 by what is said, not by string: each date (1900 to 2099) or
    number (1 to 9,999) is drawn once, so it is in one part, in one format. Splitting
    strings would let "Mar 1, 2013" train what "March 1, 2013" tests. No-break spaces
    (U+00A0, U+202F) become spaces.

    Baseline: whoever answers with the translation of the nearest training string is never
    right, since no target occurs twice.

    Args:
        source, target: locales of babel, such as "en", "ru" or "de".
        kind: "date", "unit" or "timedelta".
        count: pairs in all three parts; at most 73,049 dates or 9,999 numbers.
        seed: the same seed gives the same pairs.

    Returns:
        Split of lists of Pair.
    """
    check_choice("kind", kind, KINDS)
    most = DAYS if kind == "date" else NUMBERS
    if not 10 <= count <= most:
        raise ValueError(f"count must lie in 10 … {most} for kind {kind!r}, got {count}.")
    write = {"date": _date_pair, "unit": _unit_pair, "timedelta": _timedelta_pair}[kind]
    babel = _babel()
    rng = np.random.default_rng(seed)
    draws = rng.permutation(most)[:count]
    pairs = [write(babel, int(draw), (source, target), rng) for draw in draws]
    valid, test = count * 8 // 10, count * 9 // 10
    return Split(pairs[:valid], pairs[valid:test], pairs[test:])


def normalise(text):
    """Replace the no-break spaces that CLDR writes, wide and narrow, by spaces."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def _date_pair(babel, draw, locales, rng):
    day = FIRST_DAY + timedelta(days=draw)
    style = FORMATS[rng.integers(len(FORMATS))]
    texts = (babel.dates.format_date(day, format=style, locale=locale) for locale in locales)
    return Pair(*map(normalise, texts), day)


def _unit_pair(babel, draw, locales, rng):
    number, unit = draw + 1, UNITS[rng.integers(len(UNITS))]
    texts = (babel.units.format_unit(number, unit, locale=locale) for locale in locales)
    return Pair(*map(normalise, texts), number)


def _timedelta_pair(babel, draw, locales, rng):
    number, unit = draw + 1, SPANS[rng.integers(len(SPANS))]
    sign = 1 - 2 * int(rng.integers(2))
    span = timedelta(**{f"{unit}s": sign * number})
    texts = (
        babel.dates.format_timedelta(  # an infinite threshold: never a coarser unit
            span, granularity=unit, threshold=float("inf"), add_direction=True, locale=locale
        )
        for locale in locales
    )
    return Pair(*map(normalise, texts), number)


def _babel():
    try:
        import babel.dates
        import babel.units
    except ImportError:
        raise ImportError(
            "load_translation needs the package babel, which writes the dates: "
            "pip install babel."
        ) from None
    return babel
