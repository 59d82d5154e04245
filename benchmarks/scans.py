"""Linear in T? And the parallel prefix scan against the loop."""

import torch

from benchmarks.paired import paired
from rnnlib import layers
from rnnlib.minimal import min_gru_sequence, min_gru_step
from rnnlib.scan import scan

B, I, H = 16, 32, 32  # sequences, inputs, hidden units
LENGTHS = [1250, 2500, 5000, 10_000]


def rows():
    """Yield the lines of both tables."""
    torch.set_num_threads(2)
    yield "| module | T | time per step, µs | kept for the backward per step, kB |"
    yield "|---|---|---|---|"
    for kind in ("RNN", "LSTM", "GRU"):
        for T in LENGTHS:
            layer, xs = getattr(layers, kind)(I, H), torch.randn(T, B, I)
            run = lambda: layer(xs)[0].sum().backward()  # noqa: B023, E731
            _, seconds, _ = paired(lambda: None, run, rounds=5)
            kilobytes = _saved(layer, xs)
            yield f"| {kind} | {T} | {seconds / T * 1e6:.1f} | {kilobytes / T:.2f} |"
    yield ""
    yield "| minGRU, T | parallel, ms | loop, ms | loop / parallel |"
    yield "|---|---|---|---|"
    torch.manual_seed(0)
    W_x, b, h_0 = torch.randn(2 * H, I), torch.randn(2 * H), torch.zeros(B, H)
    for T in (512, 2048, 8192):
        xs = torch.randn(T, B, I)
        parallel, loop, ratio = paired(
            lambda: min_gru_sequence(xs, h_0, W_x, b),  # noqa: B023
            lambda: scan(min_gru_step, h_0, xs, W_x, b),  # noqa: B023
            rounds=5,
        )
        yield f"| {T} | {parallel * 1e3:.1f} | {loop * 1e3:.1f} | {1 / ratio:.1f} |"


def _saved(layer, xs):
    """Kilobytes that the forward keeps for the backward: what grows with T."""
    storages = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        output = layer(xs)[0]
    del output
    return sum(storages.values()) / 1000
