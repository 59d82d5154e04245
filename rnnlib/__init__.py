"""Recurrent networks, each formula once: NumPy and PyTorch, CPU and GPU.

`import rnnlib` needs NumPy alone. Every step is a pure function of arrays: pass NumPy
arrays and it computes with NumPy, pass torch tensors and it computes with torch, on the
device where they lie.
"""

from rnnlib import init, tasks, textbook
from rnnlib.backward import (
    backward_of,
    bptt,
    gru_step_backward,
    lstm_step_backward,
    rnn_step_backward,
    truncated_bptt,
)
from rnnlib.gradients import (
    central_differences,
    clip_by_norm,
    clip_by_value,
    gradient_norm_by_lag,
    lstm_cell_path,
    spectral_radius,
)
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
from rnnlib.scan import linear_scan, log_linear_scan, scan
from rnnlib.steps import (
    LSTMGates,
    gate,
    gru_step,
    lstm_1997_step,
    lstm_cell_update,
    lstm_gates,
    lstm_hidden_state,
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
    "backward_of",
    "bptt",
    "central_differences",
    "clip_by_norm",
    "clip_by_value",
    "gate",
    "gradient_norm_by_lag",
    "gru_from_torch",
    "gru_step",
    "gru_step_backward",
    "gru_to_torch",
    "init",
    "linear_scan",
    "log_linear_scan",
    "lstm_1997_step",
    "lstm_cell_path",
    "lstm_cell_update",
    "lstm_from_textbook",
    "lstm_from_torch",
    "lstm_gates",
    "lstm_hidden_state",
    "lstm_step",
    "lstm_step_backward",
    "lstm_to_textbook",
    "lstm_to_torch",
    "peephole_lstm_step",
    "rnn_from_torch",
    "rnn_output",
    "rnn_step",
    "rnn_step_backward",
    "rnn_to_torch",
    "scan",
    "sigmoid",
    "spectral_radius",
    "tasks",
    "textbook",
    "truncated_bptt",
]
