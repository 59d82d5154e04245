"""What people are told: an id with fields, put into words at the edge, in their language.

    raise CourseError("course.no-unit", unit="gru")
    message("checks.shape", name="h_t", want="(2, 3)", got="(3, 2)")

The id names a catalogue and a sentence in it: `locale/LANGUAGE/LC_MESSAGES/CATALOGUE.po`, where
it is a msgid and the words are its msgstr. Code compares ids, never words.
"""

import gettext
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

LOCALE = Path(__file__).parent / "locale"
ENGLISH = "en"

_language = ENGLISH


@dataclass(frozen=True)
class Message:
    """A sentence, or a part of one, before it is put into words.

    `fields` are pairs of a name and a value: text, a number, a `Message`, or a tuple of these,
    which is read as an enumeration. A field `n` chooses between singular and plural.
    """

    id: str
    fields: tuple[tuple[str, Any], ...] = ()

    @cached_property
    def _hash(self) -> int:
        return hash((self.id, self.fields))

    def __hash__(self) -> int:  # asked for again and again where mistakes are looked for
        return self._hash

    def __str__(self) -> str:
        return self.in_words()

    def __getitem__(self, name: str) -> Any:
        return dict(self.fields)[name]

    def in_words(self, language: str | None = None) -> str:
        """The sentence in a language, or in the present one."""
        language = language or _language
        fields = {name: _in_words(value, language) for name, value in self.fields}
        return _template(self.id, fields.get("n"), language).format(**fields)

    def plain(self) -> dict[str, Any]:
        """The same as plain data, for JSON; `from_plain` reads it."""
        return {"id": self.id, **{name: _plain(value) for name, value in self.fields}}


def message(id: str, /, **fields: Any) -> Message:
    """A message from its id and fields; lists become tuples."""
    return Message(
        id, tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in fields.items())
    )


def from_plain(data: dict[str, Any]) -> Message:
    """The message of `Message.plain`."""
    fields = {name: _from_plain(value) for name, value in data.items() if name != "id"}
    return message(data["id"], **fields)


class Told(Exception):
    """An exception whose text is a message."""

    def __init__(self, id: str | Message, /, **fields: Any):
        self.message = id if isinstance(id, Message) else message(id, **fields)
        super().__init__(self.message)

    @property
    def id(self) -> str:
        """What it is, to be compared."""
        return self.message.id

    def __str__(self) -> str:
        return self.message.in_words()


def language() -> str:
    """The present language."""
    return _language


def languages() -> list[str]:
    """The languages that there are, by their codes, English first."""
    return sorted((path.name for path in LOCALE.iterdir() if path.is_dir()), key=_english_first)


def use_language(code: str) -> None:
    """Put everything into words of this language from now on.

    Raises:
        ValueError: there are no catalogues for it.
    """
    global _language
    if code not in languages():
        raise ValueError(f"language must be one of {', '.join(languages())}, got {code!r}.")
    _language = code


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """The same, for a `with`."""
    before = _language
    use_language(code)
    try:
        yield
    finally:
        use_language(before)


def catalogue(name: str, language: str) -> gettext.NullTranslations:
    """One catalogue of a language; what it lacks is said in English.

    A compiled catalogue (.mo) beside the text is taken as it is, so that a place without Babel,
    such as a page, can do with it.
    """
    return _catalogue(name, language)


@cache
def _catalogue(name, language):
    folder = LOCALE / language / "LC_MESSAGES"
    if (folder / f"{name}.mo").exists():
        compiled = io.BytesIO((folder / f"{name}.mo").read_bytes())
    else:
        compiled = _compiled(folder / f"{name}.po")
    translations = gettext.GNUTranslations(compiled)
    if language != ENGLISH:
        translations.add_fallback(_catalogue(name, ENGLISH))
    return translations


def _compiled(path):
    from babel.messages import mofile, pofile  # only where somebody is told something

    compiled = io.BytesIO()
    with open(path, "rb") as file:
        mofile.write_mo(compiled, pofile.read_po(file))
    compiled.seek(0)
    return compiled


def _template(id, n, language):
    found = _catalogue(id.partition(".")[0], language)
    return found.gettext(id) if n is None else found.ngettext(id, id, n)


def _in_words(value, language):
    if isinstance(value, Message):
        return value.in_words(language)
    if isinstance(value, tuple):
        *most, last = [str(_in_words(member, language)) for member in value] or [""]
        return (
            message("list.and", most=", ".join(most), last=last).in_words(language)
            if most
            else last
        )
    return value


def _plain(value):
    if isinstance(value, Message):
        return value.plain()
    return [_plain(member) for member in value] if isinstance(value, tuple) else value


def _from_plain(value):
    if isinstance(value, dict):
        return from_plain(value)
    return tuple(map(_from_plain, value)) if isinstance(value, list) else value


def _english_first(code):
    return code != ENGLISH, code
