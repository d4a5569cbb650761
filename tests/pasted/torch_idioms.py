"""What texts about learning do beside calculating: checks, caches, buffers, numpy for numbers."""

from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def attend(q, k, v, mask):
    d_k = k.size(-1)
    scores = torch.matmul(q, k.transpose(-1, -2)) / np.sqrt(d_k)
    scores.masked_fill_(mask == 0, -1e9)
    scores = scores - scores.max(-1, keepdim=True)[0]
    return torch.matmul(torch.softmax(scores, dim=-1), v)


def along(x, reduce, axis):
    sizes = [s for s in x.size()]
    sizes[axis] = -1
    return reduce(x).view(*sizes)


def log_sum_exp(x, scale):
    top = along(x, lambda a: a.max(-1)[0], -1)
    total = along(torch.exp(x - top), lambda a: a.sum(-1), -1)
    return (torch.log(total * 1e2) - np.log(1e2) + top).mean() * scale


TABLES = {"signs": np.array([[1.0, -1, -1], [-1, 1, -1], [-1, -1, 1]])}


@lru_cache(maxsize=None)
def table(name, dtype, device):
    return torch.tensor(TABLES[name], dtype=dtype, device=device)


def rotation_diagonal(quat):
    signs = table("signs", dtype=quat.dtype, device=quat.device)
    return quat[..., :1] ** 2 + (quat[..., None, 1:] ** 2 * signs).sum(-1)


def guarded_distance(x, y):
    if x.dtype != y.dtype:
        raise TypeError(f"one dtype is needed, not {x.dtype} and {y.dtype}")
    if x.dtype in (torch.float16, torch.bfloat16):
        x, y = x.float(), y.float()
    work = torch.promote_types(x.dtype, torch.float32)
    return torch.sqrt(((x.to(work) - y.to(work)) ** 2).sum(-1) + 1e-9)


class Diffusion(nn.Module):
    def __init__(self, steps=20):
        super().__init__()
        betas = torch.linspace(1e-4, 0.2, steps, dtype=torch.float64)
        kept = torch.cumprod(1.0 - betas, dim=0)
        keep = lambda name, val: self.register_buffer(name, val)
        keep("signal", torch.sqrt(kept))
        keep("noise", torch.sqrt(1.0 - kept))

    def noisy(self, x, t, eps):
        return self.signal[t].view(-1, 1) * x + self.noise[t].view(-1, 1) * eps


def diffusion_loss(x, eps, t):
    return F.mse_loss(Diffusion().noisy(x, t.long(), eps), x)


def sqrt_positive_part(x):
    found = torch.zeros_like(x)
    positive = x > 0
    if torch.is_grad_enabled():
        found[positive] = torch.sqrt(x[positive])
    else:
        found = torch.where(positive, torch.sqrt(x), found)
    return found


def sum_except_batch(x, num_batch_dims=1):
    if not (isinstance(num_batch_dims, int) and num_batch_dims >= 0):
        raise TypeError("a number of dimensions is needed")
    return torch.sum(x, dim=list(range(num_batch_dims, x.ndimension())))


def batch_hard(inputs, targets, margin=0.3):
    n = inputs.size(0)
    dist = torch.pow(inputs, 2).sum(dim=1, keepdim=True).expand(n, n)
    dist = dist + dist.t()
    dist.addmm_(inputs, inputs.t(), beta=1, alpha=-2)
    dist = dist.clamp(min=1e-12).sqrt()
    same = targets.expand(n, n).eq(targets.expand(n, n).t())
    far, near = [], []
    for i in range(n):
        far.append(dist[i][same[i]].max().unsqueeze(0))
        near.append(dist[i][same[i] == 0].min().unsqueeze(0))
    far, near = torch.cat(far), torch.cat(near)
    return nn.MarginRankingLoss(margin=margin)(near, far, torch.ones_like(near))
