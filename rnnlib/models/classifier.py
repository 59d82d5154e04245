"""Which class does a sequence belong to?"""

import torch
from torch import nn

from rnnlib._checks import check_choice
from rnnlib.models._arguments import check_frames, check_lengths, check_whole
from rnnlib.models._recurrent import make_layers, run_padded, states_of


class SequenceClassifier(nn.Module):
    """Many to one: read the sequence, sum it up in a vector, name the class.

        pool="last":  v = h_T, the state after the sequence's own last step, not its padding
        pool="mean":  v = (1/T) Σ_t h_t, over its own steps
        p(class | x_1 … x_T) = softmax(W_hy v + b_y)

    With both directions v has the two side by side; the last state of the one that reads
    backwards stands at the first step.

    Args:
        input_size: F, the entries of a step.
        hidden_size: H, in each direction.
        classes: K, how many there are.
        cell: "rnn", "lstm" or "gru".
        pool: "last" or "mean".
    """

    def __init__(
        self,
        input_size,
        hidden_size,
        classes,
        cell="lstm",
        pool="last",
        num_layers=1,
        bidirectional=False,
        dropout=0.0,
    ):
        super().__init__()
        check_whole("classes", classes, 2)
        check_choice("pool", pool, ("last", "mean"))
        self.pool = pool
        self.layers = make_layers(
            cell,
            input_size,
            hidden_size,
            num_layers=num_layers,
            bidirectional=bidirectional,
            dropout=dropout,
        )
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden_size * (2 if bidirectional else 1), classes)

    def forward(self, xs, lengths=None):
        """Sequences xs (T, B, F) -> logits (B, K).

        Args:
            xs: (T, B, F), filled up at the end.
            lengths: (B,), or None if all have T steps.
        """
        check_frames("xs", xs, self.layers.input_size, self.output.weight)
        T, B = xs.shape[:2]
        if lengths is not None:
            check_lengths("lengths", lengths, T, B)
        hs, last = run_padded(self.layers, xs, lengths)  # (T, B, D·H), 0 on padding
        if self.pool == "mean":
            steps = T if lengths is None else lengths.to(hs.device).unsqueeze(1)
            pooled = hs.sum(0) / steps
        else:
            h_n = states_of(last)[0]  # (L·D, B, H), the last layer last
            pooled = torch.cat(tuple(h_n[-2:] if self.layers.bidirectional else h_n[-1:]), -1)
        return self.output(self.dropout(pooled))
