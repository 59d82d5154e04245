"""What every test does, done once before the processes fork: what they share is warm then.

Python makes a function faster once it has been called some times, and keeps what it has
learned with the function's code: a process that is forked later finds it there.
"""

import torch

import rnnlib.textbook
from rnngrade import check
from rnngrade.execution.wire import Decoder, Encoder

_GATES = {
    f"{letter}_{k}": shape for k in "fiCo" for letter, shape in (("W", "H H+I"), ("b", "H"))
}


def _step(*arguments):
    """As a call crosses: there and back, as plain values."""
    encoder = Encoder()
    tree = encoder(list(arguments))
    sent = Decoder(bytes(encoder.payload))(tree)
    h_t, c_t = rnnlib.textbook.lstm_step(*sent)
    return torch.clone(h_t), c_t


check.Part(
    _step,
    takes={"x_t": "B I", "h_prev": "B H", "c_prev": "B H", **_GATES},
    gives={"h_t": "B H", "c_t": "B H"},
    library="torch",
).compare(rnnlib.textbook.lstm_step)
