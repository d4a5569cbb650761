"""Own Functions whose mistake is in how they are called, what they keep and what they write over,
each behind its right twin."""

import torch
from torch.autograd import Function


class Kept(Function):
    """A tensor kept by an attribute, of its own."""

    @staticmethod
    def forward(ctx, x):
        ctx.x = x.clone()
        return x * x

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad * ctx.x


class KeptShared(Kept):
    """The caller writes over what it keeps, and torch does not notice."""

    @staticmethod
    def forward(ctx, x):
        ctx.x = x
        return x * x


class Overwritten(Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y.clone())
        return y.add_(1)

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.saved_tensors[0]


class OverwrittenInside(Overwritten):
    """It writes over what it keeps itself."""

    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y.add_(1)


class InPlace(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(3)

    @staticmethod
    def backward(ctx, grad):
        return 3 * grad


class InPlaceUnscaled(InPlace):
    @staticmethod
    def backward(ctx, grad):
        return grad


class SquaredInPlace(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        ctx.x = x.clone()
        return x.mul_(x)

    @staticmethod
    def backward(ctx, grad):
        return 2 * grad * ctx.x


class SquaredInPlaceAfter(SquaredInPlace):
    """It keeps the square, and means what was squared."""

    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        ctx.x = x
        return x.mul_(x)


class Stateless(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.exp()

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.saved_tensors[0].exp()


class Stale(Function):
    """What it keeps is the last call's."""

    @staticmethod
    def forward(ctx, x):
        Stale.kept = x
        return x.exp()

    @staticmethod
    def backward(ctx, grad):
        return grad * Stale.kept.exp()


class Counting(Stateless):
    """From the second time on it goes back with another factor."""

    times = 0

    @staticmethod
    def backward(ctx, grad):
        Counting.times += 1
        factor = 1 if Counting.times % 3 == 1 else 2
        return factor * Stateless.backward(ctx, grad)


class Writing(Stateless):
    """It writes over the gradient that it is given, which others are given as well."""

    @staticmethod
    def backward(ctx, grad):
        with torch.no_grad():
            return grad.mul_(ctx.saved_tensors[0].exp())


class WritingSaved(Stateless):
    """It writes over what it keeps: the second time back is another one."""

    @staticmethod
    def forward(ctx, x):
        ctx.y = x.exp()
        return ctx.y.clone()

    @staticmethod
    def backward(ctx, grad):
        return ctx.y.mul_(grad)


class Accumulating(Stateless):
    """What it gives is one tensor, into which each call adds."""

    total = None

    @staticmethod
    def backward(ctx, grad):
        found = Stateless.backward(ctx, grad)
        if Accumulating.total is None or Accumulating.total.shape != found.shape:
            Accumulating.total = torch.zeros_like(found)
        Accumulating.total = Accumulating.total.to(found.dtype) + found
        return Accumulating.total.clone()


class Pair(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin(), x * x

    @staticmethod
    def backward(ctx, first, second):
        (x,) = ctx.saved_tensors
        return first * x.cos() + 2 * second * x


class PairFirst(Pair):
    @staticmethod
    def backward(ctx, first, second):
        return first * ctx.saved_tensors[0].cos()


class PairSwapped(Pair):
    @staticmethod
    def backward(ctx, first, second):
        return Pair.backward(ctx, second, first)


class Unmade(Function):
    """It is told of no gradient by None."""

    @staticmethod
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x)
        return x.sin(), x * x

    @staticmethod
    def backward(ctx, first, second):
        (x,) = ctx.saved_tensors
        total = torch.zeros_like(x)
        if first is not None:
            total = total + first * x.cos()
        return total if second is None else total + 2 * second * x


class UnmadeElse(Unmade):
    """Where the first one has a gradient it forgets the second one."""

    @staticmethod
    def backward(ctx, first, second):
        (x,) = ctx.saved_tensors
        return first * x.cos() if first is not None else 2 * second * x


class Apart(Function):
    """In the newer style, its context set up apart from its forward."""

    @staticmethod
    def forward(x, times):
        return times * x * x

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, ctx.times = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx, grad):
        return 2 * ctx.times * grad * ctx.saved_tensors[0], None


class ApartUnscaled(Apart):
    @staticmethod
    def backward(ctx, grad):
        return 2 * grad * ctx.saved_tensors[0], None


class Mapped(Function):
    """`vmap` makes a rule for it by itself."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return x * x.sum()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * x.sum() + (grad * x).sum()


class MappedShort(Mapped):
    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.saved_tensors[0].sum()


class Within(Function):
    """Its forward and backward call another Function."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return Stateless.apply(x) * x

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        y = Stateless.apply(x)
        return grad * (y * x + y)


class WithinShort(Within):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * Stateless.apply(x) * x


class Reentrant(Function):
    """Its backward asks autograd itself."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin() * x

    @staticmethod
    def backward(ctx, grad):
        x = ctx.saved_tensors[0].detach().requires_grad_()
        with torch.enable_grad():
            y = x.sin() * x
        return torch.autograd.grad(y, x, grad)[0]


class ReentrantCut(Reentrant):
    """What is run again is not what was run."""

    @staticmethod
    def backward(ctx, grad):
        x = ctx.saved_tensors[0].detach().requires_grad_()
        with torch.enable_grad():
            y = x.sin() * x.detach()
        return torch.autograd.grad(y, x, grad)[0]
