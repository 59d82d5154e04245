"""Every application against its baseline: three seeds each, one thread, one table.

An application is a function `(seed, part, **settings) -> score, seconds`: it learns from the
training part and is scored on the part named, "valid" or "test". The settings are those that
`benchmarks.choose` found best on "valid"; the table holds the scores on "test". The baseline
is computed by the same lines on the same data. Seconds are those of the processor for
training one seed.
"""

import statistics
import time
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional as F

from rnnlib import RNNParams, init, rnn_to_torch, tasks
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
    average_precision,
    bits_per_character,
    corpus_chunks,
    ctc_loss,
    exact_match,
    masked_cross_entropy,
    rmse,
)
from rnnlib.training import fit

SEEDS = (0, 1, 2)
SETTINGS = Path(__file__).with_name("settings.toml")


def chosen(name):
    """The settings of an application, as `benchmarks.choose` has written them."""
    return tomllib.loads(SETTINGS.read_text("utf-8"))[name]


def train(make, loss, batches, per_epoch, seed, lr, epochs):
    """Make a model and fit it to `per_epoch` batches an epoch; return it and the seconds."""
    torch.manual_seed(seed)
    model, start = make(), time.process_time()
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
    return model, time.process_time() - start


def shuffled(columns, size):
    """Batches of `size` columns in a new order each epoch, from arrays with B as axis 1."""

    def batches(rng):
        order = rng.permutation(columns[0].shape[1])
        for k in range(0, len(order), size):
            yield tuple(column[:, order[k : k + size]] for column in columns)

    return batches


def shakespeare(seed, part, size, epochs, lr):
    """Bits per character of a new play, by an LSTM that read seven others."""
    text = load_shakespeare()
    vocabulary = Vocabulary(text.train)
    chunks = corpus_chunks(vocabulary.encode(text.train), B=48, T=64)
    make = partial(CharLM, len(vocabulary), size)
    model, seconds = train(
        make, TruncatedBPTT(), lambda rng: chunks, len(chunks), seed, lr, epochs
    )
    held_out = corpus_chunks(vocabulary.encode(getattr(text, part)), B=1, T=512)
    return bits_per_character(model, held_out), seconds


def shakespeare_baseline():
    """A 5-gram with Witten-Bell smoothing."""
    text = load_shakespeare()
    return baselines.ngram_bits(text.train, text.test, 5)


def surnames(seed, part, size, epochs, lr):
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
    make = partial(CharLM, len(vocabulary), size)
    model, seconds = train(make, loss, batches, steps, seed, lr, epochs)
    with torch.no_grad():
        return loss(model, batch_of(getattr(names, part))).item() / np.log(2), seconds


def surnames_baseline():
    """A 5-gram over the names, one a line."""
    names = load_surnames()
    return baselines.ngram_bits("\n".join(names.train) + "\n", "\n".join(names.test) + "\n", 5)


def translation(seed, part, size, epochs, lr, attention="dot"):
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
        Seq2Seq, len(source), len(target), size, attention=attention, bidirectional=True
    )
    steps = -(-len(pairs.train) // 64)
    model, seconds = train(make, loss, batches, steps, seed, lr, epochs)
    held_out = getattr(pairs, part)
    src, lengths, _, _ = batch_of(held_out)
    written = model.decode_greedy(src, lengths, max_length=60)
    said = [target.decode(h.tokens) for h in written]
    return 100 * exact_match(said, [p.target for p in held_out]), seconds


def translation_baseline():
    """The same network without attention, the median of three seeds."""
    settings = chosen("translation, dates")
    runs = [translation(seed, "test", **settings, attention="none") for seed in SEEDS]
    return statistics.median(score for score, _ in runs)


def fit_windows(make, inputs, targets, seed, lr, epochs, loss=F.mse_loss):
    """Fit a Forecaster to windows (T, B) and targets (B,).

    Returns:
        answer: a function of other windows; it scales them as it did the first.
        seconds: how long the training took.
    """
    mean, std = inputs.mean(), inputs.std()

    def read(inputs):
        return torch.from_numpy((inputs - mean) / std).unsqueeze(-1)

    def loss_of(model, batch):
        xs, wanted = batch
        return loss(model(xs)[:, 0], wanted[0])

    columns = shuffled((read(inputs), torch.from_numpy(targets).unsqueeze(0)), 128)
    steps = -(-inputs.shape[1] // 128)
    model, seconds = train(make, loss_of, columns, steps, seed, lr, epochs)

    def answer(inputs):
        with torch.no_grad():
            return model(read(inputs))[:, 0].numpy()

    return answer, seconds


def price_windows(part):
    """Windows of 22 daily log returns, and the next one: to learn from all shares, to test
    on AAPL, with its price on the last day of each window and the day after."""
    stocks = load_stocks()
    returns = [np.diff(np.log(share[np.isfinite(share)])) for share in stocks.train.adj_close.T]
    aapl = getattr(stocks, part).adj_close[:, 0]
    windows = make_windows([r.astype(np.float32) for r in returns], 22)
    held_out = make_windows([np.diff(np.log(aapl)).astype(np.float32)], 22)
    return windows, held_out, aapl[22:-1], aapl[23:]


def prices(seed, part, size, epochs, lr):
    """RMSE in dollars of tomorrow's price of AAPL, foretold through its return."""
    learn, held_out, today, tomorrow = price_windows(part)
    std = learn.targets.std()
    make = partial(Forecaster, 1, size)
    answer, seconds = fit_windows(make, learn.inputs, learn.targets / std, seed, lr, epochs)
    return rmse(today * np.exp(answer(held_out.inputs) * std), tomorrow), seconds


def prices_baseline():
    """Tomorrow is today."""
    _, _, today, tomorrow = price_windows("test")
    return rmse(today, tomorrow)


def volatility_windows(part):
    """Windows of 22 days of log log(high / low), all shares, and the day after: those to
    learn from, and those held out."""
    stocks, windows = load_stocks(), []
    for days in (stocks.train, getattr(stocks, part)):
        with np.errstate(divide="ignore"):
            series = np.log(np.log(days.high / days.low))
        shares = [share[np.isfinite(share)].astype(np.float32) for share in series.T]
        windows.append(make_windows(shares, 22))
    return windows


def stocks(seed, part, size, epochs, lr):
    """RMSE of tomorrow's log log(high / low): how much a share will move, not where to."""
    learn, held_out = volatility_windows(part)
    mean, std = learn.targets.mean(), learn.targets.std()
    make, targets = partial(Forecaster, 1, size), (learn.targets - mean) / std
    answer, seconds = fit_windows(make, learn.inputs, targets, seed, lr, epochs)
    return rmse(answer(held_out.inputs) * std + mean, held_out.targets), seconds


def stocks_baseline():
    """HAR, the heterogeneous autoregression, by least squares."""
    learn, test = volatility_windows("test")
    weights = baselines.fit_linear(baselines.har_features(learn.inputs), learn.targets)
    forecast = baselines.predict_linear(weights, baselines.har_features(test.inputs))
    return rmse(forecast, test.targets)


def glucose_windows(part):
    """Windows of two hours of glucose, and the reading half an hour later: those to learn
    from, and those held out."""
    split = load_glucose()
    return [
        make_windows([segment.glucose for segment in segments], 24, horizon=6)
        for segments in (split.train, getattr(split, part))
    ]


def glucose_forecast(seed, part, size, epochs, lr):
    """Glucose 30 minutes ahead; the network says the change from the last reading."""
    learn, held_out = glucose_windows(part)
    std = learn.targets.std()
    change = (learn.targets - learn.inputs[-1]) / std
    make = partial(Forecaster, 1, size, cell="gru")
    answer, seconds = fit_windows(make, learn.inputs, change, seed, lr, epochs)
    return held_out.inputs[-1] + answer(held_out.inputs) * std, held_out.targets, seconds


def glucose(seed, part, size, epochs, lr):
    """RMSE in mg/dL, 30 minutes ahead."""
    forecast, targets, seconds = glucose_forecast(seed, part, size, epochs, lr)
    return rmse(forecast, targets), seconds


def glucose_autoregression():
    """Forecasts of an autoregression over the same 24 readings, and what came."""
    learn, test = glucose_windows("test")
    weights = baselines.fit_linear(learn.inputs, learn.targets)
    return baselines.predict_linear(weights, test.inputs), test.targets


def glucose_baseline():
    """An autoregression by least squares."""
    return rmse(*glucose_autoregression())


LOW = 70  # mg/dL; what lies there or below is hypoglycaemia


def alarm(seed, part, by, size, epochs, lr):
    """Average precision of an alarm of hypoglycaemia in 30 minutes.

    By "forecast" the alarm is the louder the lower the forecast; by "classifier" a network
    learns to tell low from not low, and nothing of how low.
    """
    if by == "forecast":
        forecast, targets, seconds = glucose_forecast(seed, part, size, epochs, lr)
        return average_precision(-forecast, targets <= LOW), seconds
    learn, held_out = glucose_windows(part)
    low, loss = (learn.targets <= LOW).astype(np.float32), F.binary_cross_entropy_with_logits
    make = partial(Forecaster, 1, size, cell="gru")
    answer, seconds = fit_windows(make, learn.inputs, low, seed, lr, epochs, loss)
    return average_precision(answer(held_out.inputs), held_out.targets <= LOW), seconds


def alarm_baseline():
    """The forecast of the autoregression: the lower, the louder."""
    forecast, targets = glucose_autoregression()
    return average_precision(-forecast, targets <= LOW)


def speech(seed, part, size, epochs, lr, recurrent=True, bidirectional=True):
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

    network = partial(CTCRecognizer, 13, size, 10, bidirectional=bidirectional)
    make = network if recurrent else FramesAlone
    model, seconds = train(make, loss, batches, 100, seed, lr, epochs)
    held_out = connect_digits(getattr(parts, part), 500, np.random.default_rng(10_000))
    xs, lengths, _, _ = batch_of(held_out)
    heard = [
        "".join(str(k - 1) for k in h.tokens)
        for h in CTCRecognizer.decode_greedy(model, xs, lengths)
    ]
    return 100 * exact_match(heard, [u.label for u in held_out]), seconds


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
    settings = chosen("speech, digits")
    runs = [speech(seed, "test", **settings, recurrent=False) for seed in SEEDS]
    return statistics.median(score for score, _ in runs)


def digits(part):
    """Delayed digits to learn from and to be asked: 360 are for the test, and for "valid"
    another 360 are taken from the 1,437 that are left."""
    train, test = tasks.delayed_digits(56, 0)
    if part == "test":
        return train, test
    (xs, targets), cut = train, len(train.targets) - 360
    return tasks.Batch(xs[:, :cut], targets[:cut]), tasks.Batch(xs[:, cut:], targets[cut:])


def keep(layers, value, seed):
    """Fill the second block of the bias: f of the LSTM, z of the GRU, both say what is kept."""
    H = layers.hidden_size
    with torch.no_grad():
        layers.bias_ih_l0[H : 2 * H] = value
        layers.bias_hh_l0[H : 2 * H] = 0


def orthogonal(layers, seed):
    """Make W_hh of the RNN orthogonal: what it does to a state can be undone."""
    I, H = layers.input_size, layers.hidden_size
    params = init.orthogonal(RNNParams, I, H, np.random.default_rng(seed))
    state = rnn_to_torch(params, "_l0")
    layers.load_state_dict({name: torch.from_numpy(w) for name, w in state.items()})


def delayed_digits(seed, part, size, epochs, lr, cell="lstm", start=None):
    """Share of right answers: 8 rows of a digit, then 56 blank steps, then the question."""
    learn, held_out = digits(part)

    def make():
        model = SequenceClassifier(8, size, 10, cell=cell)
        if start is not None:
            start(model.layers, seed=seed)
        return model

    def loss(model, batch):
        xs, targets = batch
        return F.cross_entropy(model(xs), targets[0])

    xs, targets = map(torch.from_numpy, learn)
    columns = shuffled((xs, targets.unsqueeze(0)), 64)
    steps = -(-xs.shape[1] // 64)
    model, seconds = train(make, loss, columns, steps, seed, lr, epochs)
    with torch.no_grad():
        logits = model(torch.from_numpy(held_out.xs))
    return 100 * accuracy(logits, held_out.targets), seconds


def guessing():
    """One of ten digits."""
    return 100 * tasks.DIGITS_BASELINE


class Application(NamedTuple):
    """A row of the table: the score and its direction, the baseline, the network."""

    unit: str
    baseline: str
    baseline_score: Callable
    network: str  # with the names of settings to be filled in
    run: Callable


def digits_row(network, **options):
    """A row of delayed digits."""
    run = partial(delayed_digits, **options)
    return Application("% right ↑", "guessing", guessing, network, run)


TABLE = {
    "text, English": Application(
        "bits/char ↓", "5-gram", shakespeare_baseline, "LSTM {size}", shakespeare
    ),
    "text, surnames": Application(
        "bits/char ↓", "5-gram", surnames_baseline, "LSTM {size}", surnames
    ),
    "translation, dates": Application(
        "% exact ↑",
        "no attention",
        translation_baseline,
        "biGRU {size} with attention",
        translation,
    ),
    "stocks, price of AAPL": Application(
        "$ RMSE ↓", "persistence", prices_baseline, "LSTM {size}", prices
    ),
    "stocks, range": Application("RMSE ↓", "HAR", stocks_baseline, "LSTM {size}", stocks),
    "glucose, 30 min": Application(
        "mg/dL RMSE ↓", "AR(24)", glucose_baseline, "GRU {size}", glucose
    ),
    "glucose, alarm": Application(
        "average precision ↑", "AR(24)", alarm_baseline, "GRU {size}, {by}", alarm
    ),
    "speech, digits": Application(
        "% strings ↑", "9 frames", speech_baseline, "biGRU {size}", speech
    ),
    "speech, digits, live": Application(
        "% strings ↑",
        "9 frames",
        speech_baseline,
        "GRU {size}",
        partial(speech, bidirectional=False),
    ),
    "delayed digits, LSTM": digits_row(
        "LSTM {size}, forget bias 4", start=partial(keep, value=4.0)
    ),
    "delayed digits, LSTM, default": digits_row("LSTM {size}"),
    "delayed digits, GRU": digits_row(
        "GRU {size}, update bias 3", cell="gru", start=partial(keep, value=3.0)
    ),
    "delayed digits, RNN": digits_row("RNN {size}, orthogonal", cell="rnn", start=orthogonal),
    "delayed digits, RNN, default": digits_row("RNN {size}", cell="rnn"),
}


def rows(names=()):
    """Yield a line per application."""
    torch.set_num_threads(1)
    yield "| task | score | baseline | its score | network | seeds 0, 1, 2 | seconds |"
    yield "|---|---|---|---|---|---|---|"
    for name in names or TABLE:
        unit, baseline, baseline_score, network, run = TABLE[name]
        settings = chosen(name)
        runs = [run(seed, "test", **settings) for seed in SEEDS]
        scores = ", ".join(f"{score:.4g}" for score, _ in runs)
        seconds = statistics.median(s for _, s in runs)
        yield (
            f"| {name} | {unit} | {baseline} | {baseline_score():.4g} "
            f"| {network.format(**settings)} | {scores} | {seconds:.0f} |"
        )
