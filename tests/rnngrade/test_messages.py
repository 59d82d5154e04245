"""Every message that the code names has its words in every language, with the same fields."""

import ast
import pickle
import re
import string
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from rnngrade import messages
from rnngrade.errors import CourseError
from rnngrade.messages import LOCALE, Message, from_plain, in_language, message

PACKAGE = Path(messages.__file__).parent
LANGUAGES = messages.languages()
CATALOGUES = sorted(path.stem for path in (LOCALE / "en" / "LC_MESSAGES").glob("*.po"))
ID = re.compile(rf"({'|'.join(CATALOGUES)})\.[a-z0-9]+(-[a-z0-9]+)*")


def words(language, name):
    """id → the list of its words (more than one, if it has a plural), of one catalogue."""
    with open(LOCALE / language / "LC_MESSAGES" / f"{name}.po", "rb") as file:
        found = {m.id: m.string for m in read_po(file) if m.id}
    return {
        (id if isinstance(id, str) else id[0]): (
            [text] if isinstance(text, str) else list(text)
        )
        for id, text in found.items()
    }


def named():
    """The ids that stand in the code and the templates."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {node.value} if ID.fullmatch(node.value) else set()
    for path in PACKAGE.rglob("*.j2"):
        found |= {
            m[0] for m in re.finditer(rf"(?<=[\"']){ID.pattern}(?=[\"'])", path.read_text())
        }
    return found


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_of_the_code_has_words_and_no_words_are_left_over(language):
    there = {id for name in CATALOGUES for id in words(language, name)}
    assert there == named()


@pytest.mark.parametrize("name", CATALOGUES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_there_and_name_the_fields_of_the_english(language, name):
    english = words("en", name)
    for id, texts in words(language, name).items():
        assert id.startswith(f"{name}.")
        assert all(texts), id
        wanted = set().union(*map(fields, english[id]))
        for text in texts:
            assert fields(text) <= wanted, id
        assert set().union(*map(fields, texts)) == wanted, id


def test_an_enumeration_is_put_into_words():
    several = message("list.and", most=("a", "b"), last=message("list.and", most="c", last="d"))
    assert several.in_words("en") == "a and b and c and d"
    assert several.in_words("ru") == "a и b и c и d"


def test_a_message_is_equal_by_id_and_fields_and_survives_json_and_pickle():
    one = message("list.and", most=["a", message("list.and", most="b", last="c")], last=1)
    assert from_plain(one.plain()) == one == pickle.loads(pickle.dumps(one))
    assert one != message("list.and", most="a", last=1)
    assert hash(one) == hash(from_plain(one.plain()))
    error = pickle.loads(pickle.dumps(CourseError("list.and", most="a", last="b")))
    assert (type(error), error.id, str(error)) == (CourseError, "list.and", "a and b")


def test_an_unknown_language_is_refused_and_the_present_one_stays():
    with pytest.raises(ValueError, match="'xx'"), in_language("xx"):
        pass
    with in_language("ru"):
        assert str(message("list.and", most="a", last="b")) == "a и b"
    assert messages.language() == "en"


def test_a_field_is_never_a_template():
    assert str(Message("list.and", (("most", "{x}"), ("last", "{0}")))) == "{x} and {0}"
