"""Every application against its baseline: three seeds each, one thread, one table.

The baseline is computed by the same lines on the same data. Seconds are those of training
one seed.
"""

import statistics
import time
from functools import partial

import numpy as np
import torch
from torch.nn import functional as F

from rnnlib import tasks
from rnnlib.datasets import baselines
from rnnlib.datasets.batches import pad_batch
from rnnlib.datasets.glucose import load_glucose
from rnnlib.datasets.shakespeare import load_shakespeare
from rnnlib.datasets.spoken_digits import connect_digits, load_spoken_digits
from rnnlib.datasets.stocks import load_stocks
from rnnlib.datasets.surnames import load_surnames
from rnnlib.datasets.translation import load_translation
from rnnlib.datasets.vocabulary import Vocabulary
from rnnlib.datasets.windows import make_windows
from rnnlib.models import (
    CharLM,
    CTCRecognizer,
    Forecaster,
    Seq2Seq,
    SequenceClassifier,
    TruncatedBPTT,
    accuracy,
    bits_per_character,
    corpus_chunks,
    ctc_loss,
    exact_match,
    masked_cross_entropy,
    rmse,
)
from rnnlib.training import fit

SEEDS = (0, 1, 2)


def train(make, loss, batches, epochs, lr, seed, per_epoch):
    """Make a model and fit it; return it and the seconds that this took."""
    torch.manual_seed(seed)
    model, start = make(), time.perf_counter()
    one_cycle = torch.optim.lr_scheduler.OneCycleLR  # Smith & Topin 2018
    fit(
        model,
        loss,
        batches,
        epochs=epochs,
        schedule=partial(one_cycle, max_lr=lr, total_steps=epochs * per_epoch),
        clip=1.0,
        seed=seed,
        device="cpu",
        progress=False,
    )
    return model, time.perf_counter() - start


def shuffled(columns, size):
    """Batches of `size` columns in a new order each epoch, from arrays with B as axis 1."""

    def batches(rng):
        order = rng.permutation(columns[0].shape[1])
        for k in range(0, len(order), size):
            yield tuple(column[:, order[k : k + size]] for column in columns)

    return batches


def shakespeare(seed):
    """Bits per character of *Macbeth*, by an LSTM that read seven other plays."""
    text = load_shakespeare()
    vocabulary = Vocabulary(text.train)
    chunks = corpus_chunks(vocabulary.encode(text.train), B=48, T=64)
    make = partial(CharLM, len(vocabulary), 192)
    model, seconds = train(
        make, TruncatedBPTT(), lambda rng: chunks, 4, 8e-3, seed, len(chunks)
    )
    held_out = corpus_chunks(vocabulary.encode(text.test), B=1, T=512)
    return bits_per_character(model, held_out), seconds


def shakespeare_baseline():
    """A 5-gram with Witten-Bell smoothing."""
    text = load_shakespeare()
    return baselines.ngram_bits(text.train, text.test, 5)


def surnames(seed):
    """Bits per character of new Russian surnames, the end of a name included."""
    names = load_surnames()
    vocabulary = Vocabulary("".join(names.train))

    def batch_of(part):
        ids, lengths = pad_batch([vocabulary.encode(n, bos=True, eos=True) for n in part])
        return torch.from_numpy(ids), torch.from_numpy(lengths) - 1

    def loss(model, batch):
        ids, lengths = batch
        return masked_cross_entropy(model(ids[:-1])[0], ids[1:], lengths)

    def batches(rng):
        # Names of like length side by side: less padding.
        order = sorted(rng.permutation(len(names.train)), key=lambda k: len(names.train[k]))
        groups = [order[k : k + 128] for k in range(0, len(order), 128)]
        for g in rng.permutation(len(groups)):
            yield batch_of([names.train[k] for k in groups[g]])

    steps = -(-len(names.train) // 128)
    model, seconds = train(
        partial(CharLM, len(vocabulary), 128), loss, batches, 6, 1e-2, seed, steps
    )
    with torch.no_grad():
        return loss(model, batch_of(names.test)).item() / np.log(2), seconds


def surnames_baseline():
    """A 5-gram over the names, one a line."""
    names = load_surnames()
    return baselines.ngram_bits("\n".join(names.train) + "\n", "\n".join(names.test) + "\n", 5)


def translation(seed, attention="dot"):
    """Share of new dates translated from English to Russian without a single wrong letter."""
    pairs = load_translation()
    source = Vocabulary("".join(p.source for p in pairs.train))
    target = Vocabulary("".join(p.target for p in pairs.train))

    def batch_of(part):
        src, lengths = pad_batch([source.encode(p.source, eos=True) for p in part])
        tgt, tgt_lengths = pad_batch(
            [target.encode(p.target, bos=True, eos=True) for p in part]
        )
        return tuple(map(torch.from_numpy, (src, lengths, tgt, tgt_lengths)))

    def loss(model, batch):
        src, lengths, tgt, tgt_lengths = batch
        logits, _ = model(src, lengths, tgt[:-1])
        return masked_cross_entropy(logits, tgt[1:], tgt_lengths - 1)

    def batches(rng):
        order = rng.permutation(len(pairs.train))
        for k in range(0, len(order), 64):
            yield batch_of([pairs.train[i] for i in order[k : k + 64]])

    make = partial(
        Seq2Seq, len(source), len(target), 96, attention=attention, bidirectional=True
    )
    model, seconds = train(make, loss, batches, 8, 1e-2, seed, -(-len(pairs.train) // 64))
    src, lengths, _, _ = batch_of(pairs.test)
    written = model.decode_greedy(src, lengths, max_length=60)
    said = [target.decode(h.tokens) for h in written]
    return 100 * exact_match(said, [p.target for p in pairs.test]), seconds


def translation_baseline():
    """The same network without attention, the median of three seeds."""
    return statistics.median(translation(seed, attention="none")[0] for seed in SEEDS)


def price_windows():
    """Windows of 22 daily log returns, and the next one: to learn from all shares, to test
    on AAPL, with its price on the last day of each window and the day after."""
    learn, _, test = load_stocks()
    returns = [np.diff(np.log(share[np.isfinite(share)])) for share in learn.adj_close.T]
    aapl = test.adj_close[:, 0]
    windows = make_windows([r.astype(np.float32) for r in returns if len(r) > 22], 22)
    held_out = make_windows([np.diff(np.log(aapl)).astype(np.float32)], 22)
    return windows, held_out, aapl[22:-1], aapl[23:]


def prices(seed):
    """RMSE in dollars of tomorrow's price of AAPL, foretold through its return."""
    learn, test, today, tomorrow = price_windows()
    std = learn.inputs.std()

    def loss(model, batch):
        xs, targets = batch
        return F.mse_loss(model(xs)[:, 0], targets[0])

    xs = torch.from_numpy(learn.inputs / std).unsqueeze(-1)
    columns = shuffled((xs, torch.from_numpy(learn.targets / std).unsqueeze(0)), 128)
    steps = -(-learn.inputs.shape[1] // 128)
    model, seconds = train(partial(Forecaster, 1, 32), loss, columns, 10, 5e-3, seed, steps)
    with torch.no_grad():
        returns = model(torch.from_numpy(test.inputs / std).unsqueeze(-1))[:, 0].numpy() * std
    return rmse(today * np.exp(returns), tomorrow), seconds


def prices_baseline():
    """Tomorrow is today."""
    _, _, today, tomorrow = price_windows()
    return rmse(today, tomorrow)


def volatility_windows():
    """Windows of 22 days of log log(high / low), all shares, and the day after."""
    parts = []
    for part in load_stocks():
        with np.errstate(divide="ignore"):
            series = np.log(np.log(part.high / part.low))
        segments = []
        for share in series.T:
            share = share[np.isfinite(share)]
            if len(share) > 22:
                segments.append(share.astype(np.float32))
        parts.append(make_windows(segments, 22))
    return parts


def stocks(seed):
    """RMSE of tomorrow's log log(high / low): how much a share will move, not where to."""
    learn, _, test = volatility_windows()
    mean, std = learn.inputs.mean(), learn.inputs.std()

    def scaled(windows):
        inputs = torch.from_numpy((windows.inputs - mean) / std).unsqueeze(-1)
        return inputs, torch.from_numpy((windows.targets - mean) / std).unsqueeze(0)

    def loss(model, batch):
        xs, targets = batch
        return F.mse_loss(model(xs)[:, 0], targets[0])

    steps = -(-learn.inputs.shape[1] // 128)
    model, seconds = train(
        partial(Forecaster, 1, 32), loss, shuffled(scaled(learn), 128), 10, 5e-3, seed, steps
    )
    with torch.no_grad():
        forecast = model(scaled(test)[0])[:, 0].numpy() * std + mean
    return rmse(forecast, test.targets), seconds


def stocks_baseline():
    """HAR, the heterogeneous autoregression, by least squares."""
    learn, _, test = volatility_windows()
    weights = baselines.fit_linear(baselines.har_features(learn.inputs), learn.targets)
    forecast = baselines.predict_linear(weights, baselines.har_features(test.inputs))
    return rmse(forecast, test.targets)


def glucose_windows():
    """Windows of two hours of glucose, and the reading half an hour later."""
    return [
        make_windows([segment.glucose for segment in part], 24, horizon=6)
        for part in load_glucose()
    ]


def glucose(seed):
    """RMSE in mg/dL, 30 minutes ahead; the network says the change from the last reading."""
    learn, _, test = glucose_windows()
    mean, std = learn.inputs.mean(), learn.inputs.std()

    def scaled(windows):
        inputs = (windows.inputs - mean) / std
        change = (windows.targets - windows.inputs[-1]) / std
        return torch.from_numpy(inputs).unsqueeze(-1), torch.from_numpy(change).unsqueeze(0)

    def loss(model, batch):
        xs, targets = batch
        return F.mse_loss(model(xs)[:, 0], targets[0])

    make = partial(Forecaster, 1, 48, cell="gru")
    steps = -(-learn.inputs.shape[1] // 128)
    model, seconds = train(make, loss, shuffled(scaled(learn), 128), 12, 5e-3, seed, steps)
    with torch.no_grad():
        forecast = test.inputs[-1] + model(scaled(test)[0])[:, 0].numpy() * std
    return rmse(forecast, test.targets), seconds


def glucose_baseline():
    """An autoregression over the same 24 readings, by least squares."""
    learn, _, test = glucose_windows()
    weights = baselines.fit_linear(learn.inputs, learn.targets)
    return rmse(baselines.predict_linear(weights, test.inputs), test.targets)


def speech(seed, recurrent=True):
    """Share of strings of 3 to 7 spoken digits that are heard without a single error."""
    parts = load_spoken_digits()
    frames = np.concatenate([r.frames for r in parts.train])
    mean, std = frames.mean(0), frames.std(0)

    def batch_of(utterances):
        xs, lengths = pad_batch([(u.frames - mean) / std for u in utterances])
        labels, sizes = pad_batch([np.array([int(d) + 1 for d in u.label]) for u in utterances])
        return tuple(map(torch.from_numpy, (xs, lengths, labels, sizes)))

    def loss(model, batch):
        xs, lengths, labels, sizes = batch
        return ctc_loss(model(xs, lengths), labels, lengths, sizes)

    def batches(rng):
        for _ in range(100):
            yield batch_of(connect_digits(parts.train, 16, rng))

    make = partial(CTCRecognizer, 13, 64, 10) if recurrent else FramesAlone
    model, seconds = train(make, loss, batches, 16, 1e-2, seed, 100)
    test = connect_digits(parts.test, 500, np.random.default_rng(10_000))
    xs, lengths, _, _ = batch_of(test)
    heard = [
        "".join(str(k - 1) for k in h.tokens)
        for h in CTCRecognizer.decode_greedy(model, xs, lengths)
    ]
    return 100 * exact_match(heard, [u.label for u in test]), seconds


class FramesAlone(torch.nn.Module):
    """What a network without memory hears: each frame with the four on either side."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(9 * 13, 128), torch.nn.ReLU(), torch.nn.Linear(128, 11)
        )

    def forward(self, frames, lengths=None):
        """Frames (T, B, 13) -> log-probabilities (T, B, 11)."""
        around = F.pad(frames, (0, 0, 0, 0, 4, 4)).unfold(0, 9, 1)  # (T, B, 13, 9)
        return self.layers(around.flatten(2)).log_softmax(-1)


def speech_baseline():
    """A network that sees nine frames at a time, with CTC; the median of three seeds."""
    return statistics.median(speech(seed, recurrent=False)[0] for seed in SEEDS)


def delayed_digits(seed, cell="lstm", bias=4.0):
    """Share of right answers: 8 rows of a digit, then 56 blank steps, then the question."""
    split = tasks.delayed_digits(56, 0)

    def make():
        model = SequenceClassifier(8, 64, 10, cell=cell)
        if bias is not None:
            rows = slice(64, 128)  # f of the LSTM, z of the GRU: both say what is kept
            with torch.no_grad():
                model.layers.bias_ih_l0[rows] = bias
                model.layers.bias_hh_l0[rows] = 0
        return model

    def loss(model, batch):
        xs, targets = batch
        return F.cross_entropy(model(xs), targets[0])

    xs, targets = map(torch.from_numpy, split.train)
    columns = shuffled((xs, targets.unsqueeze(0)), 64)
    steps = -(-xs.shape[1] // 64)
    model, seconds = train(make, loss, columns, 48, 5e-3, seed, steps)
    with torch.no_grad():
        return 100 * accuracy(
            model(torch.from_numpy(split.test.xs)), split.test.targets
        ), seconds


def guessing():
    """One of ten digits."""
    return 100 * tasks.DIGITS_BASELINE


# name: (score, baseline, its value, network, its run)
TABLE = {
    "text, English": ("bits/char ↓", "5-gram", shakespeare_baseline, "LSTM 192", shakespeare),
    "text, surnames": ("bits/char ↓", "5-gram", surnames_baseline, "LSTM 128", surnames),
    "translation, dates": (
        "% exact ↑",
        "no attention",
        translation_baseline,
        "biGRU 96 with attention",
        translation,
    ),
    "stocks, price of AAPL": ("$ RMSE ↓", "persistence", prices_baseline, "LSTM 32", prices),
    "stocks, range": ("RMSE ↓", "HAR", stocks_baseline, "LSTM 32", stocks),
    "glucose, 30 min": ("mg/dL RMSE ↓", "AR(24)", glucose_baseline, "GRU 48", glucose),
    "speech, digits": ("% strings ↑", "9 frames", speech_baseline, "biGRU 64", speech),
    "delayed digits": (
        "% right ↑",
        "guessing",
        guessing,
        "LSTM 64, forget bias 4",
        delayed_digits,
    ),
    "delayed digits, default bias": (
        "% right ↑",
        "guessing",
        guessing,
        "LSTM 64",
        partial(delayed_digits, bias=None),
    ),
    "delayed digits, RNN": (
        "% right ↑",
        "guessing",
        guessing,
        "RNN 64",
        partial(delayed_digits, cell="rnn", bias=None),
    ),
    "delayed digits, GRU": (
        "% right ↑",
        "guessing",
        guessing,
        "GRU 64, update bias 3",
        partial(delayed_digits, cell="gru", bias=3.0),
    ),
}


def rows(names=()):
    """Yield a line per application."""
    torch.set_num_threads(1)
    yield "| task | score | baseline | its score | network | seeds 0, 1, 2 | seconds |"
    yield "|---|---|---|---|---|---|---|"
    for name in names or TABLE:
        unit, baseline, score, model, run = TABLE[name]
        runs = [run(seed) for seed in SEEDS]
        scores = ", ".join(f"{result:.4g}" for result, _ in runs)
        seconds = statistics.median(s for _, s in runs)
        yield (
            f"| {name} | {unit} | {baseline} | {score():.4g} | {model} | {scores} "
            f"| {seconds:.0f} |"
        )
