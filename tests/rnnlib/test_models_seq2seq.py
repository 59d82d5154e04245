"""Sequence to sequence: attention, padding, and searches against brute force."""

import itertools

import pytest
import torch

from rnnlib.models import (
    AdditiveAttention,
    DotAttention,
    Seq2Seq,
    beam_search,
    greedy_search,
    length_mask,
)
from tests.helpers import DEVICES, assert_close

SOURCE, TARGET, H = 6, 5, 8
LENGTHS = torch.tensor([3, 6, 1, 4])
S, B, T = 6, 4, 5
PAD, BOS, EOS = 0, 1, 2
every_device = pytest.mark.parametrize("device", DEVICES)
every_model = pytest.mark.parametrize(
    ("cell", "attention", "bidirectional"),
    [
        *itertools.product(["gru", "lstm"], ["none", "dot", "additive"], [False, True]),
        ("rnn", "dot", True),
    ],
)


def make(cell="gru", attention="dot", bidirectional=False, device="cpu", num_layers=2):
    torch.manual_seed(0)
    model = Seq2Seq(
        SOURCE, TARGET, H, cell, attention, num_layers=num_layers, bidirectional=bidirectional
    )
    model = model.double().to(device).eval()
    for weight in model.parameters():  # far from uniform: the first choice decides the rest
        torch.nn.init.normal_(weight, std=0.8)
    src = torch.randint(SOURCE, (S, B), device=device)
    tgt_in = torch.randint(TARGET, (T, B), device=device)
    return model, src, LENGTHS.to(device), tgt_in


@every_device
@every_model
def test_weights_sum_to_1_and_are_0_on_padding(cell, attention, bidirectional, device):
    model, src, lengths, tgt_in = make(cell, attention, bidirectional, device)
    logits, weights = model(src, lengths, tgt_in)
    assert logits.shape == (T, B, TARGET)
    if attention == "none":
        assert weights is None
        return
    assert weights.shape == (T, B, S)
    assert_close(weights.sum(-1), torch.ones(T, B, dtype=torch.float64))
    real = length_mask(lengths, S).t().expand(T, B, S)
    assert (weights[~real] == 0).all()
    assert (weights[real] > 0).all()


@every_device
@every_model
def test_padding_changes_nothing(cell, attention, bidirectional, device):
    """A sequence in a batch, with any tokens after its end, is the sequence alone."""
    model, src, lengths, tgt_in = make(cell, attention, bidirectional, device)
    other = torch.where(length_mask(lengths, S), src, (src + 1) % SOURCE)
    assert not torch.equal(other, src)
    logits, weights = model(src, lengths, tgt_in)
    for padded in (src, other):
        got, _ = model(padded, lengths, tgt_in)
        assert_close(got, logits)
    greedy = model.decode_greedy(src, lengths, max_length=7)
    beam = model.decode_beam(src, lengths, width=3, max_length=7)
    for b, n in enumerate(LENGTHS.tolist()):
        alone = src[:n, b : b + 1], lengths[b : b + 1]
        got, attended = model(*alone, tgt_in[:, b : b + 1])
        assert_close(got[:, 0], logits[:, b])
        if weights is not None:
            assert_close(attended[:, 0], weights[:, b, :n])
        for search, batch in ((model.decode_greedy, greedy), (model.decode_beam, beam)):
            options = {"width": 3} if batch is beam else {}
            (hypothesis,) = search(*alone, max_length=7, **options)
            assert hypothesis.tokens == batch[b].tokens
            assert hypothesis.log_prob == pytest.approx(batch[b].log_prob, rel=1e-9)


def test_no_gradient_reaches_what_is_padding():
    model, src, lengths, tgt_in = make(bidirectional=True)
    src = torch.where(length_mask(lengths, S), src % (SOURCE - 1), SOURCE - 1)
    model(src, lengths, tgt_in)[0].sum().backward()
    rows = model.source.weight.grad.abs().sum(1)
    assert rows[SOURCE - 1] == 0
    assert rows[: SOURCE - 1].max() > 0


@every_model
def test_step_by_step_is_teacher_forcing(cell, attention, bidirectional):
    model, src, lengths, tgt_in = make(cell, attention, bidirectional)
    want, _ = model(src, lengths, tgt_in)
    states, memory, mask = model.encode(src, lengths)
    for t in range(T):
        logits, states, _ = model.decode(tgt_in[t : t + 1], states, memory, mask)
        assert_close(logits[0], want[t])


def test_without_attention_the_source_speaks_through_the_state_alone():
    model, src, lengths, tgt_in = make(attention="none")
    states, memory, mask = model.encode(src, lengths)
    logits, *_ = model.decode(tgt_in, states, memory + 1, mask)
    assert_close(logits, model(src, lengths, tgt_in)[0])
    with_attention, *_ = make(attention="dot")
    states, memory, mask = with_attention.encode(src, lengths)
    logits, *_ = with_attention.decode(tgt_in, states, memory + 1, mask)
    assert (logits - with_attention(src, lengths, tgt_in)[0]).abs().max() > 1e-3


def test_a_bidirectional_encoder_hands_over_both_last_states():
    model, src, lengths, _ = make("lstm", bidirectional=True)
    states, memory, _ = model.encode(src, lengths)
    top = states[0][-1]
    for b, n in enumerate(LENGTHS.tolist()):
        assert_close(top[b, : H // 2], memory[n - 1, b, : H // 2])  # reads forwards
        assert_close(top[b, H // 2 :], memory[0, b, H // 2 :])  # reads backwards


@pytest.mark.parametrize("Kind", [DotAttention, AdditiveAttention])
def test_attention_is_its_equations_term_by_term(Kind):
    torch.manual_seed(1)
    attention = Kind(H).double()
    query, memory = (torch.randn(n, B, H, dtype=torch.float64) for n in (T, S))
    context, weights = attention(query, memory, length_mask(LENGTHS, S))
    for t, b in itertools.product(range(T), range(B)):
        h, ms = query[t, b], memory[: LENGTHS[b], b]
        if Kind is DotAttention:
            e = torch.stack([h @ m for m in ms])
        else:
            W_q, W_m, v = attention.query.weight, attention.memory.weight, attention.v.weight[0]
            e = torch.stack([v @ torch.tanh(W_q @ h + W_m @ m) for m in ms])
        alpha = e.exp() / e.exp().sum()
        assert_close(weights[t, b, : LENGTHS[b]], alpha)
        assert_close(context[t, b], alpha @ ms)


def log_probs_of(model, src, lengths, b, sequences):
    """ln p(sequence | source b) of each, from teacher forcing."""
    n = len(sequences)
    columns = [torch.tensor([BOS, *sequence]) for sequence in sequences]
    padded = torch.nn.utils.rnn.pad_sequence(columns)
    with torch.no_grad():
        logits, _ = model(src[:, [b] * n], lengths[[b] * n], padded[:-1])
    chosen = logits.log_softmax(-1).gather(-1, padded[1:].unsqueeze(-1)).squeeze(-1)
    return [chosen[: len(s), k].sum().item() for k, s in enumerate(sequences)]


def all_sequences(max_length):
    """Every sequence that ends in EOS within max_length, or is cut off there."""
    others = [k for k in range(TARGET) if k != EOS]
    for n in range(max_length + 1):
        for beginning in itertools.product(others, repeat=n):
            if n < max_length:
                yield [*beginning, EOS]
            else:
                yield list(beginning)


@every_model
def test_a_beam_of_width_1_is_greedy_search(cell, attention, bidirectional):
    model, src, lengths, _ = make(cell, attention, bidirectional)
    greedy = model.decode_greedy(src, lengths, max_length=9)
    assert model.decode_beam(src, lengths, width=1, max_length=9) == greedy
    for b, (tokens, log_prob) in enumerate(greedy):
        states = [BOS]
        while EOS not in states[1:] and len(states) <= 9:
            tgt_in = torch.tensor(states).unsqueeze(1)
            logits, _ = model(src[:, b : b + 1], lengths[b : b + 1], tgt_in)
            states.append(logits[-1, 0].argmax().item())
        assert tokens == states[1:]
        assert log_probs_of(model, src, lengths, b, [tokens]) == pytest.approx([log_prob])


@pytest.mark.parametrize("power", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("attention", ["none", "dot", "additive"])
def test_an_exhaustive_beam_finds_the_best_sequence_there_is(attention, power):
    model, src, lengths, _ = make(attention=attention)
    max_length = 4
    found = model.decode_beam(
        src, lengths, width=TARGET**max_length, max_length=max_length, length_power=power
    )
    different = 0
    for b, (tokens, log_prob) in enumerate(found):
        sequences = list(all_sequences(max_length))
        sums = log_probs_of(model, src, lengths, b, sequences)
        ranks = [p / len(s) ** power for p, s in zip(sums, sequences, strict=True)]
        best = ranks.index(max(ranks))
        assert tokens == sequences[best]
        assert log_prob == pytest.approx(sums[best], rel=1e-9)
        (greedy, _) = model.decode_greedy(src, lengths, max_length=max_length)[b]
        different += greedy != tokens
    if power == 0:
        assert different > 0  # else the law would hold for greedy search as well


def chain(first, then):
    """A step whose log-probabilities depend on the last token alone; the state counts."""
    rows = torch.tensor([[0.0] * len(then), first, *then[2:]]).double().log()

    def step(tokens, state):
        return rows[tokens], (state[0] + 1,)

    return step, (torch.zeros(1, 1, 1),)


def test_a_beam_finds_what_greed_misses_and_keeps_what_has_ended():
    # BOS -> 3 (0.6) or 4 (0.4); after 3 all is open, after 4 the end is sure.
    third = [0, 0, 0.4, 0.3, 0.3]
    step, state = chain([0, 0, 0, 0.6, 0.4], [[], [], [0.2] * 5, third, [0, 0, 1, 0, 0]])
    (greedy,) = greedy_search(step, state, max_length=5)
    ((best, second),) = beam_search(step, state, width=2, max_length=5)
    assert greedy.tokens == [3, EOS]
    assert greedy.log_prob == pytest.approx(torch.tensor(0.24).log().item())
    assert best.tokens == [4, EOS]
    assert best.log_prob == pytest.approx(torch.tensor(0.4).log().item())
    assert second.tokens == [3, EOS]


def test_a_power_of_length_prefers_the_longer():
    # [EOS] has 0.5, [3, EOS] 0.5 · 0.9: short by sum, long by mean.
    step, state = chain([0, 0, 0.5, 0.5], [[], [], [0.25] * 4, [0, 0, 0.9, 0.1]])
    ((short, *_),) = beam_search(step, state, width=3, max_length=2)
    ((long, *_),) = beam_search(step, state, width=3, max_length=2, length_power=1.0)
    assert short.tokens == [EOS]
    assert long.tokens == [3, EOS]


def test_beams_are_sorted_different_and_each_has_its_own_probability():
    model, src, lengths, _ = make()
    with torch.no_grad():
        beams = beam_search(model._step, model._first(src, lengths), width=6, max_length=4)
    for b, kept in enumerate(beams):
        assert len(kept) == len({tuple(h.tokens) for h in kept}) == 6
        assert [h.log_prob for h in kept] == sorted((h.log_prob for h in kept), reverse=True)
        want = log_probs_of(model, src, lengths, b, [h.tokens for h in kept])
        assert [h.log_prob for h in kept] == pytest.approx(want)


def test_a_wide_beam_on_few_sequences_keeps_no_impossible_one():
    step, state = chain([0, 0, 0.5, 0.5], [[], [], [0.25] * 4, [0, 0, 1, 0]])
    calls = []

    def counted(*arguments):
        calls.append(0)
        return step(*arguments)

    ((*kept,),) = beam_search(counted, state, width=50, max_length=6)
    assert sorted(h.tokens for h in kept) == [[2], [3, 2]]
    assert len(calls) == 2  # and waits for none


def test_decoding_is_without_dropout_and_leaves_the_mode():
    model, src, lengths, _ = make()
    noisy = Seq2Seq(SOURCE, TARGET, H, num_layers=2, dropout=0.5).double()
    noisy.load_state_dict(model.state_dict())
    noisy.train()
    assert noisy.decode_greedy(src, lengths, 7) == model.decode_greedy(src, lengths, 7)
    assert noisy.training
