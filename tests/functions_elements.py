"""Own Functions element by element: right ones, and wrong ones made of them."""

import torch
from torch.autograd import Function


class Sine(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * x.cos()


class SineCareless(Sine):
    @staticmethod
    def backward(ctx, grad):
        return ctx.saved_tensors[0].cos()


class SineNothing(Sine):
    @staticmethod
    def backward(ctx, grad):
        return torch.zeros_like(grad)


class SineSomeElements(Sine):
    @staticmethod
    def backward(ctx, grad):
        found = grad * ctx.saved_tensors[0].cos()
        found.view(-1)[-1] = 0
        return found


class SineNoisy(Sine):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * (x.cos() + 0.3 * torch.randn_like(x))


class SineOwnNoise(Sine):
    generator = torch.Generator().manual_seed(0)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        drawn = torch.rand(x.shape, generator=SineOwnNoise.generator, dtype=torch.float64)
        return grad * (x.cos() + (drawn.to(x.dtype) > 0.5))


class SineClipped(Sine):
    @staticmethod
    def backward(ctx, grad):
        return grad.clamp(-1, 1) * ctx.saved_tensors[0].cos()


class SineSquaredCotangent(Sine):
    @staticmethod
    def backward(ctx, grad):
        return grad.abs() * ctx.saved_tensors[0].cos()


class SineSingle(Sine):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return (grad.float() * x.float().cos()).to(x.dtype)


class SineHalf(Sine):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return (grad.bfloat16() * x.bfloat16().cos()).to(x.dtype)


class Cosine(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.cos()

    @staticmethod
    def backward(ctx, grad):
        return -grad * ctx.saved_tensors[0].sin()


class CosineSign(Cosine):
    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.saved_tensors[0].sin()


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad * ctx.saved_tensors[0]


class SquareHalved(Square):
    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.saved_tensors[0]


class Chained(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.exp(-3 * x / 4)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return -3 * grad / 4 * torch.exp(-3 * x / 4)


class ChainedShort(Chained):
    @staticmethod
    def backward(ctx, grad):
        return grad * torch.exp(-3 * ctx.saved_tensors[0] / 4)


class Power(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, grad):
        return grad * 3 * ctx.saved_tensors[0] ** 2


class PowerNotLowered(Power):
    @staticmethod
    def backward(ctx, grad):
        return grad * 3 * ctx.saved_tensors[0] ** 3


class Sigmoid(Function):
    @staticmethod
    def forward(ctx, x):
        y = 1 / (1 + torch.exp(-x))
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        _, y = ctx.saved_tensors
        return grad * y * (1 - y)


class SigmoidOfInput(Sigmoid):
    """The formula for the output, with the input in it."""

    @staticmethod
    def backward(ctx, grad):
        x, _ = ctx.saved_tensors
        return grad * x * (1 - x)


class Tanh(Function):
    @staticmethod
    def forward(ctx, x):
        y = x.tanh()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        return grad * (1 - ctx.saved_tensors[0] ** 2)


class TanhNotSquared(Tanh):
    @staticmethod
    def backward(ctx, grad):
        return grad * (1 - ctx.saved_tensors[0])


class Softsign(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x / (1 + x.abs())

    @staticmethod
    def backward(ctx, grad):
        return grad / (1 + ctx.saved_tensors[0].abs()) ** 2


class SoftsignPositiveOnly(Softsign):
    @staticmethod
    def backward(ctx, grad):
        return grad / (1 + ctx.saved_tensors[0]) ** 2


class Leaky(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x > 0, x, x / 4)

    @staticmethod
    def backward(ctx, grad):
        return torch.where(ctx.saved_tensors[0] > 0, grad, grad / 4)


class LeakyNot(Leaky):
    @staticmethod
    def backward(ctx, grad):
        return torch.where(ctx.saved_tensors[0] > 0, grad, 0 * grad)


class Clamp(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(-0.5, 0.5)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * ((x > -0.5) & (x < 0.5))


class ClampStraightThrough(Clamp):
    @staticmethod
    def backward(ctx, grad):
        return grad


class ClampOneSided(Clamp):
    @staticmethod
    def backward(ctx, grad):
        return grad * (ctx.saved_tensors[0] < 0.5)


class Rounded(Function):
    @staticmethod
    def forward(ctx, x):
        return x.round() + 0 * x

    @staticmethod
    def backward(ctx, grad):
        return 0 * grad


class RoundedThrough(Rounded):
    @staticmethod
    def backward(ctx, grad):
        return grad


class Product(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a * b

    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        return grad * b, grad * a


class ProductSwapped(Product):
    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        return grad * a, grad * b


class ProductOther(Product):
    @staticmethod
    def backward(ctx, grad):
        _, b = ctx.saved_tensors
        return grad * b, grad * b


class ProductForgotten(Product):
    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.saved_tensors[1], None


class ProductMisasked(Product):
    """It asks whether the first one wants a gradient, and means the second one."""

    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        first = grad * b if ctx.needs_input_grad[0] else None
        return first, grad * a if ctx.needs_input_grad[0] else None


class Quotient(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a / (b * b + 1)

    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        return grad / (b * b + 1), -2 * grad * a * b / (b * b + 1) ** 2


class QuotientNotSquared(Quotient):
    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        return grad / (b * b + 1), -2 * grad * a * b / (b * b + 1)
