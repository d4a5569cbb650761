"""Own Functions whose gradient is right, and the gradient of that is not, each behind its right
twin."""

import math

import torch
from torch.autograd import Function
from torch.autograd.function import once_differentiable


class Cubed(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, grad):
        return 3 * grad * ctx.saved_tensors[0] ** 2


class CubedDetached(Cubed):
    @staticmethod
    def forward(ctx, x):
        ctx.x = x.detach()
        return x**3

    @staticmethod
    def backward(ctx, grad):
        return 3 * grad * ctx.x**2


class CubedNoGrad(Cubed):
    @staticmethod
    def backward(ctx, grad):
        with torch.no_grad():
            slope = 3 * ctx.saved_tensors[0] ** 2
        return grad * slope


class CubedOnce(Cubed):
    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        return 3 * grad * ctx.saved_tensors[0] ** 2


class CubedData(Cubed):
    @staticmethod
    def backward(ctx, grad):
        x = ctx.saved_tensors[0]
        return 3 * grad * x * x.data


class CubedCotangent(Cubed):
    """Nothing goes back through the gradient that it is given."""

    @staticmethod
    def backward(ctx, grad):
        return 3 * grad.detach() * ctx.saved_tensors[0] ** 2


class CubedNumbers(Cubed):
    @staticmethod
    def backward(ctx, grad):
        x = ctx.saved_tensors[0]
        slopes = [3 * number**2 for number in x.detach().double().reshape(-1).tolist()]
        return grad * torch.tensor(slopes, dtype=x.dtype).reshape(x.shape)


class CubedSlope(Cubed):
    """It keeps its slope, which it worked out where nothing is differentiated."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(3 * x * x)
        return x**3

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.saved_tensors[0]


class CubedAgain(Cubed):
    """It asks autograd, without a graph."""

    @staticmethod
    def backward(ctx, grad):
        x = ctx.saved_tensors[0].detach().requires_grad_()
        with torch.enable_grad():
            y = x**3
        return torch.autograd.grad(y, x, grad)[0]


class ExpBackward(Function):
    @staticmethod
    def forward(ctx, grad, x):
        ctx.save_for_backward(grad, x)
        return grad * x.exp()

    @staticmethod
    def backward(ctx, other):
        grad, x = ctx.saved_tensors
        return other * x.exp(), other * grad * x.exp()


class ExpBackwardShort(ExpBackward):
    @staticmethod
    def backward(ctx, other):
        return other * ctx.saved_tensors[1].exp(), None


class ExpBackwardFactor(ExpBackward):
    @staticmethod
    def backward(ctx, other):
        grad, x = ctx.saved_tensors
        return other * x.exp(), 2 * other * grad * x.exp()


class ExpBackwardCotangent(ExpBackward):
    @staticmethod
    def backward(ctx, other):
        grad, x = ctx.saved_tensors
        return other, other * grad * x.exp()


class Exp(Function):
    """Its backward is a Function with a backward of its own."""

    back = ExpBackward

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.exp()

    @staticmethod
    def backward(ctx, grad):
        return ExpBackward.apply(grad, ctx.saved_tensors[0])


class ExpShort(Exp):
    @staticmethod
    def backward(ctx, grad):
        return ExpBackwardShort.apply(grad, ctx.saved_tensors[0])


class ExpFactor(Exp):
    @staticmethod
    def backward(ctx, grad):
        return ExpBackwardFactor.apply(grad, ctx.saved_tensors[0])


class ExpCotangent(Exp):
    @staticmethod
    def backward(ctx, grad):
        return ExpBackwardCotangent.apply(grad, ctx.saved_tensors[0])


class Product(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a * a * b

    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        return 2 * grad * a * b, grad * a * a


class ProductHalfCut(Product):
    """Only what goes back to the second one is cut off."""

    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        return 2 * grad * a * b, grad * a.detach() ** 2


class SoftmaxRight(Function):
    @staticmethod
    def forward(ctx, x):
        y = x.softmax(-1)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return y * (grad - (grad * y).sum(-1, keepdim=True))


class SoftmaxCut(SoftmaxRight):
    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return y * (grad - (grad * y).sum(-1, keepdim=True).detach())


class Gaussian(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.exp(-x * x / 2) / math.sqrt(2 * math.pi)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return -grad * x * torch.exp(-x * x / 2) / math.sqrt(2 * math.pi)


class GaussianIntermediate(Gaussian):
    """It keeps its output before it is one: a number, to autograd."""

    @staticmethod
    def forward(ctx, x):
        y = torch.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        ctx.save_for_backward(x, y)
        return y + 0

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        return -grad * x * y


class Mixed(Function):
    """Its double backward is written with an own Function twice."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.exp() + x

    @staticmethod
    def backward(ctx, grad):
        return ExpBackward.apply(grad, ctx.saved_tensors[0]) + grad


class MixedWrong(Mixed):
    @staticmethod
    def backward(ctx, grad):
        return ExpBackwardFactor.apply(grad, ctx.saved_tensors[0]) + grad
