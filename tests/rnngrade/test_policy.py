"""The answers of libraries: out of reach by every road through Python, and no false alarm."""

import pytest

from rnngrade.messages import message
from tests.rnngrade.exam import examine, said, verdicts

START = """
import torch
x, h, c = torch.randn(2, 3), torch.randn(2, 4), torch.randn(2, 4)
W, U, b = torch.randn(16, 3), torch.randn(16, 4), torch.randn(16)
def f():
    {body}
"""

LIBRARY = {
    "torch.nn.LSTMCell(2, 2)(torch.ones(1, 2))": "torch.nn.LSTM",
    "torch.nn.LSTM(2, 2)(torch.ones(3, 1, 2))": "torch.nn.LSTM",
    "torch.nn.GRU(2, 2)(torch.ones(3, 1, 2))": "torch.nn.GRU",
    "torch.nn.GRUCell(2, 2)(torch.ones(1, 2))": "torch.nn.GRU",
    "torch.nn.RNN(2, 2)(torch.ones(3, 1, 2))": "torch.nn.RNN",
    "torch.nn.RNNCell(2, 2)(torch.ones(1, 2))": "torch.nn.RNN",
    "torch.nn.RNN(2, 2, nonlinearity='relu')(torch.ones(3, 1, 2))": "torch.nn.RNN",
    "getattr(torch.nn, 'LS' + 'TM')(2, 2)(torch.ones(3, 1, 2))": "torch.nn.LSTM",
    "rnnlib.lstm_step(1, 2, 3)": "rnnlib.lstm_step",
    "rnnlib.steps.lstm_step(1, 2, 3)": "rnnlib.steps.lstm_step",
}


@pytest.mark.parametrize("call", LIBRARY)
def test_the_answers_of_libraries_are_out_of_reach(call):
    student = [f"import torch\ndef f():\n    import rnnlib.steps\n    return {call}"]
    what = message("execution.exception", kind="Forbidden", said=LIBRARY[call])
    assert verdicts(student, "f()") == [message("execution.raised", what=what)]


def test_a_policy_may_allow_them():
    student = [
        "import torch\nfrom rnnlib.tasks import adding\ndef f():\n"
        "    return torch.nn.LSTM(2, 3)(torch.ones(4, 1, 2))[0].shape"
    ]
    policy = {"recurrences": True, "allows": ("rnnlib.tasks", "rnnlib._checks")}
    assert verdicts(student, "assert f() == (4, 1, 3)", policy=policy) == [None]


def test_comparing_ones_own_work_with_the_library_costs_nothing():
    cell = (
        "import torch, rnnlib\n"
        "theirs = torch.nn.LSTM(2, 2)(torch.ones(3, 1, 2))\n"
        "assert theirs is not None\n"
        "def double(x):\n    return 2 * x"
    )
    outputs, _ = examine([cell], ["assert double(1) == 2"])
    assert [o.ename for o in outputs[0]] == ["execution.refused-line", "NameError"]
    why = message("execution.no-answers", name="torch.nn.LSTM")
    assert outputs[0][0].evalue == str(message("execution.refused-line", line=2, why=why))
    assert said(outputs[1]) is None


# Ways to call what is forbidden without saying so.
DETOURS = {
    "an imported name": "from torch.nn import LSTM as L; return L(3, 4)(x[None])",
    "a joined name": "return getattr(torch.nn, 'LS' + 'TMCell')(3, 4)(x, (h, c))",
    "a dictionary": "return vars(torch.nn)['LSTMCell'](3, 4)(x, (h, c))",
    "the function": "return torch.lstm_cell(x, (h, c), W, U, b, b)",
    "_VF": "return torch._VF.lstm_cell(x, (h, c), W, U, b, b)",
    "_C": "return torch._C._VariableFunctions.lstm_cell(x, (h, c), W, U, b, b)",
    "ops": "return torch.ops.aten.lstm_cell(x, (h, c), W, U, b, b)",
    "ops by a joined name": (
        "return getattr(torch.ops.aten, 'ls' + 'tm_cell')(x, (h, c), W, U, b, b)"
    ),
    "reload": (
        "import importlib, torch.nn.modules.rnn as r; "
        "return importlib.reload(r).LSTMCell(3, 4)(x, (h, c))"
    ),
    "subclasses": (
        "return [k for k in torch.nn.modules.rnn.RNNCellBase.__subclasses__() "
        "if k.__name__ == 'LSTMCell'][0](3, 4)(x, (h, c))"
    ),
    "inference mode": (
        "with torch.inference_mode(): return torch.lstm_cell(x, (h, c), W, U, b, b)"
    ),
    "redispatch": (
        "return torch.ops.aten.lstm_cell.default.redispatch(torch._C.DispatchKeySet("
        "torch._C.DispatchKey.CPU), x, (h, c), W, U, b, b)"
    ),
    "decompose": "return torch.ops.aten.lstm_cell.default.decompose(x, (h, c), W, U, b, b)",
    "a decomposition in Python": (
        "import torch._decomp.decompositions as d; return d.lstm_impl(x[None], "
        "(h[None], c[None]), [W, U, b, b], True, 1, 0.0, False, False, False)"
    ),
    "mkldnn": (
        "return torch.mkldnn_rnn_layer(x[None], W, U, b, b, h[None], c[None], "
        "False, [], 2, 4, 1, True, False, False, False)"
    ),
    "TorchScript": (
        "return torch.jit.CompilationUnit('def f(x, h, c, W, U, b):\\n  return torch.ls' "
        "'tm_cell(x, [h, c], W, U, b, b)\\n').f(x, h, c, W, U, b)"
    ),
    "a library of one's own": (
        "import warnings; warnings.simplefilter('ignore'); "
        "L = torch.library.Library('aten', 'IMPL'); "
        "return torch.ops.aten.lstm_cell(x, (h, c), W, U, b, b)"
    ),
    "taking it back": (
        "import gc; [o._destroy() for o in gc.get_objects() "
        "if type(o) is torch.library.Library]; "
        "return torch.ops.aten.lstm_cell(x, (h, c), W, U, b, b)"
    ),
}
WITHOUT_FINDER = """
def f():
    import sys
    sys.meta_path[:] = sys.meta_path[1:]
    del sys.modules["rnnlib"]
    import rnnlib
    return rnnlib.lstm_step
"""


@pytest.mark.parametrize("body", DETOURS.values(), ids=DETOURS)
def test_no_detour_through_python_leads_there(body):
    student, exports = [START.format(body=body)], ("f",)
    (verdict,) = verdicts(student, "f()", exports=exports)
    assert verdict["what"]["kind"] == ("RuntimeError" if "jit" in body else "Forbidden")
    # And it is a detour: where the unit allows it, it arrives.
    assert verdicts(student, "f()", exports=exports, policy={"recurrences": True}) == [None]


def test_rnnlib_is_not_on_the_disk_that_the_student_sees():
    student = ["import rnnlib", WITHOUT_FINDER]
    (verdict,) = verdicts(student, "f()", sandbox=True)
    assert verdict["what"]["kind"] == "ModuleNotFoundError"
