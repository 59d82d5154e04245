"""The sequence writes into a tensor made by new_empty, and h_T is a view of its last row."""


def lstm_sequence(xs, h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    T = xs.shape[0]
    hs = xs.new_empty((T, *h_0.shape))
    h, c = h_0, c_0
    for t in range(T):
        h, c = lstm_step(xs[t], h, c, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o)
        hs[t] = h
    return hs, hs[-1], c
