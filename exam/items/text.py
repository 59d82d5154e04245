"""Language models: surprise in nats, bits and perplexity; sampling."""

import math

import numpy as np

from exam.item import Draft, item
from exam.numbers import Number, decimals


def softmax(scores):
    """Softmax of a few scores."""
    e = np.exp(np.asarray(scores, float) - max(scores))
    return e / e.sum()


@item("Perplexity", minutes=4, to=decimals(2), keep=decimals(4))
def text_perplexity(draw):
    """exp of the mean surprise of four characters."""
    values = [0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8]
    n = {f"p_{k}": Number(p) for k, p in enumerate(draw.sample(values, 4), 1)}
    p = np.array(list(n.values()), float)

    def paper(r):
        product = math.prod(n.values())
        total = r(math.log(product))
        return {"total": total, "mean": r(total / 4), "perplexity": math.exp(-total / 4)}

    return Draft(
        n,
        r"A language model gives the four characters that really came the probabilities "
        r"$<p_1>$, $<p_2>$, $<p_3>$ and $<p_4>$. Compute its perplexity on them.",
        float(np.exp(-np.log(p).mean())),
        paper,
        [
            r"$\sum \ln p = \ln(<p_1> \cdot <p_2> \cdot <p_3> \cdot <p_4>) <~total>$",
            r"The mean over 4 characters is $<total> / 4 <~mean>$",
            r"Perplexity is $e$ to minus the mean: $e^{-(<mean>)} <~answer>$",
        ],
    )


@item("Nats, bits, perplexity", minutes=3, to=decimals(2), keep=decimals(3))
def text_bits(draw):
    """Bits per character from a loss in nats."""
    n = {"loss": draw.steps(1.0, 3.0, 0.05)}

    def paper(r):
        two = r(math.log(2))
        return {"two": two, "bits": n["loss"] / two}

    return Draft(
        n,
        r"The cross-entropy of a character model, as PyTorch computes it, is $<loss>$ nats per "
        r"character. How many bits per character are that?",
        float(np.log2(np.exp(n["loss"]))),
        paper,
        [
            r"A nat is $1/\ln 2$ bits, and $\ln 2 <~two>$",
            r"$<loss> / <two> <~answer>$ bits",
        ],
        unit="bits",
    )


@item("How small a text becomes", minutes=3, to=decimals(1), keep=decimals(3))
def text_file(draw):
    """Kilobytes of a text coded by a model."""
    n = {
        "bits": draw.steps(1.5, 3.5, 0.1),
        "N": draw.one_of(20000, 40000, 50000, 80000, 100000),
    }

    def paper(r):
        total = n["bits"] * n["N"]
        return {"total": Number(total), "size": r(total / 8) / 1000}

    return Draft(
        n,
        r"A model needs $<bits>$ bits per character on a text of $<N>$ characters. With an "
        r"ideal code made from it, how many kilobytes (1 kB = 1000 bytes) does the text take?",
        float(np.float64(n["bits"]) * n["N"] / 8 / 1000),
        paper,
        [
            r"$<bits> \cdot <N> = <total>$ bits",
            r"8 bits are a byte, 1000 bytes a kilobyte: $<~answer>$ kB",
        ],
        unit="kB",
    )


@item("Softmax with a temperature", minutes=5, to=decimals(3), keep=decimals(3))
def text_temperature(draw):
    """The probability of one token at a temperature."""
    n = {f"s_{k}": draw.steps(-1, 3, 0.5) for k in (1, 2, 3)}
    n |= {"tau": draw.one_of(0.5, 2, 0.8), "asked": draw.whole(1, 3)}
    scores = [n["s_1"], n["s_2"], n["s_3"]]
    if len(set(map(float, scores))) < 3:
        return None

    def paper(r):
        divided = {f"d_{k}": Number(n[f"s_{k}"] / n["tau"]) for k in (1, 2, 3)}
        e = {f"e_{k}": r(math.exp(divided[f"d_{k}"])) for k in (1, 2, 3)}
        total = r(sum(e.values()))
        top = e[f"e_{n['asked']}"]
        return {**divided, **e, "total": total, "top": top, "p": top / total}

    return Draft(
        n,
        r"A network gives three tokens the scores $s = (<s_1>, <s_2>, <s_3>)$. With which "
        r"probability is token $<asked>$ drawn at the temperature $\tau = <tau>$?",
        softmax([s / n["tau"] for s in scores])[n["asked"] - 1],
        paper,
        [
            r"$s / \tau = (<d_1>, <d_2>, <d_3>)$",
            r"$e^{s/\tau} \approx (<e_1>, <e_2>, <e_3>)$, in all $<total>$",
            r"$p_{<asked>} = <top> / <total> <~answer>$",
        ],
    )


@item("The surprise of one step", minutes=4, to=decimals(2), keep=decimals(3))
def text_surprise(draw):
    """-ln p of the right token from scores."""
    n = {f"s_{k}": draw.steps(-1, 3, 0.5) for k in (1, 2, 3)}
    n["target"] = draw.whole(1, 3)
    scores = [n["s_1"], n["s_2"], n["s_3"]]
    n["s"] = scores[n["target"] - 1]

    def paper(r):
        e = {f"e_{k}": r(math.exp(n[f"s_{k}"])) for k in (1, 2, 3)}
        log_total = r(math.log(sum(e.values())))
        return {**e, "log_total": log_total, "loss": log_total - n["s"]}

    return Draft(
        n,
        r"The scores of three tokens are $s = (<s_1>, <s_2>, <s_3>)$, and token $<target>$ "
        r"came. Compute the cross-entropy of this step in nats.",
        -math.log(softmax(scores)[n["target"] - 1]),
        paper,
        [
            r"$-\ln p_{<target>} = \ln\left(e^{s_1} + e^{s_2} + e^{s_3}\right) - s_{<target>}$",
            r"$\ln(<e_1> + <e_2> + <e_3>) <~log_total>$",
            r"$<log_total> - <(s)> <~answer>$ nats",
        ],
        unit="nats",
    )


@item("Only the most probable", minutes=3, to=decimals(3))
def text_top(draw):
    """The probability of a token after top-k."""
    weights = draw.sample([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12], 5)
    hundred = draw.one_of(0.02, 0.025, 0.04)
    p = sorted((w * hundred for w in weights), reverse=True)
    rest = round(1 - sum(p[:4]), 10)
    if not 0 < rest < p[3]:
        return None
    n = {f"p_{j}": Number(round(v, 10)) for j, v in enumerate([*p[:4], rest], 1)}
    n |= {"k": draw.whole(2, 4)}
    n["asked"] = draw.whole(1, n["k"])
    n["p"] = n[f"p_{n['asked']}"]
    kept = np.array([n[f"p_{j}"] for j in range(1, n["k"] + 1)], float)

    def paper(r):
        total = r(sum(n[f"p_{j}"] for j in range(1, n["k"] + 1)))
        return {"total": total, "q": n["p"] / total}

    return Draft(
        n,
        r"A model gives five tokens the probabilities $(<p_1>, <p_2>, <p_3>, <p_4>, <p_5>)$. "
        r"The next token is drawn from the $<k>$ most probable ones only. With which "
        r"probability is it token $<asked>$?",
        (kept / kept.sum())[n["asked"] - 1],
        paper,
        [
            r"The $<k>$ most probable have the probability $<total>$ together.",
            r"Divided by it they sum to 1 again: $<p> / <total> <~answer>$",
        ],
    )
