"""Backpropagation through time, whole and truncated."""

import math

import numpy as np

from exam.item import Draft, item
from exam.numbers import WHOLE, decimals
from rnnlib import bptt, rnn_step, rnn_step_backward, scan, truncated_bptt


def unit_gradients(xs, target, w_xh, w_hh, k=None):
    """The gradients of w_xh and w_hh for L = (h_T - target)²/2, one unit from rest."""
    weights = np.array([[float(w_xh)]]), np.array([[float(w_hh)]])
    inputs, h_0 = np.array(xs, float)[:, None], np.zeros(1)
    hs = scan(rnn_step, h_0, inputs, *weights)
    dhs = np.zeros_like(hs)
    dhs[-1] = hs[-1] - target
    arguments = rnn_step_backward, dhs, inputs, h_0, hs, *weights
    found = truncated_bptt(*arguments, k=k) if k else bptt(*arguments)
    return [float(d[0, 0]) for d in found.dparams]


@item("From the last state to the first", minutes=3, to=decimals(3))
def bptt_factor(draw):
    """∂h_3/∂h_1 from given states."""
    n = {
        "w": draw.steps(-1.8, 1.8, 0.1, but=(0, -0.1, 0.1, -0.2, 0.2)),
        "h_2": draw.tenths(-0.9, 0.9),
        "h_3": draw.tenths(-0.9, 0.9),
    }
    slopes = 1 - np.array([n["h_2"], n["h_3"]]) ** 2

    def paper(r):
        d_2 = r(n["w"] * (1 - n["h_2"] ** 2))
        d_3 = r(n["w"] * (1 - n["h_3"] ** 2))
        return {"d_2": d_2, "d_3": d_3, "product": d_2 * d_3}

    return Draft(
        n,
        r"One unit with $\tanh$ has the recurrent weight $w_{hh} = <w>$. In a forward pass its "
        r"states are $h_2 = <h_2>$ and $h_3 = <h_3>$. Compute $\partial h_3 / \partial h_1$.",
        float(np.prod(n["w"] * slopes)),
        paper,
        [
            r"$\partial h_2 / \partial h_1 = w_{hh} (1 - h_2^2) = <w> \cdot (1 - <(h_2)>^2) "
            r"<~d_2>$",
            r"$\partial h_3 / \partial h_2 = w_{hh} (1 - h_3^2) = <w> \cdot (1 - <(h_3)>^2) "
            r"<~d_3>$",
            r"$\partial h_3 / \partial h_1 = <d_2> \cdot <(d_3)> <~answer>$",
        ],
    )


@item("The gradient of a weight, one step", minutes=4, to=decimals(3))
def bptt_one_step(draw):
    """δw_hh after one step from a given state."""
    n = {
        "w_xh": draw.tenths(-1, 1),
        "w_hh": draw.tenths(-1, 1),
        "x": draw.one_of(-1, 1, 2),
        "h_prev": draw.tenths(-0.9, 0.9),
        "target": draw.one_of(-1, 0, 1),
    }
    x, h_prev = np.array([float(n["x"])]), np.array([float(n["h_prev"])])
    weights = np.array([[float(n["w_xh"])]]), np.array([[float(n["w_hh"])]])
    dh = rnn_step(x, h_prev, *weights) - n["target"]

    def paper(r):
        h = r(math.tanh(r(n["w_xh"] * n["x"] + n["w_hh"] * n["h_prev"])))
        dh = r(h - n["target"])
        da = r(dh * (1 - h**2))
        return {"h": h, "dh": dh, "da": da, "dw": da * n["h_prev"]}

    return Draft(
        n,
        r"One unit with $\tanh$, $w_{xh} = <w_xh>$, $w_{hh} = <w_hh>$ and no bias is at "
        r"$h_{t-1} = <h_prev>$ and reads $x_t = <x>$. The loss of this step is "
        r"$L = \frac12 (h_t - y^*)^2$ with the target $y^* = <target>$. Compute "
        r"$\partial L / \partial w_{hh}$ for this one step, $h_{t-1}$ held constant.",
        rnn_step_backward(dh, x, h_prev, *weights).dW_hh[0, 0],
        paper,
        [
            r"Forward: $h_t = \tanh(<w_xh> \cdot <(x)> + <(w_hh)> \cdot <(h_prev)>) <~h>$",
            r"$\partial L / \partial h_t = h_t - y^* <~dh>$",
            r"Through $\tanh$: $\delta a_t = <dh> \cdot (1 - <(h)>^2) <~da>$",
            r"$\partial L / \partial w_{hh} = \delta a_t\, h_{t-1} = <da> \cdot <(h_prev)> "
            r"<~answer>$",
        ],
    )


def two_steps(draw):
    """Numbers, forward and backward on paper that the next two items share."""
    n = {
        "w_xh": draw.tenths(-1, 1),
        "w_hh": draw.tenths(-1.2, 1.2),
        "x_1": draw.one_of(-1, 1, 2),
        "x_2": draw.one_of(-1, 1),
        "target": draw.one_of(-1, 0, 1),
    }

    def results(r):
        h_1 = r(math.tanh(n["w_xh"] * n["x_1"]))
        h_2 = r(math.tanh(r(n["w_xh"] * n["x_2"] + n["w_hh"] * h_1)))
        da_2 = r((h_2 - n["target"]) * (1 - h_2**2))
        return {"h_1": h_1, "h_2": h_2, "da_2": da_2}

    question = (
        r"One unit with $\tanh$, $w_{xh} = <w_xh>$, $w_{hh} = <w_hh>$, no bias and $h_0 = 0$ "
        r"reads $x_1 = <x_1>$, $x_2 = <x_2>$. The loss is $L = \frac12 (h_2 - y^*)^2$ with "
        r"$y^* = <target>$. "
    )
    lines = [
        r"Forward: $h_1 = \tanh(<w_xh> \cdot <(x_1)>) <~h_1>$, then $h_2 = \tanh(<w_xh> \cdot "
        r"<(x_2)> + <(w_hh)> \cdot <(h_1)>) <~h_2>$",
        r"$\delta a_2 = (h_2 - y^*)(1 - h_2^2) <~da_2>$",
    ]
    return n, results, question, lines


@item("The gradient of a weight, two steps", minutes=8, to=decimals(2), keep=decimals(3))
def bptt_two_steps(draw):
    """δw_xh over two steps: a sum of two terms."""
    n, results, question, lines = two_steps(draw)

    def paper(r):
        found = results(r)
        da_1 = r(found["da_2"] * n["w_hh"] * (1 - found["h_1"] ** 2))
        return {**found, "da_1": da_1, "dw": found["da_2"] * n["x_2"] + da_1 * n["x_1"]}

    return Draft(
        n,
        question + r"Compute $\partial L / \partial w_{xh}$ by backpropagation through time.",
        unit_gradients([n["x_1"], n["x_2"]], n["target"], n["w_xh"], n["w_hh"])[0],
        paper,
        [
            *lines,
            r"One step back: $\delta a_1 = \delta a_2\, w_{hh} (1 - h_1^2) = <da_2> \cdot "
            r"<(w_hh)> \cdot (1 - <(h_1)>^2) <~da_1>$",
            r"The weight is used at both steps: $\delta a_2 x_2 + \delta a_1 x_1 = <da_2> "
            r"\cdot <(x_2)> + <(da_1)> \cdot <(x_1)> <~answer>$",
        ],
    )


@item("What truncation leaves out", minutes=8, to=decimals(2), keep=decimals(3))
def bptt_truncated(draw):
    """The part of δw_xh that truncation at k = 1 loses."""
    n, results, question, lines = two_steps(draw)

    def paper(r):
        found = results(r)
        da_1 = r(found["da_2"] * n["w_hh"] * (1 - found["h_1"] ** 2))
        return {**found, "da_1": da_1, "lost": da_1 * n["x_1"]}

    xs = [n["x_1"], n["x_2"]]
    whole = unit_gradients(xs, n["target"], n["w_xh"], n["w_hh"])[0]
    cut = unit_gradients(xs, n["target"], n["w_xh"], n["w_hh"], k=1)[0]
    return Draft(
        n,
        question + r"Truncated backpropagation with $k = 1$ treats $h_1$ as a constant. By how "
        r"much is $\partial L / \partial w_{xh}$ in full larger than the truncated one "
        r"(full minus truncated)?",
        whole - cut,
        paper,
        [
            *lines,
            r"Truncated, only $\delta a_2 x_2$ is left; the full gradient adds what passes "
            r"through $h_1$: $\delta a_1 = <da_2> \cdot <(w_hh)> \cdot (1 - <(h_1)>^2) "
            r"<~da_1>$",
            r"The difference is $\delta a_1 x_1 = <da_1> \cdot <(x_1)> <~answer>$",
        ],
    )


@item("Pairs of steps that a gradient joins", minutes=3, to=WHOLE)
def bptt_pairs(draw):
    """How many pairs (t, s) are kept by chunks of k steps."""
    n = {"k": draw.whole(3, 10), "chunks": draw.whole(3, 12)}
    n["T"] = n["k"] * n["chunks"]
    pairs = sum(s // n["k"] == t // n["k"] for t in range(n["T"]) for s in range(t + 1))

    def paper(r):
        each = n["k"] * (n["k"] + 1) // 2
        return {"each": each, "pairs": n["chunks"] * each}

    return Draft(
        n,
        r"A sequence of $T = <T>$ steps has a loss at every step. In full backpropagation the "
        r"loss at step $t$ reaches every step $s \le t$. Truncated into chunks of $k = <k>$ "
        r"steps, it reaches only the steps of its own chunk. How many pairs $(t, s)$ with $s "
        r"\le t$ are left?",
        pairs,
        paper,
        [
            r"In one chunk the losses reach $1 + 2 + \dots + <k> = <k> \cdot (<k> + 1)/2 = "
            r"<each>$ steps.",
            r"There are $<T>/<k> = <chunks>$ chunks: $<chunks> \cdot <each> <~answer>$ pairs.",
        ],
    )


@item("Where the gradient starts: softmax", minutes=4, to=decimals(3))
def bptt_softmax(draw):
    """δ of a logit under softmax and cross-entropy."""
    n = {f"s_{k}": draw.steps(-1.5, 2.5, 0.5) for k in (1, 2, 3)}
    n |= {"target": draw.whole(1, 3), "asked": draw.whole(1, 3)}
    scores = np.array([n["s_1"], n["s_2"], n["s_3"]], float)
    p = np.exp(scores) / np.exp(scores).sum()

    def paper(r):
        e = {f"e_{k}": r(math.exp(n[f"s_{k}"])) for k in (1, 2, 3)}
        total = r(sum(e.values()))
        p = r(e[f"e_{n['asked']}"] / total)
        hit = int(n["asked"] == n["target"])
        return {**e, "total": total, "p": p, "hit": hit, "delta": p - hit}

    return Draft(
        n,
        r"At the last step a network gives the scores $s = (<s_1>, <s_2>, <s_3>)$; softmax "
        r"makes probabilities of them, and the right class is number $<target>$. The loss is "
        r"$L = -\ln p_{<target>}$. Compute $\partial L / \partial s_{<asked>}$.",
        p[n["asked"] - 1] - (n["asked"] == n["target"]),
        paper,
        [
            r"$e^{s_1} + e^{s_2} + e^{s_3} \approx <e_1> + <e_2> + <e_3> <~total>$",
            r"$p_{<asked>} = e^{s_{<asked>}} / <total> <~p>$",
            r"$\partial L / \partial s_{<asked>} = p_{<asked>} - <hit> <~answer>$, for the "
            r"target is 1 at the right class and 0 elsewhere.",
        ],
    )
