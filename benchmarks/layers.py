"""rnnlib.layers against torch.nn: forward and backward on the CPU, two threads."""

import torch
from torch import nn

from benchmarks.paired import paired
from rnnlib import layers

SHAPES = [(100, 32, 128), (50, 64, 256), (200, 16, 64)]  # T, B, H; I = H


def rows():
    """Yield a line per module and shape: our time, torch's, the ratio; also of the twin."""
    torch.set_num_threads(2)
    torch.manual_seed(0)
    yield "| module | T, B, H | ours, ms | torch.nn, ms | ratio | ratio of the readable twin |"
    yield "|---|---|---|---|---|---|"
    for kind in ("RNN", "LSTM", "GRU"):
        for T, B, H in SHAPES:
            ours, theirs = getattr(layers, kind)(H, H), getattr(nn, kind)(H, H)
            xs = torch.randn(T, B, H, requires_grad=True)
            weighting = torch.randn(T, B, H)
            mine, peer, ratio = paired(
                lambda m=ours: m(xs)[0].backward(weighting),  # noqa: B023
                lambda m=theirs: m(xs)[0].backward(weighting),  # noqa: B023
            )
            ours.fused = False
            _, _, twin = paired(
                lambda m=ours: m(xs)[0].backward(weighting),  # noqa: B023
                lambda m=theirs: m(xs)[0].backward(weighting),  # noqa: B023
                rounds=5,
            )
            yield (
                f"| {kind} | {T}, {B}, {H} | {mine * 1e3:.1f} | {peer * 1e3:.1f} "
                f"| {ratio:.2f} | {twin:.1f} |"
            )
