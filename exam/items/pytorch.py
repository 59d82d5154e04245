"""Parameters, shapes, memory: what can be counted without running anything."""

from exam.item import Draft, item
from exam.numbers import WHOLE, decimals
from rnnlib.init import count_gru, count_lstm, count_rnn


def sizes(draw, **more):
    """I and H, paper-friendly."""
    return {"I": draw.whole(2, 15), "H": draw.one_of(*range(3, 13), 20, 30)} | more


@item("An RNN with its output", minutes=3, to=WHOLE)
def count_rnn_output(draw):
    """One bias, as on the page."""
    n = sizes(draw, O=draw.whole(1, 6))

    def paper(r):
        state = n["H"] * n["I"] + n["H"] ** 2 + n["H"]
        output = n["O"] * n["H"] + n["O"]
        return {"state": state, "output": output, "all": state + output}

    return Draft(
        n,
        r"An RNN has $I = <I>$, $H = <H>$ and $O = <O>$, and one bias for the state as on the "
        r"page. How many parameters has it with its output layer?",
        count_rnn(n["I"], n["H"], biases=1) + n["O"] * n["H"] + n["O"],
        paper,
        [
            r"State: $HI + H^2 + H = <H> \cdot <I> + <H>^2 + <H> = <state>$",
            r"Output: $OH + O = <O> \cdot <H> + <O> = <output>$",
            r"Together $<state> + <output> <~answer>$",
        ],
    )


@item("Layers of LSTM in PyTorch", minutes=4, to=WHOLE)
def count_lstm_stack(draw):
    """nn.LSTM with two, three or four layers."""
    n = sizes(draw, layers=draw.whole(2, 4))

    def paper(r):
        first = 4 * (n["I"] * n["H"] + n["H"] ** 2 + 2 * n["H"])
        other, more = 4 * (2 * n["H"] ** 2 + 2 * n["H"]), n["layers"] - 1
        return {"first": first, "other": other, "more": more, "all": first + more * other}

    return Draft(
        n,
        r"How many parameters has `nn.LSTM(<I>, <H>, num_layers=<layers>)` in PyTorch?",
        count_lstm(n["I"], n["H"], layers=n["layers"]),
        paper,
        [
            r"First layer, with two biases: $4(IH + H^2 + 2H) = <first>$",
            r"Every other layer reads the $H$ entries of the one below: "
            r"$4(H^2 + H^2 + 2H) = <other>$",
            r"Together $<first> + <more> \cdot <other> <~answer>$",
        ],
    )


@item("A GRU that runs both ways", minutes=4, to=WHOLE)
def count_gru_both_ways(draw):
    """nn.GRU with bidirectional=True."""
    n = sizes(draw)

    def paper(r):
        one = 3 * (n["I"] * n["H"] + n["H"] ** 2 + 2 * n["H"])
        return {"one": one, "all": 2 * one}

    return Draft(
        n,
        r"How many parameters has `nn.GRU(<I>, <H>, bidirectional=True)` in PyTorch?",
        count_gru(n["I"], n["H"], bidirectional=True),
        paper,
        [
            r"One direction has three blocks and two biases: $3(IH + H^2 + 2H) = <one>$",
            r"Each direction has weights of its own: $2 \cdot <one> <~answer>$",
        ],
    )


@item("How many units?", minutes=5, to=WHOLE)
def count_which_size(draw):
    """H from the number of parameters of a textbook LSTM."""
    n = sizes(draw)
    n["count"] = count_lstm(n["I"], n["H"], biases=1)

    def paper(r):
        quarter = n["count"] // 4
        b = n["I"] + 1
        inside = b**2 + 4 * quarter
        H = (-b + inside**0.5) / 2
        return {
            "quarter": quarter,
            "b": b,
            "inside": inside,
            "root": round(inside**0.5),
            "H": H,
        }

    found = next(H for H in range(1, 999) if count_lstm(n["I"], H, biases=1) == n["count"])
    return Draft(
        {key: n[key] for key in ("I", "count")},
        r"One layer of LSTM with $I = <I>$ inputs and one bias per gate has $<count>$ "
        r"parameters. How large is $H$?",
        found,
        paper,
        [
            r"$4(H(H + I) + H) = <count>$, hence $H^2 + <b> H - <quarter> = 0$",
            r"$H = \frac12 \left(-<b> + \sqrt{<b>^2 + 4 \cdot <quarter>}\right) = \frac12 "
            r"(-<b> + <root>) <~answer>$",
        ],
    )


@item("A language model", minutes=5, to=WHOLE)
def count_language_model(draw):
    """Embedding, LSTM, output layer."""
    n = {
        "V": draw.one_of(20, 30, 40, 50, 60, 65, 80, 100),
        "H": draw.one_of(8, 10, 16, 20, 32, 40),
    }

    def paper(r):
        embedding = n["V"] * n["H"]
        lstm = 4 * (2 * n["H"] ** 2 + 2 * n["H"])
        output = n["V"] * n["H"] + n["V"]
        found = {"embedding": embedding, "lstm": lstm, "output": output}
        return {**found, "all": sum(found.values())}

    return Draft(
        n,
        r"A language model over $V = <V>$ characters has an embedding of size $H = <H>$, one "
        r"layer of `nn.LSTM` with $I = H = <H>$, and a linear layer with bias from $H$ to "
        r"$V$. How many parameters has it?",
        n["V"] * n["H"] + count_lstm(n["H"], n["H"]) + n["V"] * n["H"] + n["V"],
        paper,
        [
            r"Embedding: $V H = <embedding>$",
            r"LSTM with two biases: $4(H^2 + H^2 + 2H) = <lstm>$",
            r"Output: $V H + V = <output>$",
            r"Together $<embedding> + <lstm> + <output> <~answer>$",
        ],
    )


@item("What an LSTM returns", minutes=4, to=WHOLE)
def shape_returned(draw):
    """Numbers in output, h_n and c_n."""
    n = {
        "T": draw.whole(5, 20),
        "B": draw.whole(2, 8),
        "H": draw.one_of(4, 5, 8, 10, 20),
        "L": draw.whole(1, 3),
        "I": draw.whole(3, 9),
    }

    def paper(r):
        output = n["T"] * n["B"] * 2 * n["H"]
        state = 2 * n["L"] * n["B"] * n["H"]
        return {"output": output, "state": state, "all": output + 2 * state}

    shapes = ((n["T"], n["B"], 2 * n["H"]), *2 * [(2 * n["L"], n["B"], n["H"])])
    return Draft(
        n,
        r"`nn.LSTM(<I>, <H>, <L>, bidirectional=True)` (the third argument is the number of "
        r"layers) reads a batch of $<B>$ sequences of $<T>$ steps. How many numbers do "
        r"`output`, `h_n` and `c_n` hold in all?",
        sum(a * b * c for a, b, c in shapes),
        paper,
        [
            r"`output` has the shape $(T, B, 2H)$: $<T> \cdot <B> \cdot 2 \cdot <H> = "
            r"<output>$",
            r"`h_n` and `c_n` have the shape $(2 \cdot \text{layers}, B, H)$: $2 \cdot <L> "
            r"\cdot <B> \cdot <H> = <state>$ each",
            r"Together $<output> + 2 \cdot <state> <~answer>$",
        ],
    )


@item("Memory for the way back", minutes=3, to=decimals(1), keep=decimals(2))
def shape_memory(draw):
    """Megabytes of stored states."""
    n = {
        "T": draw.one_of(100, 200, 250, 500, 1000),
        "B": draw.one_of(16, 32, 64, 128),
        "H": draw.one_of(50, 100, 128, 256, 512),
    }
    size = n["T"] * n["B"] * n["H"] * 4 / 1e6
    if not 0.5 <= size < 200:
        return None

    def paper(r):
        return {"count": n["T"] * n["B"] * n["H"], "size": size}

    return Draft(
        n,
        r"Backpropagation through time keeps the hidden state of every step. How many "
        r"megabytes (1 MB = $10^6$ bytes) do the states of one RNN layer take for $T = <T>$, "
        r"$B = <B>$, $H = <H>$ with 4 bytes per number?",
        size,
        paper,
        [
            r"$T B H = <T> \cdot <B> \cdot <H> = <count>$ numbers",
            r"Times 4 bytes, divided by $10^6$: $<~answer>$ MB",
        ],
        unit="MB",
    )
