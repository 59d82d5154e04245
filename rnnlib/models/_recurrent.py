"""What the models share: the cell by its name, the state as a tuple, padded sequences."""

from contextlib import contextmanager

import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnnlib._checks import check_choice
from rnnlib.layers import GRU, LSTM, RNN

CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


def make_layers(cell, input_size, hidden_size, **options):
    """A stack of layers of the cell named "rnn", "lstm" or "gru"."""
    check_choice("cell", cell, tuple(CELLS))
    return CELLS[cell](input_size, hidden_size, **options)


def run_padded(layers, xs, lengths):
    """Run the layers along sequences of unequal length, as if each stood alone.

    Args:
        layers: an RNN, LSTM or GRU.
        xs: (T, B, I), filled up at the end.
        lengths: (B,), or None if all have T steps. Torch packs by lengths in the memory of
            the host: lengths that lie on a GPU are copied there at each call.

    Returns:
        output (T, B, D·H), 0 on padding, and the states after each sequence's own last step.
    """
    if lengths is None:
        return layers(xs)
    packed = pack_padded_sequence(xs, lengths.to("cpu"), enforce_sorted=False)
    output, last = layers(packed)
    return pad_packed_sequence(output, total_length=len(xs))[0], last


def states_of(carry):
    """The carry as a tuple of tensors: (h,), or (h, c) for the LSTM."""
    return carry if isinstance(carry, tuple) else (carry,)


def carry_of(states):
    """The tuple of tensors as the layers take it: h, or (h, c)."""
    return tuple(states) if len(states) > 1 else states[0]


def join_directions(states):
    """(L·2, B, H/2) -> (L, B, H): the last states of both directions side by side."""
    return torch.cat([states[0::2], states[1::2]], -1)


@contextmanager
def evaluating(model):
    """Without dropout and without gradients; afterwards each part is as it was before."""
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part, mode in modes:
            part.training = mode
