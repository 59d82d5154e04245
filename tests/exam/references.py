"""Each item's answer a second time, from the numbers drawn: torch where it can be asked."""

import math
from functools import cache

import numpy as np
import torch
from sacrebleu.metrics import BLEU
from sklearn.metrics import f1_score, mean_squared_error
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.nn import functional as F

from rnnlib.datasets.baselines import persistence, predict_linear
from rnnlib.models.attention import DotAttention
from rnnlib.models.metrics import average_precision, rmse

REFERENCES = {}


def tensor(*values):
    return torch.tensor([float(v) for v in values], dtype=torch.float64)


def column(*values):
    return tensor(*values)[:, None]


def reference(function):
    REFERENCES[function.__name__.replace("_", "-")] = function
    return function


def cell(kind, W_xh, W_hh, b, x, state):
    """One step of torch's cell."""
    module = kind(W_xh.shape[1], W_hh.shape[1], dtype=torch.float64)
    with torch.no_grad():
        module.weight_ih.copy_(W_xh)
        module.weight_hh.copy_(W_hh)
        module.bias_ih.copy_(b)
        module.bias_hh.zero_()
    return module(x, state)


def rnn(n, x, h):
    b = tensor(n.get("b_h", 0))
    return cell(nn.RNNCell, column(n["w_xh"]), column(n["w_hh"]), b, tensor(x), h)


def first_below(factor, share):
    """The smallest k with factor^k < share."""
    return math.floor(math.log(share) / math.log(factor)) + 1


@reference
def rnn_one_step(n):
    return rnn(n, n["x"], tensor(n["h_prev"]))


@reference
def rnn_three_steps(n):
    h = tensor(0)
    for t in (1, 2, 3):
        h = rnn(n, n[f"x_{t}"], h)
    return h


@reference
def rnn_two_units(n):
    W_hh = torch.stack([tensor(n["w_11"], n["w_12"]), tensor(n["w_21"], n["w_22"])])
    h = tensor(n["p_1"], n["p_2"])
    return cell(nn.RNNCell, column(n["u_1"], n["u_2"]), W_hh, tensor(0, 0), tensor(n["x"]), h)[
        1
    ]


@reference
def rnn_probability(n):
    h = rnn(n, n["x"], tensor(n["h_prev"]))
    return torch.sigmoid(n["w_hy"] * h + n["b_y"])


@reference
def rnn_trace(n):
    return first_below(n["w"], n["percent"] / 100)


@reference
def bptt_factor(n):
    """Biases are chosen so that the states are those of the question."""
    h_1 = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    h, before = h_1, 0.3
    for wanted in (n["h_2"], n["h_3"]):
        h = torch.tanh(n["w"] * h + (math.atanh(wanted) - n["w"] * before))
        before = wanted
    h.backward()
    return h_1.grad


def unrolled(n, cut=False):
    """The gradient of w_xh over two steps, by autograd."""
    w_xh = tensor(n["w_xh"]).requires_grad_()
    h = torch.tanh(w_xh * n["x_1"])
    h = torch.tanh(w_xh * n["x_2"] + n["w_hh"] * (h.detach() if cut else h))
    ((h - n["target"]) ** 2 / 2).sum().backward()
    return w_xh.grad


@reference
def bptt_one_step(n):
    w_hh = tensor(n["w_hh"]).requires_grad_()
    h = torch.tanh(n["w_xh"] * n["x"] + w_hh * n["h_prev"])
    ((h - n["target"]) ** 2 / 2).sum().backward()
    return w_hh.grad


@reference
def bptt_two_steps(n):
    return unrolled(n)


@reference
def bptt_truncated(n):
    return unrolled(n) - unrolled(n, cut=True)


@reference
def bptt_pairs(n):
    return n["T"] * (n["k"] + 1) // 2


@reference
def bptt_softmax(n):
    s = tensor(n["s_1"], n["s_2"], n["s_3"]).requires_grad_()
    F.cross_entropy(s, torch.tensor(n["target"] - 1)).backward()
    return s.grad[n["asked"] - 1]


@reference
def gradient_left(n):
    return math.exp(n["k"] * (math.log(n["w"]) + math.log(n["slope"])))


@reference
def gradient_reach(n):
    return first_below(n["g"], 10.0 ** -n["power"]) - 1


@reference
def gradient_radius(n):
    W = torch.stack([tensor(n["a"], n["b"]), tensor(n["c"], n["d"])])
    return torch.linalg.eigvals(W).abs().max()


@reference
def gradient_uniform(n):
    return (n["c"] ** 2 / 3) ** (n["k"] / 2)


def with_gradient(*entries):
    parameter = nn.Parameter(tensor(*entries))
    parameter.grad = tensor(*entries)
    return parameter


@reference
def clip_norm(n):
    parameter = with_gradient(n["g_1"], n["g_2"], n["g_3"])
    nn.utils.clip_grad_norm_([parameter], n["limit"])
    return parameter.grad[n["asked"] - 1]


@reference
def clip_value(n):
    parameter = with_gradient(n["g_1"], n["g_2"])
    nn.utils.clip_grad_value_([parameter], n["limit"])
    return F.cosine_similarity(parameter.data, parameter.grad, dim=0)


@reference
def gradient_difference(n):
    return 3 * n["w"] ** 2 + n["c"] + n["eps"] ** 2


@reference
def lstm_forget(n):
    return torch.sigmoid(tensor(n["w_h"], n["w_x"]) @ tensor(n["h_prev"], n["x"]) + n["b"])


def lstm_of_gates(f, i, o, candidate, C_prev):
    """torch's cell, whose biases make these gates and this candidate."""
    H = len(f)
    biases = [torch.logit(i), torch.logit(f), torch.atanh(candidate), torch.logit(o)]
    zero = (
        torch.zeros(4 * H, 1, dtype=torch.float64),
        torch.zeros(4 * H, H, dtype=torch.float64),
    )
    return cell(nn.LSTMCell, *zero, torch.cat(biases), tensor(0), (torch.zeros_like(f), C_prev))


@reference
def lstm_cell(n):
    gates = torch.sigmoid(tensor(n["a_f"])), torch.sigmoid(tensor(n["a_i"])), tensor(0.5)
    return lstm_of_gates(*gates, torch.tanh(tensor(n["a_C"])), tensor(n["C_prev"]))[1]


@reference
def lstm_whole_step(n):
    W_xh, W_hh = (column(*(n[f"{part}_{g}"] for g in "ifCo")) for part in "xh")
    state = tensor(n["h_prev"]), tensor(n["C_prev"])
    return cell(nn.LSTMCell, W_xh, W_hh, tensor(0, n["b_f"], 0, 0), tensor(n["x"]), state)[0]


@reference
def lstm_hidden(n):
    f, i, o, c, C = (tensor(n[f"{name}_1"], n[f"{name}_2"]) for name in "fiocC")
    return lstm_of_gates(f, i, o, c, C)[0][n["asked"] - 1]


@reference
def lstm_backwards(n):
    """By bisection: the cell grows with its candidate."""
    low, high = -1.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        gates = tensor(n["f"]), tensor(n["i"]), tensor(0.5)
        C = lstm_of_gates(*gates, tensor(middle), tensor(n["C_prev"]))[1].item()
        low, high = (middle, high) if n["C"] > C else (low, middle)
    return low


@reference
def lstm_geometric(n):
    return n["i"] * n["c"] * (1 - n["f"] ** n["T"]) / (1 - n["f"])


@reference
def why_lane(n):
    C_0 = tensor(1).requires_grad_()
    C = C_0
    for t in (1, 2, 3):
        f = torch.sigmoid(tensor(n[f"a_{t}"]))
        C = lstm_of_gates(f, tensor(0.5), tensor(0.5), tensor(0), C)[1]
    C.sum().backward()
    return C_0.grad


@reference
def why_bias(n):
    return torch.exp(n["T"] * F.logsigmoid(tensor(n["b"])))


@reference
def why_which_bias(n):
    return torch.logit(tensor((n["percent"] / 100) ** (1 / n["T"])))


@reference
def why_half_life(n):
    return first_below(n["f"], n["percent"] / 100)


@reference
def why_backward(n):
    C_prev = tensor(n["C"] / n["f"]).requires_grad_()
    gates = tensor(n["f"]), tensor(0.5), tensor(n["o"])
    h, C = lstm_of_gates(*gates, tensor(0), C_prev)
    (n["dh"] * h + n["dC"] * C).sum().backward()
    return C_prev.grad


def gru(n, b=(0, 0, 0)):
    W_xh, W_hh = (column(*(n.get(f"{part}_{g}", 0) for g in "rzn")) for part in "xh")
    x, h = tensor(n.get("x", 0)), tensor(n["h_prev"])
    return cell(nn.GRUCell, W_xh, W_hh, tensor(*b), x, h)


@reference
def gru_mix(n):
    return gru({"h_prev": n["h_prev"]}, (0, n["a_z"], n["a_n"]))


@reference
def gru_whole_step(n):
    return gru(n)


@reference
def gru_conventions(n):
    """Σ_j w_1j (r_j - r_1) h_j: only the second entry differs."""
    return n["w_12"] * (n["r_2"] - n["r_1"]) * n["h_2"]


@reference
def gru_fade(n):
    return first_below(n["z"], n["percent"] / 100)


@reference
def gru_which_gate(n):
    return (n["h"] - n["n"]) / (n["h_prev"] - n["n"])


def size(*modules):
    return sum(p.numel() for module in modules for p in module.parameters())


@reference
def count_rnn_output(n):
    layer, output = nn.RNN(n["I"], n["H"]), nn.Linear(n["H"], n["O"])
    return size(layer, output) - n["H"]  # without torch's second bias


@reference
def count_lstm_stack(n):
    return size(nn.LSTM(n["I"], n["H"], num_layers=n["layers"]))


@reference
def count_gru_both_ways(n):
    return size(nn.GRU(n["I"], n["H"], bidirectional=True))


@reference
def count_which_size(n):
    return next(
        H for H in range(1, 99) if size(nn.LSTM(n["I"], H, bias=False)) + 4 * H == n["count"]
    )


@reference
def count_language_model(n):
    V, H = n["V"], n["H"]
    return size(nn.Embedding(V, H), nn.LSTM(H, H), nn.Linear(H, V))


@reference
def shape_returned(n):
    layer = nn.LSTM(n["I"], n["H"], n["L"], bidirectional=True)
    output, (h_n, c_n) = layer(torch.zeros(n["T"], n["B"], n["I"]))
    return output.numel() + h_n.numel() + c_n.numel()


@reference
def shape_memory(n):
    return torch.empty(n["T"], n["B"], n["H"], device="meta").nbytes / 1e6


@reference
def text_perplexity(n):
    return F.nll_loss(tensor(*n.values())[:, None].log(), torch.zeros(4, dtype=int)).exp()


@reference
def text_bits(n):
    return math.log2(math.exp(n["loss"]))


@reference
def text_file(n):
    return n["bits"] * n["N"] / 8000


@reference
def text_temperature(n):
    return F.softmax(tensor(n["s_1"], n["s_2"], n["s_3"]) / n["tau"], 0)[n["asked"] - 1]


@reference
def text_surprise(n):
    scores = tensor(n["s_1"], n["s_2"], n["s_3"])
    return F.cross_entropy(scores, torch.tensor(n["target"] - 1))


@reference
def text_top(n):
    p = tensor(*(n[f"p_{k}"] for k in range(1, 6)))
    assert abs(p.sum() - 1) < 1e-9
    top = p.topk(n["k"])
    logits = torch.full_like(p, -torch.inf).index_copy(0, top.indices, top.values.log())
    return logits.softmax(0)[n["asked"] - 1]


def attention(n):
    memory = [tensor(n[f"m_{s}1"], n[f"m_{s}2"]) for s in (1, 2, 3)]
    memory = torch.stack(memory)[:, None]
    query = tensor(n["q_1"], n["q_2"])[None, None]
    return DotAttention(2)(query, memory, torch.ones(3, 1, dtype=bool))


@reference
def attention_weight(n):
    return attention(n)[1][0, 0, n["asked"] - 1]


@reference
def attention_context(n):
    return attention(n)[0][0, 0, n["asked"] - 1]


@reference
def beam_best(n):
    first, second = tensor(n["p_a"], 1 - n["p_a"]), tensor(n["a_a"], n["b_a"])
    return (first[:, None] * torch.stack([second, 1 - second], 1)).max()


@reference
def beam_length(n):
    return tensor(*(n[f"p_{k}"] for k in (1, 2, 3, 4))).log().sum() / 4 ** n["power"]


@reference
def bleu_penalty(n):
    found = [round(1000 * n[f"p_{k}"]) for k in (1, 2, 3, 4)]
    return BLEU.compute_bleu(found, [1000] * 4, n["c"], n["r"], smooth_method="none").score


@reference
def series_har(n):
    days = np.array([n[f"v_{k}"] for k in (1, 2, 3, 4, 5)], float)
    features = np.array([[days[-1]], [days.mean()], [n["month"]]], float)
    return predict_linear(np.array([n["w_d"], n["w_w"], n["w_m"], n["c"]], float), features)[0]


@reference
def series_skill(n):
    y = np.array([n[f"y_{t}"] for t in range(4)], float)
    before = persistence(y[None, :-1])
    forecast = [n[f"f_{t}"] for t in (1, 2, 3)]
    return 1 - mean_squared_error(y[1:], forecast) / mean_squared_error(y[1:], before)


@reference
def series_rmse(n):
    y, f = ([n[f"{s}_{k}"] for k in (1, 2, 3, 4)] for s in "yf")
    return rmse(f, y)


@reference
def series_scale(n):
    scaler = StandardScaler().fit([[n["mean"] - n["sd"]], [n["mean"] + n["sd"]]])
    return scaler.inverse_transform([[n["z"]]])[0, 0]


@reference
def series_f1(n):
    truth = [1] * n["tp"] + [0] * n["fp"] + [1] * n["fn"]
    return f1_score(truth, [1] * (n["tp"] + n["fp"]) + [0] * n["fn"])


@reference
def series_average_precision(n):
    hits = [n[f"h_{k}"] for k in (1, 2, 3)]
    ranks = range(1, 7)
    return average_precision([-r for r in ranks], [r in hits for r in ranks])


@reference
def series_windows(n):
    series = np.arange(n["N"])
    return len(np.lib.stride_tricks.sliding_window_view(series, n["w"] + n["ahead"]))


def ctc(rows, labels):
    """p(labels) by torch; the blank comes first in each row."""
    log_p = torch.stack([tensor(*row) for row in rows]).log()
    lengths = torch.tensor(len(rows)), torch.tensor(len(labels))
    labels = torch.tensor(labels, dtype=int)
    return math.exp(-F.ctc_loss(log_p, labels, *lengths, reduction="sum").item())


def rows_of(n, T):
    return [(n[f"o_{t}"], n[f"a_{t}"], n[f"b_{t}"]) for t in range(1, T + 1)]


@reference
def ctc_two_frames(n):
    return ctc(rows_of(n, 2), [1])


@reference
def ctc_three_frames(n):
    return ctc(rows_of(n, 3), [1, 2])


@reference
def ctc_best_path(n):
    rows = [(n[f"o_{t}"], n[f"a_{t}"]) for t in (1, 2)]
    return ctc(rows, [1]) / ctc(rows, [])


@reference
def ctc_frames(n):
    labels = [int(c) + 1 for c in n["word"]]
    return next(T for T in range(1, 30) if ctc([[1 / 11] * 11] * T, labels) > 0)


@reference
def ctc_paths(n):
    """All paths are equally likely where all labels are."""
    K, labels = n["U"] + 1, list(range(1, n["U"] + 1))
    return ctc([[1 / K] * K] * n["T"], labels) * K ** n["T"]


@reference
def ctc_errors(n):
    truth, said = n["truth"].split(), n["said"].split()

    @cache
    def distance(i, j):
        if i == 0 or j == 0:
            return i + j
        same = distance(i - 1, j - 1) + (truth[i - 1] != said[j - 1])
        return min(same, distance(i - 1, j) + 1, distance(i, j - 1) + 1)

    return 100 * distance(len(truth), len(said)) / len(truth)


def loop(n, steps, h):
    for t in range(1, steps + 1):
        h = n[f"a_{t}"] * h + n[f"b_{t}"]
    return h


@reference
def scan_combine(n):
    return loop(n, 2, 0)


@reference
def scan_four(n):
    return loop(n, 4, n["h_0"])


@reference
def scan_rounds(n):
    return (n["T"] - 1).bit_length()


@reference
def min_gru(n):
    z = torch.sigmoid(tensor(n["w_z"] * n["x"]))
    return torch.lerp(tensor(n["h_prev"]), tensor(n["w_h"] * n["x"]), z)


@reference
def min_lstm(n):
    f, i = torch.sigmoid(tensor(n["a_f"])), torch.sigmoid(tensor(n["a_i"]))
    return torch.lerp(tensor(n["h_prev"]), tensor(n["new"]), i / (f + i))


@reference
def scan_logarithms(n):
    return math.log(math.exp(n["la"]) * math.exp(n["lh"]) + math.exp(n["lb"]))
