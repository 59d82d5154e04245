"""Training: one loop for every model, the same result for the same seed, even after a crash.

    history = fit(model, loss, batches, epochs=20, clip=1.0, checkpoint="run.pt")

Run the same line again after the machine went down: training goes on from the last whole
epoch, and ends in the very weights, bit for bit, that it would have reached undisturbed.
"""

import math
import os
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from tqdm import tqdm


@dataclass
class History:
    """What happened, one entry per epoch.

    Attributes:
        train: mean loss over the batches, each before its step.
        valid: what `validate` returned; empty without it.
        gradient_norm: mean norm of the gradient, before clipping.
        steps: steps of the optimizer in all.
    """

    train: list[float] = field(default_factory=list)
    valid: list[float] = field(default_factory=list)
    gradient_norm: list[float] = field(default_factory=list)
    steps: int = 0

    @property
    def best_epoch(self):
        """The index of the lowest validation (without it, training) loss, the first of equals.

        None before the first epoch.
        """
        losses = self.valid or self.train
        return losses.index(min(losses)) if losses else None

    def to_dict(self):
        """Lists and numbers, as JSON takes them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, state):
        """The History of which `to_dict` made `state`."""
        return cls(**state)


def fit(
    model,
    loss,
    batches,
    *,
    epochs,
    optimizer=torch.optim.Adam,
    schedule=None,
    clip=None,
    validate=None,
    patience=None,
    checkpoint=None,
    seed=0,
    device=None,
    progress=True,
):
    """Train the model in place: for each batch a loss, its gradient, a step.

    Everything random inside is drawn from `seed` and is the same at every run: the order of
    the batches through `rng`, dropout through torch's generator. The caller's generators are
    left as they were found. The model's first weights are drawn before, so call
    `torch.manual_seed` before making it. On the CPU the same run is the same bit for bit; on
    CUDA some operations, such as the gradient of the CTC loss, add in any order.

    Args:
        model: a torch module. It comes back on the device, in eval mode.
        loss: a function (model, batch) -> scalar tensor.
        batches: a function (rng) -> the batches of one epoch, called once per epoch with a
            fresh `numpy.random.Generator` made of seed and epoch alone; whatever is random
            must be drawn from it. `lambda rng: a_list` for the same batches every time. A
            batch is a tensor or array, or tuples, lists and dicts of such; arrays become
            tensors, and all are moved to the device.
        epochs: how many in all, those of a checkpoint included.
        optimizer: a function of the parameters; `partial(torch.optim.Adam, lr=0.01)`.
        schedule: a function of the optimizer that makes a learning-rate scheduler of torch,
            stepped after each step; None for a constant rate.
        clip: the largest norm of the whole gradient; None for any.
        validate: a function (model) -> number, lower is better, called after each epoch in
            eval mode and without gradients.
        patience: stop after so many epochs without a new best of `validate`, and come back
            with the weights of the best epoch. None: neither.
        checkpoint: a file, written after each epoch: beside it first, then put in its place,
            so it is whole at any moment. If it is there at the start, training goes on from it.
        seed: a whole number.
        device: "cpu", "cuda", …; None for `choose_device()`.
        progress: show a bar on stderr.

    Returns:
        History.

    Raises FloatingPointError, with the step, when loss or gradient is NaN or infinite;
    ValueError or TypeError for a bad argument or for a checkpoint of another run.
    """
    _check_functions(loss=loss, batches=batches, optimizer=optimizer)
    _check_functions(optional=True, schedule=schedule, validate=validate)
    _check_numbers(epochs, clip, validate, patience, seed)
    quiet = not progress
    device = choose_device(device)
    callers = _rng_state(device)
    try:
        _seed(seed)
        model.to(device)
        settings = {"seed": seed, "clip": clip, "validate": validate is not None}
        run = _Run(model, optimizer(model.parameters()), schedule, device, **settings)
        if checkpoint is not None and Path(checkpoint).exists():
            run.load(checkpoint)
        history, start = run.history, len(run.history.train)
        bar = tqdm(range(start, epochs), "epochs", epochs, initial=start, disable=quiet)
        for epoch in bar:
            if _out_of_patience(history, patience):
                break
            todo = batches(np.random.default_rng([seed, epoch]))
            run.epoch(loss, tqdm(todo, f"epoch {epoch}", leave=False, disable=quiet))
            if validate is not None:
                run.validate(validate)
            if checkpoint is not None:
                run.save(checkpoint)
            bar.set_postfix(run.latest())
        bar.close()
        if patience is not None and run.best is not None:
            model.load_state_dict(run.best)
    finally:
        _set_rng_state(callers, device)
    model.eval()
    return history


def evaluate(model, loss, batches):
    """Mean loss over batches, without dropout and without gradients: what `validate` may call.

        fit(…, validate=lambda model: evaluate(model, loss, held_out))

    Args:
        model, loss: as in `fit`; batches are moved to the device of the model.
        batches: an iterable of batches.
    """
    device = next(model.parameters()).device
    was = model.training
    model.eval()
    with torch.no_grad():
        losses = [loss(model, to_device(batch, device)).item() for batch in batches]
    model.train(was)
    if not losses:
        raise ValueError("batches must hold at least one batch, got none.")
    return math.fsum(losses) / len(losses)


def choose_device(device=None):
    """The device asked for, or a CUDA GPU if there is one, or the CPU."""
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(device)
    except (RuntimeError, TypeError):
        raise ValueError(f"device must be one that torch knows, got {device!r}.") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device must be one of this machine, got {str(device)!r}.")
    return device


def to_device(batch, device):
    """The batch with every tensor on the device, and every array made such a tensor.

    Tuples, named tuples, lists and dicts keep their form; all else stays as it is.
    """
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, np.ndarray):
        return torch.tensor(np.ascontiguousarray(batch), device=device)
    if isinstance(batch, Mapping):
        return {name: to_device(part, device) for name, part in batch.items()}
    if isinstance(batch, tuple | list):
        parts = [to_device(part, device) for part in batch]
        return type(batch)(*parts) if hasattr(batch, "_fields") else type(batch)(parts)
    return batch


class _Run:
    """All that changes while training goes on, and its way into a file and back."""

    def __init__(self, model, optimizer, schedule, device, **settings):
        self.model, self.optimizer, self.device = model, optimizer, device
        self.schedule = None if schedule is None else schedule(optimizer)
        self.settings = settings
        self.history = History()
        self.best = None  # the weights of the best epoch

    def epoch(self, loss, batches):
        """One step per batch; then a new entry in the history."""
        self.model.train()
        losses, norms = [], []
        weights = [w for w in self.model.parameters() if w.requires_grad]
        for batch in batches:
            self.optimizer.zero_grad(set_to_none=True)
            value = loss(self.model, to_device(batch, self.device))
            _check_loss(value)
            losses.append(self._finite("loss", value))
            value.backward()
            norm = get_total_norm([w.grad for w in weights if w.grad is not None])
            norms.append(self._finite("the norm of the gradient", norm))
            if self.settings["clip"] is not None:
                clip_grads_with_norm_(weights, self.settings["clip"], norm)
            self.optimizer.step()
            if self.schedule is not None:
                self.schedule.step()
            self.history.steps += 1
        if not losses:
            raise ValueError(
                f"batches must give at least one batch in every epoch, "
                f"got none in epoch {len(self.history.train)}."
            )
        self.history.train.append(math.fsum(losses) / len(losses))
        self.history.gradient_norm.append(math.fsum(norms) / len(norms))

    def validate(self, validate):
        """A new entry in the history; the weights are kept if it is the best."""
        self.model.eval()
        with torch.no_grad():
            value = float(validate(self.model))
        if math.isnan(value):
            raise FloatingPointError(
                f"validate is nan after epoch {len(self.history.valid)}: "
                "it must return a number that is lower for a better model."
            )
        self.history.valid.append(value)
        if self.history.best_epoch == len(self.history.valid) - 1:
            state = self.model.state_dict()
            self.best = {name: tensor.detach().clone() for name, tensor in state.items()}

    def latest(self):
        """What the bar shows."""
        shown = {"train": self.history.train, "valid": self.history.valid}
        return {name: f"{losses[-1]:.4g}" for name, losses in shown.items() if losses}

    def save(self, path):
        """Write beside the file, then take its place: a crash leaves the old one whole."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        state = {
            "run": self._identity(),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": None if self.schedule is None else self.schedule.state_dict(),
            "rng": _rng_state(self.device),
            "history": self.history.to_dict(),
            "best": self.best,
        }
        aside = path.with_name(path.name + ".part")
        with aside.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)

    def _identity(self):
        """What a run and its checkpoint must share for the rest to be bit-equal."""
        weights = self.model.state_dict().items()
        options = ", ".join(f"{k}={v}" for k, v in self.optimizer.defaults.items())
        return {
            **self.settings,
            "optimizer": f"{type(self.optimizer).__name__}({options})",
            "schedule": None if self.schedule is None else type(self.schedule).__name__,
            **{name: f"{tuple(w.shape)} {w.dtype}" for name, w in weights},
        }

    def load(self, path):
        """Go on from a file; it is read as data, code in it is never run."""
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            history, _ = History.from_dict(state["history"]), state["run"]
        except Exception as error:
            raise ValueError(
                f"checkpoint must be a file that fit has written, got {str(path)!r}, "
                f"which cannot be read ({type(error).__name__})."
            ) from error
        ours, theirs = self._identity(), state["run"]
        for name in [*ours, *theirs]:
            if ours.get(name) != theirs.get(name):
                raise ValueError(
                    f"checkpoint must be of this run, with {name} {ours.get(name)!r}, "
                    f"got {theirs.get(name)!r}."
                )
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.schedule is not None:
            self.schedule.load_state_dict(state["schedule"])
        self.best, self.history = state["best"], history
        _set_rng_state(state["rng"], self.device)

    def _finite(self, what, value):
        number = value.item()
        if math.isfinite(number):
            return number
        raise FloatingPointError(
            f"{what} is {number} at step {self.history.steps} "
            f"(epoch {len(self.history.train)}): "
            "lower the learning rate, set clip, or look into that batch."
        )


def _out_of_patience(history, patience):
    if patience is None or not history.valid:
        return False
    return len(history.valid) - 1 - history.best_epoch >= patience


def _seed(seed):
    torch.manual_seed(seed)  # CUDA as well
    np.random.seed(seed % 2**32)
    random.seed(seed)


def _rng_state(device):
    """The state of every generator, in types that a safe load takes."""
    name, keys, *rest = np.random.get_state()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
        "numpy": [name, keys.tolist(), *rest],
        "python": random.getstate(),
    }


def _set_rng_state(state, device):
    torch.set_rng_state(state["torch"])
    if device.type == "cuda" and state["cuda"] is not None:
        torch.cuda.set_rng_state(state["cuda"], device)
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, np.array(keys, dtype=np.uint32), *rest))
    random.setstate(state["python"])


def _check_functions(optional=False, **functions):
    for name, function in functions.items():
        if not callable(function) and not (optional and function is None):
            raise TypeError(f"{name} must be a function, got {type(function).__name__}.")


def _check_numbers(epochs, clip, validate, patience, seed):
    for name, value, least in (("epochs", epochs, 1), ("seed", seed, 0)):
        if not isinstance(value, int) or value < least:
            raise ValueError(
                f"{name} must be a whole number of at least {least}, got {value!r}."
            )
    if patience is not None and (not isinstance(patience, int) or patience < 1):
        raise ValueError(
            f"patience must be None or a whole number of at least 1, got {patience!r}."
        )
    if patience is not None and validate is None:
        raise ValueError("patience must come with validate, which it watches, got None.")
    if clip is not None and not 0 < clip < math.inf:
        raise ValueError(f"clip must be None or a positive number, got {clip!r}.")


def _check_loss(value):
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"loss must return a torch tensor, got {type(value).__name__}.")
    if value.ndim:
        raise ValueError(f"loss must return one number, got shape {tuple(value.shape)}.")
    if not value.requires_grad:
        raise ValueError("loss must depend on the weights of the model, got a constant.")
