"""A language model over characters: what comes next, given all that came before."""

import math
from typing import Any, NamedTuple

import torch
from torch import nn

from rnnlib.models._arguments import check_number, check_tokens, check_whole
from rnnlib.models._recurrent import carry_of, evaluating, make_layers, states_of
from rnnlib.models.masks import masked_cross_entropy


class CharLM(nn.Module):
    """p(x_1 … x_T) = Π_t p(x_t | x_1 … x_{t-1}), the past held in the state h_t.

        e_t = E[x_t],   h_t = cell(e_t, h_{t-1})
        p(x_{t+1} | x_1 … x_t) = softmax(W_hy h_t + b_y)

    Dropout stands on e_t, between the layers and on the last h_t, never on the way from one
    step to the next (Zaremba, Sutskever & Vinyals 2014).

    Args:
        vocabulary_size: V, how many tokens there are.
        hidden_size: H, also the size of an embedding.
        cell: "rnn", "lstm" or "gru".
    """

    def __init__(self, vocabulary_size, hidden_size, cell="lstm", num_layers=1, dropout=0.0):
        super().__init__()
        check_whole("vocabulary_size", vocabulary_size)
        check_whole("hidden_size", hidden_size)
        self.embedding = nn.Embedding(vocabulary_size, hidden_size)
        self.layers = make_layers(
            cell, hidden_size, hidden_size, num_layers=num_layers, dropout=dropout
        )
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden_size, vocabulary_size)

    def forward(self, tokens, carry=None):
        """Read tokens (T, B), from the state `carry` on, zeros by default.

        Returns:
            logits (T, B, V): logits[t] foretells the token after tokens[t].
            carry: the state after the last token, for the chunk that follows.
        """
        check_tokens("tokens", tokens, self.output.out_features)
        hs, carry = self.layers(self.dropout(self.embedding(tokens)), carry)  # (T, B, H)
        return self.output(self.dropout(hs)), carry

    def generate(self, prompt, n, temperature=1.0, top_k=None, generator=None):
        """Read the prompt, then write n tokens, each drawn by `sample` and read again.

        Args:
            prompt: (T, B), or (T,) without a batch, T at least 1.
            n: how many tokens to write.
            temperature, top_k, generator: see `sample`.

        Returns:
            (n, B), or (n,).
        """
        check_whole("n", n)
        batch = prompt.unsqueeze(1) if getattr(prompt, "ndim", 2) == 1 else prompt
        written = []
        with evaluating(self):
            logits, carry = self(batch)
            for _ in range(n):
                written.append(sample(logits[-1], temperature, top_k, generator))  # (B,)
                logits, carry = self(written[-1].unsqueeze(0), carry)
        tokens = torch.stack(written)
        return tokens if batch is prompt else tokens.squeeze(1)


def sample(logits, temperature=1.0, top_k=None, generator=None):
    """Draw a token from p_k ∝ exp(logits_k / temperature), among the top_k largest.

    Temperature 1 is the model itself; below it the likely become likelier, and at 0, the
    limit, the largest logit is taken.

    Args:
        logits: (B, V).
        temperature: 0 or more.
        top_k: how many tokens may be drawn, at least 1; None, or V and more, for all.
        generator: a torch.Generator on the device of the logits; None for torch's own.

    Returns:
        tokens (B,).
    """
    check_number("temperature", temperature)
    if top_k is not None:
        check_whole("top_k", top_k)
        logits, tokens = logits.topk(min(top_k, logits.shape[-1]), -1)
    if temperature < torch.finfo(logits.dtype).tiny:  # dividing by it would be dividing by 0
        drawn = logits.argmax(-1, keepdim=True)
    else:
        below = logits - logits.amax(-1, keepdim=True)  # at most 0: nothing overflows
        drawn = torch.multinomial((below / temperature).softmax(-1), 1, generator=generator)
    return (drawn if top_k is None else tokens.gather(-1, drawn)).squeeze(-1)


class Chunk(NamedTuple):
    """tokens (T, B) and the tokens after them, targets (T, B); first: a new text begins."""

    tokens: Any
    targets: Any
    first: bool


def corpus_chunks(ids, B, T):
    """Cut a corpus into B streams that are read side by side, T steps at a time.

        stream b = ids[b·n … (b+1)·n],   n = ⌊(N - 1) / B⌋

    Args:
        ids: (N,), a tensor or an array of whole numbers.
        B, T: the streams, and the steps of a chunk; the last chunk may be shorter.

    Returns:
        A list of Chunk; column b of one goes on where column b of the one before ended.
    """
    check_whole("B", B)
    check_whole("T", T)
    ids = ids if isinstance(ids, torch.Tensor) else torch.tensor(ids)
    if ids.ndim != 1 or len(ids) <= B:
        raise ValueError(
            f"ids must have shape (N,) with N more than B = {B}, got {tuple(ids.shape)}."
        )
    n = (len(ids) - 1) // B
    tokens, targets = ids[: n * B].view(B, n).t(), ids[1 : n * B + 1].view(B, n).t()
    return [Chunk(tokens[t : t + T], targets[t : t + T], t == 0) for t in range(0, n, T)]


class TruncatedBPTT:
    """The loss for `fit` on chunks: the state goes on into the next, the gradient does not.

    The carry of a chunk starts the next one, detached, so backpropagation through time ends
    at the border of a chunk; what the state has seen does not (Mikolov et al. 2010). The
    first chunk of a text starts from zeros.
    """

    def __init__(self):
        self.carry = None

    def __call__(self, model, chunk):
        """The mean cross-entropy of a Chunk, in nats per token."""
        tokens, targets, first = chunk
        logits, carry = model(tokens, None if first else self.carry)
        self.carry = carry_of([state.detach() for state in states_of(carry)])
        return masked_cross_entropy(logits, targets, None)


def bits_per_character(model, chunks):
    """Mean of -log_2 p(character) over all chunks, read in order, without dropout.

    It is the cross-entropy in nats over ln 2; a uniform guess costs log_2 V.
    """
    loss, nats, count = TruncatedBPTT(), 0.0, 0
    with evaluating(model):
        for chunk in chunks:
            nats += loss(model, chunk).item() * chunk.targets.numel()
            count += chunk.targets.numel()
    if count == 0:
        raise ValueError("chunks must hold at least one Chunk, got none.")
    return nats / count / math.log(2)
