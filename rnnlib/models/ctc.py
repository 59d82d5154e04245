"""Connectionist temporal classification: from frames to labels, with no alignment given."""

import torch
from torch import nn
from torch.nn import functional as F

from rnnlib.models._arguments import (
    check_frames,
    check_lengths,
    check_range,
    check_shape,
    check_whole,
)
from rnnlib.models._recurrent import evaluating, make_layers, run_padded
from rnnlib.models.ctc_decoding import ctc_beam, ctc_greedy

BLANK = 0


class CTCRecognizer(nn.Module):
    """A distribution over V labels and the blank at each frame.

        h_t = layers(x_1 … x_T)_t,   ln y_t = log_softmax(W_hy h_t + b_y)

    A path π names a label or the blank 0 at each frame; B(π) is what is left after repeats
    are merged and blanks are taken out. A labelling has the probability of all its paths
    (Graves, Fernández, Gomez & Schmidhuber 2006):

        p(l | x) = Σ_{π: B(π) = l} Π_t y_t[π_t]

    Args:
        input_size: F, the entries of a frame.
        hidden_size: H, in each direction.
        labels: V; they are numbered from 1 to V.
        cell: "rnn", "lstm" or "gru".
    """

    def __init__(
        self,
        input_size,
        hidden_size,
        labels,
        cell="gru",
        num_layers=1,
        bidirectional=True,
        dropout=0.0,
    ):
        super().__init__()
        check_whole("labels", labels)
        self.layers = make_layers(
            cell,
            input_size,
            hidden_size,
            num_layers=num_layers,
            bidirectional=bidirectional,
            dropout=dropout,
        )
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden_size * (2 if bidirectional else 1), labels + 1)

    def forward(self, frames, lengths=None):
        """Frames (T, B, F) -> log_probs (T, B, V + 1).

        Args:
            frames: (T, B, F), filled up at the end.
            lengths: (B,), or None if all have T frames.
        """
        check_frames("frames", frames, self.layers.input_size, self.output.weight)
        if lengths is not None:
            check_lengths("lengths", lengths, *frames.shape[:2])
        hs, _ = run_padded(self.layers, frames, lengths)
        return self.output(self.dropout(hs)).log_softmax(-1)

    def decode_greedy(self, frames, lengths=None):
        """A list of B Hypothesis, by `ctc_greedy`."""
        with evaluating(self):
            return ctc_greedy(self(frames, lengths), lengths)

    def decode_beam(self, frames, lengths=None, width=10):
        """A list of B Hypothesis, each the best of `ctc_beam`."""
        with evaluating(self):
            return [kept[0] for kept in ctc_beam(self(frames, lengths), lengths, width)]


def ctc_loss(log_probs, labels, lengths, label_lengths):
    """Mean over the batch of -ln p(labels | frames), by the forward algorithm of torch.

    What stands on padding changes nothing. Unlike the "mean" of `torch.nn.CTCLoss`, a
    sequence is not divided by its number of labels.

    Args:
        log_probs: (T, B, V + 1), the blank first.
        labels: (U, B) int64, each 1 … V, filled up at the end with anything.
        lengths: (B,), the frames of each sequence, or None if all have T.
        label_lengths: (B,), the labels of each sequence.

    Returns:
        A scalar.

    Raises ValueError for labels that do not fit into the frames: each takes one, and two
    equal ones in a row take a blank between them.
    """
    T, B, classes = log_probs.shape
    lengths = torch.full((B,), T) if lengths is None else lengths
    check_lengths("lengths", lengths, T, B)
    check_shape("labels", labels, "U, B", (len(labels), B))
    check_lengths("label_lengths", label_lengths, len(labels), B, least=0)
    lengths, label_lengths = (n.to(log_probs.device) for n in (lengths, label_lengths))
    real = torch.arange(len(labels), device=log_probs.device).unsqueeze(1) < label_lengths
    if real.any():
        check_range("labels", labels[real], 1, classes - 1)
    repeats = ((labels[1:] == labels[:-1]) & real[1:]).sum(0)
    short = label_lengths + repeats > lengths
    if short.any():
        b = int(short.nonzero()[0])
        raise ValueError(
            f"lengths must leave a frame for each label and each blank between equal ones, "
            f"{int(label_lengths[b] + repeats[b])} for sequence {b}, got {int(lengths[b])}."
        )
    losses = F.ctc_loss(
        log_probs, labels.t(), lengths, label_lengths, blank=BLANK, reduction="none"
    )
    return losses.mean()
