"""Every mistake gets its sentence, and no sentence shows an expected value."""

import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import torch

import rnnlib
from rnngrade import check
from rnngrade.checks.cases import generator
from rnngrade.errors import CheckFailed
from rnngrade.exercise.bank import briefly
from tests.helpers import DEVICES


def double(x_t, h_t):
    return 2 * x_t, h_t


SPEC = {"x_t": "B I", "h_t": "B H"}
RETURNS = {"y_t": "B I", "k_t": "B H"}


def in_brief(told):
    """The id of a message with the fields that matter, and where it holds."""
    only = sorted(map(briefly_setting, told["where"])) if told.id == "checks.only-for" else []
    what = told["what"] if only else told
    fields = [briefly(what)]
    fields += [
        f"{value}"
        for name, value in what.fields
        if name in ("name", "argument", "got", "names")
    ]
    return " ".join(fields) + (f" | {', '.join(only)}" if only else "")


def briefly_setting(setting):
    return " ".join(
        [briefly(setting).removeprefix("checks."), *map(str, dict(setting.fields).values())]
    )


def told(run, *arguments, **options):
    """What a check says of a failure, in brief."""
    with pytest.raises(CheckFailed) as failure:
        run(*arguments, **options)
    return in_brief(failure.value.message)


def sentence(student, reference=double, returns=RETURNS, **shapes):
    return told(check.compare, student, reference, check.cases(3, **(shapes or SPEC)), returns)


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
        (none, "checks.none"),
        (unfinished, "checks.unfinished"),
        (
            crash,
            "checks.raised",
        ),
        (
            crash_in_silence,
            "checks.raised",
        ),
        (
            crash_without_words,
            "checks.raised",
        ),
        (leave, "checks.raised"),
        (
            too_slow,
            "checks.stopped",
        ),
        (
            not_supported,
            "checks.raised",
        ),
        (in_place, "checks.modified h_t"),
        (in_place_elsewhere, "checks.modified h_t"),
        (in_place_by_resizing, "checks.modified x_t"),
        (
            ready_made,
            "checks.forbidden",
        ),
        (
            lambda x, h: 2 * x,
            "checks.several Tensor",
        ),
        (lambda x, h: (x, h, h), "checks.number 3"),
        (
            lambda x, h: (x, (h,)),
            "checks.nested",
        ),
        (lambda x, h: (2 * x, None), "checks.output-none k_t"),
        (lambda x, h: (x.cpu().numpy(), h), "checks.type-tensor y_t ndarray"),
        (lambda x, h: (2.0, h), "checks.type-tensor y_t float"),
        (lambda x, h: (object(), h), "checks.type-tensor y_t object"),
        (
            lambda x, h: (2 * x.long(), h),
            "checks.kind y_t int64",
        ),
        (
            lambda x, h: (2 * x + 0j, h),
            "checks.kind y_t complex64",
        ),
        (
            lambda x, h: ((2 * x).to_sparse(), h),
            "checks.type-plain y_t",
        ),
        (lambda x, h: (2 * x.T, h), "checks.axes y_t"),
        (lambda x, h: (2 * x[:0], h), "checks.shape y_t (0, 2)"),
        (lambda x, h: (2 * x[:, :1], h), "checks.shape y_t (1, 1)"),
        (
            lambda x, h: (2 * x.float(), h),
            "checks.dtype y_t float32 | dtype-is float64",
        ),
        (
            lambda x, h: (2 * x.to("meta"), h),
            "checks.type-plain y_t",
        ),
        (
            lambda x, h: (x / 0, h),
            "checks.finite y_t",
        ),
        (
            lambda x, h: (x * torch.nan, h),
            "checks.finite y_t",
        ),
        (sign_of_y, "checks.sign y_t"),
        (lambda x, h: (2 * x, 3 * h), "checks.scale k_t"),
        (scaled_in_small_cases, "checks.values k_t"),
        (lambda x, h: (2 * x, h + 1), "checks.values k_t"),
        (lambda x, h: (2 * x, 0 * h), "checks.zero k_t"),
        (
            lambda x, h: (2 * x.float().to(x.dtype), h),
            "checks.precision y_t | dtype-is float64, near-0",
        ),
        (
            for_one_sequence,
            "checks.first-of-batch y_t | batch-many",
        ),
        (
            overflow,
            "checks.finite y_t | large",
        ),
    ],
)
def test_a_mistake_gets_its_message(student, says):
    assert sentence(student) == says


def test_where_numbers_lie_in_memory_does_not_matter():
    check.compare(asks_for_rows, double, check.cases(3, **SPEC), RETURNS)


def test_a_long_message_is_cut():
    with pytest.raises(CheckFailed) as failure:
        check.compare(crash_at_length, double, check.cases(**SPEC), RETURNS)
    text = failure.value.message["what"]["text"]
    assert text.startswith(" [31mlong long")
    assert text in f" [31m{'long ' * 100}"


def test_a_function_that_answers_differently_is_told_so():
    class Counts:
        calls = 0

        def __call__(self, x_t, h_t):
            self.calls += 1
            return 2 * x_t, h_t + self.calls

    for student in (Counts(), lambda x, h: (torch.dropout(2 * x, 0.5, True), h)):
        assert sentence(student) == "checks.inconsistent"


def test_an_input_that_is_not_looked_at_is_named():
    assert sentence(lambda x, h: (2 * x, torch.ones_like(h))) == "checks.ignores ('h_t',)"
    learned = sentence(lambda x, h: (torch.ones_like(x), torch.ones_like(h)))
    assert learned == "checks.constant"


def test_outputs_in_another_order_are_told_so():
    returns = {"a": "B H", "b": "B H"}
    brief = sentence(lambda h: (2 * h, h), lambda h: (h, 2 * h), returns, h="B H")
    assert brief == "checks.order b, a"


@pytest.mark.parametrize(
    ("student", "says"),
    [
        (lambda xs: torch.round(xs, decimals=3), "checks.rounded ys | near-0"),
        (lambda xs: xs.half().to(xs.dtype), "checks.precision ys | near-0"),
        (lambda xs: xs.flip(0), "checks.backwards ys | many-steps"),
        (lambda xs: torch.cat([xs[:1], xs[:-1]]), "checks.late-by-one ys | many-steps"),
        (lambda xs: torch.cat([xs[1:], xs[-1:]]), "checks.early-by-one ys | many-steps"),
        (lambda xs: torch.cat([0 * xs[:-1], xs[-1:]]), "checks.last-step-only ys | many-steps"),
        (lambda xs: xs.mean(2, keepdim=True) + 0 * xs, "checks.values ys"),
        (lambda xs: xs / xs.shape[1], "checks.scale-by-case ys | batch-many"),
        (lambda xs: xs.transpose(0, 1), "checks.axes ys"),
        (lambda xs: xs.clamp(-1, 1), "checks.clipped ys"),
        (lambda xs: xs.mean(1, keepdim=True) + 0 * xs, "checks.same-in-batch ys | batch-many"),
        (lambda xs: torch.round(xs), "checks.rounded ys | near-0"),
    ],
)
def test_a_fact_that_holds_everywhere_is_told(student, says):
    assert sentence(student, lambda xs: xs, {"ys": "T B I"}, xs="T B I") == says


def test_whole_numbers_and_truth_values_are_compared_exactly():
    def count(W):
        return W.shape[0] * W.shape[1]

    cases, returns = check.cases(W="H I"), {"n": ""}
    check.compare(count, lambda W: np.asarray(W.numel()), cases, returns)
    wrong = told(
        check.compare, lambda W: count(W) + 1, lambda W: np.asarray(W.numel()), cases, returns
    )
    assert wrong.startswith("checks.")
    real = told(
        check.compare, lambda W: W.sum(), lambda W: np.asarray(W.numel()), cases, returns
    )
    assert real == "checks.kind n float32"


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
    assert said == "checks.one tuple"


@pytest.mark.parametrize(
    ("student", "says"),
    [
        (lambda x, h: (x, h, h), "checks.nested"),
        (lambda x, h: (x, h), "checks.number 2"),
    ],
)
def test_outputs_are_nested_as_those_of_the_reference(student, says):
    def nested(x_t, h_t):
        return x_t, (h_t, 2 * h_t)

    returns = {"y_t": "B I", "h_t": "B H", "k_t": "B H"}
    assert sentence(student, nested, returns) == says
    check.compare(lambda x, h: [x, [h, h + h]], nested, check.cases(**SPEC), returns)


def late(xs):
    return torch.cat([xs[:2], 2 * xs[2:] + 1])


def first_step_only(xs):
    return xs[:1]


@pytest.mark.parametrize(
    ("student", "says"),
    [
        (late, "checks.from-step ys"),
        (first_step_only, "checks.shape ys (1, 1, 3)"),
    ],
)
def test_a_mistake_along_a_sequence_needs_several_steps(student, says):
    said = sentence(student, lambda xs: xs, {"ys": "T B I"}, xs="T B I")
    assert said == f"{says} | many-steps"


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
    before = [{n: a.copy() for n, a in case.numbers.items()} for case in cases]
    with pytest.raises(AssertionError):
        check.compare(in_place, double, cases, RETURNS)
    for case, arguments in zip(cases, before, strict=True):
        assert all(np.array_equal(case.numbers[n], a) for n, a in arguments.items())
        assert all(
            torch.equal(case.arguments[n], torch.from_numpy(a)) for n, a in arguments.items()
        )


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
        (lambda x, h: (x / 0, h), RETURNS, "checks.author-finite"),
        (lambda x, h: (2 * x, h), {"y_t": "B I"}, "checks.author-number"),
        (
            double,
            {"y_t": "B I", "k_t": "B I"},
            "checks.author-shape",
        ),
        (lambda x, h: ("2", h), RETURNS, "checks.author-kind"),
        (broken, RETURNS, "checks.author-raised"),
        (
            lambda x, h: (x[:0], h),
            {"y_t": None, "k_t": "B H"},
            "checks.author-finite",
        ),
    ],
)
def test_a_test_that_is_wrong_tells_its_author(reference, returns, says):
    with pytest.raises(check.AuthorError) as failure:
        check.compare(reference, reference, check.cases(**SPEC), returns)
    assert failure.value.id == says


def test_a_test_without_cases_does_not_pass():
    with pytest.raises(check.AuthorError) as failure:
        check.compare(double, double, [], RETURNS)
    assert failure.value.id == "checks.author-cases"


@pytest.mark.parametrize(
    ("got", "want", "says"),
    [
        (None, [[1.0]], "checks.output-none f_t"),
        ([[1.0]], [[1.0]], "checks.type-tensor f_t list"),
        (
            torch.tensor([[1]]),
            [[1.0]],
            "checks.kind f_t int64",
        ),
        (torch.ones(2, 1), [[1.0, 1.0]], "checks.shape f_t (2, 1)"),
        (torch.ones(0, 1), [[1.0]], "checks.shape f_t (0, 1)"),
        (torch.tensor([[-1.0]]), [[1.0]], "checks.values f_t"),
        (torch.tensor([[1.5]]), [[1.0]], "checks.values f_t"),
        (
            torch.tensor([[torch.nan]]),
            [[1.0]],
            "checks.finite f_t",
        ),
    ],
)
def test_a_visible_check_has_the_same_sentences(got, want, says):
    assert told(check.close, got, want, "f_t") == says


@pytest.mark.parametrize("want", [[[torch.nan]], [[torch.inf]], [[]]])
def test_a_visible_check_of_nothing_does_not_pass(want):
    with pytest.raises(check.AuthorError):
        check.close(torch.tensor(want), want, "f_t")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_visible_check_takes_lists_and_tensors_of_any_dtype(dtype):
    got = torch.tensor([[0.1, 0.7]], dtype=dtype, requires_grad=True)
    check.close(got, [[0.1, 0.7]], "f_t")
    check.close(got, torch.tensor([[0.1, 0.7]], dtype=dtype), "f_t")


HIDDEN = {"o_t": "B H", "c_t": "B H"}
EXAMPLE = {"o_t": [[0.5, 1.0]], "c_t": torch.zeros(1, 2)}


@pytest.mark.parametrize(
    ("student", "says"),
    [
        (unfinished, "checks.unfinished"),
        (lambda o, c: None, "checks.none"),
        (lambda o, c: [0.0], "checks.one list"),
        (lambda o, c: c[0], "checks.shape h_t (2,)"),
        (lambda o, c: o + c + 0.3, "checks.values h_t"),
        (lambda o, c: o * c.sigmoid(), "in-place-of(σ(C_t), tanh(C_t)) ('h_t',)"),
    ],
)
def test_an_example_has_the_same_messages_and_names_a_mistake(student, says):
    part = check.Part(student, HIDDEN, {"h_t": "B H"}, ["hidden_state"], library="torch")
    assert told(part.example, EXAMPLE, {"h_t": [[0.0, 0.0]]}) == says


def test_an_example_is_one_call_of_a_right_function():
    calls = []

    def hidden_state(o_t, c_t):
        calls.append((o_t.dtype, c_t.dtype))
        return o_t * torch.tanh(c_t)

    check.example(hidden_state, EXAMPLE, {"h_t": [[0.0, 0.0]]})
    assert calls == [(torch.float32, torch.float32)]


def test_an_example_that_fits_no_formula_names_no_mistake():
    part = check.Part(lambda o, c: o * c, HIDDEN, {"h_t": "B H"}, ["hidden_state"])
    brief = told(part.example, {"o_t": [[0.5]], "c_t": [[1.0]]}, {"h_t": [[7.0]]})
    assert brief == "checks.values h_t"
    brief = told(check.example, lambda o, c: o + 1, EXAMPLE, {"h_t": [[0.0, 0.0]]})
    assert brief == "checks.values h_t"


def test_a_part_is_compared_with_its_reference():
    def hidden_state(o_t, c_t):
        return o_t * torch.tanh(c_t)

    def wrong(o_t, c_t):
        return torch.tanh(o_t * c_t)

    options = {"takes": HIDDEN, "gives": {"h_t": "B H"}, "mistakes": ["hidden_state"]}
    check.Part(hidden_state, **options).compare(rnnlib.lstm_hidden_state)
    brief = told(check.Part(wrong, **options).compare, rnnlib.lstm_hidden_state)
    assert brief == "in-place-of(tanh(o_t ⊙ C_t), o_t ⊙ tanh(C_t)) ('h_t',)"


def test_a_part_declares_the_letters_that_the_course_does_not_have():
    part = check.Part(lambda a: a, {"a": "K"}, {"b": "K"}, sizes={"K": [2, 5, 3, 7, 4]})
    part.compare(lambda a: a)
    assert {case.numbers["a"].shape for case in part.cases()} == {(n,) for n in (2, 5, 3, 7, 4)}


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
            "checks.detached y_t",
        ),
        (detached_weights, "checks.zero the gradient with respect to W"),
        (
            half_of_the_gradient,
            "checks.scale the gradient with respect to x_t",
        ),
        (
            straight,
            "checks.values the gradient with respect to x_t",
        ),
        (refusing, "checks.raised"),
        (
            through_numpy,
            "checks.raised",
        ),
        (changing, "checks.modified W"),
        (unfinished, "checks.unfinished"),
    ],
)
def test_gradients(student, says):
    cases = check.cases(**MIX)
    assert told(check.gradients, student, mix, cases, {"y_t": "B H"}) == says


def test_right_gradients_pass():
    def by_hand(x_t, W):
        return torch.stack([torch.tanh(W @ x) for x in x_t])

    cases = check.cases(sizes={"V": [5] * 5}, targets="B < V", max_norm="> 0", **MIX)
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
        (half_of_both_, "checks.modified b"),
        (half_of_a_copy_, "checks.unchanged a"),
        (third_, "checks.scale a"),
        (half_without_sum_, "checks.none"),
    ],
)
def test_in_place(student, says):
    cases = check.cases(a="B H", b="H")
    assert told(check.in_place, student, half_, cases, ["a"], {"sum": ""}) == says


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
    for factor, says in ((2, "checks.scale a"), (0, "checks.unchanged a")):
        wrong = partial(scale_, factor=factor)
        assert told(check.in_place, wrong, lambda a: a.mul_(2), cases, ["a"]) == says
    with pytest.raises(CheckFailed) as failure:
        check.in_place(wrong, lambda a: a.mul_(2), cases, ["a"])
    assert failure.value.message["function"] == "scale_"


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
        (Renamed, "checks.state-lacks Renamed"),
        (Unregistered, "checks.state-lacks Unregistered"),
        (
            Surplus,
            "checks.state-odd Surplus",
        ),
        (
            Misshapen,
            "checks.state-shape Misshapen (2, 3)",
        ),
        (NoBias, "checks.ignores ('bias',)"),
        (NoGradient, "checks.zero the gradient with respect to bias"),
        (NoModule, "checks.module NoModule"),
        (Unfinished, "checks.unfinished"),
    ],
)
def test_a_module(student, says):
    assert told(judge, student) == says


def test_a_module_that_cannot_be_made():
    with pytest.raises(CheckFailed) as failure:
        judge(OneSize)
    assert failure.value.id == "checks.raised"
    assert failure.value.message["what"]["error"] == "TypeError"


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


def test_numpy_functions_are_checked_without_torch():
    """Cases, comparison, known mistakes, visible checks: torch cannot be imported."""
    command = [sys.executable, "-c", WITHOUT_TORCH]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.split() == ["right", "left-out(tanh)", "left-out(tanh)", "torch-free"]


WITHOUT_TORCH = """
import sys
from importlib.abc import MetaPathFinder

class Block(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ImportError("there is no torch")

sys.meta_path.insert(0, Block())
import numpy as np
import rnnlib
from rnngrade import check
from rnngrade.exercise.bank import briefly

takes = {"x_t": "B I", "h_prev": "B H", "W_xh": "H I", "W_hh": "H H", "b_h": "H"}
def step(x, h, W, U, b):
    return np.tanh(x @ W.T + h @ U.T + b)
def wrong(x, h, W, U, b):
    return x @ W.T + h @ U.T + b
ones = {"x_t": [[1.0]], "h_prev": [[1.0]], "W_xh": [[1.0]], "W_hh": [[1.0]], "b_h": [1.0]}
for student in (step, wrong):
    part = check.Part(student, takes, {"h_t": "B H"}, ["rnn_step"])
    for run in (
        lambda: part.compare(rnnlib.rnn_step),
        lambda: part.example(ones, {"h_t": [[np.tanh(3.0)]]}),
    ):
        try:
            run()
        except check.CheckFailed as error:
            print(briefly(error.message))
    if student is step:
        print("right")
print("torch-free" if "torch" not in sys.modules else "torch")
"""


def test_random_numbers_do_not_depend_on_the_state_of_the_libraries():
    torch.manual_seed(1)
    np.random.seed(1)
    one = generator(-1).random(3)
    torch.manual_seed(2)
    np.random.seed(2)
    assert np.array_equal(one, generator(-1).random(3))
