"""What a notebook cannot do where it is graded costs its line, and the cause is told first."""

import pytest

from rnngrade.messages import in_language, message
from tests.rnngrade.exam import error_in, examine, printed, verdicts

ANSWER = "def double(x):\n    return 2 * x"
TEST = "assert double(1) == 2"
LINES = {
    "!pip install torch": "install",
    "%pip install -q torch": "install",
    "pip install torch": "install",
    "%conda install torch": "install",
    "!ls": "program",
    "files = !ls": "program",
    "import os; os.system('ls')": "program",
    "import subprocess; subprocess.run(['ls'])": "program",
    "import os; os.fork()": "program",
    "if True:\n    !ls": "program",
    "name = input('Your name? ')": "input",
    "exit()": "exit",
    "quit()": "exit",
    "import sys; sys.exit()": "exit",
    "raise SystemExit(1)": "exit",
    "import urllib.request; urllib.request.urlopen('https://example.org')": "network",
    "import socket; socket.create_connection(('127.0.0.1', 9))": "network",
    "import requests; requests.get('https://example.org')": "network",
    "import google.colab": "colab",
    "from google.colab import drive": "colab",
    "import rnnlib; rnnlib.lstm_step()": "answers",
    "await __import__('asyncio').sleep(0); input()": "input",
}


@pytest.mark.parametrize("line", LINES)
def test_a_refused_line_costs_itself_alone(line):
    outputs, record = examine([f"print('above')\n{line}\n{ANSWER}\ndouble(4)"], [TEST])
    assert record["said"] == {}
    told, refused, result = outputs[0]
    assert told.text == "above\n"
    assert refused.ename == "execution.refused-line"
    number = 2 + line.count("\n")
    name = {"colab": "google.colab", "answers": "rnnlib.lstm_step"}.get(LINES[line])
    why = message(f"execution.no-{LINES[line]}", **{"name": name} if name else {})
    told = message("execution.refused-line", line=number, why=why)
    assert refused.traceback == [refused.evalue] == [str(told)]
    assert result.data["text/plain"] == "8"


def test_what_a_refused_import_would_have_brought_is_refused_in_later_cells_too():
    outputs, record = examine(
        ["from google.colab import drive as d", f"d.mount('/content')\n{ANSWER}"], [TEST]
    )
    assert error_in(outputs[1]).ename == "execution.refused-line"
    assert record["said"] == {}


def test_a_notebook_that_asks_where_it_runs_gets_an_answer():
    cell = (
        "try:\n    import google.colab\n    there = True\n"
        "except ImportError:\n    there = False"
    )
    assert verdicts([cell], "assert there is False", exports=("there",)) == [None]


def test_behind_a_refused_line_each_line_runs_for_itself():
    outputs, record = examine([f"n = int(input())\nn + 1\n{ANSWER}"], [TEST])
    assert [o.ename for o in outputs[0]] == ["execution.refused-line", "NameError"]
    assert record["said"] == {}


def test_without_a_refused_line_an_error_ends_its_cell():
    _, record = examine([f"1 / 0\n{ANSWER}"], [TEST])
    what = message("execution.exception", kind="ZeroDivisionError", said="division by zero")
    why = message("execution.cell-raised", line=1, what=what)
    told = message("execution.missing-because", name="double", why=why)
    assert record["said"] == {"test-0": told.plain()}


def test_a_cell_that_is_timed_goes_on_too():
    outputs, record = examine([f"%%time\n!ls\n{ANSWER}"], [TEST])
    assert str(message("execution.no-program")) in error_in(outputs[0]).evalue
    assert record["said"] == {}


@pytest.mark.parametrize("magic", ["%%bash", "%%sh", "%%script cat", "%%ruby"])
def test_a_cell_for_another_program_is_refused_as_a_whole(magic):
    outputs, record = examine([f"{magic}\nls", ANSWER], [TEST])
    assert [o.ename for o in outputs[0]] == ["execution.refused-line"]
    assert record["said"] == {}


def test_a_library_that_tries_and_does_without_is_not_told_of():
    cell = "import subprocess\ntry:\n    subprocess.run(['ls'])\nexcept OSError:\n    pass"
    outputs, _ = examine([cell], [])
    assert outputs[0] == []


def test_a_function_that_asks_in_a_test_fails_that_test():
    (verdict,) = verdicts(["def f():\n    return input()"], "f()")
    assert verdict["what"]["said"] == str(message("execution.no-input"))


def test_without_a_sandbox_it_is_the_same():
    outputs, _ = examine(["import os\nos.system('ls')"], [], sandbox=False)
    assert error_in(outputs[0]).ename == "execution.refused-line"


@pytest.mark.parametrize("space", ["\u00a0", "\u2009", "\u3000"])
def test_a_space_that_python_does_not_know_is_read_as_one(space):
    cell = ANSWER.replace("    ", space * 4)
    outputs, record = examine([cell], [TEST])
    told = message("execution.invisible", line=2, characters=(f"U+{ord(space):04X}",))
    assert printed(outputs[0]) == f"{told}\n"
    assert record["said"] == {}


def test_what_is_not_seen_is_left_out():
    cell = ANSWER.replace("double", "\u200bdouble\ufeff")
    assert verdicts([cell], TEST, exports=("double",)) == [None]


def test_in_a_text_such_a_space_stays():
    cell = f"text = 'a\u00a0b'\n{ANSWER}"
    outputs, _ = examine([cell], ["assert len(text) == 3 and text[1] == chr(160)"])
    assert outputs == [[], []]


SYNTAX = "def double(x)\n    return 2 * x"


def test_a_syntax_error_is_told_where_a_name_is_missing():
    _, record = examine(["x = 1", SYNTAX], [TEST])
    why = message("execution.cell-syntax", line=1, said="expected ':'")
    told = message("execution.missing-because", name="double", why=why)
    assert record["said"] == {"test-0": told.plain()}


def test_the_cause_is_told_before_what_comes_of_it_in_another_function():
    student = [SYNTAX, "def four(x):\n    return double(double(x))"]
    _, record = examine(student, [TEST, "four(1)"])
    told = record["said"]["test-1"]
    assert told["id"] == "execution.consequence"
    assert told["cause"] == record["said"]["test-0"]
    assert told["then"]["id"] == "execution.raised"


def test_a_helper_may_be_what_is_missing():
    student = [f"def two()\n    return 2\n{ANSWER}", "def four():\n    return two() * 2"]
    _, record = examine(student, ["four()"])
    cause = record["said"]["test-0"]["cause"]
    assert (cause["name"], cause["why"]["id"]) == ("two", "execution.cell-syntax")


def test_a_later_cell_that_is_right_counts():
    assert verdicts([SYNTAX, ANSWER], TEST) == [None]


def test_a_line_that_was_refused_is_why_a_name_is_missing():
    (verdict,) = verdicts(["n = int(input())"], "assert n == 1")
    why = message("execution.line-refused", line=1, why=message("execution.no-input"))
    assert verdict == message("execution.missing-because", name="n", why=why)


def test_a_cell_that_ran_too_long_is_why_a_name_is_missing():
    cell = f"while True:\n    pass\n{ANSWER}"
    (verdict,) = verdicts([cell], TEST, limits={"cell_seconds": 0.5})
    assert (verdict.id, verdict["why"].id) == (
        "execution.missing-because",
        "execution.cell-late",
    )
    assert verdict["why"]["seconds"] == 0.5


def test_a_value_that_no_test_can_take_is_named():
    cell = "import numpy as np\ns = np.array([print])"
    (verdict,) = verdicts([cell], "assert s", exports=("s",))
    why = message("execution.unfit", kind="ndarray")
    assert verdict == message("execution.missing-because", name="s", why=why)


def test_a_name_that_no_cell_defines_is_missing():
    assert verdicts(["x = 1"], TEST, exports=("double",)) == [
        message("execution.missing", name="double")
    ]


def test_a_traceback_shows_the_students_own_frames():
    student = [
        "import torch\ndef f(x):\n    return torch.nn.Linear(2, 3)(x)",
        "f(torch.ones(4))",
    ]
    error = error_in(examine(student, [])[0][1])
    assert error.ename == "RuntimeError"
    text = "\n".join(error.traceback)
    assert text.count("Cell In[") == 2
    for foreign in (".py", "rnngrade", "site-packages", "run_code"):
        assert foreign not in text


def test_frames_of_a_module_that_the_student_wrote_stay():
    module = "%%writefile own.py\ndef f():\n    raise KeyError('k')"
    use = "import sys, os\nsys.path.insert(0, os.getcwd())\nimport own\nown.f()"
    text = "\n".join(error_in(examine([module, use], [])[0][1]).traceback)
    assert "own.py" in text


def test_a_check_in_the_students_own_cell_says_its_sentence_alone():
    failed = "raise CheckFailed('execution.endless', name='f')"
    error = error_in(examine([f"from rnngrade.errors import CheckFailed\n{failed}"], [])[0][0])
    told = str(message("execution.endless", name="f"))
    assert (error.evalue, error.traceback) == (told, [told])


def test_the_student_is_told_in_the_language_of_the_job():
    outputs, _ = examine(
        ["exit()", "print('x' * 99)"],
        [TEST],
        exports=("double",),
        language="ru",
        limits={"output_bytes": 2000},
    )
    why = message("execution.no-exit")
    refused = message("execution.refused-line", line=1, why=why)
    missing = message("execution.missing", name="double")
    assert error_in(outputs[0]).evalue == refused.in_words("ru") != str(refused)
    assert error_in(outputs[2]).evalue == missing.in_words("ru") != str(missing)
    with in_language("ru"):
        assert str(refused) == error_in(outputs[0]).evalue


def test_compiled_functions_run_as_they_are():
    """Whether or not the compiler was loaded before the process forked ("optim" loads it)."""
    compiled = "import torch\n\n@torch.compile\ndef double(x):\n    return 2 * x"
    test = "import torch\nassert double(torch.ones(2)).sum() == 4"
    assert verdicts([compiled], test) == [None]
    assert verdicts(["import torch.optim", compiled], test) == [None]
