"""Own Functions of whole arrays: right ones, and wrong ones made of them."""

import torch
from torch.autograd import Function


class Transposed(Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x.T

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad.T


class TransposedNot(Transposed):
    @staticmethod
    def backward(ctx, grad):
        return 2 * grad


class MatMul(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a @ b

    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        return grad @ b.T, a.T @ grad


class MatMulUntransposed(MatMul):
    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        return grad @ b, a.T @ grad


class MatMulOrder(MatMul):
    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        return grad @ b.T, grad @ a.T


class MatMulTurned(MatMul):
    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        return grad @ b.T, (a.T @ grad).T


class Dense(Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad


class DenseCotangent(Dense):
    @staticmethod
    def backward(ctx, grad):
        return 2 * torch.as_strided(grad, grad.shape, torch.empty(grad.shape).stride())


class Flat(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad * ctx.saved_tensors[0]


class FlatInput(Flat):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 2 * grad * torch.as_strided(x, x.shape, torch.empty(x.shape).stride())


class AddRow(Function):
    @staticmethod
    def forward(ctx, x, b):
        return x + b

    @staticmethod
    def backward(ctx, grad):
        return grad, grad.sum(0)


class AddRowMean(AddRow):
    @staticmethod
    def backward(ctx, grad):
        return grad, grad.mean(0)


class AddRowOtherAxis(AddRow):
    @staticmethod
    def backward(ctx, grad):
        return grad, grad.sum(1)


class AddRowFirst(AddRow):
    @staticmethod
    def backward(ctx, grad):
        return grad, grad[0]


class Scaled(Function):
    """Each row times a number of its own."""

    @staticmethod
    def forward(ctx, s, x):
        ctx.save_for_backward(s, x)
        return s[:, None] * x

    @staticmethod
    def backward(ctx, grad):
        s, x = ctx.saved_tensors
        return (grad * x).sum(1), grad * s[:, None]


class ScaledUnsummed(Scaled):
    """What it does not sum torch sums, over the first axis; where that fits it says nothing."""

    @staticmethod
    def backward(ctx, grad):
        s, x = ctx.saved_tensors
        return grad * x, grad * s[:, None]


class Total(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.shape = x.shape
        return x.sum()

    @staticmethod
    def backward(ctx, grad):
        return grad.expand(ctx.shape)


class TotalFlat(Total):
    """It gives one number for all elements, of another shape."""

    @staticmethod
    def backward(ctx, grad):
        return grad


class Mean(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.shape = x.shape
        return x.mean()

    @staticmethod
    def backward(ctx, grad):
        return grad.expand(ctx.shape) / ctx.shape.numel()


class MeanOfSum(Mean):
    @staticmethod
    def backward(ctx, grad):
        return grad.expand(ctx.shape)


class Norm(Function):
    @staticmethod
    def forward(ctx, x):
        y = x.square().sum().sqrt()
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        return grad * x / y


class NormUndivided(Norm):
    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.saved_tensors[0]


class Variance(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return (x - x.mean()).square().sum() / (x.numel() - 1)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 2 * grad * (x - x.mean()) / (x.numel() - 1)


class VarianceOfAll(Variance):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 2 * grad * (x - x.mean()) / x.numel()


class CumSum(Function):
    @staticmethod
    def forward(ctx, x):
        return x.cumsum(-1)

    @staticmethod
    def backward(ctx, grad):
        return grad.flip(-1).cumsum(-1).flip(-1)


class CumSumForwards(CumSum):
    @staticmethod
    def backward(ctx, grad):
        return grad.cumsum(-1)


class Lower(Function):
    @staticmethod
    def forward(ctx, x):
        return x.tril()

    @staticmethod
    def backward(ctx, grad):
        return grad.tril()


class LowerOffByOne(Lower):
    @staticmethod
    def backward(ctx, grad):
        return grad.tril(-1)


class Causal(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        n = torch.arange(x.shape[-1])
        return torch.where(n[:, None] > n, x * x, torch.zeros_like(x))

    @staticmethod
    def backward(ctx, grad):
        n = torch.arange(grad.shape[-1])
        return 2 * grad * ctx.saved_tensors[0] * (n[:, None] > n)


class CausalOrEqual(Causal):
    @staticmethod
    def backward(ctx, grad):
        n = torch.arange(grad.shape[-1])
        return 2 * grad * ctx.saved_tensors[0] * (n[:, None] >= n)


class Rolled(Function):
    @staticmethod
    def forward(ctx, x):
        return x.roll(1, -1)

    @staticmethod
    def backward(ctx, grad):
        return grad.roll(-1, -1)


class RolledOn(Rolled):
    @staticmethod
    def backward(ctx, grad):
        return grad.roll(1, -1)


class Padded(Function):
    @staticmethod
    def forward(ctx, x):
        return torch.nn.functional.pad(x, (2, 1))

    @staticmethod
    def backward(ctx, grad):
        return grad[..., 2:-1]


class PaddedOffByOne(Padded):
    @staticmethod
    def backward(ctx, grad):
        return grad[..., 1:-2]


class Differences(Function):
    @staticmethod
    def forward(ctx, x):
        return x[..., 1:] - x[..., :-1]

    @staticmethod
    def backward(ctx, grad):
        zero = torch.zeros_like(grad[..., :1])
        return torch.cat([zero, grad], -1) - torch.cat([grad, zero], -1)


class DifferencesBackwards(Differences):
    @staticmethod
    def backward(ctx, grad):
        zero = torch.zeros_like(grad[..., :1])
        return torch.cat([grad, zero], -1) - torch.cat([zero, grad], -1)


class Outer(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a[:, None] * b

    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        return grad @ b, a @ grad


class OuterTurned(Outer):
    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        return b @ grad, grad @ a


class Inverse(Function):
    @staticmethod
    def forward(ctx, a):
        y = torch.linalg.inv(a.double()).to(a.dtype)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return -y.T @ grad @ y.T


class InverseUntransposed(Inverse):
    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return -y @ grad @ y


class Determinant(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]

    @staticmethod
    def backward(ctx, grad):
        (a,) = ctx.saved_tensors
        return grad * torch.stack([torch.stack([a[1, 1], -a[1, 0]]),
                                   torch.stack([-a[0, 1], a[0, 0]])])  # fmt: skip


class DeterminantUntransposed(Determinant):
    @staticmethod
    def backward(ctx, grad):
        (a,) = ctx.saved_tensors
        return grad * torch.stack([torch.stack([a[1, 1], -a[0, 1]]),
                                   torch.stack([-a[1, 0], a[0, 0]])])  # fmt: skip


class Spectrum(Function):
    """The power of each frequency; complex numbers on the way."""

    @staticmethod
    def forward(ctx, x):
        found = torch.fft.fft(x.float() if x.dtype == torch.bfloat16 else x)
        ctx.save_for_backward(found)
        ctx.dtype = x.dtype
        return (found.real**2 + found.imag**2).to(x.dtype)

    @staticmethod
    def backward(ctx, grad):
        (found,) = ctx.saved_tensors
        n = found.shape[-1]
        return (2 * n * torch.fft.ifft(grad * found).real).to(ctx.dtype)


class SpectrumScaled(Spectrum):
    @staticmethod
    def backward(ctx, grad):
        (found,) = ctx.saved_tensors
        return (2 * torch.fft.ifft(grad * found).real).to(ctx.dtype)


class SpectrumConjugate(Spectrum):
    @staticmethod
    def backward(ctx, grad):
        (found,) = ctx.saved_tensors
        n = found.shape[-1]
        return (2 * n * torch.fft.ifft(grad * found.conj()).real).to(ctx.dtype)
