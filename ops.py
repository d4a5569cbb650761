
import sys

import torch
from torch import nn


class Square(torch.autograd.Function):
    """gradcalc: --x 0.5,1"""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * g * x


class Wrong(Square):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x


class Net(nn.Module):
    def __init__(self, n, bias=True):
        super().__init__()
        self.layer = nn.Linear(n, 2, bias=bias)

    def forward(self, x):
        return self.layer(x).tanh()


def net(n=3):
    return nn.Sequential(nn.Linear(n, 2), nn.Sigmoid())


def power(x, k: int = 2, scale=1.5, *, shift=None):
    assert type(k) is int and type(scale) is float
    return scale * x**k + (0 if shift is None else shift)


def repeated(x, n):
    return sum(x**k for k in range(n))


def several(*tensors):
    return sum((t * t).sum() for t in tensors)


def numbers(x, y):
    return x * y


def sampled(a, b):
    return a @ b


def gradcalc_inputs():
    return {"sampled": (torch.eye(2), torch.ones(2)), "numbers": {"x": 2.0, "y": [1.0, 2.0]}}


def loud(x):
    print("hello")
    return x.sin()


def broken(x):
    y = x + 1
    return y @ torch.zeros(7)


def leaving(x):
    sys.exit(3)


def crossing(x):
    return x.sum() if x.sum() > 0 else 2 * x.sum()


def backwards(x):
    return Failing.apply(x)


class Failing(Square):
    @staticmethod
    def backward(ctx, g):
        raise KeyError("lost")


def plain(x):
    return x * x


class Hidden(Square):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.as_tensor(x.detach().numpy() ** 2)


value = 3
