"""Sequence to sequence: read the source, then write the target, with or without attention."""

import torch
from torch import nn

from rnnlib.models._arguments import check_lengths, check_tokens, check_whole
from rnnlib.models._recurrent import (
    carry_of,
    evaluating,
    join_directions,
    make_layers,
    run_padded,
    states_of,
)
from rnnlib.models.attention import make_attention
from rnnlib.models.masks import length_mask
from rnnlib.models.search import BOS, EOS, beam_search, greedy_search


class Seq2Seq(nn.Module):
    """p(y_1 … y_T | x_1 … x_S) = Π_t p(y_t | y_1 … y_{t-1}, x_1 … x_S).

        m_1 … m_S, h_0 = encoder(x_1 … x_S)     the memory, and where decoding starts
        h_t = cell(E[y_{t-1}], h_{t-1})
        context_t = Σ_s α_ts m_s                see `rnnlib.models.attention`
        h̃_t = tanh(W_c [context_t, h_t])        without attention h̃_t = h_t
        p(y_t | …) = softmax(W_hy h̃_t + b_y)

    Without attention all that is known of the source is the one state h_0 (Sutskever,
    Vinyals & Le 2014). Attention stands after the cell for both scores, as in Luong, Pham &
    Manning (2015): teacher forcing then runs all steps at once, and the two scores differ in
    nothing else. Bahdanau, Cho & Bengio (2015) score with h_{t-1} and feed the context into
    the cell.

    Args:
        source_size, target_size: how many tokens each side has.
        hidden_size: H, of both sides and of the embeddings.
        cell: "rnn", "lstm" or "gru".
        attention: "none", "dot" or "additive".
        bidirectional: the encoder reads in both directions, each with H/2 units, so that
            both side by side are H.
    """

    def __init__(
        self,
        source_size,
        target_size,
        hidden_size,
        cell="gru",
        attention="dot",
        num_layers=1,
        bidirectional=False,
        dropout=0.0,
    ):
        super().__init__()
        for name, size in (("source_size", source_size), ("target_size", target_size)):
            check_whole(name, size)
        check_whole("hidden_size", hidden_size)
        if bidirectional and hidden_size % 2:
            raise ValueError(
                f"hidden_size must be even for a bidirectional encoder, got {hidden_size}."
            )
        H, options = hidden_size, {"num_layers": num_layers, "dropout": dropout}
        self.source = nn.Embedding(source_size, H)
        self.target = nn.Embedding(target_size, H)
        self.encoder = make_layers(
            cell, H, H // 2 if bidirectional else H, bidirectional=bidirectional, **options
        )
        self.decoder = make_layers(cell, H, H, **options)
        self.attention = make_attention(attention, H)
        self.combine = None if self.attention is None else nn.Linear(2 * H, H, bias=False)
        self.output = nn.Linear(H, target_size)
        self.dropout = nn.Dropout(dropout)

    def forward(self, src, src_lengths, tgt_in):
        """Teacher forcing: foretell each token of the target from the true ones before it.

        Args:
            src: (S, B), filled up at the end.
            src_lengths: (B,).
            tgt_in: (T, B), the target shifted by one: BOS, y_1 … y_{T-1}.

        Returns:
            logits (T, B, V): logits[t] is for the token after tgt_in[t].
            weights α (T, B, S), or None without attention.
        """
        check_tokens("tgt_in", tgt_in, self.output.out_features)
        states, memory, mask = self.encode(src, src_lengths)
        if tgt_in.shape[1] != src.shape[1]:
            raise ValueError(
                f"tgt_in must have as many sequences as src, {src.shape[1]}, "
                f"got {tgt_in.shape[1]}."
            )
        logits, _, weights = self.decode(tgt_in, states, memory, mask)
        return logits, weights

    def encode(self, src, src_lengths):
        """Read the source: the decoder's first states, the memory (S, B, H), its mask (S, B).

        The states are a tuple of (L, B, H): one, or two for the LSTM.
        """
        check_tokens("src", src, self.source.num_embeddings)
        check_lengths("src_lengths", src_lengths, *src.shape)
        memory, last = run_padded(self.encoder, self.dropout(self.source(src)), src_lengths)
        states = states_of(last)
        if self.encoder.bidirectional:
            states = tuple(join_directions(s) for s in states)
        return states, memory, length_mask(src_lengths.to(src.device), len(src))

    def decode(self, tokens, states, memory, mask):
        """Go on from `states` along tokens (T, B): logits, states, weights."""
        hs, carry = self.decoder(self.dropout(self.target(tokens)), carry_of(states))
        weights = None
        if self.attention is not None:
            context, weights = self.attention(hs, memory, mask)
            hs = self.combine(torch.cat([context, hs], -1)).tanh()
        return self.output(self.dropout(hs)), states_of(carry), weights

    def decode_greedy(self, src, src_lengths, max_length=100, bos=BOS, eos=EOS):
        """A list of B Hypothesis, by `greedy_search`."""
        self._check_ends(bos, eos)
        with evaluating(self):
            return greedy_search(
                self._step,
                self._first(src, src_lengths),
                max_length=max_length,
                bos=bos,
                eos=eos,
            )

    def decode_beam(
        self, src, src_lengths, width=5, max_length=100, length_power=0.0, bos=BOS, eos=EOS
    ):
        """A list of B Hypothesis, each the best that `beam_search` has kept."""
        self._check_ends(bos, eos)
        with evaluating(self):
            beams = beam_search(
                self._step,
                self._first(src, src_lengths),
                width=width,
                max_length=max_length,
                bos=bos,
                eos=eos,
                length_power=length_power,
            )
        return [kept[0] for kept in beams]

    def _check_ends(self, bos, eos):
        last = self.output.out_features - 1
        for name, token in (("bos", bos), ("eos", eos)):
            if not 0 <= token <= last:
                raise ValueError(
                    f"{name} must be a token of the target, 0 … {last}, got {token}."
                )

    def _first(self, src, src_lengths):
        states, memory, mask = self.encode(src, src_lengths)
        return (*states, memory, mask)

    def _step(self, tokens, state):
        *states, memory, mask = state
        logits, states, _ = self.decode(tokens.unsqueeze(0), states, memory, mask)
        return logits[0].log_softmax(-1), (*states, memory, mask)
