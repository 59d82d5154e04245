"""Two processes: what crosses between the student's code and the tests, and what does not."""

import pytest

from rnngrade.execution.execute import MALFORMED, checked
from rnngrade.isolation.sandbox import layers
from rnngrade.messages import from_plain, message
from tests.rnngrade.attacks import VANDALS
from tests.rnngrade.exam import error_in, examine, ids, printed, said, verdicts

FAILED = message("execution.failed")
FUNCTION = "def double(x):\n    return 2 * x"


def test_a_function_is_called():
    assert verdicts([FUNCTION], "import torch\nassert double(torch.ones(2)).sum() == 4") == [
        None
    ]


def test_a_failed_test_says_its_sentence_and_nothing_of_the_test():
    outputs, _ = examine([FUNCTION], ["secret = 7\nassert double(1) == secret, 'too small'"])
    (error,) = outputs[-1]
    assert (error.ename, error.evalue) == ("execution.assertion", "too small")
    assert error.traceback == ["too small"]


def test_the_text_of_a_test_cell_of_the_submission_does_not_count():
    outcome = examine([FUNCTION], ["assert double(1) == 2"])[0]
    assert said(outcome[-1]) is None  # what stands there is no Python at all


def test_values_cross():
    values = "number, text, many, array = 3, 'a', {'k': [1, (2.5, None)]}, np.arange(3)"
    tests = (
        "assert (number, text, many) == (3, 'a', {'k': [1, (2.5, None)]})",
        "assert array.tolist() == [0, 1, 2]",
    )
    exports = ("number", "text", "many", "array")
    assert verdicts(["import numpy as np", values], *tests, exports=exports) == [None, None]


def test_a_name_that_is_missing_fails_its_test_alone():
    first, second = verdicts(["x = 1"], "assert y == 1", "assert x == 1", exports=("x", "y"))
    assert first == message("execution.missing", name="y")
    assert second is None


def test_names_that_are_not_exported_do_not_cross():
    (verdict,) = verdicts(["helper = 1"], "assert helper == 1", exports=("other",))
    said = "name 'helper' is not defined"
    what = message("execution.exception", kind="NameError", said=said)
    assert verdict == message("execution.test-raised", what=what)


def test_the_last_definition_counts():
    student = [FUNCTION, "def double(x):\n    return x"]
    assert verdicts(student, "assert double(2) == 4") == [FAILED]


def test_tests_share_a_namespace_that_the_student_does_not_see():
    student = [FUNCTION, "leak = 'answer' in globals()"]
    tests = ("answer = 42", "assert answer == 42 and not leak")
    assert verdicts(student, *tests, exports=("double", "leak")) == [None, None]


def test_setup_cells_run_before_the_tests_that_follow_them():
    tests = ("# setup\nk = 2", "assert double(1) == k", "# setup\nk = 3", "assert k == 3")
    assert verdicts([FUNCTION], *tests) == [None, None]


def test_what_a_cell_shows_stays_in_the_notebook():
    outputs, _ = examine(
        [
            "print('seen')\nimport warnings\nwarnings.warn('mind')\n1 + 1",
            "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
            "1 / 0",
        ],
        [],
    )
    assert printed(outputs[0]).startswith("seen\n")
    assert "UserWarning: mind" in printed(outputs[0])
    assert {o.get("name") for o in outputs[0]} == {"stdout", None}
    assert outputs[0][-1].data["text/plain"] == "2"
    assert [set(o.data) for o in outputs[1]] == [{"text/plain", "image/png"}]
    assert said(outputs[2]) == "ZeroDivisionError: division by zero"


def test_what_a_function_prints_while_it_is_tested_is_dropped():
    student = ["def f(x):\n    print('input', x)\n    return x"]
    outputs, _ = examine(student, ["assert f(3) == 3"])
    assert outputs[-1] == []


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        ("ValueError('no')", ("ValueError", "no")),
        ("NotImplementedError", ("NotImplementedError", "")),
        ("KeyError('k')", ("KeyError", "'k'")),
        ("StopIteration('s')", ("StopIteration", "s")),
        ("KeyboardInterrupt", ("KeyboardInterrupt", "")),
        ("SystemExit(0)", ("SystemExit", "0")),
        ("Own('x')", ("Own", "x")),
        ("Hostile", ("Hostile", "")),
    ],
)
def test_exceptions_cross_as_plain_ones(raised, told):
    student = [
        "class Own(Exception):\n    pass",
        "class Hostile(Exception):\n    def __str__(self):\n        raise self",
        f"def f():\n    raise {raised}",
    ]
    kind, said = told
    what = message("execution.exception", kind=kind, said=said) if said else kind
    told = message("execution.raised", what=what)
    assert verdicts(student, "f()", "assert True") == [told, None]


def test_a_test_may_catch_what_a_function_raises():
    student = ["def f():\n    raise ValueError('no')"]
    test = "try:\n    f()\nexcept ValueError as error:\n    assert str(error) == 'no'"
    assert verdicts(student, test) == [None]


GRADIENT = """
import torch
x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
y, z = f(x), x * 3
(gradient,) = torch.autograd.grad((y * y).sum() + z.sum(), x)
assert torch.equal(gradient, {want})
"""


def test_gradients_pass_through_the_student():
    # (x^3)^2 + 3x has the derivative 6 x^5 + 3.
    student = ["def f(x):\n    return x ** 3"]
    want = "6 * x.detach() ** 5 + 3"
    assert verdicts(student, GRADIENT.format(want=want)) == [None]


def test_a_wrong_gradient_is_seen():
    student = ["def f(x):\n    return x.detach() ** 2 * x"]
    (verdict,) = verdicts(student, GRADIENT.format(want="6 * x.detach() ** 5 + 3"))
    assert verdict == FAILED


def test_gradients_of_several_outputs_add_up():
    student = ["def f(x, y):\n    return x * y, {'sum': x + y}"]
    test = """
import torch
x, y = (torch.randn(3, dtype=torch.float64, requires_grad=True) for _ in "xy")
assert torch.autograd.gradcheck(lambda x, y: (f(x, y)[0], f(x, y)[1]["sum"]), (x, y))
"""
    assert verdicts(student, test) == [None]


def test_no_gradient_where_none_is_wanted():
    student = ["def f(x):\n    return x * 2"]
    test = """
import torch
with torch.no_grad():
    assert not f(torch.ones(1, requires_grad=True)).requires_grad
assert not f(torch.ones(1)).requires_grad
"""
    assert verdicts(student, test) == [None]


MODULE = """
import torch
class Cell(torch.nn.Module):
    def __init__(self, size):
        super().__init__()
        self.layer = torch.nn.Linear(size, size)
        self.register_buffer("scale", torch.tensor(2.0))

    def forward(self, x):
        return self.scale * self.layer(x) * (2 if self.training else 1)

    def describe(self):
        return "a cell"
"""


def test_a_module_has_its_weights_here_and_its_forward_there():
    test = """
import torch
torch.manual_seed(0)
cell, twin = Cell(3), torch.nn.Linear(3, 3)
assert set(cell.state_dict()) == {"layer.weight", "layer.bias", "scale"}
assert {n for n, _ in cell.named_parameters()} == {"layer.weight", "layer.bias"}
weights = {f"layer.{name}": weight for name, weight in twin.state_dict().items()}
cell.load_state_dict({"scale": torch.tensor(3.0), **weights})
cell.eval()
x = torch.randn(2, 3)
assert torch.allclose(cell(x), 3 * twin(x))
cell.train()
assert torch.allclose(cell(x), 6 * twin(x))
mine = torch.autograd.grad(cell(x).sum(), list(cell.parameters()))
theirs = torch.autograd.grad(6 * twin(x).sum(), list(twin.parameters()))
assert all(torch.allclose(a, b) for a, b in zip(mine, theirs, strict=True))
optimizer = torch.optim.SGD(cell.parameters(), lr=1e-4)
before = cell(x).pow(2).sum()
before.backward()
optimizer.step()
assert cell(x).pow(2).sum() < before
"""
    assert verdicts([MODULE], test) == [None]


def test_methods_and_attributes_of_objects():
    student = [
        "class Counter:\n    def __init__(self, n):\n        self.n = n\n"
        "    def up(self, by):\n        self.n += by\n        return self.n"
    ]
    assert verdicts(student, "c = Counter(3)\nassert (c.up(2), c.up(2)) == (5, 7)") == [None]


def test_generators_run_there():
    student = ["def count(n):\n    for k in range(n):\n        yield {'k': k}"]
    tests = (
        "assert list(count(3)) == [{'k': 0}, {'k': 1}, {'k': 2}]",
        "a, b = count(2), count(2)\n"
        "assert (next(a), next(b), next(a)) == ({'k': 0}, {'k': 0}, {'k': 1})",
    )
    assert verdicts(student, *tests) == [None, None]


def test_a_generator_without_end_ends():
    student = ["def count():\n    while True:\n        yield 1"]
    (verdict,) = verdicts(student, "list(count())")
    assert verdict == message("execution.endless", name="count")


def test_the_student_may_call_a_function_of_the_test():
    student = ["def slope(f, x):\n    return (f(x + 1e-3) - f(x - 1e-3)) / 2e-3"]
    test = "import math\nassert math.isclose(slope(lambda x: x * x, 3.0), 6.0, rel_tol=1e-9)"
    assert verdicts(student, test) == [None]


def test_in_place_is_for_functions_whose_name_says_so():
    student = [
        "def halve_(x):\n    x.div_(2)\n    return x",
        "def halve(x):\n    return x.div_(2)",
    ]
    tests = (
        "import torch\nx = torch.ones(2)\nhalve_(x)\nassert x.tolist() == [0.5, 0.5]",
        "import torch\nfrom rnngrade.check import ChangedArgument\nx = torch.ones(2)\n"
        "try:\n    halve(x)\nexcept ChangedArgument as error:\n    assert error.position == 0\n"
        "else:\n    raise AssertionError\nassert x.tolist() == [1, 1]",
    )
    assert verdicts(student, *tests) == [None, None]


def test_random_numbers_follow_the_seed_of_the_test():
    student = [
        "import torch, random, numpy\ndef f():\n"
        "    return torch.rand(1), random.random(), numpy.random.rand()"
    ]
    test = """
import torch
torch.manual_seed(3); a = f(); b = f()
torch.manual_seed(3); c = f()
assert a == c and a != b
"""
    assert verdicts(student, test) == [None]


def test_the_student_cannot_choose_what_the_test_draws():
    student = ["import torch\ndef f():\n    torch.manual_seed(0)\n    return 1"]
    test = (
        "import torch\ntorch.manual_seed(5); f(); f(); a = torch.rand(1)\n"
        "torch.manual_seed(5); torch.rand(()); torch.rand(()); assert a == torch.rand(1)"
    )
    assert verdicts(student, test) == [None]


def test_objects_of_the_student_have_no_truth_and_no_equality():
    student = [
        "class Yes:\n    def __eq__(self, other):\n        return True\n"
        "    def __bool__(self):\n        return True\n"
        "    def allclose(self, other):\n        return True\n"
        "def f(x):\n    return Yes()"
    ]
    tests = ("assert f(1) == 2", "assert f(1)", "assert 2 == f(1)")
    equality, truth = "execution.no-equality", "execution.no-truth"
    assert ids(verdicts(student, *tests)) == [equality, truth, equality]


def test_cells_without_code_stay_as_they_are():
    assert examine(["", "  \n"], [])[0] == [[], []]


def test_data_files_lie_beside_the_notebook():
    student = ["text = open('data/a.txt').read()"]
    files = {"data/a.txt": "β".encode()}
    assert verdicts(student, "assert text == 'β'", exports=("text",), files=files) == [None]


def test_one_submission_knows_nothing_of_the_one_before():
    student = ["seen = 'mark' in globals() or hasattr(torch, 'mark')", "mark = torch.mark = 1"]
    for _ in range(2):
        assert verdicts(["import torch", *student], "assert not seen", exports=("seen",)) == [
            None
        ]


@pytest.mark.parametrize("sandbox", [True, False])
def test_the_record_says_how_it_went(sandbox):
    _, record = examine([FUNCTION], ["assert double(1) == 2"], sandbox=sandbox)
    assert record["ended"] is None
    assert record["seed"] == "12ab"
    assert set(record["seconds"]) == {"start", "student", "tests"}
    there = {layer.name for layer in layers() if layer.present}
    assert set(record["sandbox"]) == (there if sandbox else set())


ENDLESS = "while True:\n    pass"
STUBBORN = VANDALS["an endless loop that swallows everything"]
QUICK = {"cell_seconds": 0.5, "call_seconds": 0.5}


def test_an_endless_cell_is_interrupted_and_the_rest_counts():
    outputs, record = examine([ENDLESS, FUNCTION], ["assert double(1) == 2"], limits=QUICK)
    error = error_in(outputs[0])
    told = message("execution.cell-too-long", line=1, seconds=0.5)
    assert (error.ename, error.traceback) == (told.id, [str(told)])
    assert said(outputs[2]) is None
    assert record["ended"] is None


def test_a_shell_that_fails_fails_its_cell_alone():
    student = ["get_ipython().run_cell = None", "1", "del get_ipython().run_cell"]
    outputs, record = examine([FUNCTION, *student], ["assert double(1) == 2"])
    assert error_in(outputs[2]).ename == "execution.cell-raised"
    assert said(outputs[4]) is None
    assert record["ended"] is None


@pytest.mark.parametrize("magic", ["%tb", "%reset"])
def test_a_magic_that_asks_for_what_is_not_here_costs_nothing(magic):
    outputs, _ = examine([f"{magic}\n{FUNCTION}"], ["assert double(1) == 2"])
    assert [said(shown) for shown in outputs] == [None, None]


MALFORMED_OUTPUTS = {
    "nothing": {},
    "another kind": {"output_type": "widget"},
    "a number for text": {"output_type": "stream", "text": 3},
    "a number for a line": {
        "output_type": "error",
        "ename": "E",
        "evalue": "",
        "traceback": [1],
    },
    "a list for data": {"output_type": "display_data", "data": []},
}


@pytest.mark.parametrize("output", MALFORMED_OUTPUTS.values(), ids=MALFORMED_OUTPUTS)
def test_malformed_outputs_are_refused(output):
    with pytest.raises(MALFORMED):
        checked(output)


def test_an_endless_call_fails_its_test_alone():
    student = [f"def f():\n    {ENDLESS.replace(chr(10), chr(10) + '    ')}", FUNCTION]
    first, second = verdicts(student, "f()", "assert double(1) == 2", limits=QUICK)
    assert first == message("execution.call-too-long", seconds=0.5)
    assert second is None


def test_who_does_not_let_go_is_ended():
    outputs, record = examine([STUBBORN, FUNCTION], ["double(1)"], limits=QUICK)
    told = message("execution.ended-in-cell", cell=1, why=message("execution.no-answer"))
    assert record["said"]["test-0"] == told.plain()
    assert record["ended"] == told["why"].plain()
    assert [error_in(shown).evalue for shown in outputs] == [str(told)] * 3


def test_what_is_off_in_a_call_is_told_by_its_name_or_by_a_sentence():
    student = [
        "class Own(Exception):\n    pass\ndef own(x):\n    raise Own('no')",
        "def late(x):\n    while True:\n        pass",
        "def asks(x):\n    return input()",
    ]
    test = "from rnngrade import check\ncheck.example({}, {{'x': [1.0]}}, {{'y': [1.0]}})"
    own, late, asks = verdicts(
        student, *(test.format(name) for name in ("own", "late", "asks")), limits=QUICK
    )
    assert own["what"] == message("checks.error-said", error="Own", text="no")
    assert late["what"] == message("execution.call-too-long", seconds=0.5)
    assert asks["what"]["text"] == str(message("execution.no-input"))


def test_a_notebook_has_limited_time_in_all():
    student = ["import time\ntime.sleep(0.4)"] * 5
    outputs, record = examine(student, [], limits={"notebook_seconds": 1})
    assert said(outputs[0]) is None
    assert error_in(outputs[4]).ename == "execution.ended"
    assert record["ended"] == message("execution.notebook-late", seconds=1).plain()


def test_a_process_that_ends_fails_what_comes_after():
    outputs, record = examine(["import os\nos._exit(3)"], ["assert True"], exports=["x"])
    assert error_in(outputs[0]).ename == "execution.ended-in-cell"
    assert record["ended"]
    assert record["said"] == {}


def test_a_test_in_which_the_process_ends_says_so_and_not_what_came_of_it():
    student = ["import os\ndef f(x):\n    os._exit(3)"]
    _, record = examine(student, ["try:\n    f(1)\nexcept OSError:\n    assert False"])
    told = from_plain(record["said"]["test-0"])
    assert (told.id, told["test"]) == ("execution.ended-in-test", "test-0")


def test_printing_is_cut_off():
    outputs, _ = examine(
        ["print('x' * 900)", "print('y' * 900)"], [], limits={"output_bytes": 1500}
    )
    assert printed(outputs[0]) == "x" * 900 + "\n"
    assert printed(outputs[1]).startswith("yyy")
    assert printed(outputs[1]).endswith(f"[{message('execution.cut')}]\n")


def test_a_process_that_keeps_no_limit_is_cut_off_here_too():
    patch = (
        "from rnngrade.execution import shell\n"
        "shell.Outputs.left = property(lambda self: 9, lambda self, left: None)"
    )
    outputs, _ = examine(
        [patch, "for _ in range(9):\n    print('x' * 900)"], [], limits={"output_bytes": 1500}
    )
    assert len(printed(outputs[1])) < 1500


def test_text_and_data_that_are_none_are_no_harm():
    display = "from IPython.display import display\n"
    student = [
        "print('\\ud83d', 1)",
        display + "display({'application/json': {'a': 1}, 'text/plain': 'b'}, raw=True)",
    ]
    outputs, record = examine(student, [])
    assert printed(outputs[0]) == "? 1\n"
    assert outputs[1][0].data == {"text/plain": "b"}
    assert record["ended"] is None


def test_half_precision_and_empty_tensors_cross():
    student = ["def same(x):\n    return x"]
    test = (
        "import torch\nfor d in (torch.float16, torch.bfloat16, torch.int8):\n"
        "    for n in (0, 3):\n        x = torch.ones(n, 2).to(d)\n"
        "        assert torch.equal(same(x), x) and same(x).dtype == d"
    )
    assert verdicts(student, test) == [None]


MANY = "import torch\n"


def test_many_calls_cross_together_and_give_what_each_would_give():
    student = ["def f(x, y=1):\n    assert x != 2, 'two'\n    return x * y, [x]"]
    test = """
answers = f.call_all([(1,), (2,), (3, 4)])
assert [a.value for a in answers] == [(1, [1]), None, (12, [3])]
first, second, third = (a.error for a in answers)
assert first is None and third is None
assert type(second) is AssertionError and str(second) == "two"
assert f.call_all([]) == []
"""
    assert verdicts(student, MANY + test) == [None]


def test_of_many_calls_each_says_what_it_changed():
    student = [
        "def halve_(x):\n    return x.div_(2)",
        "def halve(x):\n    return x.div_(2) if x.sum() > 3 else x",
    ]
    test = """
from rnngrade.check import ChangedArgument
xs = [torch.ones(2), torch.full((2,), 4.0)]
assert [a.value.tolist() for a in halve_.call_all([(x,) for x in xs])] == [[0.5, 0.5], [2, 2]]
assert [x.tolist() for x in xs] == [[0.5, 0.5], [2, 2]]
xs = [torch.ones(2), torch.full((2,), 4.0)]
first, second = halve.call_all([(x,) for x in xs])
assert first.value.tolist() == [1, 1] and first.error is None
assert type(second.error) is ChangedArgument and second.error.position == 0
assert xs[1].tolist() == [4, 4]
"""
    assert verdicts(student, MANY + test) == [None]


def test_many_calls_have_the_random_numbers_that_each_would_have():
    student = ["import torch\ndef f(x):\n    return x * torch.rand(1).item()"]
    test = """
torch.manual_seed(3); one_by_one = [f(1.0), f(2.0)]
torch.manual_seed(3); together = [a.value for a in f.call_all([(1.0,), (2.0,)])]
assert one_by_one == together
"""
    assert verdicts(student, MANY + test) == [None]


def test_many_calls_with_gradients_have_them():
    student = ["def f(x):\n    return x ** 3"]
    test = """
x, y = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0)
first, second = f.call_all([(x,), (y,)])
assert torch.autograd.grad(first.value, x)[0] == 12 and not second.value.requires_grad
"""
    assert verdicts(student, MANY + test) == [None]


def test_many_large_calls_take_more_than_one_message():
    student = ["def f(x):\n    return x + 1"]
    test = """
xs = [torch.full((50_000,), float(n)) for n in range(8)]
answers = f.call_all([(x,) for x in xs])
assert [a.value[0].item() for a in answers] == [n + 1 for n in range(8)]
assert [a.error for a in answers] == [None] * 8
"""
    assert verdicts(student, MANY + test, limits={"message_bytes": 1 << 19}) == [None]


def test_each_of_many_calls_has_its_own_time_and_one_that_is_late_is_the_last():
    student = [
        "import time\ndef f(x):\n    time.sleep(x)\n    return x",
        "def stubborn(x):\n" + "".join(f"    {line}\n" for line in STUBBORN.split("\n")),
        "import os\ndef ends(x):\n    return os._exit(3) if x == 1 else x",
    ]
    tests = (
        "assert [a.error for a in f.call_all([(0.3,)] * 4)] == [None] * 4",
        "a, b, c = f.call_all([(0.1,), (9,), (0.1,)])\n"
        "assert a.value == 0.1 and type(b.error).__name__ == 'OutOfTime' and c is b\n"
        "assert f(0.2) == 0.2",
        "a, b, c = ends.call_all([(0,), (1,), (0,)])\nraise b.error",
    )
    told = verdicts(student, *tests, limits={"call_seconds": 1})
    assert ids(told) == [None, None, "execution.ended-in-test"]
    (late,) = verdicts(student, "raise stubborn.call_all([(0,)] * 9)[8].error", limits=QUICK)
    why = message("execution.no-answer")
    assert late == message("execution.ended-in-test", why=why, test="test-0")


def test_the_student_may_call_a_function_of_the_test_in_each_of_many_calls():
    student = ["def twice(f, x):\n    return f(f(x))"]
    test = (
        "answers = twice.call_all([(lambda x: x + 1, n) for n in (1, 2)])\n"
        "assert [a.value for a in answers] == [3, 4]"
    )
    assert verdicts(student, test) == [None]


@pytest.mark.parametrize(
    "forged",
    [
        "{'answers': []}",
        "{'answers': [{'value': 1}] * 9}",
        "{'answers': 3}",
        "{'answers': [3, {'value': {'x': 1}}, {'changed': 3}]}",
        "{'answers': [{'error': 3}, {'error': [1, 2, 3]}, {'error': ['a', 'b']}]}",
        "{'error': ['ValueError', 'x', None]}",
        "{}",
    ],
)
def test_a_forged_answer_to_many_calls_is_none(forged):
    student = [
        "import gc, IPython\nfrom rnngrade.execution.student import Server\n"
        "server = [o for o in gc.get_objects() if isinstance(o, Server)][0]\n"
        f"server._requests['calls'] = lambda *_: ({forged}, b'')\n"
        "def f(x):\n    return x"
    ]
    test = "answers = f.call_all([(1,), (2,), (3,)])\nassert len(answers) == 3\n"
    test += "assert not any(type(a.value) is int for a in answers)\nraise answers[0].error"
    assert None not in verdicts(student, test)
