"""Forecasts of a market and what they are worth."""

import numpy as np

from exam.item import Draft, item
from exam.numbers import Number, decimals


@item("A forecast by three means", minutes=4, to=decimals(2), keep=decimals(3))
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


@item("Better than yesterday's value?", minutes=5, to=decimals(2), keep=decimals(3))
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
