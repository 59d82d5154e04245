"""The character model: chunks are the whole, and sampling obeys temperature and top-k."""

import math

import pytest
import torch
from torch.nn import functional as F

from rnnlib.models import CharLM, TruncatedBPTT, bits_per_character, corpus_chunks, sample
from tests.helpers import DEVICES, assert_close, generator

V, T, B = 7, 12, 3
every_cell = pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
every_device = pytest.mark.parametrize("device", DEVICES)


def make(cell="lstm", device="cpu", **options):
    torch.manual_seed(0)
    model = CharLM(V, 8, cell, **options).double().to(device)
    return model.eval(), torch.randint(V, (T, B), device=device)


@every_device
@every_cell
def test_chunks_are_the_whole(cell, device):
    model, tokens = make(cell, device, num_layers=2, dropout=0.5)
    whole, last = model(tokens)
    parts, carry = [], None
    for chunk in tokens.split([5, 1, 6]):
        logits, carry = model(chunk, carry)
        parts.append(logits)
    assert_close(torch.cat(parts), whole)
    for got, want in zip(carry, last, strict=True):
        assert_close(got, want)


@every_cell
def test_no_logit_sees_the_token_that_it_foretells(cell):
    model, tokens = make(cell)
    before, _ = model(tokens)
    changed = tokens.clone()
    changed[5] = (changed[5] + 1) % V
    after, _ = model(changed)
    assert torch.equal(before[:5], after[:5])
    assert (before[5] - after[5]).abs().min() > 0


def test_chunks_of_a_corpus_cover_it_once_and_in_order():
    ids = torch.arange(32)
    chunks = corpus_chunks(ids, B=3, T=4)
    tokens = torch.cat([c.tokens for c in chunks])
    assert [c.first for c in chunks] == [True, False, False]
    assert [len(c.tokens) for c in chunks] == [4, 4, 2]
    assert torch.equal(tokens.t().flatten(), ids[:30])
    assert torch.equal(torch.cat([c.targets for c in chunks]), tokens + 1)
    assert torch.equal(corpus_chunks(ids.numpy(), 3, 4)[1].tokens, chunks[1].tokens)


@every_cell
def test_truncated_bptt_carries_the_state_and_not_the_gradient(cell):
    model, _ = make(cell)
    chunks = corpus_chunks(torch.randint(V, (2 * 3 * B + 1,)), B, 3)
    loss = TruncatedBPTT()
    for _ in range(2):  # a second epoch starts afresh
        nats = [loss(model, chunk) for chunk in chunks]
        tokens, targets = (torch.cat([c[k] for c in chunks]) for k in (0, 1))
        logits, _ = model(tokens)
        assert_close(sum(nats) / 2, F.cross_entropy(logits.flatten(0, 1), targets.flatten()))

    # With the second chunk alone in the loss the first chunk's embeddings get no gradient.
    model, _ = make(cell)
    first, second = corpus_chunks(torch.tensor([0, 1, 2, 3, 4, 5, 6]), 1, 3)
    loss(model, first)
    loss(model, second).backward()
    rows = model.embedding.weight.grad.abs().sum(1)
    assert rows[:3].max() == 0
    assert rows[3:6].min() > 0


def test_bits_per_character_is_the_cross_entropy_and_a_uniform_guess_costs_log2_v():
    model, _ = make(dropout=0.5)
    ids = torch.randint(V, (41,))
    tokens, targets = ids[:-1].unsqueeze(1), ids[1:]
    logits, _ = model(tokens)
    want = F.cross_entropy(logits.squeeze(1), targets).item() / math.log(2)
    model.train()
    got = bits_per_character(model, corpus_chunks(ids, 1, 7))  # the last chunk is shorter
    assert got == pytest.approx(want, rel=1e-12)
    assert model.training

    torch.nn.init.zeros_(model.output.weight)
    torch.nn.init.zeros_(model.output.bias)
    uniform = bits_per_character(model, corpus_chunks(ids, 1, 7))
    assert uniform == pytest.approx(math.log2(V), rel=1e-12)


@every_device
def test_temperature_to_zero_is_the_largest_logit(device):
    logits = torch.randn(500, V, device=device, generator=generator(device, 1))
    for temperature in (0, 1e-300, 1e-45, 1e-30, 1e-6):
        assert torch.equal(sample(logits, temperature), logits.argmax(-1))
        assert torch.equal(sample(logits, temperature, top_k=3), logits.argmax(-1))
    assert not torch.equal(sample(logits, 1.0), logits.argmax(-1))
    huge = torch.tensor([[3e38, -3e38, 0.0]], device=device)
    assert sample(huge, 1e-3).item() == 0


@pytest.mark.parametrize(("temperature", "top_k"), [(1.0, None), (0.5, None), (2.0, 3), (1, 9)])
def test_the_shares_of_many_draws_are_the_probabilities(temperature, top_k):
    generator = torch.Generator().manual_seed(2)
    logits = torch.tensor([0.3, -1.0, 1.2, 0.0, -0.4])
    p = logits.clone()
    if top_k == 3:
        p[[1, 4]] = -torch.inf
    p = (p / temperature).softmax(-1)
    n = 20_000
    drawn = sample(logits.expand(n, 5), temperature, top_k, generator)
    shares = torch.bincount(drawn, minlength=5) / n
    assert (shares[p == 0] == 0).all()
    assert ((shares - p).abs() <= 5 * (p * (1 - p) / n).sqrt()).all()


def test_top_k_keeps_exactly_k_even_of_equals():
    drawn = sample(torch.zeros(500, 6), top_k=2, generator=torch.Generator().manual_seed(3))
    assert len(drawn.unique()) == 2
    logits = torch.randn(50, V)
    assert torch.equal(sample(logits, 5.0, top_k=1), logits.argmax(-1))


@every_device
@every_cell
def test_greedy_writing_is_reading_again_from_the_start(cell, device):
    """Each token is the most probable one after all before it, the prompt included."""
    model, prompt = make(cell, device, num_layers=2)
    written = model.generate(prompt, 6, temperature=0)
    assert written.shape == (6, B)
    text = prompt
    for token in written:
        assert torch.equal(token, model(text)[0][-1].argmax(-1))
        text = torch.cat([text, token.unsqueeze(0)])
    assert torch.equal(model.generate(prompt[:, 1], 6, temperature=0), written[:, 1])


@every_device
def test_the_same_generator_writes_the_same_without_dropout(device):
    model, prompt = make(device=device, dropout=0.5)
    model.train()
    model.layers.eval()
    texts = [
        model.generate(prompt, 20, generator=generator(device, seed)) for seed in (4, 4, 5)
    ]
    assert torch.equal(texts[0], texts[1])
    assert not torch.equal(texts[0], texts[2])
    assert model.training  # each part is left as it was
    assert not model.layers.training


def test_dropout_is_on_the_embedding_and_the_output():
    torch.manual_seed(0)
    model = CharLM(V, 8, dropout=1.0)
    logits, _ = model(torch.randint(V, (T, B)))
    assert_close(logits, model.output.bias.expand(T, B, V))
