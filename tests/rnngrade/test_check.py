"""Every mistake gets its sentence, and no sentence shows an expected value."""

import subprocess
import sys
from functools import partial

import pytest
import torch

from rnngrade import check
from rnngrade.checks.cases import generator
from tests.helpers import DEVICES


def double(x_t, h_t):
    return 2 * x_t, h_t


SPEC = {"x_t": "B I", "h_t": "B H"}
RETURNS = {"y_t": "B I", "k_t": "B H"}


def sentence(student, reference=double, returns=RETURNS, **shapes):
    with pytest.raises(AssertionError) as failure:
        check.compare(student, reference, check.cases(seed=3, **(shapes or SPEC)), returns)
    return str(failure.value)


def none(x_t, h_t):
    pass


def unfinished(x_t, h_t):
    raise NotImplementedError


def crash(x_t, h_t):
    raise ValueError("no such unit.\nsecond line")


def crash_at_length(x_t, h_t):
    raise ValueError("\x1b[31m" + "long " * 100_000)


def crash_in_silence(x_t, h_t):
    raise ValueError


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError


def crash_without_words(x_t, h_t):
    raise Unspeakable


def leave(x_t, h_t):
    sys.exit("bye")


def too_slow(x_t, h_t):
    raise TimeoutError("it ran too long and was stopped")


def not_supported(x_t, h_t):
    raise NotImplementedError("no such operator here")


def in_place(x_t, h_t):
    h_t.add_(1)
    return 2 * x_t, h_t - 1


def in_place_elsewhere(x_t, h_t):
    raise check.ChangedArgument(1)


def in_place_by_resizing(x_t, h_t):
    result = 2 * x_t, h_t.clone()
    x_t.t_()
    return result


def ready_made(x_t, h_t):
    raise check.Forbidden("torch.nn.LSTM")


def for_one_sequence(x_t, h_t):
    return 2 * x_t[:1].expand_as(x_t), h_t


def sign_of_y(x_t, h_t):
    return -2 * x_t, h_t


def overflow(x_t, h_t):
    return 2 * torch.log(torch.exp(x_t * 40)) / 40, h_t


def asks_for_rows(x_t, h_t):
    return 2 * x_t.view(-1).view(x_t.shape), h_t


def scaled_in_small_cases(x_t, h_t):
    return 2 * x_t, (3 if len(h_t) == 1 else h_t) * h_t


@pytest.mark.parametrize(
    ("student", "says"),
    [
        (none, "none returns None, as if `return` were missing."),
        (unfinished, "unfinished is not written yet."),
        (
            crash,
            "crash raised ValueError (no such unit) for x_t (1, 2), h_t (1, 3).",
        ),
        (
            crash_in_silence,
            "crash_in_silence raised ValueError for x_t (1, 2), h_t (1, 3).",
        ),
        (
            crash_without_words,
            "crash_without_words raised Unspeakable for x_t (1, 2), h_t (1, 3).",
        ),
        (leave, "leave raised SystemExit (bye) for x_t (1, 2), h_t (1, 3)."),
        (
            too_slow,
            "too_slow raised TimeoutError (it ran too long and was stopped) "
            "for x_t (1, 2), h_t (1, 3).",
        ),
        (
            not_supported,
            "not_supported raised NotImplementedError (no such operator here) "
            "for x_t (1, 2), h_t (1, 3).",
        ),
        (in_place, "in_place changes its argument h_t in place."),
        (in_place_elsewhere, "in_place_elsewhere changes its argument h_t in place."),
        (in_place_by_resizing, "in_place_by_resizing changes its argument x_t in place."),
        (
            ready_made,
            "ready_made uses torch.nn.LSTM, which this unit asks you to write yourself.",
        ),
        (
            lambda x, h: 2 * x,
            "the function must return 2 tensors, (y_t, k_t), got one Tensor.",
        ),
        (lambda x, h: (x, h, h), "the function must return 2 tensors, (y_t, k_t), got 3."),
        (
            lambda x, h: (x, (h,)),
            "the function must return 2 tensors, (y_t, k_t), got them nested otherwise.",
        ),
        (lambda x, h: (2 * x, None), "k_t is None, as if `return` were missing."),
        (lambda x, h: (x.cpu().numpy(), h), "y_t must be a tensor, got ndarray."),
        (lambda x, h: (2.0, h), "y_t must be a tensor, got float."),
        (lambda x, h: (object(), h), "y_t must be a tensor, got object."),
        (
            lambda x, h: (2 * x.long(), h),
            "y_t must hold floating-point numbers, got torch.int64.",
        ),
        (
            lambda x, h: (2 * x + 0j, h),
            "y_t must hold floating-point numbers, got torch.complex64.",
        ),
        (
            lambda x, h: ((2 * x).to_sparse(), h),
            "y_t must be a plain tensor, got one with torch.sparse_coo.",
        ),
        (lambda x, h: (2 * x.T, h), "y_t must have shape (B, I) = (1, 2), got (2, 1)."),
        (lambda x, h: (2 * x[:0], h), "y_t must have shape (B, I) = (1, 2), got (0, 2)."),
        (lambda x, h: (2 * x[:, :1], h), "y_t must have shape (B, I) = (1, 2), got (1, 1)."),
        (
            lambda x, h: (2 * x.float(), h),
            "y_t must keep the dtype of the inputs, torch.float64, got torch.float32 "
            "(only for float64).",
        ),
        (
            lambda x, h: (2 * x.to("meta"), h),
            "y_t must keep the device of the inputs, cpu, got meta.",
        ),
        (
            lambda x, h: (x / 0, h),
            "y_t holds NaN or infinity though every input is finite.",
        ),
        (
            lambda x, h: (x * torch.nan, h),
            "y_t holds NaN or infinity though every input is finite.",
        ),
        (sign_of_y, "y_t has the wrong sign."),
        (lambda x, h: (2 * x, 3 * h), "k_t is off by a constant factor."),
        (scaled_in_small_cases, "k_t has the right shape but wrong values."),
        (lambda x, h: (2 * x, h + 1), "k_t has the right shape but wrong values."),
        (lambda x, h: (2 * x, 0 * h), "k_t is zero everywhere."),
        (
            lambda x, h: (2 * x.float().to(x.dtype), h),
            "y_t has the right shape but wrong values (only for float64 and numbers near 0).",
        ),
        (
            for_one_sequence,
            "y_t has the right shape but wrong values (only for batches larger than 1).",
        ),
        (
            overflow,
            "y_t holds NaN or infinity though every input is finite (only for large numbers).",
        ),
    ],
)
def test_a_mistake_gets_its_sentence(student, says):
    assert sentence(student) == says


def test_tensors_that_are_not_contiguous_are_named_where_it_fails_with_them_alone():
    said = sentence(asks_for_rows)
    assert said.startswith("asks_for_rows raised RuntimeError (view size is not compatible")
    assert said.endswith("x_t (5, 3), h_t (5, 7) (only for tensors that are not contiguous).")


def test_a_long_message_is_cut():
    said = sentence(crash_at_length)
    assert said.startswith("crash_at_length raised ValueError ( [31mlong long")
    assert len(said) < 300


@pytest.mark.parametrize("student", [unfinished, too_slow, ready_made])
def test_no_further_calls_where_they_are_of_no_use(student):
    calls = []

    def counted(x_t, h_t):
        calls.append(1)
        return student(x_t, h_t)

    sentence(counted)
    assert len(calls) == 1


def test_one_output_may_not_be_a_tuple():
    said = sentence(lambda x_t: (x_t,), lambda x_t: x_t, {"y_t": "B I"}, x_t="B I")
    assert said == "the function must return one tensor, y_t, got a tuple."


@pytest.mark.parametrize(
    ("student", "says"),
    [
        (lambda x, h: (x, h, h), "3 tensors, (y_t, (h_t, k_t)), got them nested otherwise."),
        (lambda x, h: (x, h), "3 tensors, (y_t, (h_t, k_t)), got 2."),
    ],
)
def test_outputs_are_nested_as_those_of_the_reference(student, says):
    def nested(x_t, h_t):
        return x_t, (h_t, 2 * h_t)

    returns = {"y_t": "B I", "h_t": "B H", "k_t": "B H"}
    assert sentence(student, nested, returns).endswith(f"must return {says}")
    check.compare(lambda x, h: [x, [h, h + h]], nested, check.cases(**SPEC), returns)


def late(xs):
    return torch.cat([xs[:2], 2 * xs[2:] + 1])


def first_step_only(xs):
    return xs[:1]


@pytest.mark.parametrize(
    ("student", "says"),
    [
        (late, "ys is right at the first time step, wrong from step 3"),
        (first_step_only, "ys must have shape (T, B, I) = (4, 1, 3), got (1, 1, 3)"),
    ],
)
def test_a_mistake_along_a_sequence_needs_several_steps(student, says):
    said = sentence(student, lambda xs: xs, {"ys": "T B I"}, xs="T B I")
    assert said == f"{says} (only for more than one time step)."


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    "student",
    [
        double,
        lambda x, h: [x + x, h.clone()],
        lambda x, h: (x.mul(2).requires_grad_(), h),
        lambda x, h: (torch.nn.Parameter(x.mul(2)), h),
        lambda x, h: (x.T.mul(2).T, torch.from_numpy(h.cpu().numpy().copy()).to(h.device)),
    ],
)
def test_right_functions_pass(student, device):
    check.use_devices("cpu", device)
    try:
        check.compare(student, double, check.cases(seed=3, **SPEC), RETURNS)
    finally:
        check.use_devices()


def test_the_reference_sees_the_inputs_as_they_were_drawn():
    cases = check.cases(seed=3, **SPEC)
    before = [{n: a.clone() for n, a in case.arguments.items()} for case in cases]
    with pytest.raises(AssertionError):
        check.compare(in_place, double, cases, RETURNS)
    for case, arguments in zip(cases, before, strict=True):
        assert all(torch.equal(case.arguments[n], a) for n, a in arguments.items())


def test_an_interrupt_is_no_mistake_of_the_student():
    def interrupted(x_t, h_t):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check.compare(interrupted, double, check.cases(**SPEC), RETURNS)


def broken(x_t, h_t):
    raise ValueError("not today")


@pytest.mark.parametrize(
    ("reference", "returns", "says"),
    [
        (lambda x, h: (x / 0, h), RETURNS, "the reference gives NaN or infinity in y_t."),
        (lambda x, h: (2 * x, h), {"y_t": "B I"}, "the reference returns 2 outputs, not 1."),
        (
            double,
            {"y_t": "B I", "k_t": "B I"},
            "the reference returns k_t of shape (1, 3), not (B, I).",
        ),
        (
            lambda x, h: (2.0, h),
            RETURNS,
            "of the reference, y_t must be a tensor, got float.",
        ),
        (broken, RETURNS, "the reference raised ValueError: not today."),
        (
            lambda x, h: (x[:0], h),
            {"y_t": None, "k_t": "B H"},
            "the reference gives no number at all in y_t.",
        ),
    ],
)
def test_a_test_that_is_wrong_tells_its_author(reference, returns, says):
    with pytest.raises(check.AuthorError) as failure:
        check.compare(reference, reference, check.cases(**SPEC), returns)
    assert str(failure.value) == f"this test is at fault, not your function: {says}"


def test_a_test_without_cases_does_not_pass():
    with pytest.raises(check.AuthorError, match="it has no cases"):
        check.compare(double, double, [], RETURNS)


@pytest.mark.parametrize(
    ("got", "want", "says"),
    [
        (None, [[1.0]], "f_t is None, as if `return` were missing."),
        ([[1.0]], [[1.0]], "f_t must be a tensor, got list."),
        (
            torch.tensor([[1]]),
            [[1.0]],
            "f_t must hold floating-point numbers, got torch.int64.",
        ),
        (torch.ones(2, 1), [[1.0, 1.0]], "f_t must have shape (1, 2), got (2, 1)."),
        (torch.ones(0, 1), [[1.0]], "f_t must have shape (1, 1), got (0, 1)."),
        (torch.tensor([[-1.0]]), [[1.0]], "f_t has the wrong sign."),
        (torch.tensor([[1.5]]), [[1.0]], "f_t has the right shape but wrong values."),
        (
            torch.tensor([[torch.nan]]),
            [[1.0]],
            "f_t holds NaN or infinity though every input is finite.",
        ),
    ],
)
def test_a_visible_check_has_the_same_sentences(got, want, says):
    with pytest.raises(AssertionError) as failure:
        check.close(got, want, "f_t")
    assert str(failure.value) == says


@pytest.mark.parametrize("want", [[[torch.nan]], [[torch.inf]], [[]]])
def test_a_visible_check_of_nothing_does_not_pass(want):
    with pytest.raises(check.AuthorError):
        check.close(torch.tensor(want), want, "f_t")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_visible_check_takes_lists_and_tensors_of_any_dtype(dtype):
    got = torch.tensor([[0.1, 0.7]], dtype=dtype, requires_grad=True)
    check.close(got, [[0.1, 0.7]], "f_t")
    check.close(got, torch.tensor([[0.1, 0.7]], dtype=dtype), "f_t")


EXAMPLE = {"o_t": [[0.5, 1.0]], "c_t": torch.zeros(1, 2)}


@pytest.mark.parametrize(
    ("student", "says"),
    [
        (unfinished, "unfinished is not written yet."),
        (lambda o, c: None, "the function returns None, as if `return` were missing."),
        (lambda o, c: [0.0], "the function must return one tensor, h_t, got a list."),
        (lambda o, c: c[0], "h_t must have shape (1, 2), got (2,)."),
        (lambda o, c: o + c + 0.3, "h_t has the right shape but wrong values."),
        (lambda o, c: o * c.sigmoid(), "h_t is what you get when σ stands in place of tanh"),
    ],
)
def test_an_example_has_the_same_sentences_and_names_a_misconception(student, says):
    with pytest.raises(AssertionError) as failure:
        check.example(student, EXAMPLE, {"h_t": [[0.0, 0.0]]})
    assert str(failure.value).startswith(says)


def test_an_example_is_one_call_of_a_right_function():
    calls = []

    def hidden_state(o_t, c_t):
        calls.append((o_t.dtype, c_t.dtype))
        return o_t * torch.tanh(c_t)

    check.example(hidden_state, EXAMPLE, {"h_t": [[0.0, 0.0]]})
    assert calls == [(torch.float32, torch.float32)]


def test_an_example_that_fits_no_formula_has_no_misconception():
    with pytest.raises(AssertionError, match="h_t has the right shape but wrong values"):
        check.example(lambda o, c: o * c, {"o_t": [[0.5]], "c_t": [[1.0]]}, {"h_t": [[7.0]]})


def test_an_example_that_fits_two_formulas_has_no_misconception():
    """Without weights it does not show whether the reset comes before or after them."""

    def candidate(x_t, h_prev, W_xh, W_hh, b_h):
        x_r, _, x_n = (x_t @ W_xh.T + b_h).chunk(3, -1)
        h_r, _, h_n = (h_prev @ W_hh.T).chunk(3, -1)
        return torch.tanh(x_n + torch.sigmoid(x_r + h_r) * h_n)

    weights = {"W_xh": torch.zeros(3, 1), "W_hh": torch.zeros(3, 1), "b_h": torch.zeros(3)}
    with pytest.raises(AssertionError, match=r"^h_t is zero everywhere\.$"):
        check.example(
            candidate, {"x_t": [[1.0]], "h_prev": [[2.0]], **weights}, {"h_t": [[1.0]]}
        )


# Gradients.


def mix(x_t, W):
    return torch.tanh(x_t @ W.T)


def detached(x_t, W):
    return torch.tanh(x_t @ W.T).detach()


def detached_weights(x_t, W):
    return torch.tanh(x_t @ W.detach().T)


def half_of_the_gradient(x_t, W):
    y_t = torch.tanh(x_t @ W.T)
    return (y_t + y_t.detach()) / 2


class Straight(torch.autograd.Function):
    """The forward of tanh with the backward of nothing."""

    @staticmethod
    def forward(ctx, a):
        return torch.tanh(a)

    @staticmethod
    def backward(ctx, grad):
        return grad


class Refusing(Straight):
    @staticmethod
    def backward(ctx, grad):
        raise ValueError("no way back")


def straight(x_t, W):
    return Straight.apply(x_t @ W.T)


def refusing(x_t, W):
    return Refusing.apply(x_t @ W.T)


def through_numpy(x_t, W):
    return torch.tanh(torch.from_numpy(x_t.numpy()) @ W.T)


def changing(x_t, W):
    return torch.tanh(x_t.mul_(1) @ W.add_(1).T)


MIX = {"x_t": "B I", "W": "H I"}


@pytest.mark.parametrize(
    ("student", "says"),
    [
        (
            detached,
            "y_t is cut off from its inputs, as by detach(), .data, .item() or NumPy.",
        ),
        (detached_weights, "the gradient with respect to W is zero everywhere."),
        (
            half_of_the_gradient,
            "the gradient with respect to x_t is off by a constant factor.",
        ),
        (
            straight,
            "the gradient with respect to x_t has the right shape but wrong values.",
        ),
        (refusing, "backward raised ValueError (no way back) for x_t (1, 2), W (3, 2)."),
        (
            through_numpy,
            "through_numpy raised RuntimeError (Can't call numpy() on Tensor that requires "
            "grad. Use tensor.detach().numpy() instead) for x_t (1, 2), W (3, 2).",
        ),
        (changing, "changing changes its argument W in place."),
        (unfinished, "unfinished is not written yet."),
    ],
)
def test_gradients(student, says):
    with pytest.raises(AssertionError) as failure:
        check.gradients(student, mix, check.cases(**MIX), {"y_t": "B H"})
    assert str(failure.value) == says


def test_right_gradients_pass():
    def by_hand(x_t, W):
        return torch.stack([torch.tanh(W @ x) for x in x_t])

    cases = check.cases(targets="B < V", max_norm="> 0", **MIX)
    for student in (mix, by_hand):
        check.gradients(
            lambda t, m, x, W, f=student: f(x, W),
            lambda t, m, x, W: mix(x, W),
            cases,
            {"y_t": "B H"},
        )


def test_gradients_count_even_where_grad_is_turned_off():
    with torch.no_grad():
        check.gradients(mix, mix, check.cases(**MIX), {"y_t": "B H"})


# Functions that change their arguments.


def half_(a, b):
    a.mul_(0.5)
    return a.sum()


def half_of_both_(a, b):
    b.mul_(0.5)
    return half_(a, b)


def half_of_a_copy_(a, b):
    return half_(a.clone(), b)


def third_(a, b):
    return a.div_(3).sum()


def half_without_sum_(a, b):
    a.mul_(0.5)


@pytest.mark.parametrize(
    ("student", "says"),
    [
        (half_of_both_, "half_of_both_ changes its argument b in place."),
        (half_of_a_copy_, "half_of_a_copy_ must change its argument a in place."),
        (third_, "a is off by a constant factor."),
        (half_without_sum_, "half_without_sum_ returns None, as if `return` were missing."),
    ],
)
def test_in_place(student, says):
    cases = check.cases(a="B H", b="H")
    with pytest.raises(AssertionError) as failure:
        check.in_place(student, half_, cases, ["a"], {"sum": ""})
    assert str(failure.value) == says


def test_right_changes_pass_and_what_is_returned_may_not_matter():
    cases = check.cases(a="B H", b="H")

    def by_slices_(a, b):
        a[:] = a / 2
        return a.sum()

    check.in_place(by_slices_, half_, cases, ["a"], {"sum": ""})
    check.in_place(half_without_sum_, half_, cases, ["a"])


def test_a_partial_is_called_by_its_name():
    def scale_(a, factor):
        a.mul_(factor + 1)

    cases = check.cases(a="B H")
    with pytest.raises(AssertionError, match=r"^a is off by a constant factor\.$"):
        check.in_place(partial(scale_, factor=2), lambda a: a.mul_(2), cases, ["a"])
    with pytest.raises(AssertionError, match=r"^scale_ must change its argument a in place"):
        check.in_place(partial(scale_, factor=0), lambda a: a.mul_(2), cases, ["a"])


# Modules.


class Cell(torch.nn.Module):
    """What the tests of modules take for right."""

    def __init__(self, I, H):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(H, I))
        self.bias = torch.nn.Parameter(torch.zeros(H))

    def forward(self, x_t):
        return torch.tanh(x_t @ self.weight.T + self.bias)


class Renamed(Cell):
    def __init__(self, I, H):
        super().__init__(I, H)
        self.b = self.bias
        del self.bias


class Misshapen(Cell):
    def __init__(self, I, H):
        super().__init__(I, H)
        self.weight = torch.nn.Parameter(torch.zeros(I, H))


class Unregistered(Cell):
    def __init__(self, I, H):
        super().__init__(I, H)
        del self.bias
        self.bias = torch.zeros(H)


class Surplus(Cell):
    def __init__(self, I, H):
        super().__init__(I, H)
        self.extra = torch.nn.Linear(I, H)


class NoBias(Cell):
    def forward(self, x_t):
        return torch.tanh(x_t @ self.weight.T)


class NoGradient(Cell):
    def forward(self, x_t):
        return torch.tanh(x_t @ self.weight.T + self.bias.detach())


class NoModule:
    def __init__(self, I, H):
        pass


class Unfinished(Cell):
    def forward(self, x_t):
        raise NotImplementedError


class OneSize(Cell):
    def __init__(self, H):
        super().__init__(H, H)


def judge(student):
    cases = check.cases(seed=2, x_t="B I")
    check.module(student, Cell, "I H", cases, {"y_t": "B H"})


@pytest.mark.parametrize(
    ("student", "says"),
    [
        (Renamed, "the state dict of Renamed lacks bias."),
        (Unregistered, "the state dict of Unregistered lacks bias."),
        (
            Surplus,
            "the state dict of Surplus must not hold extra.weight, extra.bias.",
        ),
        (
            Misshapen,
            "weight in the state dict of Misshapen must have shape (3, 2), got (2, 3).",
        ),
        (NoBias, "y_t has the right shape but wrong values."),
        (NoGradient, "the gradient with respect to bias is zero everywhere."),
        (NoModule, "NoModule must be a torch.nn.Module."),
        (Unfinished, "Unfinished is not written yet."),
    ],
)
def test_a_module(student, says):
    with pytest.raises(AssertionError) as failure:
        judge(student)
    assert str(failure.value) == says


def test_a_module_that_cannot_be_made():
    with pytest.raises(
        AssertionError, match=r"^OneSize raised TypeError .* for sizes \(2, 3\)"
    ):
        judge(OneSize)


def test_right_modules_pass():
    class Linear(Cell):
        def forward(self, x_t):
            return torch.nn.functional.linear(x_t, self.weight, self.bias).tanh()

    judge(Linear)


def test_a_module_of_torch_is_a_reference():
    class LSTM(torch.nn.LSTM):
        def forward(self, xs):
            hs, (h_T, c_T) = super().forward(xs)
            return [hs, [h_T, c_T]]

    returns = {"hs": "T B H", "h_T": None, "c_T": None}
    check.module(LSTM, torch.nn.LSTM, "I H", check.cases(xs="T B I"), returns)


# What must hold of the module itself.


def test_what_test_cells_import_is_light():
    """A right answer needs neither nbgrader nor the formulas."""
    program = (
        "import sys, torch; from rnngrade import check\n"
        "check.compare(torch.tanh, torch.tanh, check.cases(x_t='B I'), {'y_t': 'B I'})\n"
        "print(*{name.split('.')[0] for name in sys.modules},"
        " *[name for name in sys.modules if name.startswith('rnngrade')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert "rnngrade.check" in loaded
    assert not loaded & {
        "nbgrader",
        "jupytext",
        "nbformat",
        "IPython",
        "rnnlib",
        "rnngrade.misconceptions",
        "rnngrade.exercise.source",
    }


def test_random_directions_do_not_depend_on_torchs_own_state():
    torch.manual_seed(1)
    one = torch.randn(3, generator=generator(-1))
    torch.manual_seed(2)
    assert torch.equal(one, torch.randn(3, generator=generator(-1)))
