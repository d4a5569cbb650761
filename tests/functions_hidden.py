"""Own Functions whose forward nobody can see into, and wrong ones behind their right twin."""

import torch
from torch.autograd import Function


class Hidden(Function):
    """A square by numpy."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.as_tensor(x.detach().numpy() ** 2)

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad * ctx.saved_tensors[0]


class HiddenTwice(Hidden):
    @staticmethod
    def backward(ctx, grad):
        return 4 * grad * ctx.saved_tensors[0]


class HiddenDense(Hidden):
    """It reads memory as if it were contiguous."""

    @staticmethod
    def backward(ctx, grad):
        dense = torch.as_strided(grad, grad.shape, torch.empty(grad.shape).stride())
        return 2 * dense * ctx.saved_tensors[0]


class HiddenCareless(Hidden):
    """It takes no notice of the gradient that it is given."""

    @staticmethod
    def backward(ctx, grad):
        return 2 * ctx.saved_tensors[0]


class HiddenPositive(Hidden):
    """It loses the sign of a single gradient."""

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad.abs() * ctx.saved_tensors[0]


class HiddenClipped(Hidden):
    @staticmethod
    def backward(ctx, grad):
        return 2 * grad.clamp(-100, 100) * ctx.saved_tensors[0]


class HiddenStale(Hidden):
    """What it keeps is the last call's."""

    @staticmethod
    def forward(ctx, x):
        HiddenStale.kept = x
        return torch.as_tensor(x.detach().numpy() ** 2)

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad * HiddenStale.kept


class HiddenCounting(Hidden):
    """The second time it goes back it is another one."""

    @staticmethod
    def forward(ctx, x):
        ctx.x = x.detach().clone()
        return torch.as_tensor(x.detach().numpy() ** 2)

    @staticmethod
    def backward(ctx, grad):
        found = 2 * grad * ctx.x
        ctx.x.mul_(2)
        return found


class HiddenProduct(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return torch.as_tensor(a.detach().numpy() * b.detach().numpy())

    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        return grad * b, grad * a


class HiddenMisasked(HiddenProduct):
    """Where one alone wants a gradient, it gives that of the other."""

    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        if not ctx.needs_input_grad[0]:
            return None, grad * b
        return grad * b, grad * a


class HiddenHalf(Function):
    """A part of it is numpy's: what is seen of it is another function."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.as_tensor(x.detach().numpy() * 1.0) * x

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad * ctx.saved_tensors[0]


class HiddenHalfTwice(HiddenHalf):
    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.saved_tensors[0]


class HiddenDrawn(Hidden):
    """It is another function each time that it is called, by a generator of its own."""

    draws = torch.Generator().manual_seed(0)

    @staticmethod
    def forward(ctx, x):
        noise = 1e-9 * torch.rand(x.shape, dtype=x.dtype, generator=HiddenDrawn.draws)
        ctx.save_for_backward(x)
        return torch.as_tensor((x.detach().numpy() ** 2) * (1 + noise.numpy()))

    @staticmethod
    def backward(ctx, grad):
        return 4 * grad * ctx.saved_tensors[0]


HIDDEN = {
    "twice as large": (HiddenTwice, Hidden, "x"),
    "right for contiguous cotangents only": (HiddenDense, Hidden, "x"),
    "without its cotangent": (HiddenCareless, Hidden, "x"),
    "without the sign of its cotangent": (HiddenPositive, Hidden, "x"),
    "of small cotangents only": (HiddenClipped, Hidden, "x"),
    "kept of another call": (HiddenStale, Hidden, "x"),
    "right the first time only": (HiddenCounting, Hidden, "x"),
    "by who wants a gradient": (HiddenMisasked, HiddenProduct, "b"),
    "partly out of sight": (HiddenHalfTwice, HiddenHalf, "x"),
}
"""A wrong one, its right twin, and the argument that it hands a wrong gradient to."""
