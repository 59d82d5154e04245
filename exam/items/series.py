"""Forecasts and alarms: stocks and glucose."""

import math

import numpy as np

from exam.item import Draft, item
from exam.numbers import WHOLE, Number, decimals


@item("stocks", "A forecast by three means", minutes=4, to=decimals(2), keep=decimals(3))
def series_har(draw):
    """HAR: intercept and three weights."""
    n = {f"v_{k}": draw.steps(1, 4, 0.1) for k in (1, 2, 3, 4, 5)}
    n |= {"month": draw.steps(1.2, 3.5, 0.1), "c": draw.steps(0.1, 0.4, 0.1)}
    n |= {"w_d": draw.steps(0.2, 0.5, 0.1), "w_w": draw.steps(0.1, 0.4, 0.1)}
    n["w_m"] = draw.steps(0.1, 0.3, 0.1)
    days = np.array([n[f"v_{k}"] for k in (1, 2, 3, 4, 5)], float)

    def paper(r):
        week = r(sum(n[f"v_{k}"] for k in (1, 2, 3, 4, 5)) / 5)
        now = n["c"] + n["w_d"] * n["v_5"] + n["w_w"] * week + n["w_m"] * n["month"]
        return {"week": week, "forecast": now}

    weights = np.array([n["c"], n["w_d"], n["w_w"], n["w_m"]], float)
    return Draft(
        n,
        r"The daily range of a stock over the last five days, in per cent, the latest last: "
        r"$<v_1>$, $<v_2>$, $<v_3>$, $<v_4>$, $<v_5>$. Its mean over the last 22 days is "
        r"$<month>\,\%$. A model in the form of HAR says tomorrow's range is $<c> + <w_d>\, d "
        r"+ <w_w>\, w + <w_m>\, m$ with the last day $d$, the week's mean $w$ and the month's "
        r"mean $m$, all in per cent. Compute the forecast in per cent (%).",
        float(weights @ [1, days[-1], days.mean(), n["month"]]),
        paper,
        [
            r"$d = <v_5>$ and $w = (<v_1> + <v_2> + <v_3> + <v_4> + <v_5>)/5 <~week>$",
            r"$<c> + <w_d> \cdot <v_5> + <w_w> \cdot <week> + <w_m> \cdot <month> <~answer>$ %",
        ],
        unit="%",
    )


@item("stocks", "Better than yesterday's value?", minutes=5, to=decimals(2), keep=decimals(3))
def series_skill(draw):
    """1 - MSE of a model / MSE of persistence."""
    n = {f"y_{t}": draw.whole(8, 16) for t in range(4)}
    n |= {f"f_{t}": Number(n[f"y_{t}"] + draw.steps(-2, 2, 0.5)) for t in (1, 2, 3)}
    y = np.array([n[f"y_{t}"] for t in range(4)], float)
    f = np.array([n[f"f_{t}"] for t in (1, 2, 3)], float)
    model, persistence = ((f - y[1:]) ** 2).sum(), ((y[:-1] - y[1:]) ** 2).sum()
    if persistence < 2 or model == 0 or model == persistence:
        return None

    def paper(r):
        found = {"model": Number(model), "persistence": Number(persistence)}
        ratio = r(model / persistence)
        return {**found, "ratio": ratio, "skill": 1 - ratio}

    return Draft(
        n,
        r"A series goes $<y_0>$, $<y_1>$, $<y_2>$, $<y_3>$. A network foretold $<f_1>$, "
        r"$<f_2>$ and $<f_3>$ for its last three values. Compute its skill against "
        r"persistence, $1 - \text{MSE}_{\text{network}} / \text{MSE}_{\text{persistence}}$, "
        r"on these three.",
        float(1 - np.mean((f - y[1:]) ** 2) / np.mean((y[:-1] - y[1:]) ** 2)),
        paper,
        [
            r"Squared errors of the network, summed: $<model>$",
            r"Persistence foretells the value before: $(<y_0> - <y_1>)^2 + (<y_1> - <y_2>)^2 "
            r"+ (<y_2> - <y_3>)^2 = <persistence>$",
            r"$1 - <model>/<persistence> <~answer>$; above 0 the network is better, below 0 "
            r"worse.",
        ],
    )


@item("glucose", "An error in its unit", minutes=4, to=decimals(1), keep=decimals(2))
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


@item("glucose", "From scaled units to mg/dL", minutes=3, to=decimals(1), keep=decimals(2))
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


@item("glucose", "An alarm: precision, recall, F1", minutes=4, to=decimals(2), keep=decimals(3))
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


@item("glucose", "Average precision", minutes=4, to=decimals(3))
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


@item("glucose", "Windows of a series", minutes=3, to=WHOLE)
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
