"""Foretell a number, or a few, from a window of a series."""

from torch import nn

from rnnlib.models._arguments import check_frames, check_whole
from rnnlib.models._recurrent import make_layers


class Forecaster(nn.Module):
    """Many to one: read the window, answer from the last state.

        h_t = cell(x_t, h_{t-1}),   ŷ = W_hy h_T + b_y

    Args:
        input_size: F, the readings at each step.
        hidden_size: H.
        output_size: K, how many numbers to foretell.
        cell: "rnn", "lstm" or "gru".
    """

    def __init__(
        self, input_size, hidden_size, output_size=1, cell="lstm", num_layers=1, dropout=0.0
    ):
        super().__init__()
        check_whole("output_size", output_size)
        self.layers = make_layers(
            cell, input_size, hidden_size, num_layers=num_layers, dropout=dropout
        )
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden_size, output_size)

    def forward(self, xs):
        """Windows xs (T, B, F) -> forecasts (B, K)."""
        check_frames("xs", xs, self.layers.input_size, self.output.weight)
        hs, _ = self.layers(xs)  # (T, B, H)
        return self.output(self.dropout(hs[-1]))
