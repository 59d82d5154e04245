"""Masks, forecaster, classifier, metrics; and what every model says of bad input."""

# ruff: noqa: E501  (tables of sentences)

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from rnnlib import models
from rnnlib.models import (
    CharLM,
    CTCRecognizer,
    Forecaster,
    Seq2Seq,
    SequenceClassifier,
    accuracy,
    average_precision,
    bleu,
    exact_match,
    length_mask,
    masked_cross_entropy,
    rmse,
)
from tests.helpers import DEVICES, assert_close

T, B, V, I, H = 6, 4, 5, 3, 4
LENGTHS = torch.tensor([3, 6, 1, 4])
every_device = pytest.mark.parametrize("device", DEVICES)
every_cell = pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])


def test_the_mask_is_true_on_the_steps_of_each_sequence():
    want = [[True, True, False], [True, False, False], [True, False, False]]
    assert length_mask(torch.tensor([3, 1, 0]), 3).tolist() == want


@every_device
@pytest.mark.parametrize("form", ["lengths", "mask"])
def test_the_masked_loss_is_the_loop_over_sequences_and_padding_changes_nothing(form, device):
    torch.manual_seed(0)
    logits = torch.randn(T, B, V, dtype=torch.float64, device=device, requires_grad=True)
    targets = torch.randint(V, (T, B), device=device)
    lengths = LENGTHS.to(device)
    real = length_mask(lengths, T)
    loss = masked_cross_entropy(logits, targets, lengths if form == "lengths" else real)

    loop = sum(
        F.cross_entropy(logits[:n, b], targets[:n, b], reduction="sum")
        for b, n in enumerate(LENGTHS.tolist())
    ) / LENGTHS.sum().to(device)
    assert_close(loss, loop)
    (gradient,) = torch.autograd.grad(loss, [logits])
    assert_close(gradient, torch.autograd.grad(loop, [logits])[0])

    # Even nonsense on padding: NaN logits, and a target that does not exist.
    with torch.no_grad():
        wild = torch.where(real.unsqueeze(-1), logits, torch.nan).requires_grad_()
    again = masked_cross_entropy(wild, torch.where(real, targets, -1), lengths)
    assert torch.equal(again, loss)
    assert torch.equal(torch.autograd.grad(again, [wild])[0], gradient)


def test_without_lengths_every_step_counts():
    logits, targets = torch.randn(T, B, V), torch.randint(V, (T, B))
    want = F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    assert_close(masked_cross_entropy(logits, targets, None), want)


@every_device
@every_cell
def test_the_forecast_comes_from_the_last_state(cell, device):
    torch.manual_seed(1)
    model = Forecaster(I, H, 2, cell, num_layers=2).double().to(device).eval()
    xs = torch.randn(T, B, I, dtype=torch.float64, device=device)
    forecast = model(xs)
    assert forecast.shape == (B, 2)
    hs, _ = model.layers(xs)
    assert_close(forecast, hs[-1] @ model.output.weight.t() + model.output.bias)
    for t in (0, T - 1):  # the first step and the last are both heard
        changed = xs.clone()
        changed[t] += 1
        assert (model(changed) - forecast).abs().min() > 1e-9


@every_device
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("pool", ["last", "mean"])
@every_cell
def test_a_class_is_that_of_the_sequence_alone(cell, pool, bidirectional, device):
    torch.manual_seed(2)
    options = {"num_layers": 2, "bidirectional": bidirectional}
    model = SequenceClassifier(I, H, V, cell, pool, **options).double().to(device).eval()
    xs = torch.randn(T, B, I, dtype=torch.float64, device=device)
    lengths = LENGTHS.to(device)
    logits = model(xs, lengths)
    real = length_mask(lengths, T).unsqueeze(-1)
    assert_close(model(torch.where(real, xs, 9.0), lengths), logits)
    for b, n in enumerate(LENGTHS.tolist()):
        alone = xs[:n, b : b + 1]
        assert_close(model(alone), logits[b : b + 1])
        hs = model.layers(alone)[0][:, 0]
        forwards, backwards = hs[:, :H], hs[:, H:]
        v = hs.mean(0) if pool == "mean" else torch.cat([forwards[-1], backwards[0]])
        assert_close(logits[b], model.output.weight @ v + model.output.bias)


MAKE = {
    "CharLM": lambda cell: (CharLM(V, H, cell), lambda m: m(torch.randint(V, (T, B)))[0]),
    "Seq2Seq": lambda cell: (
        Seq2Seq(V, V, H, cell, "additive", bidirectional=True),
        lambda m: m(torch.randint(V, (T, B)), LENGTHS, torch.randint(V, (T, B)))[0],
    ),
    "Forecaster": lambda cell: (Forecaster(I, H, 1, cell), lambda m: m(torch.randn(T, B, I))),
    "SequenceClassifier": lambda cell: (
        SequenceClassifier(I, H, V, cell),
        lambda m: m(torch.randn(T, B, I), LENGTHS),
    ),
    "CTCRecognizer": lambda cell: (
        CTCRecognizer(I, H, V, cell),
        lambda m: m(torch.randn(T, B, I), LENGTHS),
    ),
}


@every_cell
@pytest.mark.parametrize("name", list(MAKE))
def test_gradients_reach_every_weight(name, cell):
    torch.manual_seed(3)
    model, call = MAKE[name](cell)
    call(model).square().sum().backward()
    for weight_name, weight in model.named_parameters():
        assert weight.grad is not None, weight_name
        assert weight.grad.abs().sum() > 0, weight_name


@pytest.mark.parametrize("name", list(MAKE))
def test_the_same_seed_makes_the_same_model(name):
    states = []
    for _ in range(2):
        torch.manual_seed(4)
        states.append(MAKE[name]("gru")[0].state_dict())
    for a, b in zip(*(s.values() for s in states), strict=True):
        assert torch.equal(a, b)


def test_bleu_is_sacrebleus():
    english = ["the cat sat on the mat", "a dog ran away from home"]
    assert bleu(english, english) == pytest.approx(100)
    worse = ["the cat sat on a mat", "a dog ran away from home"]
    assert 0 < bleu(worse, english) < 100
    assert bleu(["1 марта 2013 г."], ["2 марта 2013 г."]) < 100


def test_the_other_scores_by_hand():
    assert exact_match(["ab", "c", "d"], ["ab", "x", "d"]) == pytest.approx(2 / 3)
    assert accuracy(torch.tensor([[0.0, 1], [3, 2]]), torch.tensor([1, 1])) == 0.5
    # Ranked yes, no, yes, no: precision 1 at recall 1/2, 2/3 at recall 1.
    scores, targets = torch.tensor([0.9, 0.7, 0.8, 0.1]), np.array([True, True, False, False])
    assert average_precision(scores, targets) == pytest.approx((1 + 2 / 3) / 2)
    assert rmse(torch.tensor([[1.0], [4.0]]), [[1.0], [1.0]]) == pytest.approx(4.5**0.5)


def test_the_models_need_neither_sacrebleu_nor_scikit_learn_until_a_score_is_asked_for():
    code = "import sys, rnnlib.models; print({'sacrebleu', 'sklearn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


def tokens(*shape):
    return torch.zeros(shape, dtype=torch.int64)


lm, s2s = CharLM(V, H), Seq2Seq(V, V, H)
forecaster, classifier, ctc = (
    Forecaster(I, H),
    SequenceClassifier(I, H, V),
    CTCRecognizer(I, H, V),
)
frames, src, lengths = torch.zeros(T, B, I), tokens(T, B), LENGTHS
log_probs = torch.zeros(T, B, V + 1).log_softmax(-1)
too_long = torch.tensor([3, 7, 1, 4])
ones = torch.ones(B, dtype=torch.int64)
WHOLE = "must be a whole number of at least"
BAD = [
    (lambda: CharLM(0, H), ValueError, f"vocabulary_size {WHOLE} 1, got 0."),
    (lambda: CharLM(V, 2.0), ValueError, f"hidden_size {WHOLE} 1, got 2.0."),
    (lambda: CharLM(V, H, "elman"), ValueError, "cell must be one of 'rnn', 'lstm', 'gru', got 'elman'."),
    (lambda: CharLM(V, H, dropout=2), ValueError, "dropout must be between 0 and 1, got 2."),
    (lambda: lm([[1]]), TypeError, "tokens must be a torch tensor, got list."),
    (lambda: lm(torch.zeros(T, B)), TypeError, "tokens must hold whole numbers, torch.int64, got torch.float32."),
    (lambda: lm(tokens(T)), ValueError, "tokens must have shape (T, B) with at least one step of one sequence, got (6,)."),
    (lambda: lm(tokens(T, 0)), ValueError, "tokens must have shape (T, B) with at least one step of one sequence, got (6, 0)."),
    (lambda: lm(tokens(T, B) + V), ValueError, "tokens must lie in 0 … 4, got 5."),
    (lambda: lm(tokens(T, B) - 1), ValueError, "tokens must lie in 0 … 4, got -1."),
    (lambda: lm.generate(tokens(T, B), 0), ValueError, f"n {WHOLE} 1, got 0."),
    (lambda: lm.generate(tokens(0), 3), ValueError, "tokens must have shape (T, B) with at least one step of one sequence, got (0, 1)."),
    (lambda: lm.generate(tokens(T), 3, temperature=-1), ValueError, "temperature must be a number of at least 0, got -1."),
    (lambda: lm.generate(tokens(T), 3, temperature=float("nan")), ValueError, "temperature must be a number of at least 0, got nan."),
    (lambda: lm.generate(tokens(T), 3, temperature="hot"), TypeError, "temperature must be a number, got str."),
    (lambda: lm.generate(tokens(T), 3, top_k=0), ValueError, f"top_k {WHOLE} 1, got 0."),
    (lambda: models.corpus_chunks(tokens(3), 3, 2), ValueError, "ids must have shape (N,) with N more than B = 3, got (3,)."),
    (lambda: models.corpus_chunks(tokens(9), 3, 0), ValueError, f"T {WHOLE} 1, got 0."),
    (lambda: models.bits_per_character(lm, []), ValueError, "chunks must hold at least one Chunk, got none."),
    (lambda: Seq2Seq(V, V, H, "mgu"), ValueError, "cell must be one of 'rnn', 'lstm', 'gru', got 'mgu'."),
    (lambda: Seq2Seq(V, V, H, attention="self"), ValueError, "attention must be one of 'none', 'dot', 'additive', got 'self'."),
    (lambda: Seq2Seq(V, V, 5, bidirectional=True), ValueError, "hidden_size must be even for a bidirectional encoder, got 5."),
    (lambda: Seq2Seq(V, 0, H), ValueError, f"target_size {WHOLE} 1, got 0."),
    (lambda: s2s(src, too_long, src), ValueError, "src_lengths must lie in 1 … 6, got 7."),
    (lambda: s2s(src, lengths * 0, src), ValueError, "src_lengths must lie in 1 … 6, got 0."),
    (lambda: s2s(src, lengths[:2], src), ValueError, "src_lengths must have shape (B,) = (4,), a length per sequence, got (2,)."),
    (lambda: s2s(src, [3, 6, 1, 4], src), TypeError, "src_lengths must be a torch tensor, got list."),
    (lambda: s2s(src, lengths.float(), src), TypeError, "src_lengths must hold whole numbers, torch.int64, got torch.float32."),
    (lambda: s2s(src + V, lengths, src), ValueError, "src must lie in 0 … 4, got 5."),
    (lambda: s2s(src, lengths, src + V), ValueError, "tgt_in must lie in 0 … 4, got 5."),
    (lambda: s2s(src, lengths, tokens(T, 2)), ValueError, "tgt_in must have as many sequences as src, 4, got 2."),
    (lambda: s2s.decode_greedy(src, lengths, max_length=0), ValueError, f"max_length {WHOLE} 1, got 0."),
    (lambda: s2s.decode_beam(src, lengths, width=0), ValueError, f"width {WHOLE} 1, got 0."),
    (lambda: s2s.decode_beam(src, lengths, length_power=-1), ValueError, "length_power must be a number of at least 0, got -1."),
    (lambda: s2s.decode_greedy(src, lengths, bos=9), ValueError, "bos must be a token of the target, 0 … 4, got 9."),
    (lambda: s2s.decode_beam(src, lengths, eos=5), ValueError, "eos must be a token of the target, 0 … 4, got 5."),
    (lambda: Forecaster(I, H, 0), ValueError, f"output_size {WHOLE} 1, got 0."),
    (lambda: forecaster(frames[..., :2]), ValueError, "xs must have shape (T, B, 3) with at least one step of one sequence, got (6, 4, 2)."),
    (lambda: forecaster(frames.double()), TypeError, "xs must have the dtype of the weights, torch.float32, got torch.float64."),
    (lambda: forecaster(frames.numpy()), TypeError, "xs must be a torch tensor, got ndarray."),
    (lambda: SequenceClassifier(I, H, 1), ValueError, f"classes {WHOLE} 2, got 1."),
    (lambda: SequenceClassifier(I, H, V, pool="max"), ValueError, "pool must be one of 'last', 'mean', got 'max'."),
    (lambda: classifier(frames, too_long), ValueError, "lengths must lie in 1 … 6, got 7."),
    (lambda: classifier(frames[:, :0]), ValueError, "xs must have shape (T, B, 3) with at least one step of one sequence, got (6, 0, 3)."),
    (lambda: CTCRecognizer(I, H, 0), ValueError, f"labels {WHOLE} 1, got 0."),
    (lambda: ctc(frames, too_long), ValueError, "lengths must lie in 1 … 6, got 7."),
    (lambda: ctc(frames[0]), ValueError, "frames must have shape (T, B, 3) with at least one step of one sequence, got (4, 3)."),
    (lambda: ctc.decode_beam(frames, width=0), ValueError, f"width {WHOLE} 1, got 0."),
    (lambda: models.ctc_greedy(log_probs, too_long), ValueError, "lengths must lie in 1 … 6, got 7."),
    (lambda: models.ctc_loss(log_probs, tokens(2, B) + 6, lengths, ones), ValueError, "labels must lie in 1 … 5, got 6."),
    (lambda: models.ctc_loss(log_probs, tokens(2, B), lengths, ones), ValueError, "labels must lie in 1 … 5, got 0."),
    (lambda: models.ctc_loss(log_probs, tokens(2, 3) + 1, lengths, ones), ValueError, "labels must have shape (U, B) = (2, 4), got (2, 3)."),
    (lambda: models.ctc_loss(log_probs, tokens(2, B) + 1, lengths, ones * 3), ValueError, "label_lengths must lie in 0 … 2, got 3."),
    (lambda: models.ctc_loss(log_probs, tokens(2, B) + 1, too_long, ones), ValueError, "lengths must lie in 1 … 6, got 7."),
    (lambda: models.ctc_loss(log_probs, tokens(2, B) + 1, lengths, ones * 2), ValueError, "lengths must leave a frame for each label and each blank between equal ones, 3 for sequence 2, got 1."),
    (lambda: models.ctc_loss(log_probs, tokens(2, B) + 1, ones * 2, ones * 2), ValueError, "lengths must leave a frame for each label and each blank between equal ones, 3 for sequence 0, got 2."),
    (lambda: masked_cross_entropy(torch.zeros(T, B, V), tokens(T, 2), None), ValueError, "targets must have shape (T, B) = (6, 4), got (6, 2)."),
    (lambda: masked_cross_entropy(torch.zeros(T, B, V), src, too_long), ValueError, "lengths must lie in 0 … 6, got 7."),
    (lambda: masked_cross_entropy(torch.zeros(T, B, V), src, lengths * 0), ValueError, "lengths must leave at least one real step, got none."),
    (lambda: masked_cross_entropy(torch.zeros(T, B, V), src, torch.ones(B, T) > 0), ValueError, "lengths as a mask must have shape (T, B) = (6, 4), got (4, 6)."),
    (lambda: masked_cross_entropy(torch.zeros(T, B, V), src + V, lengths), ValueError, "targets must lie in 0 … 4, got 5."),
    (lambda: masked_cross_entropy(torch.zeros(T, V), src, lengths), ValueError, "logits must have shape (T, B, V), got (6, 5)."),
    (lambda: bleu("ab", ["ab"]), TypeError, "hypotheses must be a list of strings, got 'ab'."),
    (lambda: bleu(["ab"], [["ab"]]), TypeError, "references must be a list of strings, got [['ab']]."),
    (lambda: bleu(["ab"], ["ab", "c"]), ValueError, "hypotheses must have one entry for each of references, 2, got 1."),
    (lambda: bleu([], []), ValueError, "hypotheses must hold at least one entry, got none."),
    (lambda: average_precision([0.5], [0]), ValueError, "targets must hold at least one positive, got none."),
    (lambda: accuracy([0.5], [0]), ValueError, "logits must have shape (N, K), got (1,)."),
    (lambda: rmse(torch.zeros(3, 1), torch.zeros(3)), ValueError, "forecasts must have the shape of targets, (3,), got (3, 1)."),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "sentence"), BAD)
def test_bad_input(call, error, sentence):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == sentence
