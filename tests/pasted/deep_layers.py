# layers written out by hand
import math
from dataclasses import dataclass

import torch
from torch import nn, Tensor
from torch.nn import functional as F


def scaled_dot_product(q, k, v, mask=None):
    d_k = q.size()[-1]
    attn_logits = torch.matmul(q, k.transpose(-2, -1))
    attn_logits = attn_logits / math.sqrt(d_k)
    if mask is not None:
        attn_logits = attn_logits.masked_fill(mask == 0, -9e15)
    attention = F.softmax(attn_logits, dim=-1)
    values = torch.matmul(attention, v)
    return values


def causal_self_attention(x, w_qkv, w_o, n_head=2):
    B, T, C = x.size()
    q, k, v = (x @ w_qkv).split(C, dim=2)
    k = k.view(B, T, n_head, C // n_head).transpose(1, 2)
    q = q.view(B, T, n_head, C // n_head).transpose(1, 2)
    v = v.view(B, T, n_head, C // n_head).transpose(1, 2)
    att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
    mask = torch.tril(torch.ones(T, T)).view(1, 1, T, T)
    att = att.masked_fill(mask[:, :, :T, :T] == 0, float("-inf"))
    att = F.softmax(att, dim=-1)
    y = att @ v
    y = y.transpose(1, 2).contiguous().view(B, T, C)
    return y @ w_o


def layer_norm(x, gamma, beta, eps=1e-5):
    mean = x.mean(-1, keepdim=True)
    var = x.var(-1, unbiased=False, keepdim=True)
    return gamma * (x - mean) / torch.sqrt(var + eps) + beta


def rms_norm(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    input_dtype = x.dtype
    x = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)
    return weight * x.to(input_dtype)


def batch_norm(X, gamma, beta, eps=1e-5):
    assert len(X.shape) in (2, 4)
    if len(X.shape) == 2:
        mean = X.mean(dim=0)
        var = ((X - mean) ** 2).mean(dim=0)
    else:
        mean = X.mean(dim=(0, 2, 3), keepdim=True)
        var = ((X - mean) ** 2).mean(dim=(0, 2, 3), keepdim=True)
    X_hat = (X - mean) / torch.sqrt(var + eps)
    Y = gamma * X_hat + beta
    return Y


def rnn(inputs, W_xh, W_hh, b_h):
    H = torch.zeros(W_hh.shape[0])
    outputs = []
    for X in inputs:
        H = torch.tanh(torch.matmul(X, W_xh) + torch.matmul(H, W_hh) + b_h)
        outputs.append(H)
    return torch.stack(outputs, dim=0)


def lstm_cell(x, h, c, w_ih, w_hh, b):
    gates = F.linear(x, w_ih) + F.linear(h, w_hh) + b
    ingate, forgetgate, cellgate, outgate = gates.chunk(4, 1)

    ingate = torch.sigmoid(ingate)
    forgetgate = torch.sigmoid(forgetgate)
    cellgate = torch.tanh(cellgate)
    outgate = torch.sigmoid(outgate)

    cy = (forgetgate * c) + (ingate * cellgate)
    hy = outgate * torch.tanh(cy)
    return hy, cy


def lstm_loss(x, h, c, w_ih, w_hh, b):
    h, c = lstm_cell(x, h, c, w_ih, w_hh, b)
    return (h ** 2).sum() + c.sum()


def gru_cell(x, h, w_ih, w_hh, b_ih, b_hh):
    gi = F.linear(x, w_ih, b_ih)
    gh = F.linear(h, w_hh, b_hh)
    i_r, i_z, i_n = gi.chunk(3, -1)
    h_r, h_z, h_n = gh.chunk(3, -1)
    resetgate = torch.sigmoid(i_r + h_r)
    updategate = torch.sigmoid(i_z + h_z)
    newgate = torch.tanh(i_n + resetgate * h_n)
    return newgate + updategate * (h - newgate)


def swiglu(x, w1, w2, w3):
    return F.linear(F.silu(F.linear(x, w1)) * F.linear(x, w3), w2)


def rotary(x, base=10000.0):
    seq_len, dim = x.shape
    inv_freq = 1.0 / (base ** (torch.arange(0, dim, 2).float() / dim))
    t = torch.arange(seq_len).type_as(inv_freq)
    freqs = torch.einsum("i,j->ij", t, inv_freq)
    emb = torch.cat((freqs, freqs), dim=-1)

    def rotate_half(x):
        x1, x2 = x[..., : x.shape[-1] // 2], x[..., x.shape[-1] // 2 :]
        return torch.cat((-x2, x1), dim=-1)

    return (x * emb.cos()) + (rotate_half(x) * emb.sin())


def mlp(x, w1, b1, w2, b2):
    params = [(w1, b1), (w2, b2)]
    *hidden, last = params
    for w, b in hidden:
        x = torch.relu(x @ w + b)
    w, b = last
    return x @ w + b


def gumbel_softmax_given(logits, gumbels, tau=0.5, hard=False):
    y_soft = ((logits + gumbels) / tau).softmax(-1)
    if hard:
        index = y_soft.max(-1, keepdim=True)[1]
        y_hard = torch.zeros_like(logits).scatter_(-1, index, 1.0)
        return y_hard - y_soft.detach() + y_soft
    return y_soft


def conv2d_by_hand(X, K):
    """Compute 2D cross-correlation."""
    h, w = K.shape
    Y = torch.zeros((X.shape[0] - h + 1, X.shape[1] - w + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i : i + h, j : j + w] * K).sum()
    return Y


def gcn_layer(A, X, W):
    A_hat = A + torch.eye(A.size(0))
    D = A_hat.sum(dim=1)
    D_inv_sqrt = torch.diag(torch.pow(D, -0.5))
    return F.relu(D_inv_sqrt @ A_hat @ D_inv_sqrt @ X @ W)


def spectral_norm_sigma(W, u, n_power_iterations=3):
    with torch.no_grad():
        for _ in range(n_power_iterations):
            v = F.normalize(torch.mv(W.t(), u), dim=0, eps=1e-12)
            u = F.normalize(torch.mv(W, v), dim=0, eps=1e-12)
    sigma = torch.dot(u, torch.mv(W, v))
    return sigma


@dataclass
class Config:
    hidden: int = 3
    dropout: float = 0.0
    activation: str = "gelu"
    scale: float = 0.5


def block(x, w, cfg=Config()):
    act = {"gelu": F.gelu, "relu": F.relu}[cfg.activation]
    h = act(x @ w) * cfg.scale
    h = F.dropout(h, p=cfg.dropout)
    return x + h


def neural_ode_step(y, w1, w2, dt=0.1, steps=2):
    def f(y):
        return torch.tanh(y @ w1) @ w2

    for _ in range(steps):
        k1 = f(y)
        k2 = f(y + dt / 2 * k1)
        k3 = f(y + dt / 2 * k2)
        k4 = f(y + dt * k3)
        y = y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y.pow(2).sum()


def real_nvp_log_prob(x, s_w, t_w):
    x1, x2 = x.chunk(2, dim=-1)
    s = torch.tanh(x1 @ s_w)
    t = x1 @ t_w
    z2 = (x2 - t) * torch.exp(-s)
    z = torch.cat([x1, z2], -1)
    log_det = -s.sum(-1)
    prior = -0.5 * (z ** 2 + math.log(2 * math.pi)).sum(-1)
    return (prior + log_det).mean()
