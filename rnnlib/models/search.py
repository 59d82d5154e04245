"""Which sequence is most probable? Greedy and beam search over any model that goes by steps.

A search takes `step(tokens (N,), state) -> log_probs (N, V), state` and a first state, a
tuple of tensors whose axis 1 counts the sequences: N of them may be selected, repeated and
reordered there.
"""

from typing import NamedTuple

import torch

from rnnlib.datasets.vocabulary import BOS, EOS
from rnnlib.models._arguments import check_number, check_whole


class Hypothesis(NamedTuple):
    """Tokens, and ln p of exactly these; they end in EOS unless the search cut them off."""

    tokens: list
    log_prob: float


def greedy_search(step, state, *, max_length, bos=BOS, eos=EOS):
    """Take the most probable token at each step.

        y_t = argmax_k p(k | y_1 … y_{t-1})

    Args:
        step, state: see above; B sequences.
        max_length: how many tokens a sequence may have.
        bos, eos: the token before the first, and the one that ends a sequence.

    Returns:
        A list of B Hypothesis.
    """
    check_whole("max_length", max_length)
    B, device = state[0].shape[1], state[0].device
    last = torch.full((B,), bos, device=device)
    finished = torch.zeros(B, dtype=torch.bool, device=device)
    tokens, log_prob = [], 0.0
    for _ in range(max_length):
        log_probs, state = step(last, state)
        best, last = log_probs.max(-1)
        log_prob = log_prob + best.masked_fill(finished, 0.0)
        tokens.append(last)
        finished = finished | (last == eos)
        if finished.all():
            break
    columns = torch.stack(tokens, 1).tolist()
    return [_hypothesis(*pair, eos) for pair in zip(columns, log_prob.tolist(), strict=True)]


def beam_search(step, state, *, width, max_length, bos=BOS, eos=EOS, length_power=0.0):
    """Keep the `width` best beginnings at each step, and let each go on in every way.

        rank(y_1 … y_t) = Σ ln p(y_i | y_1 … y_{i-1}) / t^length_power

    A beginning that has ended keeps its place by its rank, and does not go on. Width 1 is
    greedy search; a width of all beginnings finds the best sequence there is. With
    length_power 0 the rank is ln p, which favours the short; 1 is the mean per token.

    Args:
        step, state, max_length, bos, eos: see `greedy_search`.
        width: W, how many beginnings are kept, at least 1.
        length_power: 0 or more.

    Returns:
        For each of the B sequences the list of what was kept, W Hypothesis at most, the
        best first.
    """
    check_whole("width", width)
    check_whole("max_length", max_length)
    check_number("length_power", length_power)
    B, W, device = state[0].shape[1], width, state[0].device
    state = tuple(s.repeat_interleave(W, 1) for s in state)  # row b·W + w
    tokens = torch.empty(B, W, 0, dtype=torch.int64, device=device)
    last = torch.full((B, W), bos, device=device)
    finished = torch.zeros(B, W, dtype=torch.bool, device=device)
    lengths = torch.zeros(B, W, dtype=torch.int64, device=device)
    first_row = torch.arange(B, device=device).unsqueeze(1) * W
    log_prob = None
    for _ in range(max_length):
        log_probs, state = step(last.flatten(), state)
        log_probs = log_probs.view(B, W, -1)
        V = log_probs.shape[-1]
        if log_prob is None:  # one beginning, the empty one, and W - 1 impossible ones
            log_prob = log_probs.new_full((B, W), -torch.inf)
            log_prob[:, 0] = 0.0
        stay = torch.full_like(log_probs[0, 0], -torch.inf)
        stay[eos] = 0.0
        total = log_prob.unsqueeze(-1) + torch.where(finished.unsqueeze(-1), stay, log_probs)
        lengths = lengths + ~finished
        rank = total / lengths.unsqueeze(-1).to(total.dtype) ** length_power
        kept = rank.flatten(1).topk(W).indices  # (B, W), the best first
        parent, last = kept // V, kept % V
        log_prob = total.flatten(1).gather(1, kept)
        lengths, finished = lengths.gather(1, parent), finished.gather(1, parent)
        finished = finished | (last == eos)
        tokens = tokens.gather(1, parent.unsqueeze(-1).expand_as(tokens))
        tokens = torch.cat([tokens, last.unsqueeze(-1)], -1)
        state = tuple(s.index_select(1, (first_row + parent).flatten()) for s in state)
        if (finished | (log_prob == -torch.inf)).all():
            break
    return [
        [_hypothesis(*pair, eos) for pair in zip(*beams, strict=True) if pair[1] > -torch.inf]
        for beams in zip(tokens.tolist(), log_prob.tolist(), strict=True)
    ]


def _hypothesis(tokens, log_prob, eos):
    """Cut off what stands after the first EOS."""
    return Hypothesis(tokens[: tokens.index(eos) + 1] if eos in tokens else tokens, log_prob)
