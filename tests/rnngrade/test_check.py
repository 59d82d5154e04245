"""Every mistake gets its sentence, and no sentence shows an expected value."""

import pytest
import torch

from rnngrade import check


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


def in_place(x_t, h_t):
    h_t.add_(1)
    return 2 * x_t, h_t - 1


def for_one_sequence(x_t, h_t):
    return 2 * x_t[:1].expand_as(x_t), h_t


def sign_of_y(x_t, h_t):
    return -2 * x_t, h_t


def overflow(x_t, h_t):
    return 2 * torch.log(torch.exp(x_t * 40)) / 40, h_t


@pytest.mark.parametrize(
    ("student", "says"),
    [
        (none, "none returns None, as if `return` were missing."),
        (unfinished, "unfinished is not written yet."),
        (
            crash,
            "crash raised ValueError (no such unit) for x_t (1, 2), h_t (1, 3).",
        ),
        (in_place, "in_place changes its argument h_t in place."),
        (
            lambda x, h: 2 * x,
            "<lambda> must return 2 tensors, (y_t, k_t), got one Tensor.",
        ),
        (lambda x, h: (x, h, h), "<lambda> must return 2 tensors, (y_t, k_t), got 3."),
        (lambda x, h: (2 * x, None), "k_t is None, as if `return` were missing."),
        (lambda x, h: (x.cpu().numpy(), h), "y_t must be a tensor, got ndarray."),
        (
            lambda x, h: (2 * x.long(), h),
            "y_t must hold floating-point numbers, got torch.int64.",
        ),
        (lambda x, h: (2 * x.T, h), "y_t must have shape (B, I) = (1, 2), got (2, 1)."),
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
        (sign_of_y, "y_t has the wrong sign."),
        (lambda x, h: (2 * x, 3 * h), "k_t is off by a constant factor."),
        (lambda x, h: (2 * x, h + 1), "k_t has the right shape but wrong values."),
        (lambda x, h: (2 * x, 0 * h), "k_t has the right shape but wrong values."),
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


def test_one_output_may_not_be_a_tuple():
    said = sentence(lambda x_t: (x_t,), lambda x_t: x_t, {"y_t": "B I"}, x_t="B I")
    assert said == "<lambda> must return one tensor, y_t, got a tuple."


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


@pytest.mark.parametrize(
    "student",
    [
        double,
        lambda x, h: [x + x, h.clone()],
        lambda x, h: (x.mul(2).requires_grad_(), h),
        lambda x, h: (x.T.mul(2).T, torch.from_numpy(h.cpu().numpy().copy()).to(h.device)),
    ],
)
def test_right_functions_pass(student):
    check.compare(student, double, check.cases(seed=3, **SPEC), RETURNS)


def test_the_reference_sees_the_inputs_as_they_were_drawn():
    cases = check.cases(seed=3, **SPEC)
    before = [{n: a.clone() for n, a in case.arguments.items()} for case in cases]
    sentence(in_place)
    with pytest.raises(AssertionError):
        check.compare(in_place, double, cases, RETURNS)
    for case, arguments in zip(cases, before, strict=True):
        assert all(torch.equal(case.arguments[n], a) for n, a in arguments.items())


def test_an_interrupt_is_no_mistake_of_the_student():
    def interrupted(x_t, h_t):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check.compare(interrupted, double, check.cases(**SPEC), RETURNS)


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


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_visible_check_takes_lists_and_tensors_of_any_dtype(dtype):
    got = torch.tensor([[0.1, 0.7]], dtype=dtype, requires_grad=True)
    check.close(got, [[0.1, 0.7]], "f_t")
    check.close(got, torch.tensor([[0.1, 0.7]], dtype=dtype), "f_t")
