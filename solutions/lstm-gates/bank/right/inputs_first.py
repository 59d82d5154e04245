"""The products with x are computed for all times at once, only the rest runs in the loop."""

import torch


def lstm_sequence(xs, h_0, c_0, W_f, b_f, W_i, b_i, W_C, b_C, W_o, b_o):
    T, B, I = xs.shape
    H = h_0.shape[1]
    W = torch.vstack((W_f, W_i, W_C, W_o))
    b = torch.hstack((b_f, b_i, b_C, b_o))
    from_x = (xs.reshape(T * B, I) @ W[:, H:].T + b).reshape(T, B, 4, H)
    from_h = W[:, :H].T
    h, c = h_0, c_0
    out = []
    for t in range(T):
        z = from_x[t] + (h @ from_h).reshape(B, 4, H)
        f, i, g, o = z.unbind(dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        out.append(h)
    return torch.stack(out), h, c
