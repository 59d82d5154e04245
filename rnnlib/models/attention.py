"""Attention: each step of the decoder looks back at all steps of the source, by weight."""

import torch
from torch import nn

from rnnlib._checks import check_choice


class _Attention(nn.Module):
    """What every score has in common: mask, softmax, weighted mean.

    α_ts = exp(e_ts) / Σ_s' exp(e_ts'),   e_ts = score(h_t, m_s), -∞ on padding
    context_t = Σ_s α_ts m_s
    """

    def forward(self, query, memory, mask):
        """Look back.

        Args:
            query: h_t, (T, B, H), the states of the decoder.
            memory: m_s, (S, B, H), the outputs of the encoder.
            mask: (S, B), True on real steps, at least one in each column.

        Returns:
            context (T, B, H).
            weights α (T, B, S): each row sums to 1 and is 0 on padding.
        """
        scores = self.score(query, memory).masked_fill(~mask.t(), -torch.inf)
        weights = scores.softmax(-1)
        return torch.einsum("tbs,sbh->tbh", weights, memory), weights

    def score(self, query, memory):
        """e_ts: (T, B, H) and (S, B, H) -> (T, B, S)."""
        raise NotImplementedError


class DotAttention(_Attention):
    """e_ts = h_tᵀ m_s (Luong, Pham & Manning 2015, "dot"): no weights of its own."""

    def __init__(self, hidden_size):
        super().__init__()

    def score(self, query, memory):
        """e_ts = h_tᵀ m_s."""
        return torch.einsum("tbh,sbh->tbs", query, memory)


class AdditiveAttention(_Attention):
    """e_ts = vᵀ tanh(W_q h_t + W_m m_s) (Bahdanau, Cho & Bengio 2015): a small network."""

    def __init__(self, hidden_size):
        super().__init__()
        self.query = nn.Linear(hidden_size, hidden_size, bias=False)
        self.memory = nn.Linear(hidden_size, hidden_size, bias=False)
        self.v = nn.Linear(hidden_size, 1, bias=False)

    def score(self, query, memory):
        """e_ts = vᵀ tanh(W_q h_t + W_m m_s), for all t and s at once: (T, S, B, H) inside."""
        both = self.query(query).unsqueeze(1) + self.memory(memory)  # (T, S, B, H)
        return self.v(both.tanh()).squeeze(-1).transpose(1, 2)


ATTENTIONS = {"none": None, "dot": DotAttention, "additive": AdditiveAttention}


def make_attention(name, hidden_size):
    """The attention named "dot" or "additive", or None for "none"."""
    check_choice("attention", name, tuple(ATTENTIONS))
    return None if name == "none" else ATTENTIONS[name](hidden_size)
