"""CTC is a sum over paths: the loss and both decoders against brute force."""

import itertools
import math
from collections import defaultdict

import pytest
import torch

from rnnlib.models import CTCRecognizer, collapse, ctc_beam, ctc_greedy, ctc_loss
from tests.helpers import DEVICES, assert_close

T, B, V = 5, 4, 2
LENGTHS = torch.tensor([5, 3, 4, 1])
LABELS = torch.tensor([[1, 2, 1, 1], [1, 1, 2, 1], [2, -1, 9, 1]])
LABEL_LENGTHS = torch.tensor([3, 2, 2, 0])
every_device = pytest.mark.parametrize("device", DEVICES)


def make(device="cpu", seed=0, T=T):
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randn(T, B, V + 1, dtype=torch.float64, generator=generator)
    return rows.log_softmax(-1).to(device)


def brute_force(rows):
    """p of every labelling, summed over all (V + 1)^T paths."""
    p = defaultdict(float)
    for path in itertools.product(range(rows.shape[1]), repeat=len(rows)):
        labels = []
        for t, k in enumerate(path):  # written out: a test must not collapse by `collapse`
            if k != 0 and (t == 0 or path[t - 1] != k):
                labels.append(k)
        p[tuple(labels)] += math.exp(sum(rows[t, k].item() for t, k in enumerate(path)))
    return p


def test_collapse_merges_repeats_then_takes_out_blanks():
    assert collapse([1, 1, 0, 1, 2, 2, 0]) == [1, 1, 2]
    assert collapse([0, 0]) == []
    assert collapse([2, 1, 1, 2]) == [2, 1, 2]


@every_device
def test_the_loss_is_the_sum_over_paths(device):
    log_probs = make(device)
    labels, lengths, counts = (x.to(device) for x in (LABELS, LENGTHS, LABEL_LENGTHS))
    want = []
    for b in range(B):
        p = brute_force(log_probs[: LENGTHS[b], b])
        assert sum(p.values()) == pytest.approx(1, rel=1e-12)
        want.append(-math.log(p[tuple(LABELS[: LABEL_LENGTHS[b], b].tolist())]))
        alone = ctc_loss(
            log_probs[: LENGTHS[b], b : b + 1],
            labels[: LABEL_LENGTHS[b], b : b + 1],
            lengths[b : b + 1],
            counts[b : b + 1],
        )
        assert alone.item() == pytest.approx(want[b], rel=1e-12)
    got = ctc_loss(log_probs, labels, lengths, counts)
    assert got.item() == pytest.approx(sum(want) / B, rel=1e-12)


def test_every_labelling_of_some_frames_by_the_loss():
    rows = make(seed=1)
    p = brute_force(rows[:4, 0])
    assert len(p) > 10
    for labels, probability in p.items():
        loss = ctc_loss(
            rows[:4, :1],
            torch.tensor(labels, dtype=torch.int64).unsqueeze(1),
            None,
            torch.tensor([len(labels)]),
        )
        assert loss.item() == pytest.approx(-math.log(probability), rel=1e-10)


def test_the_gradient_of_the_loss_is_that_of_brute_force():
    logits = torch.randn(4, 1, V + 1, dtype=torch.float64, requires_grad=True)
    labels, count = torch.tensor([[1], [1]]), torch.tensor([2])
    (got,) = torch.autograd.grad(
        ctc_loss(logits.log_softmax(-1), labels, None, count), [logits]
    )
    y = logits.log_softmax(-1).squeeze(1)
    paths = [
        torch.stack([y[t, k] for t, k in enumerate(path)]).sum()
        for path in itertools.product(range(V + 1), repeat=4)
        if collapse(path) == [1, 1]
    ]
    (want,) = torch.autograd.grad(-torch.stack(paths).logsumexp(0), [logits])
    assert_close(got, want)


@every_device
def test_padding_changes_neither_loss_nor_gradient_nor_decoding(device):
    labels, lengths, counts = (x.to(device) for x in (LABELS, LENGTHS, LABEL_LENGTHS))
    real = torch.arange(T, device=device).unsqueeze(1) < lengths
    results = []
    for noise in (0.0, 3.0):
        logits = (
            make(device) + noise * torch.rand(T, B, V + 1, device=device) * ~real[..., None]
        )
        logits.requires_grad_()
        log_probs = logits.log_softmax(-1)
        loss = ctc_loss(log_probs, labels, lengths, counts)
        (gradient,) = torch.autograd.grad(loss, [logits])
        assert (gradient[~real] == 0).all()
        log_probs = log_probs.detach()
        decoded = ctc_greedy(log_probs, lengths), ctc_beam(log_probs, lengths, 4)
        results.append((loss.detach(), gradient, decoded))
    assert_close(results[0][0], results[1][0])
    assert_close(results[0][1], results[1][1])
    assert results[0][2] == results[1][2]


@pytest.mark.parametrize("seed", range(5))
def test_an_exhaustive_beam_is_the_brute_force_over_labellings(seed):
    rows = make(seed=seed)
    for b, kept in enumerate(ctc_beam(rows, LENGTHS, width=10_000)):
        p = brute_force(rows[: LENGTHS[b], b])
        assert tuple(kept[0].tokens) == max(p, key=p.get)
        found = {tuple(h.tokens): math.exp(h.log_prob) for h in kept if h.log_prob > -math.inf}
        assert found == pytest.approx(dict(p), rel=1e-10)
        assert [h.log_prob for h in kept] == sorted((h.log_prob for h in kept), reverse=True)


def test_greedy_is_the_best_path():
    rows = make(seed=2)
    for b, (labels, log_prob) in enumerate(ctc_greedy(rows, LENGTHS)):
        n = LENGTHS[b]
        paths = {
            path: sum(rows[t, b, k].item() for t, k in enumerate(path))
            for path in itertools.product(range(V + 1), repeat=n)
        }
        best = max(paths, key=paths.get)
        assert labels == collapse(best)
        assert log_prob == pytest.approx(paths[best], rel=1e-12)


def test_the_best_path_need_not_be_the_best_labelling():
    """Blank 0.6, label 0.4, twice: the path of blanks has 0.36, the labelling [1] has 0.64."""
    rows = torch.tensor([0.6, 0.4]).double().log().expand(2, 1, 2)
    ((greedy, log_prob),) = ctc_greedy(rows)
    ((best, *_),) = ctc_beam(rows, width=2)
    assert greedy == []
    assert math.exp(log_prob) == pytest.approx(0.36)
    assert best.tokens == [1]
    assert math.exp(best.log_prob) == pytest.approx(0.64)


def test_a_narrow_beam_never_claims_more_than_the_truth():
    rows = make(seed=3)
    for width in (1, 2, 3):
        for b, kept in enumerate(ctc_beam(rows, LENGTHS, width)):
            p = brute_force(rows[: LENGTHS[b], b])
            assert len(kept) <= width
            for tokens, log_prob in kept:
                assert math.exp(log_prob) <= p[tuple(tokens)] * (1 + 1e-12)


@every_device
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_recogniser_gives_distributions_and_reads_no_padding(cell, bidirectional, device):
    torch.manual_seed(4)
    model = CTCRecognizer(3, 6, V, cell, num_layers=2, bidirectional=bidirectional)
    model = model.double().to(device).eval()
    frames = torch.randn(T, B, 3, dtype=torch.float64, device=device)
    lengths = LENGTHS.to(device)
    log_probs = model(frames, lengths)
    assert_close(log_probs.exp().sum(-1), torch.ones(T, B, dtype=torch.float64))
    for b, n in enumerate(LENGTHS.tolist()):
        alone = model(frames[:n, b : b + 1])
        assert_close(alone[:, 0], log_probs[:n, b])
    with torch.no_grad():
        assert model.decode_greedy(frames, lengths) == ctc_greedy(log_probs, lengths)
        best = [kept[0] for kept in ctc_beam(log_probs, lengths, 3)]
    assert model.decode_beam(frames, lengths, width=3) == best
