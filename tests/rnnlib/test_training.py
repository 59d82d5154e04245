"""Training: the same for the same seed, and the same after a crash, bit for bit."""

# ruff: noqa: E501  (a table of sentences)

import json
import os
import pickle
import random
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from rnnlib.models import CharLM, Forecaster, TruncatedBPTT, corpus_chunks
from rnnlib.training import History, choose_device, evaluate, fit, to_device
from tests.helpers import DEVICES

every_device = pytest.mark.parametrize("device", DEVICES)
quiet = {"progress": False, "device": "cpu"}


def make(seed=0):
    """With dropout, so that torch's generator matters."""
    torch.manual_seed(seed)
    return Forecaster(2, 5, cell="lstm", num_layers=2, dropout=0.3)


def batches(rng):
    """Fresh at each epoch, and noisy by NumPy's and Python's own generators as well."""
    for _ in range(3):
        xs = rng.random((4, 6, 2), dtype="float32")
        noise = np.random.normal(0, 0.1) + random.gauss(0, 0.1)
        yield xs, xs.sum((0, 2)).reshape(6, 1) + np.float32(noise)


def loss(model, batch):
    xs, targets = batch
    return nn.functional.mse_loss(model(xs), targets)


def validate(model):
    generator = torch.Generator().manual_seed(7)
    xs = torch.rand(4, 20, 2, generator=generator)
    with torch.no_grad():
        return (model(xs) - xs.sum((0, 2)).unsqueeze(1)).square().mean()


class Spy:
    """Adam that leaves itself behind, for a look at its state."""

    def __call__(self, parameters):
        self.made = torch.optim.Adam(parameters, lr=0.01)
        return self.made


def run(model, epochs, batches=batches, seed=1, **more):
    spy = Spy()
    options = {"clip": 0.5, "optimizer": spy, "validate": validate, **quiet, **more}
    history = fit(model, loss, batches, epochs=epochs, seed=seed, **options)
    return model.state_dict(), spy.made.state_dict(), history


def same(a, b):
    """Equal bit for bit, through all that is nested."""
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


class Killed(Exception):
    pass


def until(epoch, step=1):
    """Batches that stop the run within an epoch, after a step of it."""
    seen = []

    def some(rng):
        seen.append(rng)
        for n, batch in enumerate(batches(rng)):
            if len(seen) == epoch + 1 and n == step:
                raise Killed
            yield batch

    return some


def test_a_resumed_run_is_bit_equal_to_an_undisturbed_one(tmp_path):
    path = tmp_path / "new" / "run.pt"
    straight = run(make(), 6)
    with pytest.raises(Killed):
        run(make(), 6, until(epoch=3), checkpoint=path)
    torch.rand(3), np.random.rand(3), random.random()  # another process has other states
    resumed = run(make(seed=5), 6, checkpoint=path)
    assert same(resumed, straight)
    assert len(straight[2].train) == len(straight[2].valid) == 6
    assert straight[2].steps == 18

    again = run(make(seed=6), 6, checkpoint=path)  # nothing is left to do
    assert same(again[0], straight[0])
    assert again[2] == straight[2]
    longer = run(make(seed=6), 8, checkpoint=path)
    assert same(longer, run(make(), 8))
    assert not same(longer[0], straight[0])


@pytest.mark.parametrize("optimizer", ["SGD", "RMSprop", "AdamW"])
def test_other_optimizers_resume_as_well(optimizer, tmp_path):
    options = {"momentum": 0.9} if optimizer != "AdamW" else {}
    options = {"optimizer": partial(getattr(torch.optim, optimizer), lr=0.01, **options)}
    models = make(), make(), make(seed=5)
    rest = {"loss": loss, "epochs": 4, **options, **quiet}
    histories = [fit(models[0], batches=batches, **rest)]
    with pytest.raises(Killed):
        fit(models[1], batches=until(2), checkpoint=tmp_path / "run.pt", **rest)
    histories.append(fit(models[2], batches=batches, checkpoint=tmp_path / "run.pt", **rest))
    assert same(models[0].state_dict(), models[2].state_dict())
    assert histories[0] == histories[1]


@pytest.mark.parametrize("name", ["OneCycleLR", "CosineAnnealingLR", "LambdaLR"])
def test_the_learning_rate_follows_its_schedule_and_resumes_with_it(name, tmp_path):
    Schedule = getattr(torch.optim.lr_scheduler, name)
    options = {
        "OneCycleLR": {"max_lr": 0.02, "total_steps": 12},
        "CosineAnnealingLR": {"T_max": 12},
        "LambdaLR": {"lr_lambda": lambda step: 1 / (1 + step)},
    }[name]
    seen = []

    def schedule(optimizer):
        optimizer.register_step_pre_hook(lambda o, *_: seen.append(o.param_groups[0]["lr"]))
        return Schedule(optimizer, **options)

    straight = run(make(), 4, schedule=schedule)
    rates, seen[:] = list(seen), []
    path = tmp_path / "run.pt"
    with pytest.raises(Killed):
        run(make(), 4, until(2), schedule=schedule, checkpoint=path)
    seen[6:] = []  # the step of the epoch that was not finished
    assert same(run(make(seed=5), 4, schedule=schedule, checkpoint=path), straight)
    assert seen == rates

    twin = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=0.01)
    follows = Schedule(twin, **options)
    for rate in rates:
        assert rate == twin.param_groups[0]["lr"]
        twin.step()
        follows.step()
    assert len(set(rates)) > 6


KILLED = """
import os, signal, sys
from tests.rnnlib.test_training import *

n = 0
def batches_then_death(rng):
    global n
    for batch in batches(rng):
        n += 1
        if n == 8:
            os.kill(os.getpid(), signal.SIGKILL)
        yield batch

run(make(), 6, batches_then_death, checkpoint=sys.argv[1])
"""


def test_after_kill_9_as_well(tmp_path):
    root = Path(__file__).parents[2]
    path = tmp_path / "run.pt"
    threads = {"OMP_NUM_THREADS": str(torch.get_num_threads())}
    done = subprocess.run(
        [sys.executable, "-c", KILLED, path], cwd=root, env=os.environ | threads
    )
    assert done.returncode == -9
    assert same(run(make(seed=5), 6, checkpoint=path), run(make(), 6))


def test_a_crash_while_writing_leaves_the_last_checkpoint_whole(tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    save, count = torch.save, iter(range(9))

    def half(state, file):
        if next(count) == 2:
            file.write(b"half a fi")
            raise Killed
        save(state, file)

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(Killed):
        run(make(), 6, checkpoint=path)
    monkeypatch.undo()
    assert len(torch.load(path, weights_only=True)["history"]["train"]) == 2
    assert same(run(make(seed=5), 6, checkpoint=path), run(make(), 6))


def test_the_seed_decides_all_and_the_callers_generators_are_left_alone():
    states = []
    for _ in range(2):
        before = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
        states.append(run(make(), 2))
        model_made = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
        torch.rand(5), np.random.rand(5), random.random()
        assert before[1:] == model_made[1:]
    assert same(*states)
    assert not same(states[0][0], run(make(), 2, seed=2)[0])

    model = make()
    before = torch.get_rng_state()
    run(model, 1)
    assert torch.equal(torch.get_rng_state(), before)


def test_each_epoch_has_a_generator_of_its_own():
    seen = []

    def record(rng):
        seen.append(rng.random())
        return batches(rng)

    fit(make(), loss, record, epochs=3, seed=4, **quiet)
    want = [np.random.default_rng([4, epoch]).random() for epoch in range(3)]
    assert seen == want


def test_early_stopping_comes_back_with_the_best_weights(tmp_path):
    values = [3.0, 1.0, 2.0, 1.0, 5.0, 0.0]  # equal is not better: two in vain after epoch 1
    weights = []

    def validate(model):
        assert not model.training
        assert not torch.is_grad_enabled()
        weights.append({k: v.clone() for k, v in model.state_dict().items()})
        return values[len(weights) - 1]

    model = make()
    options = {"patience": 2, "checkpoint": tmp_path / "run.pt", **quiet}
    history = fit(model, loss, batches, epochs=6, validate=validate, **options)
    assert history.valid == [3.0, 1.0, 2.0, 1.0]
    assert history.best_epoch == 1
    assert same(model.state_dict(), weights[1])
    assert not same(model.state_dict(), weights[3])

    other = make(seed=5)  # a run that has stopped stays so
    assert fit(other, loss, batches, epochs=6, validate=validate, **options) == history
    assert same(other.state_dict(), weights[1])


def test_patience_survives_a_crash(tmp_path):
    """The best weights were found before the crash, the last attempts come after it."""
    values = dict(enumerate([3.0, 1.0, 2.0, 2.0, 2.0]))
    results = []
    for killed in (False, True):
        seen = []

        def validate(model, seen=seen):
            seen.append(0)
            return values[len(seen) - 1]

        options = {"epochs": 9, "validate": validate, "patience": 3, **quiet}
        if killed:
            options["checkpoint"] = tmp_path / "run.pt"
            with pytest.raises(Killed):
                fit(make(), loss, until(3), **options)
        model = make()
        history = fit(model, loss, batches, **options)
        results.append((model.state_dict(), history))
    assert same(*results)
    assert len(results[0][1].valid) == 5


def test_without_patience_the_last_weights_stay():
    with_it, without = run(make(), 3, validate=lambda m: 1.0), run(make(), 3, validate=None)
    assert same(with_it[0], without[0])


def test_clipping_bounds_the_step_and_history_tells_the_norm_before():
    models = make(), make()
    sgd = partial(torch.optim.SGD, lr=1.0)
    one = [next(batches(np.random.default_rng(0)))]
    for model, clip in zip(models, (None, 1e-3), strict=True):
        before = [w.detach().clone() for w in model.parameters()]
        history = fit(model, loss, lambda rng: one, epochs=1, optimizer=sgd, clip=clip, **quiet)
        moves = zip(model.parameters(), before, strict=True)
        moved = sum((w - b).square().sum() for w, b in moves).sqrt().item()
        want = min(clip or np.inf, history.gradient_norm[0])
        assert moved == pytest.approx(want, rel=1e-3)
        assert history.gradient_norm[0] > 1e-2


@every_device
def test_it_learns_on_the_device_and_returns_in_eval_mode(device):
    torch.manual_seed(0)
    model = Forecaster(2, 16, cell="gru")
    adam = partial(torch.optim.Adam, lr=0.02)
    history = fit(
        model,
        loss,
        lambda rng: (next(batches(rng)) for _ in range(30)),
        epochs=4,
        optimizer=adam,
        device=device,
        progress=False,
    )
    assert history.train[-1] < 0.3 * history.train[0]
    assert not model.training
    assert next(model.parameters()).device.type == device
    assert history.best_epoch == int(np.argmin(history.train))


def test_a_stateful_language_model_resumes_bit_equal(tmp_path):
    ids = torch.randint(5, (301,), generator=torch.Generator().manual_seed(0))
    chunks = corpus_chunks(ids, B=4, T=10)
    results = []
    for killed in (False, True):
        path = tmp_path / "run.pt" if killed else None
        torch.manual_seed(1)
        model = CharLM(5, 8, dropout=0.2)
        for epochs in (2, 4) if killed else (4,):
            history = fit(
                model,
                TruncatedBPTT(),
                lambda rng: chunks,
                epochs=epochs,
                checkpoint=path,
                **quiet,
            )
        results.append((model.state_dict(), history))
    assert same(*results)
    assert results[0][1].train[-1] < results[0][1].train[0]


def test_the_history_goes_through_json():
    history = History([2.0, 1.0], [1.5, 1.7], [0.1, 0.2], 8)
    assert History.from_dict(json.loads(json.dumps(history.to_dict()))) == history
    assert history.best_epoch == 0
    assert History([2.0, 1.0]).best_epoch == 1
    assert History().best_epoch is None


def test_evaluate_is_the_mean_loss_without_dropout():
    model = make()
    model.train()
    held_out = list(batches(np.random.default_rng(3)))
    got = evaluate(model, loss, held_out)
    assert model.training
    model.eval()
    want = sum(loss(model, to_device(b, "cpu")).item() for b in held_out) / 3
    assert got == pytest.approx(want, rel=1e-12)
    assert all(w.grad is None for w in model.parameters())


def test_a_batch_keeps_its_form_and_its_arrays_become_tensors():
    from rnnlib.models import Chunk

    array = np.arange(3.0)
    array.setflags(write=False)
    chunk = to_device(Chunk(array[::-1], [array, "text"], True), torch.device("cpu"))
    assert isinstance(chunk, Chunk)
    assert chunk.tokens.tolist() == [2, 1, 0]
    assert chunk.tokens.dtype == torch.float64
    assert chunk.targets[1:] == ["text"]
    assert chunk.first is True
    assert to_device({"x": array}, "cpu")["x"].tolist() == [0, 1, 2]


def test_the_bar_is_on_stderr_and_silence_is_silence(capsys):
    fit(make(), loss, batches, epochs=2, device="cpu")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "epochs" in shown.err
    assert "train=" in shown.err
    fit(make(), loss, batches, epochs=2, **quiet)
    assert capsys.readouterr() == ("", "")


def test_the_device_is_cuda_where_there_is_one():
    assert choose_device().type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert choose_device("cpu") == torch.device("cpu")


class Code:
    """Unpickled by someone trusting, it makes a folder."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def test_code_in_a_checkpoint_is_not_run(tmp_path):
    path = tmp_path / "run.pt"
    folder = tmp_path / "made"
    path.write_bytes(pickle.dumps(Code(folder), protocol=2))
    with pytest.raises(ValueError, match="must be a file that fit has written"):
        run(make(), 2, checkpoint=path)
    torch.save({"history": Code(folder)}, path)
    with pytest.raises(ValueError, match=r"\(UnpicklingError\)"):
        run(make(), 2, checkpoint=path)
    assert not folder.exists()
    torch.load(path, weights_only=False)  # what would have been
    assert folder.exists()


def poisoned(at):
    """Batches of which one, counted over the epochs, makes the loss infinite or NaN."""
    count = iter(range(99))

    def some(rng):
        for xs, targets in batches(rng):
            yield xs, np.full_like(targets, np.nan) if next(count) == at else targets

    return some


def test_nan_is_one_error_that_names_the_step():
    with pytest.raises(FloatingPointError) as caught:
        fit(make(), loss, poisoned(at=4), epochs=3, **quiet)
    assert str(caught.value) == (
        "loss is nan at step 4 (epoch 1): "
        "lower the learning rate, set clip, or look into that batch."
    )


def test_a_gradient_of_nan_is_found_before_it_reaches_a_weight():
    model = make()
    before = {k: v.clone() for k, v in model.state_dict().items()}

    def root(model, batch):
        return (loss(model, batch) * 0).sqrt()  # 0 itself is finite, its slope is not

    with pytest.raises(
        FloatingPointError, match=r"^the norm of the gradient is nan at step 0 "
    ):
        fit(model, root, batches, epochs=1, **quiet)
    assert same(model.state_dict(), before)


def bad(**arguments):
    options = {"model": make(), "loss": loss, "batches": batches, "epochs": 1, **quiet}
    return lambda: fit(**{**options, **arguments})


used_up = batches(np.random.default_rng(0))  # one iterator for all epochs: empty in the second
BAD = [
    (bad(epochs=0), ValueError, "epochs must be a whole number of at least 1, got 0."),
    (bad(seed=-1), ValueError, "seed must be a whole number of at least 0, got -1."),
    (bad(seed=0.5), ValueError, "seed must be a whole number of at least 0, got 0.5."),
    (bad(clip=0), ValueError, "clip must be None or a positive number, got 0."),
    (bad(clip=float("nan")), ValueError, "clip must be None or a positive number, got nan."),
    (bad(patience=0, validate=validate), ValueError, "patience must be None or a whole number of at least 1, got 0."),
    (bad(patience=2), ValueError, "patience must come with validate, which it watches, got None."),
    (bad(batches=[1]), TypeError, "batches must be a function, got list."),
    (bad(loss=None), TypeError, "loss must be a function, got NoneType."),
    (bad(schedule=0.5), TypeError, "schedule must be a function, got float."),
    (bad(validate=0.5), TypeError, "validate must be a function, got float."),
    (bad(optimizer=torch.optim.SGD(make().parameters(), 0.1)), TypeError, "optimizer must be a function, got SGD."),
    (bad(batches=lambda rng: []), ValueError, "batches must give at least one batch in every epoch, got none in epoch 0."),
    (bad(batches=lambda rng: used_up, epochs=2), ValueError, "batches must give at least one batch in every epoch, got none in epoch 1."),
    (bad(loss=lambda m, b: 0.5), TypeError, "loss must return a torch tensor, got float."),
    (bad(loss=lambda m, b: m(b[0])), ValueError, "loss must return one number, got shape (6, 1)."),
    (bad(loss=lambda m, b: loss(m, b).detach()), ValueError, "loss must depend on the weights of the model, got a constant."),
    (bad(validate=lambda m: float("nan")), FloatingPointError, "validate is nan after epoch 0: it must return a number that is lower for a better model."),
    (bad(device="gpu"), ValueError, "device must be one that torch knows, got 'gpu'."),
    (lambda: evaluate(make(), loss, []), ValueError, "batches must hold at least one batch, got none."),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "sentence"), BAD)
def test_bad_input(call, error, sentence):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == sentence


@pytest.mark.skipif(torch.cuda.is_available(), reason="here is a CUDA device")
def test_a_device_that_is_not_there():
    with pytest.raises(ValueError, match=r"device must be one of this machine, got 'cuda:0'\."):
        choose_device("cuda:0")


def test_a_checkpoint_of_another_run_is_not_taken(tmp_path):
    path = tmp_path / "run.pt"
    run(make(), 1, checkpoint=path)
    wider = Forecaster(2, 6, cell="lstm", num_layers=2)
    attempts = [
        ({"seed": 2}, "checkpoint must be of this run, with seed 2, got 1."),
        ({"clip": None}, "checkpoint must be of this run, with clip None, got 0.5."),
        ({"schedule": partial(torch.optim.lr_scheduler.StepLR, step_size=9)}, "checkpoint must be of this run, with schedule 'StepLR', got None."),
        ({"validate": None}, "checkpoint must be of this run, with validate False, got True."),
        ({"model": wider}, "checkpoint must be of this run, with layers.weight_ih_l0 '(24, 2) torch.float32', got '(20, 2) torch.float32'."),
        ({"model": make().double()}, "checkpoint must be of this run, with layers.weight_ih_l0 '(20, 2) torch.float64', got '(20, 2) torch.float32'."),
    ]  # fmt: skip
    for changed, sentence in attempts:
        with pytest.raises(ValueError, match=r"^checkpoint must be of this run") as caught:
            run(changed.pop("model", make()), 2, checkpoint=path, **changed)
        assert str(caught.value) == sentence
    with pytest.raises(ValueError, match=r"with optimizer 'SGD\(lr=0.001, .*, got 'Adam\("):
        fit(
            make(),
            loss,
            batches,
            epochs=2,
            optimizer=torch.optim.SGD,
            clip=0.5,
            validate=validate,
            seed=1,
            checkpoint=path,
            **quiet,
        )
