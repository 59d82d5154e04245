"""The kinds of mistakes that many formulas share, as messages with the symbols of the page.

Each completes the sentence "h_t is what you get when …". They are cached: a search asks for
the same few hundred again and again.
"""

from functools import cache

from rnngrade.messages import Message, message


@cache
def named(id: str, /, **symbols: str | Message) -> Message:
    """A mistake by its id and its symbols."""
    return message(id, **symbols)


@cache
def left_out(what: str, part: str = "") -> Message:
    """A term or a factor is not there, in one part of several if it is named."""
    mistake = named("mistakes.left-out", what=what)
    return within(mistake, part) if part else mistake


@cache
def instead(wrong: str, right: str, part: str = "") -> Message:
    """One thing stands in the place of another, in one part of several if it is named."""
    mistake = named("mistakes.in-place-of", wrong=wrong, right=right)
    return within(mistake, part) if part else mistake


def exchanged(one: str, other: str) -> Message:
    """Two things stand in each other's place."""
    return named("mistakes.exchanged", one=one, other=other)


def not_transposed(what: str) -> Message:
    """A matrix meets the other side."""
    return named("mistakes.not-transposed", what=what)


def transposed(what: str) -> Message:
    """A matrix is turned that should not be."""
    return named("mistakes.transposed", what=what)


def returned(wrong: str, right: str) -> Message:
    """The right things are computed, and the wrong one is returned."""
    return named("mistakes.returned", wrong=wrong, right=right)


def twice(what: str) -> Message:
    """Something is added, or done, a second time."""
    return named("mistakes.twice", what=what)


def subtracted(what: str) -> Message:
    """A term has the other sign."""
    return named("mistakes.subtracted", what=what)


def within(mistake: Message, part: str) -> Message:
    """A mistake in one of several parts that look alike."""
    return named("mistakes.within", mistake=mistake, part=part)


def everywhere(mistake: Message) -> Message:
    """The same mistake in all of them."""
    return named("mistakes.everywhere", mistake=mistake)
