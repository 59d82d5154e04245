"""Recurrent networks, each formula once: NumPy and PyTorch, CPU and GPU.

`import rnnlib` needs NumPy alone. Every step is a pure function of arrays: pass NumPy
arrays and it computes with NumPy, pass torch tensors and it computes with torch, on the
device where they lie.
"""

from rnnlib.params import (
    GRUParams,
    LSTMParams,
    LSTMTextbook,
    RNNParams,
    gru_from_torch,
    gru_to_torch,
    lstm_from_textbook,
    lstm_from_torch,
    lstm_to_textbook,
    lstm_to_torch,
    rnn_from_torch,
    rnn_to_torch,
)
from rnnlib.scan import scan
from rnnlib.steps import (
    LSTMGates,
    gate,
    gru_step,
    lstm_1997_step,
    lstm_gates,
    lstm_step,
    peephole_lstm_step,
    rnn_output,
    rnn_step,
    sigmoid,
)

__all__ = [
    "GRUParams",
    "LSTMGates",
    "LSTMParams",
    "LSTMTextbook",
    "RNNParams",
    "gate",
    "gru_from_torch",
    "gru_step",
    "gru_to_torch",
    "lstm_1997_step",
    "lstm_from_textbook",
    "lstm_from_torch",
    "lstm_gates",
    "lstm_step",
    "lstm_to_textbook",
    "lstm_to_torch",
    "peephole_lstm_step",
    "rnn_from_torch",
    "rnn_output",
    "rnn_step",
    "rnn_to_torch",
    "scan",
    "sigmoid",
]
