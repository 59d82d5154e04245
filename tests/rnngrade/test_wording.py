"""The English of each message, word for word: the one place that asserts it."""

import pytest

from rnngrade.messages import message

MESSAGES = [
    # execution
    (
        "execution.refused-line",
        {"line": 3, "why": message("execution.no-exit")},
        "Line 3 was left out, and what stands below it ran: the kernel is not ended while a notebook is graded.",
    ),
    ("execution.no-program", {}, "no other program can be started while a notebook is graded"),
    (
        "execution.no-install",
        {},
        "nothing can be installed while a notebook is graded; the packages of the course are there",
    ),
    ("execution.no-input", {}, "nobody is there to type an answer while a notebook is graded"),
    ("execution.no-network", {}, "there is no network while a notebook is graded"),
    ("execution.no-exit", {}, "the kernel is not ended while a notebook is graded"),
    (
        "execution.no-colab",
        {"name": "forget_gate"},
        "forget_gate exists on Google Colab alone, and a notebook is graded elsewhere",
    ),
    (
        "execution.no-answers",
        {"name": "forget_gate"},
        "forget_gate is what this unit asks you to write yourself",
    ),
    (
        "execution.invisible",
        {"characters": ("U+00A0", "U+200B"), "line": 3},
        "Line 3 holds characters that look like a space or like nothing, and that Python does not accept (U+00A0 and U+200B). They were read as spaces or left out; please type them anew.",
    ),
    ("execution.cut", {}, "more was printed: it is cut off here"),
    ("execution.output-too-large", {}, "this output is too large"),
    (
        "execution.cell-too-long",
        {"line": 3, "seconds": 60.0},
        "The cell ran longer than 60 s and was stopped in line 3.",
    ),
    (
        "execution.missing",
        {"name": "forget_gate"},
        "forget_gate is missing: no cell above this test defines it.",
    ),
    (
        "execution.missing-because",
        {
            "name": "forget_gate",
            "why": message("execution.cell-syntax", line=3, said="invalid syntax"),
        },
        "forget_gate is missing, because its cell has a syntax error in line 3 (invalid syntax).",
    ),
    (
        "execution.cell-syntax",
        {"line": 3, "said": "invalid syntax"},
        "its cell has a syntax error in line 3 (invalid syntax)",
    ),
    (
        "execution.cell-raised",
        {"line": 3, "what": "ValueError"},
        "its cell stopped in line 3 with ValueError",
    ),
    (
        "execution.cell-late",
        {"line": 3, "seconds": 60.0},
        "its cell ran longer than 60 s and was stopped in line 3",
    ),
    (
        "execution.line-refused",
        {"line": 3, "why": message("execution.no-exit")},
        "line 3 of its cell was left out: the kernel is not ended while a notebook is graded",
    ),
    (
        "execution.unfit",
        {"kind": "ValueError"},
        "its value is of the type ValueError, which a test cannot take",
    ),
    (
        "execution.consequence",
        {"cause": message("execution.missing", name="f"), "then": message("execution.failed")},
        "f is missing: no cell above this test defines it. A check did not pass.",
    ),
    (
        "execution.ended",
        {"why": message("execution.no-answer")},
        "Your notebook was stopped: it ran too long and did not let itself be interrupted. What comes after that did not run.",
    ),
    (
        "execution.ended-in-cell",
        {"cell": 4, "why": message("execution.no-answer")},
        "Your notebook was stopped in cell 4: it ran too long and did not let itself be interrupted. What comes after that did not run.",
    ),
    (
        "execution.ended-in-test",
        {"test": "lstm-step-test", "why": message("execution.no-answer")},
        "Your notebook was stopped in the checks lstm-step-test: it ran too long and did not let itself be interrupted. What comes after that did not run.",
    ),
    ("execution.notebook-late", {"seconds": 60.0}, "it took longer than 60 s in all"),
    ("execution.no-answer", {}, "it ran too long and did not let itself be interrupted"),
    ("execution.closed", {}, "its process has closed the connection to the grader"),
    ("execution.too-large", {}, "it gave more data than is allowed"),
    ("execution.malformed", {}, "it gave something that is no value"),
    (
        "execution.exception",
        {"kind": "ValueError", "said": "invalid syntax"},
        "ValueError (invalid syntax)",
    ),
    ("execution.raised", {"what": "ValueError"}, "Your code raised ValueError."),
    (
        "execution.call-too-long",
        {"seconds": 60.0},
        "the call ran longer than 60 s and was stopped",
    ),
    ("execution.failed", {}, "A check did not pass."),
    ("execution.assertion", {"said": "invalid syntax"}, "invalid syntax"),
    ("execution.test-raised", {"what": "ValueError"}, "The checks stopped with ValueError."),
    ("execution.endless", {"name": "forget_gate"}, "forget_gate does not end"),
    (
        "execution.not-plain",
        {"kind": "ValueError"},
        "a value of the type ValueError cannot be handed over",
    ),
    ("execution.value-too-large", {}, "a value is too large or nested too deeply"),
    ("execution.no-gradient", {}, "a gradient is missing"),
    ("execution.other-gradient", {}, "a gradient has another shape or dtype than its input"),
    ("execution.other-argument", {}, "an argument has another shape or type after the call"),
    (
        "execution.no-truth",
        {"name": "forget_gate"},
        "forget_gate is an object and has no truth value here",
    ),
    (
        "execution.no-equality",
        {"name": "forget_gate"},
        "forget_gate is an object and cannot be compared here",
    ),
    ("execution.callback", {}, "the function that was passed does not take this"),
    # feedback
    (
        "feedback.title",
        {"student": "Anna", "unit": "lstm-gates"},
        "lstm-gates: feedback for Anna",
    ),
    ("feedback.not-graded", {}, "What was handed in could not be graded."),
    ("feedback.total", {"most": "2", "score": "1"}, "1 of 2 points."),
    ("feedback.penalty", {"points": "1.5"}, "1.5 were taken off because it came late."),
    ("feedback.some-wait", {}, "Some parts are still to be graded by hand."),
    ("feedback.repairs", {}, "What was repaired before grading"),
    ("feedback.points", {}, "Points"),
    ("feedback.part", {}, "Part"),
    ("feedback.look", {}, "What to look at"),
    ("feedback.of", {"most": "2", "score": "1"}, "1 of 2"),
    ("feedback.notebook", {}, "Your notebook"),
    ("feedback.checks", {"part": "forget-gate"}, "Checks of forget-gate:"),
    ("feedback.all", {}, "All points"),
    ("feedback.hidden", {}, "More checks were run that are not shown."),
    ("feedback.comment", {}, "Comment of your instructor:"),
    ("feedback.waits", {}, "This part is still to be graded by hand."),
    ("feedback.not-all", {}, "Not all points were given."),
    (
        "feedback.lost",
        {"most": "2", "part": "forget-gate", "score": "1", "sentence": "f_t is wrong."},
        "forget-gate: 1 of 2. f_t is wrong.",
    ),
    ("feedback.image", {}, "Image without a description"),
    ("feedback.picture", {}, "Picture made by this cell"),
    ("feedback.picture-of", {"what": "ValueError"}, "Picture made by this cell: ValueError"),
    ("feedback.table", {}, "Table"),
    ("feedback.formula", {}, "Formula"),
    ("feedback.left-out", {"n": 1}, "1 character left out"),
    ("feedback.left-out", {"n": 2}, "2 characters left out"),
]


@pytest.mark.parametrize(
    ("id", "fields", "sentence"), MESSAGES, ids=[row[0] for row in MESSAGES]
)
def test_a_message_in_english(id, fields, sentence):
    assert message(id, **fields).in_words("en") == sentence
