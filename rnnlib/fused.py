"""A whole sequence at once, for speed: the steps of `rnnlib.steps` with a backward by hand.

Three things make it fast, and each is a formula, not a trick of the machine:

- the products with the inputs, W_xh x_t, need no recurrence: one product for all t;
- in the backward every factor that needs no recurrence (σ', tanh', the old states) is
  computed for all t at once, and only two or three operations per step remain;
- the gradients of the weights are sums over t: one product of the stacked rows at the end.

`tests/rnnlib/test_layers.py` proves each equal to its readable twin in `steps.py`, outputs
and gradients. Shapes: xs (T, B, I); h_0, c_0 (B, H); the gates' pre-activations a
(T, B, G·H) for G gates. Time and memory are linear in T.
"""

import torch
from torch.autograd import Function
from torch.autograd.function import once_differentiable


class RNNSequence(Function):
    """h_t = σ(a_t), a_t = W_xh x_t + W_hh h_{t-1} + b_h, with σ = tanh or ReLU.

    Backward, from t = T down: δ_t = (∂L/∂h_t) ⊙ σ'(a_t), ∂L/∂h_{t-1} += W_hhᵀ δ_t.
    """

    @staticmethod
    def forward(ctx, xs, h_0, W_xh, W_hh, b_h, activation):
        """Return hs (T, B, H)."""
        hs = _inputs_to_gates(xs, W_xh, b_h)
        recurrent, squash = W_hh.t(), getattr(torch, f"{activation}_")
        h = h_0
        for a_t in hs.unbind(0):
            h = squash(a_t.addmm_(h, recurrent))
        ctx.activation = activation
        ctx.save_for_backward(xs, h_0, W_xh, W_hh, hs)
        return hs

    @staticmethod
    @once_differentiable
    def backward(ctx, dhs):
        """Return the gradient of each argument of forward."""
        xs, h_0, W_xh, W_hh, hs = ctx.saved_tensors
        da = 1 - hs * hs if ctx.activation == "tanh" else (hs > 0).to(hs.dtype)
        dhs = _with_first(dhs).unbind(0)
        for t, da_t in _backwards(da):
            dhs[t].addmm_(da_t.mul_(dhs[t + 1]), W_hh)
        dxs, dW_xh, db_h = _gates_to_inputs(xs, W_xh, da)
        return dxs, dhs[0], dW_xh, _outer_sum(da, _before(h_0, hs)), db_h, None


class LSTMSequence(Function):
    """The LSTM over a sequence; the equations stand at `rnnlib.steps.lstm_step`.

    Backward, from t = T down, with δh and δc the gradients of h_t and c_t:

        δc += δh ⊙ o_t ⊙ (1 - tanh² c_t)
        δa_i = δc ⊙ c̃_t ⊙ i_t(1 - i_t)        δa_f = δc ⊙ c_{t-1} ⊙ f_t(1 - f_t)
        δa_c = δc ⊙ i_t ⊙ (1 - c̃_t²)          δa_o = δh ⊙ tanh(c_t) ⊙ o_t(1 - o_t)
        δc_{t-1} = δc ⊙ f_t                     δh_{t-1} = W_hhᵀ δa

    Inside, the features come before the batch, (T, 4H, B), so that each gate of a step is
    one block of memory; and the gates stand in the order c̃, i, f, o, so that the three
    sigmoids are neighbours, and so are the three gates whose gradient comes through c_t.
    """

    @staticmethod
    def forward(ctx, xs, h_0, c_0, W_xh, W_hh, b_h):
        """Return hs and cs, each (T, B, H)."""
        T, (B, H) = len(xs), h_0.shape
        W_xh, W_hh, b_h = (_reorder(w, "ifco", "cifo") for w in (W_xh, W_hh, b_h))
        gates = torch.baddbmm(b_h.unsqueeze(1), W_xh.expand(T, -1, -1), xs.transpose(1, 2))
        blocks = gates.view(T, 4, H, B)
        hs, cs = xs.new_empty(T + 1, H, B), xs.new_empty(T + 1, H, B)
        hs[0], cs[0] = h_0.t(), c_0.t()
        h, c = hs[0], cs[0]
        with torch.inference_mode():  # nothing in the loop is tracked: a tenth of the time
            for a, candidate, sigmoids, i, f, o, h_t, c_t in zip(
                gates.unbind(0),
                blocks[:, 0].unbind(0),
                blocks[:, 1:].unbind(0),
                *(blocks[:, k].unbind(0) for k in (1, 2, 3)),
                hs[1:].unbind(0),
                cs[1:].unbind(0),
                strict=True,
            ):
                a.addmm_(W_hh, h)
                candidate.tanh_()
                sigmoids.sigmoid_()
                c = torch.mul(f, c, out=c_t).addcmul_(i, candidate)
                h = torch.tanh(c, out=h_t).mul_(o)
        ctx.save_for_backward(xs, W_xh, W_hh, blocks, hs, cs)
        ctx.set_materialize_grads(False)
        return hs[1:].transpose(1, 2), cs[1:].transpose(1, 2)

    @staticmethod
    @once_differentiable
    def backward(ctx, dhs, dcs):
        """Return the gradient of each argument of forward."""
        xs, W_xh, W_hh, blocks, hs, cs = ctx.saved_tensors
        candidate, i, f, o = blocks.unbind(1)
        tanh_cs = cs[1:].tanh()
        through_tanh = _through_tanh(o, tanh_cs).unbind(0)
        da = torch.stack(
            [
                _through_tanh(i, candidate),
                _through_sigmoid(candidate, i),
                _through_sigmoid(cs[:-1], f),
                _through_sigmoid(tanh_cs, o),
            ],
            1,
        )
        rows = da.flatten(1, 2)  # (T, 4H, B)
        from_c, from_h, forget = da[:, :3].unbind(0), da[:, 3].unbind(0), f.unbind(0)
        sums = torch.empty_like(hs)  # δh of h_0 … h_T: first what the loss gives
        sums[0] = 0
        sums[1:] = 0 if dhs is None else dhs.transpose(1, 2)
        dhs = sums.unbind(0)
        cells = None if dcs is None else dcs.transpose(1, 2).unbind(0)
        dc, recurrent = torch.zeros_like(dhs[0]), W_hh.t()
        with torch.inference_mode():
            for t, da_t in _backwards(rows):
                dh = dhs[t + 1]
                dc.addcmul_(dh, through_tanh[t])
                if cells is not None:  # the loss reads the cell itself, not only through h
                    dc.add_(cells[t])
                from_c[t].mul_(dc)
                from_h[t].mul_(dh)
                dc.mul_(forget[t])
                dhs[t].addmm_(recurrent, da_t)
        dxs = rows.transpose(1, 2) @ W_xh
        flat = rows.transpose(0, 1).flatten(1)  # (4H, T·B)
        before = hs[:-1].transpose(1, 2).flatten(0, 1)
        weights = flat @ xs.flatten(0, 1), flat @ before, flat.sum(1)
        return dxs, dhs[0].t(), dc.t(), *(_reorder(w, "cifo", "ifco") for w in weights)


class GRUSequence(Function):
    """The GRU (reset after the product); the equations stand at `rnnlib.steps.gru_step`.

    Backward, from t = T down: every pre-activation's gradient is δh_t times a factor that
    needs no recurrence. With u_t = W_hn h_{t-1} + b_hn:

        δa_n = δh ⊙ (1 - z_t) ⊙ (1 - n_t²)     δa_z = δh ⊙ (h_{t-1} - n_t) ⊙ z_t(1 - z_t)
        δa_r = δa_n ⊙ u_t ⊙ r_t(1 - r_t)        δu   = δa_n ⊙ r_t
        δh_{t-1} = δh ⊙ z_t + W_hhᵀ [δa_r, δa_z, δu]
    """

    @staticmethod
    def forward(ctx, xs, h_0, W_xh, W_hh, b_h, b_hn):
        """Return hs (T, B, H)."""
        T, B, H = len(xs), *h_0.shape
        gates = _inputs_to_gates(xs, W_xh, b_h)
        hs, products = xs.new_empty(T, B, H), xs.new_empty(T, B, 3 * H)
        recurrent, h = W_hh.t(), h_0
        b_hh = torch.cat([b_hn.new_zeros(2 * H), b_hn])
        for rz, r, z, n, product, product_rz, u, h_t in zip(
            gates[..., : 2 * H].unbind(0),
            *(block.unbind(0) for block in gates.chunk(3, -1)),
            products.unbind(0),
            products[..., : 2 * H].unbind(0),
            products[..., 2 * H :].unbind(0),
            hs.unbind(0),
            strict=True,
        ):
            torch.addmm(b_hh, h, recurrent, out=product)
            rz.add_(product_rz).sigmoid_()
            n.addcmul_(r, u).tanh_()
            h = torch.lerp(n, h, z, out=h_t)  # n + z (h - n)
        ctx.save_for_backward(xs, h_0, W_xh, W_hh, gates, products[..., 2 * H :], hs)
        return hs

    @staticmethod
    @once_differentiable
    def backward(ctx, dhs):
        """Return the gradient of each argument of forward."""
        xs, h_0, W_xh, W_hh, gates, u, hs = ctx.saved_tensors
        H = hs.shape[-1]
        r, z, n = gates.chunk(3, -1)
        before = _before(h_0, hs)
        dn = _through_tanh(1 - z, n)
        factors = [_through_sigmoid(dn * u, r), _through_sigmoid(before - n, z), dn * r, dn]
        da = torch.cat(factors, -1)
        blocks, recurrent = da.unflatten(-1, (4, H)).unbind(0), da[..., : 3 * H].unbind(0)
        keep, dhs = z.unbind(0), _with_first(dhs).unbind(0)
        for t, _ in _backwards(da):
            blocks[t].mul_(dhs[t + 1].unsqueeze(1))
            dhs[t].addcmul_(dhs[t + 1], keep[t]).addmm_(recurrent[t], W_hh)
        to_inputs = torch.cat([da[..., : 2 * H], da[..., 3 * H :]], -1)
        dxs, dW_xh, db_h = _gates_to_inputs(xs, W_xh, to_inputs)
        to_state = da[..., : 3 * H]
        db_hn = to_state[..., 2 * H :].sum((0, 1))
        return dxs, dhs[0], dW_xh, _outer_sum(to_state, before), db_h, db_hn


def _through_tanh(gradient, y):
    """gradient ⊙ (1 - y²): back through y = tanh(a), in one pass over memory."""
    return torch.ops.aten.tanh_backward(gradient, y)


def _through_sigmoid(gradient, y):
    """gradient ⊙ y(1 - y): back through y = σ(a), in one pass over memory."""
    return torch.ops.aten.sigmoid_backward(gradient, y)


def _inputs_to_gates(xs, W_xh, b_h):
    """W_xh x_t + b_h for all t in one product: (T, B, G·H)."""
    return torch.addmm(b_h, xs.flatten(0, 1), W_xh.t()).view(*xs.shape[:2], -1)


def _gates_to_inputs(xs, W_xh, da):
    """The gradients of `_inputs_to_gates`: of xs, of W_xh, of b_h."""
    return da @ W_xh, _outer_sum(da, xs), da.sum((0, 1))


def _outer_sum(da, rows):
    """Σ_t Σ_b δa_tb rows_tbᵀ: the gradient of a weight that serves at every step."""
    return da.flatten(0, 1).t() @ rows.flatten(0, 1)


def _before(first, states):
    """The state before each step: first, then all but the last."""
    return torch.cat([first.unsqueeze(0), states[:-1]])


def _with_first(dhs):
    """The gradients of h_0 … h_T as the loss gives them: 0 for h_0. A copy, to be added to."""
    return torch.cat([torch.zeros_like(dhs[:1]), dhs])


def _backwards(steps):
    return zip(range(len(steps) - 1, -1, -1), reversed(steps.unbind(0)), strict=True)


def _reorder(w, old, new):
    """Put the blocks of rows, one per gate, into another order."""
    blocks = dict(zip(old, w.chunk(len(old)), strict=True))
    return torch.cat([blocks[gate] for gate in new])
