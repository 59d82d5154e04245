"""Our step between nbgrader's: feedback hides the tests."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from rnngrade.feedback import HideTests

TEST = """\
close(f(1), 2)
### BEGIN HIDDEN TESTS
compare(f, reference)
### END HIDDEN TESTS"""


def cell(source=TEST, outputs=(), **role):
    metadata = {"nbgrader": {"grade_id": "one", "grade": True, "points": 2, **role}}
    return new_code_cell(source, metadata=metadata, outputs=list(outputs))


def process(cell):
    return HideTests().preprocess_cell(cell, {}, 0)[0]


def printed():
    return new_output("stream", name="stdout", text="tensor([[0.3, 1.2]])")


def error():
    return new_output(
        "error",
        ename="AssertionError",
        evalue="f_t has the wrong sign.",
        traceback=["-----", "compare(f, reference)", "AssertionError: f_t has the wrong sign."],
    )


def test_the_hidden_region_goes_and_the_visible_check_stays():
    assert process(cell()).source == "close(f(1), 2)"


def test_of_the_outputs_of_a_test_only_the_sentence_stays():
    shown = process(cell(outputs=[printed(), error()]))
    assert [output.output_type for output in shown.outputs] == ["error"]
    assert shown.outputs[0].traceback == ["AssertionError: f_t has the wrong sign."]


@pytest.mark.parametrize("role", [{"grade": False}, {"solution": True}])
def test_what_a_student_wrote_is_left_as_it_is(role):
    written = cell("# ### BEGIN HIDDEN TESTS", [printed(), error()], **role)
    shown = process(written)
    assert shown.source == "# ### BEGIN HIDDEN TESTS"
    assert len(shown.outputs) == 2
    assert len(shown.outputs[1].traceback) == 3


def test_text_is_left_as_it_is():
    text = new_markdown_cell("text", metadata={"nbgrader": {"grade": True, "solution": True}})
    assert process(text).source == "text"
