"""Own Functions that do not take a gradient as it lies in memory, each behind its right twin."""

import torch
from torch.autograd import Function


class Flat(Function):
    """It goes through its gradient in a row."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return (grad.reshape(-1) * x.cos().reshape(-1)).view(x.shape)


class FlatView(Flat):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return (grad.view(-1) * x.cos().reshape(-1)).view(x.shape)


class Masked(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, grad):
        grad = grad.clone(memory_format=torch.contiguous_format)
        grad[ctx.saved_tensors[0] < 0] = 0
        return grad


class MaskedInPlace(Masked):
    """It writes over its gradient, which cannot be where that is expanded."""

    @staticmethod
    def backward(ctx, grad):
        return grad.mul_(ctx.saved_tensors[0] > 0)


class Asserting(Flat):
    @staticmethod
    def backward(ctx, grad):
        if not grad.is_contiguous():
            raise ValueError("grad is not contiguous")
        return Flat.backward(ctx, grad)


class Double(Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad


class DoubleDense(Double):
    """It reads memory as if that were contiguous, and copies where it is too short."""

    @staticmethod
    def backward(ctx, grad):
        if grad.untyped_storage().nbytes() < grad.numel() * grad.element_size():
            return 2 * grad.contiguous()
        return 2 * torch.as_strided(grad, grad.shape, torch.empty(grad.shape).stride())


class DoubleOfOne(Double):
    """It takes an expanded gradient for 1."""

    @staticmethod
    def backward(ctx, grad):
        expanded = grad.ndim and not any(grad.stride())
        return 2 * torch.ones_like(grad) if expanded else 2 * grad


class Two(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.set_materialize_grads(False)
        return x.sin(), 2 * x

    @staticmethod
    def backward(ctx, first, second):
        (x,) = ctx.saved_tensors
        total = torch.zeros_like(x)
        total = total if first is None else total + first * x.cos()
        return total if second is None else total + 2 * second


class TwoUnasked(Two):
    """It does not ask whether there is a gradient."""

    @staticmethod
    def backward(ctx, first, second):
        return first * ctx.saved_tensors[0].cos() + 2 * second
