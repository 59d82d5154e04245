"""Forecasts and alarms in a medical series."""

import math

import numpy as np

from exam.item import Draft, item
from exam.numbers import WHOLE, decimals


@item("An error in its unit", minutes=4, to=decimals(1), keep=decimals(2))
def series_rmse(draw):
    """RMSE of four forecasts."""
    n = {f"y_{k}": draw.whole(70, 220) for k in (1, 2, 3, 4)}
    n |= {f"f_{k}": n[f"y_{k}"] + draw.whole(-30, 30) for k in (1, 2, 3, 4)}
    y, f = (np.array([n[f"{s}_{k}"] for k in (1, 2, 3, 4)], float) for s in "yf")
    if (y == f).any():
        return None

    def paper(r):
        squares = {f"q_{k}": (n[f"f_{k}"] - n[f"y_{k}"]) ** 2 for k in (1, 2, 3, 4)}
        mean = r(sum(squares.values()) / 4)
        return {**squares, "mean": mean, "rmse": math.sqrt(mean)}

    return Draft(
        n,
        r"Glucose 30 minutes ahead was foretold as $<f_1>$, $<f_2>$, $<f_3>$, $<f_4>$ mg/dL; "
        r"measured were $<y_1>$, $<y_2>$, $<y_3>$, $<y_4>$ mg/dL. Compute the RMSE.",
        float(np.sqrt(((y - f) ** 2).mean())),
        paper,
        [
            r"Squared errors: $<q_1>$, $<q_2>$, $<q_3>$, $<q_4>$",
            r"Their mean: $<mean>$",
            r"The root of it: $\sqrt{<mean>} <~answer>$ mg/dL",
        ],
        unit="mg/dL",
    )


@item("From scaled units to mg/dL", minutes=3, to=decimals(1), keep=decimals(2))
def series_scale(draw):
    """Undo a standardisation."""
    n = {
        "mean": draw.whole(110, 170),
        "sd": draw.whole(35, 65),
        "z": draw.steps(-1.5, 2.5, 0.05),
    }
    if n["z"] == 0:
        return None

    def paper(r):
        moved = r(n["z"] * n["sd"])
        return {"moved": moved, "glucose": n["mean"] + moved}

    return Draft(
        n,
        r"Readings were standardised with the mean $<mean>$ mg/dL and the standard deviation "
        r"$<sd>$ mg/dL of the training part. The network foretells $<z>$ in these units. "
        r"Which glucose is that in mg/dL?",
        n["mean"] + n["z"] * n["sd"],
        paper,
        [
            r"Times the standard deviation: $<z> \cdot <sd> <~moved>$",
            r"Plus the mean: $<mean> <+moved> <~answer>$ mg/dL",
        ],
        unit="mg/dL",
    )


@item("An alarm: precision, recall, F1", minutes=4, to=decimals(2), keep=decimals(3))
def series_f1(draw):
    """F1 from counts."""
    n = {"tp": draw.whole(5, 40), "fp": draw.whole(3, 40), "fn": draw.whole(3, 30)}

    def paper(r):
        precision = r(n["tp"] / (n["tp"] + n["fp"]))
        recall = r(n["tp"] / (n["tp"] + n["fn"]))
        f1 = 2 * precision * recall / (precision + recall)
        return {"precision": precision, "recall": recall, "f1": f1}

    return Draft(
        n,
        r"An alarm for low glucose was right $<tp>$ times, rang $<fp>$ times for nothing and "
        r"missed $<fn>$ lows. Compute F1, the harmonic mean of precision and recall.",
        2 * n["tp"] / (2 * n["tp"] + n["fp"] + n["fn"]),
        paper,
        [
            r"Precision: $<tp> / (<tp> + <fp>) <~precision>$",
            r"Recall: $<tp> / (<tp> + <fn>) <~recall>$",
            r"$F_1 = 2 \cdot <precision> \cdot <recall> / (<precision> + <recall>) <~answer>$",
        ],
    )


@item("Average precision", minutes=4, to=decimals(3))
def series_average_precision(draw):
    """AP of six ranked windows."""
    hits = sorted(draw.sample([1, 2, 3, 4, 5, 6], 3))
    n = {"h_1": hits[0], "h_2": hits[1], "h_3": hits[2]}
    if hits == [1, 2, 3]:
        return None

    def paper(r):
        p = {f"p_{k}": r(k / n[f"h_{k}"]) for k in (1, 2, 3)}
        return {**p, "ap": sum(p.values()) / 3}

    found = np.zeros(6)
    found[[k - 1 for k in hits]] = 1
    precision = np.cumsum(found) / np.arange(1, 7)
    return Draft(
        n,
        r"A network ranks six windows by the risk of a low. Lows followed the windows of rank "
        r"$<h_1>$, $<h_2>$ and $<h_3>$, and no others. Compute the average precision.",
        float((precision * found).sum() / 3),
        paper,
        [
            r"At each low the precision so far: $1/<h_1> <~p_1>$, $2/<h_2> <~p_2>$, $3/<h_3> "
            r"<~p_3>$",
            r"Each low is a third of the recall: $(<p_1> + <p_2> + <p_3>)/3 <~answer>$",
        ],
    )


@item("Windows of a series", minutes=3, to=WHOLE)
def series_windows(draw):
    """How many windows a series without gaps gives."""
    n = {
        "N": draw.whole(100, 999),
        "w": draw.one_of(12, 24, 36, 48),
        "ahead": draw.whole(3, 12),
    }
    windows = sum(start + n["w"] - 1 + n["ahead"] < n["N"] for start in range(n["N"]))

    def paper(r):
        need = n["w"] + n["ahead"]
        return {"need": need, "windows": n["N"] - need + 1}

    return Draft(
        n,
        r"A series has $<N>$ readings without a gap. An example takes $<w>$ readings in a row "
        r"as input and the reading $<ahead>$ steps after the last of them as target. How many "
        r"examples are there, if they may overlap?",
        windows,
        paper,
        [
            r"One example needs $<w> + <ahead> = <need>$ readings.",
            r"It can start at $<N> - <need> + 1 <~answer>$ places.",
        ],
    )
