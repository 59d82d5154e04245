"""The stand-in computes as the CPU does, and refuses what a GPU refuses.

Where there is a GPU, both are asked, so that the one stands in for the other.
"""

import copy
import io

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck
from torch.nn import functional as F

from tests import standin
from tests.helpers import DEVICES, generator

OTHERS = [device for device in DEVICES if device != "cpu"]
every_device = pytest.mark.parametrize("device", OTHERS)


@pytest.fixture(autouse=True)
def numbers():
    torch.manual_seed(0)


def in_place(x):
    y = x.clone()
    y += 1
    y[0] = 7.0
    y[:, 1].mul_(2)
    y.transpose(0, 1)[2] -= x[0, 0]
    return y, y.t_().contiguous().resize_(2, 2)


def filled(x):
    where = x > 0
    return (
        x.masked_fill(where, 0.5),
        x.masked_fill(where, torch.tensor(0.5)),
        torch.where(where, x, 0.0),
        torch.where(where & ~(x > 1) | (x < -1), x, -x),
        x[where],
    )


def indexed(x):
    i = torch.tensor([2, 0, 2])
    return x[i], x[i.to(x.device)], x[[1, 0]], x[..., None, 1:], x[x[:, 0] > 0], x[:, i[:2]]


def scattered(x):
    i = torch.tensor([[1, 0], [0, 1], [2, 2]], device=x.device)
    y = torch.zeros_like(x).scatter(0, i, x[:, :2]).index_add(0, i[:, 0], x)
    y[i[:, 1], 1] = 5.0
    return y, x.gather(0, i), x.index_select(1, i[0]), x.take_along_dim(i, 1)


def made(x):
    where = {"device": x.device, "dtype": torch.float64}
    return (
        torch.zeros(2, 3, **where),
        torch.ones(2, **where),
        torch.full((2,), 0.5, **where),
        torch.eye(3, **where),
        torch.linspace(0, 1, 5, **where),
        torch.arange(0, 1, 0.25, **where),
        torch.tensor([[1, 2]], **where),
        torch.as_tensor([0.1], **where),
        torch.empty(0, 3, **where),
        x.new_zeros(2),
        torch.ones_like(x),
        torch.tril(torch.ones(3, 3, **where)),
    )


def numbers_mixed_in(x):
    whole = torch.arange(3, device=x.device)
    return x + 0.1, 0.1 - x, whole + 0.5, whole * 2, whole % 2, whole / 2, x + torch.tensor(0.1)


def drawn(x):
    torch.manual_seed(3)
    where = {"device": x.device}
    y = torch.randn(3, **where), torch.rand(3, **where), torch.randint(9, (3,), **where)
    z = torch.randperm(5, **where), torch.multinomial(x.softmax(-1), 2), torch.randn_like(x)
    return *y, *z, F.dropout(x, 0.5), torch.empty(3, **where).uniform_(-1, 1).bernoulli_(0.5)


def differentiated(x):
    x = x.detach().requires_grad_()
    y = x.tanh() @ x.T.sigmoid()
    first, second = y.chunk(2)
    (dx,) = torch.autograd.grad((first.sum() + second.square().sum()), x, create_graph=True)
    dx.sum().backward()
    return dx, x.grad


def layers_in_between(x):
    torch.manual_seed(1)
    linear, embedding = nn.Linear(4, 2), nn.Embedding(5, 3)
    linear, embedding = linear.to(x.device, x.dtype), embedding.double().to(x.device)
    outputs = linear(x), embedding(torch.tensor([[1, 4]], device=x.device))
    sum(output.sum() for output in outputs).backward()
    moved = {name: 2 * weight for name, weight in linear.named_parameters()}
    called = torch.func.functional_call(linear, moved, (x,))
    return *outputs, linear.weight.grad, embedding.weight.grad, called


def recurrent(x):
    outputs = []
    for Layer in (nn.RNN, nn.LSTM, nn.GRU):
        torch.manual_seed(2)
        layer = Layer(4, 3, num_layers=2, bidirectional=True).to(x.device, x.dtype)
        output, last = layer(x)
        packed = nn.utils.rnn.pack_padded_sequence(
            torch.stack([x, -x], 1), torch.tensor([3, 2])
        )
        output.sum().backward()
        outputs += [output, *last, layer(packed)[0].data, layer.weight_ih_l0.grad]
        with torch.inference_mode():
            outputs.append(layer(x)[0])
    for Cell in (nn.RNNCell, nn.LSTMCell, nn.GRUCell):
        torch.manual_seed(2)
        outputs += [*Cell(4, 3).to(x.device, x.dtype)(x)]
    return outputs


def losses(x):
    target = torch.tensor([1, 3, 0], device=x.device)
    probabilities = x.unsqueeze(1).log_softmax(-1)
    one = torch.tensor([3]), torch.tensor([2])
    return (
        F.cross_entropy(x, target),
        F.mse_loss(x, x.roll(1, 0)),
        F.mse_loss(x, x.roll(1, 0), reduction="none"),
        F.ctc_loss(probabilities, torch.tensor([[1, 2]], device=x.device), *one),
    )


def trained(x):
    weight = nn.Parameter(x.clone())
    for optimizer in (torch.optim.SGD([weight], 0.1, momentum=0.9), torch.optim.Adam([weight])):
        for _ in range(2):
            optimizer.zero_grad()
            weight.square().sum().backward()
            nn.utils.clip_grad_norm_([weight], 0.5)
            optimizer.step()
    return weight, weight.grad


def reshaped(x):
    strided = x.transpose(0, -1).contiguous().transpose(0, -1)
    assert strided.stride() == (1, 3)
    return (
        strided,
        strided.reshape(-1),
        x.view(2, 6).T,
        x.flip(0),
        x.expand(2, 3, 4),
        x.unfold(1, 2, 1),
        x.diagonal(),
        *x.split([1, 3], 1),
        *x.unbind(),
        torch.view_as_real(torch.view_as_complex(x.view(3, 2, 2))),
    )


OPERATIONS = [
    *(in_place, filled, indexed, scattered, made, numbers_mixed_in, drawn, differentiated),
    *(layers_in_between, recurrent, losses, trained, reshaped),
    lambda x: (x @ x.T, x.mm(x.T), torch.einsum("ij,kj->ki", x, x), torch.outer(x[0], x[1])),
    lambda x: (torch.cat([x, x], 1), torch.stack([x, x]), *x.chunk(2, -1), *torch.hsplit(x, 2)),
    lambda x: (x.softmax(-1), x.log_softmax(0), x.logsumexp(1), torch.logaddexp(x, -x)),
    lambda x: (x.sum(), x.mean(0), x.std(), x.cumsum(1), x.amax(1), *x.max(1), *x.sort(0)),
    lambda x: (x == x, (x > 0).all(), x.any(0), torch.isfinite(x), x.argmax(1), x.nonzero()),
    lambda x: (x.norm(), torch.linalg.eigvals(x[:, :3]).abs().sort()[0], x.long(), x.float()),
    lambda x: (
        torch.func.vmap(lambda row: row * row.sum())(x),
        torch.func.jacrev(torch.sin)(x),
    ),
]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_it_computes_as_the_cpu_does(operation):
    x = torch.randn(3, 4, dtype=torch.float64)
    for got, want in zip(operation(x.to(standin.NAME)), operation(x), strict=True):
        assert got.device == torch.device(standin.NAME, 0)
        torch.testing.assert_close(got.cpu(), want, rtol=1e-14, atol=1e-14)


@every_device
def test_numbers_leave_it(device):
    x = torch.tensor([[1.5, -2.0]], dtype=torch.float64).to(device)
    assert x.tolist() == [[1.5, -2.0]]
    assert x[0, 1].item() == float(x[0, 1]) == -2.0
    assert (x > 0).any()
    assert not bool((x > 2).any())
    assert torch.equal(x, x.clone())
    assert x.cpu().numpy().tolist() == [[1.5, -2.0]]
    assert device in repr(x)


@every_device
def test_numpy_is_not_given_what_lies_elsewhere(device):
    with pytest.raises(TypeError, match="first"):
        torch.ones(2, device=device).numpy()


def scalar(device):
    return torch.tensor(1, device=device)


MIXED = [
    lambda x, y: x + y,
    lambda x, y: y * x,
    lambda x, y: x @ y,
    lambda x, y: y.mm(x),
    lambda x, y: torch.addmm(x, x, y),
    lambda x, y: torch.bmm(x[None], y[None]),
    lambda x, y: torch.cat([x, y]),
    lambda x, y: torch.stack([x, y]),
    lambda x, y: torch.stack([x[0, 0], y[0, 0]]),
    lambda x, y: torch.where(y > 0, x, 0.0),
    lambda x, y: torch.where(x > 0, x, y),
    lambda x, y: x.masked_fill(y > 0, 0.0),
    lambda x, y: x.add_(y),
    lambda x, y: y.add_(x),
    lambda x, y: torch.add(x, x, out=y),
    lambda x, y: torch.equal(x, y),
    lambda x, y: x.gather(0, y.long()),
    lambda x, y: x.scatter(0, x.long(), y),
    lambda x, y: x.index_select(0, y[0].long()),
    lambda x, y: x.index_add(0, x[0].long(), y),
    lambda x, y: y[x.long()],
    lambda x, y: F.linear(x, y),
    lambda x, y: F.linear(x, x, y[0]),
    lambda x, y: F.embedding(y.long(), x),
    lambda x, y: F.embedding(scalar("cpu"), x),
    lambda x, y: F.cross_entropy(x, y[0].long()),
    lambda x, y: F.mse_loss(x, y),
    lambda x, y: nn.Linear(2, 2)(x),
    lambda x, y: nn.LSTM(2, 2)(x),
    lambda x, y: nn.GRU(2, 2, device=x.device)(x, y[:1]),
    lambda x, y: nn.GRU(2, 2, device=x.device)(y),
    lambda x, y: torch.einsum("ij,jk->ik", x, y),
    lambda x, y: torch.randn(2, device=x.device, generator=torch.Generator()),
    lambda x, y: torch.multinomial(x, 1, generator=torch.Generator()),
    lambda x, y: x.requires_grad_().sum() + y.requires_grad_().sum() + (x + y).sum(),
]


@every_device
@pytest.mark.parametrize("mix", MIXED)
def test_a_tensor_of_the_cpu_among_its_own_is_refused(mix, device):
    with pytest.raises(RuntimeError, match="device"):
        mix(torch.ones(2, 2, device=device), torch.ones(2, 2))


@every_device
def test_what_a_gpu_takes_from_the_cpu(device):
    x, y = torch.ones(2, 2, device=device), torch.full((2, 2), 3.0)
    assert (x + torch.tensor(2.0)).tolist() == [[3, 3], [3, 3]]
    assert torch.where(x > 0, torch.tensor(2.0), x).tolist() == [[2, 2], [2, 2]]
    assert x[torch.tensor([True, False])].tolist() == [[1, 1]]
    x[torch.tensor([1])] = 5.0
    assert x.copy_(y).tolist() == y.copy_(x).tolist() == [[3, 3], [3, 3]]
    x[0] = torch.tensor([4.0, 5.0])
    assert x.tolist() == [[4, 5], [3, 3]]
    batch_sizes = nn.utils.rnn.pack_padded_sequence(x[..., None], torch.tensor([2, 1]))[1]
    assert batch_sizes.device.type == "cpu"


@every_device
def test_gradients_pass_between_the_devices(device):
    weight = torch.randn(2, 2, dtype=torch.float64, requires_grad=True)
    (weight.to(device).square().sum().cpu() + weight.sum()).backward()
    torch.testing.assert_close(weight.grad, 2 * weight.detach() + 1)
    assert gradcheck(
        lambda w: (w @ w.sigmoid()).softmax(-1), weight.detach().to(device).requires_grad_()
    )


@every_device
def test_an_index_on_the_cpu_has_the_right_gradient(device):
    x = torch.zeros(3, device=device, requires_grad=True)
    x[torch.tensor([0, 2, 2])].sum().backward()
    assert x.grad.tolist() == [1, 0, 2]


@every_device
def test_a_module_moves_there_and_back(device):
    module = nn.LSTM(2, 3)
    want = copy.deepcopy(module.state_dict())
    module.to(device).double().float()
    assert {w.device.type for w in module.parameters()} == {device}
    twin = copy.deepcopy(module)
    module.load_state_dict(want)
    for moved in (module, twin):
        for name, weight in moved.cpu().state_dict().items():
            assert torch.equal(weight, want[name])


@every_device
def test_data_can_be_replaced(device):
    weight = nn.Parameter(torch.zeros(2, device=device))
    weight.data = torch.ones(2).to(device)
    assert (weight + 1).tolist() == [2, 2]


@every_device
def test_what_is_saved_comes_back_to_the_device(device):
    file = io.BytesIO()
    torch.save({"x": torch.arange(3.0, device=device)[1:]}, file)
    for place, where in ((None, device), ("cpu", "cpu")):
        file.seek(0)
        x = torch.load(file, map_location=place)["x"]
        assert (x.device.type, x.tolist()) == (where, [1, 2])


@every_device
def test_the_same_seed_draws_the_same(device):
    draw = lambda seed: torch.randn(9, device=device, generator=generator(device, seed))  # noqa: E731
    assert torch.equal(draw(1), draw(1))
    assert not torch.equal(draw(1), draw(2))


def test_registering_again_changes_nothing():
    assert standin.register() == standin.register() == standin.NAME
