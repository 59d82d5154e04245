"""The modules against torch.nn and against their readable twins: outputs, states, gradients."""

import itertools

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from rnnlib import layers
from tests.helpers import DEVICES, DTYPES, assert_close

T, B, I, H = 6, 4, 3, 5
LENGTHS = torch.tensor([3, 6, 1, 4])
KINDS = {
    "rnn-tanh": (layers.RNN, nn.RNN, {}),
    "rnn-relu": (layers.RNN, nn.RNN, {"nonlinearity": "relu"}),
    "lstm": (layers.LSTM, nn.LSTM, {}),
    "gru": (layers.GRU, nn.GRU, {}),
}
every_kind = pytest.mark.parametrize("kind", list(KINDS))
every_device = pytest.mark.parametrize("device", DEVICES)


def leaves(hx):
    return hx if isinstance(hx, tuple) else (hx,)


def twins(kind, dtype="float64", device="cpu", **options):
    """Ours and torch's with the same weights."""
    Ours, Theirs, more = KINDS[kind]
    where = {"dtype": getattr(torch, dtype), "device": device}
    ours, theirs = (Kind(I, H, **more, **options, **where) for Kind in (Ours, Theirs))
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def inputs(kind, dtype="float64", device="cpu", form="time first", layers=1, directions=1):
    """A leaf tensor, the input made of it, and a state before the first step."""
    where = {"dtype": getattr(torch, dtype), "device": device}
    shape = {"batch first": (B, T, I), "no batch": (T, I)}.get(form, (T, B, I))
    leaf = torch.randn(*shape, **where, requires_grad=True)
    xs = leaf
    if form == "packed":
        xs = pack_padded_sequence(leaf, LENGTHS, enforce_sorted=False)
    if form == "packed, sorted":
        xs = pack_padded_sequence(leaf, LENGTHS.sort(descending=True).values)
    batch = () if form == "no batch" else (B,)
    state = [
        torch.randn(layers * directions, *batch, H, **where, requires_grad=True)
        for _ in range(2 if kind == "lstm" else 1)
    ]
    return leaf, xs, tuple(state) if kind == "lstm" else state[0]


def results(module, leaf, xs, hx):
    """Output, last states, and every gradient of a random weighting of them all."""
    output, last = module(xs, hx)
    if isinstance(output, PackedSequence):
        assert torch.equal(output.batch_sizes, xs.batch_sizes)
        output = output.data
    values = [output, *leaves(last)]
    generator = torch.Generator().manual_seed(0)
    loss = sum(
        (v * torch.randn(v.shape, generator=generator, dtype=torch.float64).to(v)).sum()
        for v in values
    )
    wanted = [leaf, *leaves(hx), *module.parameters()]
    return [v.detach() for v in values] + list(
        torch.autograd.grad(loss, wanted, retain_graph=True)
    )


@every_device
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "form", ["time first", "batch first", "no batch", "packed", "packed, sorted"]
)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("layers", "directions"), [(1, 1), (2, 1), (1, 2), (3, 2)])
@every_kind
def test_everything_equals_torch(kind, layers, directions, bias, form, dtype, device):
    torch.manual_seed(0)
    options = {"num_layers": layers, "bidirectional": directions == 2, "bias": bias}
    ours, theirs = twins(kind, dtype, device, batch_first=form == "batch first", **options)
    arguments = inputs(kind, dtype, device, form, layers, directions)

    for got, want in zip(results(ours, *arguments), results(theirs, *arguments), strict=True):
        assert_close(got, want)


@every_device
@pytest.mark.parametrize("form", ["time first", "packed"])
@every_kind
def test_the_fused_form_equals_its_readable_twin(kind, form, device):
    torch.manual_seed(1)
    ours, _ = twins(kind, device=device, num_layers=2, bidirectional=True)
    arguments = inputs(kind, device=device, form=form, layers=2, directions=2)
    fused = results(ours, *arguments)
    ours.fused = False

    for got, want in zip(fused, results(ours, *arguments), strict=True):
        assert_close(got, want)


@every_kind
def test_a_loss_on_the_last_state_alone(kind):
    """The gradient of every other step's output is absent, not zero."""
    torch.manual_seed(2)
    ours, theirs = twins(kind)
    leaf, xs, hx = inputs(kind)
    for pick in range(len(leaves(hx))):
        got, want = (
            torch.autograd.grad(leaves(m(xs, hx)[1])[pick].sum(), [leaf, *m.parameters()])
            for m in (ours, theirs)
        )
        for a, b in zip(got, want, strict=True):
            assert_close(a, b)


@every_kind
def test_the_fused_backward_agrees_with_finite_differences(kind):
    torch.manual_seed(3)
    ours, _ = twins(kind)
    leaf, _, hx = inputs(kind)
    names = [n for n, _ in ours.named_parameters()]

    def run(xs, *rest):
        state, weights = rest[: len(leaves(hx))], rest[len(leaves(hx)) :]
        state = state if kind == "lstm" else state[0]
        return torch.func.functional_call(
            ours, dict(zip(names, weights, strict=True)), (xs, state)
        )[0]

    assert torch.autograd.gradcheck(run, (leaf, *leaves(hx), *ours.parameters()))


@every_kind
def test_state_dicts_go_both_ways_and_seeds_give_the_same_weights(kind):
    Ours, Theirs, more = KINDS[kind]
    options = {"num_layers": 2, "bidirectional": True, **more}
    torch.manual_seed(4)
    ours = Ours(I, H, **options)
    torch.manual_seed(4)
    theirs = Theirs(I, H, **options)

    assert list(ours.state_dict()) == list(theirs.state_dict())
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(a, b)
    other = Theirs(I, H, **options)
    other.load_state_dict(ours.state_dict())
    xs = torch.randn(T, B, I)
    assert_close(ours(xs)[0], other(xs)[0])


@every_kind
def test_two_chunks_are_the_whole(kind):
    torch.manual_seed(5)
    ours, _ = twins(kind, num_layers=2)
    xs = torch.randn(T, B, I, dtype=torch.float64)
    whole, last = ours(xs)
    first, carry = ours(xs[:2])
    second, again = ours(xs[2:], carry)

    assert_close(torch.cat([first, second]), whole)
    for a, b in zip(leaves(again), leaves(last), strict=True):
        assert_close(a, b)


@every_kind
def test_padding_does_not_touch_the_results(kind):
    torch.manual_seed(6)
    ours, _ = twins(kind, bidirectional=True)
    xs = torch.randn(T, B, I, dtype=torch.float64)
    packed, last = ours(pack_padded_sequence(xs, LENGTHS, enforce_sorted=False))
    padded, lengths = nn.utils.rnn.pad_packed_sequence(packed)
    for b, n in enumerate(lengths):
        alone, state = ours(xs[:n, b])
        assert_close(padded[:n, b], alone)
        for got, want in zip(leaves(last), leaves(state), strict=True):
            assert_close(got[:, b], want)


@every_kind
def test_dropout_stands_between_layers_and_only_in_training(kind):
    torch.manual_seed(7)
    Ours, _, more = KINDS[kind]
    ours = Ours(I, H, num_layers=2, dropout=1.0, dtype=torch.float64, **more)
    xs = torch.randn(T, B, I, dtype=torch.float64)
    blind = ours(torch.zeros_like(xs))[0]
    assert_close(ours(xs)[0], blind)  # the second layer sees nothing of the first
    ours.eval()
    assert (ours(xs)[0] - blind).abs().max() > 1e-3

    single = Ours(I, H, dropout=1.0, dtype=torch.float64, **more)
    assert single(xs)[0].abs().max() > 1e-3  # no dropout after the last layer


@every_kind
def test_the_readable_twin_can_be_differentiated_twice(kind):
    torch.manual_seed(8)
    ours, _ = twins(kind)
    ours.fused = False
    xs = torch.randn(2, B, I, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: ours(x)[0], (xs,))


def test_print_shows_what_is_special():
    assert repr(layers.LSTM(10, 20, num_layers=2)) == "LSTM(10, 20, num_layers=2)"
    assert repr(layers.GRU(3, 4, bidirectional=True)) == "GRU(3, 4, bidirectional=True)"


BAD = [
    (lambda: layers.LSTM(0, 3), ValueError, "input_size must be a whole number of at least 1, got 0."),
    (lambda: layers.GRU(2, 3.0), ValueError, "hidden_size must be a whole number of at least 1, got 3.0."),
    (lambda: layers.RNN(2, 3, nonlinearity="gelu"), ValueError, "nonlinearity must be one of 'tanh', 'relu', got 'gelu'."),
    (lambda: layers.LSTM(2, 3, dropout=1.5), ValueError, "dropout must be between 0 and 1, got 1.5."),
    (lambda: layers.LSTM(2, 3)([1.0]), TypeError, "input must be a torch tensor, got list."),
    (lambda: layers.LSTM(2, 3)(torch.ones(4)), ValueError, "input must have 3 axes, or 2 without a batch, got shape (4,)."),
    (lambda: layers.LSTM(2, 3)(torch.ones(4, 1, 3)), ValueError, "input must end in input_size = 2 entries, got shape (4, 1, 3)."),
    (lambda: layers.LSTM(2, 3)(torch.ones(4, 0, 2)), ValueError, "input must hold at least one step of one sequence, got shape (4, 0, 2)."),
    (lambda: layers.LSTM(2, 3)(torch.ones(4, 1, 2).double()), TypeError, "input must have the dtype of the weights, torch.float32, got torch.float64."),
    (lambda: layers.LSTM(2, 3)(torch.ones(4, 1, 2, device="meta")), ValueError, "input must be on the device of the weights, cpu, got meta."),
    (lambda: layers.LSTM(2, 3)(torch.ones(4, 1, 2), torch.zeros(1, 1, 3)), TypeError, "hx must be the pair (h_0, c_0), got Tensor."),
    (lambda: layers.LSTM(2, 3)(torch.ones(4, 1, 2), (torch.zeros(1, 1, 3), torch.zeros(1, 1, 4))), ValueError, "c_0 must have shape (L·D, B, H) = (1, 1, 3), got (1, 1, 4)."),
    (lambda: layers.GRU(2, 3)(torch.ones(4, 2), torch.zeros(1, 1, 3)), ValueError, "hx must have shape (L·D, H) = (1, 3), got (1, 1, 3)."),
    (lambda: layers.GRU(2, 3)(torch.ones(4, 1, 2), torch.zeros(1, 1, 3).double()), TypeError, "hx must have the dtype of input, torch.float32, got torch.float64."),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "sentence"), BAD)
def test_bad_input(call, error, sentence):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == sentence


def test_the_grid_is_complete():
    """No kind of module is tested for outputs only: gradients reach every parameter."""
    for kind, bidirectional in itertools.product(KINDS, [False, True]):
        ours, _ = twins(kind, num_layers=2, bidirectional=bidirectional)
        ours(torch.randn(T, B, I, dtype=torch.float64))[0].sum().backward()
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in ours.parameters())
