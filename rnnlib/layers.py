"""RNN, LSTM and GRU as torch modules, drop-in for `torch.nn`'s.

Constructors, calls and state dicts are torch's: a state dict of `torch.nn.LSTM` loads here
and one from here loads there, and outputs, final states and gradients agree.

A module is four plain ideas: a *sequence* (one layer in one direction), a *layer* (one or
two directions side by side), a *stack* (a layer reads the outputs of the one below, with
dropout between), and a *wrapping* (batch first, without a batch, packed). The sequence has
two forms, proven equal: the fused one of `rnnlib.fused`, and its readable twin, `scan` over
the steps. Set `layer.fused = False` to run the twin: it is slower, and can be
differentiated twice.
"""

import math

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

from rnnlib._checks import check_choice
from rnnlib.fused import GRUSequence, LSTMSequence, RNNSequence
from rnnlib.params import gru_from_torch, lstm_from_torch, rnn_from_torch
from rnnlib.scan import scan
from rnnlib.steps import gru_step, lstm_step, rnn_step


class _Recurrent(nn.Module):
    """What the three have in common: everything but the cell.

    A subclass says how many gates its cell has, and runs one sequence.
    """

    gates: int
    fused = True

    def __init__(
        self,
        input_size,
        hidden_size,
        num_layers=1,
        bias=True,
        batch_first=False,
        dropout=0.0,
        bidirectional=False,
        device=None,
        dtype=None,
    ):
        super().__init__()
        for name, value in (
            ("input_size", input_size),
            ("hidden_size", hidden_size),
            ("num_layers", num_layers),
        ):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}.")
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout must be between 0 and 1, got {dropout!r}.")
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, dropout
        self.bidirectional = bidirectional
        rows = self.gates * hidden_size
        for k in range(num_layers):
            width = input_size if k == 0 else hidden_size * len(self._directions)
            for direction in self._directions:
                shapes = {"weight_ih": (rows, width), "weight_hh": (rows, hidden_size)}
                shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)} if bias else {}
                for name, shape in shapes.items():
                    weight = torch.empty(shape, device=device, dtype=dtype)
                    self.register_parameter(f"{name}_l{k}{direction}", nn.Parameter(weight))
        self.reset_parameters()

    def reset_parameters(self):
        """Draw every weight from U(-1/√H, 1/√H), in torch's order: same seed, same weights."""
        bound = 1 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            nn.init.uniform_(weight, -bound, bound)

    def extra_repr(self):
        """What print(layer) shows: the arguments that are not the default."""
        shown = [f"{self.input_size}, {self.hidden_size}"]
        for name in ("num_layers", "bias", "batch_first", "dropout", "bidirectional"):
            if (value := getattr(self, name)) != _DEFAULTS[name]:
                shown.append(f"{name}={value}")
        return ", ".join(shown)

    def forward(self, input, hx=None):
        """Run the stack along a sequence; arguments and results are those of `torch.nn`.

        Args:
            input: (T, B, I), or (B, T, I) with batch_first, or (T, I) without a batch, or a
                PackedSequence.
            hx: the state before the first step, zeros by default: (L·D, B, H) for L layers
                in D directions, without B for input without a batch; for the LSTM a pair
                (h_0, c_0) of such.

        Returns:
            output: (T, B, D·H) in the form of the input: the hidden states of the last
                layer, both directions side by side.
            h_n, or for the LSTM (h_n, c_n): the last states, in the form of hx.
        """
        if isinstance(input, PackedSequence):
            xs, lengths = pad_packed_sequence(input)
            self._check_input(xs, "input.data")
            output, last = self._stack(xs, self._carry(hx, xs, ("B",)), lengths.to(xs.device))
            return _repack(output, input), self._unpair(last)
        self._check_input(input, "input")
        if input.ndim == 2:
            xs = input.unsqueeze(1)
            output, last = self._stack(xs, self._carry(hx, xs, ()), None)
            return output.squeeze(1), self._unpair([states.squeeze(1) for states in last])
        xs = input.transpose(0, 1) if self.batch_first else input
        output, last = self._stack(xs, self._carry(hx, xs, ("B",)), None)
        return output.transpose(0, 1) if self.batch_first else output, self._unpair(last)

    def _stack(self, xs, carry, lengths):
        """All layers; `carry` and the last states are lists of (L·D, B, H)."""
        last = []
        for k in range(self.num_layers):
            if k > 0:
                xs = nn.functional.dropout(xs, self.dropout, self.training)
            outputs = []
            for d, direction in enumerate(self._directions):
                first = [states[k * len(self._directions) + d] for states in carry]
                states = self._direction(xs, first, f"_l{k}{direction}", lengths)
                outputs.append(states[0])
                last.append(states[1])
            xs = torch.cat(outputs, -1) if len(outputs) > 1 else outputs[0]
        return xs, [torch.stack(states) for states in zip(*last, strict=True)]

    def _direction(self, xs, first, suffix, lengths):
        """One layer in one direction: its outputs (T, B, H), and its last states."""
        backwards = suffix.endswith("_reverse")
        states = self._sequence(_reverse(xs, lengths) if backwards else xs, first, suffix)
        if lengths is None:
            last = [s[-1] for s in states]
        else:
            rows = torch.arange(len(lengths), device=xs.device)
            last = [s[lengths - 1, rows] for s in states]
        return _reverse(states[0], lengths) if backwards else states[0], last

    def _sequence(self, xs, first, suffix):
        """Run the cell along xs from the states `first`; return (hs,) or (hs, cs)."""
        raise NotImplementedError

    @property
    def _directions(self):
        """The endings of the weights' names, one per direction."""
        return ("", "_reverse") if self.bidirectional else ("",)

    def _unpair(self, last):
        return last[0]

    def _pair(self, hx):
        return {"hx": hx}

    def _carry(self, hx, xs, batch):
        """Check hx, or make zeros; return it as a list of (L·D, B, H)."""
        B, LD = xs.shape[1], self.num_layers * len(self._directions)
        if hx is None:
            return [xs.new_zeros(LD, B, self.hidden_size)] * len(self._pair((None, None)))
        want = (LD, B, self.hidden_size) if batch else (LD, self.hidden_size)
        letters = ("L·D", *batch, "H")
        states = self._pair(hx)
        for name, state in states.items():
            _check_tensor(name, state, xs)
            if tuple(state.shape) != want:
                raise ValueError(
                    f"{name} must have shape ({', '.join(letters)}) = {want}, "
                    f"got {tuple(state.shape)}."
                )
        return [s if batch else s.unsqueeze(1) for s in states.values()]

    def _check_input(self, xs, name):
        _check_tensor(name, xs, next(self.parameters()), "the weights")
        if xs.ndim not in (2, 3):
            raise ValueError(
                f"{name} must have 3 axes, or 2 without a batch, got shape {tuple(xs.shape)}."
            )
        if xs.shape[-1] != self.input_size:
            raise ValueError(
                f"{name} must end in input_size = {self.input_size} entries, "
                f"got shape {tuple(xs.shape)}."
            )
        if 0 in xs.shape:
            raise ValueError(
                f"{name} must hold at least one step of one sequence, "
                f"got shape {tuple(xs.shape)}."
            )


_DEFAULTS = {
    "num_layers": 1,
    "bias": True,
    "batch_first": False,
    "dropout": 0.0,
    "bidirectional": False,
}


class RNN(_Recurrent):
    """The simple recurrent network; `torch.nn.RNN`. The cell is `rnnlib.rnn_step`."""

    gates = 1

    def __init__(self, input_size, hidden_size, num_layers=1, nonlinearity="tanh", *args, **kw):
        check_choice("nonlinearity", nonlinearity, ("tanh", "relu"))
        self.nonlinearity = nonlinearity
        super().__init__(input_size, hidden_size, num_layers, *args, **kw)

    def _sequence(self, xs, first, suffix):
        params = rnn_from_torch(self._parameters, suffix)
        if self.fused:
            return (RNNSequence.apply(xs, *first, *_tensors(params), self.nonlinearity),)

        def step(x_t, h, *params):
            return rnn_step(x_t, h, *params, activation=self.nonlinearity)

        return (scan(step, first[0], xs, *params),)


class LSTM(_Recurrent):
    """The LSTM; `torch.nn.LSTM` without projections. The cell is `rnnlib.lstm_step`."""

    gates = 4

    def _sequence(self, xs, first, suffix):
        params = lstm_from_torch(self._parameters, suffix)
        if self.fused:
            return LSTMSequence.apply(xs, *first, *_tensors(params))
        return scan(lstm_step, tuple(first), xs, *params)

    def _unpair(self, last):
        return tuple(last)

    def _pair(self, hx):
        if not isinstance(hx, tuple | list) or len(hx) != 2:
            raise TypeError(f"hx must be the pair (h_0, c_0), got {type(hx).__name__}.")
        return {"h_0": hx[0], "c_0": hx[1]}


class GRU(_Recurrent):
    """The GRU, reset after the product; `torch.nn.GRU`. The cell is `rnnlib.gru_step`."""

    gates = 3

    def _sequence(self, xs, first, suffix):
        params = gru_from_torch(self._parameters, suffix)
        if self.fused:
            return (GRUSequence.apply(xs, *first, *_tensors(params)),)
        return (scan(gru_step, first[0], xs, *params),)


def _tensors(params):
    """The parameters with zeros for a bias that is left out: what the fused form takes."""
    W_hh, *biases = params[1:]
    sizes = (W_hh.shape[0], W_hh.shape[1])  # b_h has a row per gate and unit, b_hn per unit
    biases = [
        W_hh.new_zeros(size) if isinstance(bias, float) else bias
        for bias, size in zip(biases, sizes, strict=False)
    ]
    return params[0], W_hh, *biases


def _reverse(xs, lengths):
    """Turn each sequence round within its own length; padding stays at the end."""
    if lengths is None:
        return xs.flip(0)
    t = torch.arange(len(xs), device=xs.device).unsqueeze(1)
    source = torch.where(t < lengths, lengths - 1 - t, t)
    return xs.gather(0, source.unsqueeze(-1).expand_as(xs))


def _repack(padded, like):
    """Pack outputs as the input was packed: same order, same lengths."""
    if like.sorted_indices is not None:
        padded = padded.index_select(1, like.sorted_indices)
    t_sizes = like.batch_sizes.to(padded.device).unsqueeze(1)
    inside = torch.arange(padded.shape[1], device=padded.device) < t_sizes
    return PackedSequence(padded[inside], *like[1:])


def _check_tensor(name, tensor, like, whose="input"):
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"{name} must be a torch tensor, got {type(tensor).__name__}.")
    if tensor.dtype != like.dtype:
        raise TypeError(
            f"{name} must have the dtype of {whose}, {like.dtype}, got {tensor.dtype}."
        )
    if tensor.device != like.device:
        raise ValueError(
            f"{name} must be on the device of {whose}, {like.device}, got {tensor.device}."
        )
