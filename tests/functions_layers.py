"""Own Functions as layers of networks have them: right ones, and wrong ones made of them."""

import torch
from torch.autograd import Function


class Softmax(Function):
    @staticmethod
    def forward(ctx, x):
        e = torch.exp(x - x.amax(-1, keepdim=True).detach())
        y = e / e.sum(-1, keepdim=True)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return y * (grad - (grad * y).sum(-1, keepdim=True))


class SoftmaxDiagonal(Softmax):
    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return grad * y * (1 - y)


class SoftmaxOtherAxis(Softmax):
    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return y * (grad - (grad * y).sum(0, keepdim=True))


class LogSoftmax(Function):
    @staticmethod
    def forward(ctx, x):
        y = x.log_softmax(-1)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        return grad - ctx.saved_tensors[0].exp() * grad.sum(-1, keepdim=True)


class LogSoftmaxMean(LogSoftmax):
    @staticmethod
    def backward(ctx, grad):
        return grad - ctx.saved_tensors[0].exp() * grad.mean(-1, keepdim=True)


class LogSumExp(Function):
    @staticmethod
    def forward(ctx, x):
        y = x.logsumexp(-1)
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        return grad[..., None] * torch.exp(x - y[..., None])


class LogSumExpOtherAxis(LogSumExp):
    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.saved_tensors
        return grad * torch.exp(x - y[..., None])


class LayerNorm(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        centred = x - x.mean(-1, keepdim=True)
        rstd = (centred.square().mean(-1, keepdim=True) + 1e-5).rsqrt()
        ctx.save_for_backward(centred * rstd, rstd, w)
        return centred * rstd * w + b

    @staticmethod
    def backward(ctx, grad):
        normed, rstd, w = ctx.saved_tensors
        g = grad * w
        mixed = g - g.mean(-1, keepdim=True) - normed * (g * normed).mean(-1, keepdim=True)
        return mixed * rstd, (grad * normed).sum(0), grad.sum(0)


class LayerNormUnscaled(LayerNorm):
    @staticmethod
    def backward(ctx, grad):
        _, rstd, _ = ctx.saved_tensors
        x, w, b = LayerNorm.backward(ctx, grad)
        return x / rstd, w, b


class LayerNormUncentred(LayerNorm):
    @staticmethod
    def backward(ctx, grad):
        normed, rstd, w = ctx.saved_tensors
        g = grad * w
        mixed = g - normed * (g * normed).mean(-1, keepdim=True)
        return mixed * rstd, (grad * normed).sum(0), grad.sum(0)


class LayerNormWeight(LayerNorm):
    @staticmethod
    def backward(ctx, grad):
        x, _, b = LayerNorm.backward(ctx, grad)
        return x, b, b


class Linear(Function):
    @staticmethod
    def forward(ctx, x, w, b):
        ctx.save_for_backward(x, w)
        return x @ w.T + b

    @staticmethod
    def backward(ctx, grad):
        x, w = ctx.saved_tensors
        return grad @ w, grad.T @ x, grad.sum(0)


class LinearUnbiased(Linear):
    @staticmethod
    def backward(ctx, grad):
        x, w = ctx.saved_tensors
        return grad @ w, grad.T @ x, None


class LinearUnweighted(Linear):
    @staticmethod
    def backward(ctx, grad):
        return grad @ ctx.saved_tensors[1], None, grad.sum(0)


class Convolved(Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        n = x.shape[-1] - w.shape[-1] + 1
        return sum(x[..., k : k + n] * w[k] for k in range(w.shape[-1]))

    @staticmethod
    def backward(ctx, grad):
        x, w = ctx.saved_tensors
        n, found = grad.shape[-1], torch.zeros_like(x)
        for k in range(w.shape[-1]):
            found[..., k : k + n] += grad * w[k]
        own = [(x[..., k : k + n] * grad).sum() for k in range(w.shape[-1])]
        return found, torch.stack(own)


class ConvolvedFlipped(Convolved):
    @staticmethod
    def backward(ctx, grad):
        x, w = ctx.saved_tensors
        n, found = grad.shape[-1], torch.zeros_like(x)
        for k in range(w.shape[-1]):
            found[..., k : k + n] += grad * w[-1 - k]
        return found, Convolved.backward(ctx, grad)[1]


class ConvolvedWeightFlipped(Convolved):
    @staticmethod
    def backward(ctx, grad):
        x, w = Convolved.backward(ctx, grad)
        return x, w.flip(0)


class Embedded(Function):
    @staticmethod
    def forward(ctx, table, positions):
        ctx.save_for_backward(positions)
        ctx.shape = table.shape
        return table[positions]

    @staticmethod
    def backward(ctx, grad):
        (positions,) = ctx.saved_tensors
        found = torch.zeros(ctx.shape, dtype=grad.dtype)
        return found.index_add_(0, positions, grad), None


class EmbeddedOnce(Embedded):
    """Of a row that is taken twice one gradient is lost."""

    @staticmethod
    def backward(ctx, grad):
        (positions,) = ctx.saved_tensors
        found = torch.zeros(ctx.shape, dtype=grad.dtype)
        found[positions] = grad
        return found, None


class Gathered(Function):
    @staticmethod
    def forward(ctx, x, positions):
        ctx.save_for_backward(positions)
        ctx.shape = x.shape
        return x.gather(-1, positions)

    @staticmethod
    def backward(ctx, grad):
        (positions,) = ctx.saved_tensors
        found = torch.zeros(ctx.shape, dtype=grad.dtype)
        return found.scatter_add_(-1, positions, grad), None


class GatheredOnce(Gathered):
    @staticmethod
    def backward(ctx, grad):
        (positions,) = ctx.saved_tensors
        found = torch.zeros(ctx.shape, dtype=grad.dtype)
        return found.scatter_(-1, positions, grad), None


class Scattered(Function):
    @staticmethod
    def forward(ctx, x, positions, values):
        ctx.save_for_backward(positions)
        return x.scatter(-1, positions, values)

    @staticmethod
    def backward(ctx, grad):
        (positions,) = ctx.saved_tensors
        return grad.scatter(-1, positions, 0), None, grad.gather(-1, positions)


class ScatteredOver(Scattered):
    """What was written over still has a gradient."""

    @staticmethod
    def backward(ctx, grad):
        return grad, None, grad.gather(-1, ctx.saved_tensors[0])


class CrossEntropy(Function):
    @staticmethod
    def forward(ctx, x, labels):
        logs = x.log_softmax(-1)
        ctx.save_for_backward(logs, labels)
        return -logs.gather(-1, labels[:, None]).mean()

    @staticmethod
    def backward(ctx, grad):
        logs, labels = ctx.saved_tensors
        found = logs.exp()
        found[torch.arange(len(labels)), labels] -= 1
        return grad * found / len(labels), None


class CrossEntropySummed(CrossEntropy):
    @staticmethod
    def backward(ctx, grad):
        found, _ = CrossEntropy.backward(ctx, grad)
        return found * len(found), None


class CrossEntropyProbabilities(CrossEntropy):
    @staticmethod
    def backward(ctx, grad):
        logs, labels = ctx.saved_tensors
        return grad * logs.exp() / len(labels), None


class Dropped(Function):
    @staticmethod
    def forward(ctx, x, kept):
        ctx.save_for_backward(kept)
        return x * kept / 0.75

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.saved_tensors[0] / 0.75, None


class DroppedUnscaled(Dropped):
    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.saved_tensors[0], None


class Largest(Function):
    @staticmethod
    def forward(ctx, x):
        values, positions = x.max(-1)
        ctx.save_for_backward(positions)
        ctx.shape = x.shape
        return values

    @staticmethod
    def backward(ctx, grad):
        found = torch.zeros(ctx.shape, dtype=grad.dtype)
        return found.scatter_(-1, ctx.saved_tensors[0][..., None], grad[..., None])


class LargestEnds(Largest):
    """It goes back to both ends as well, whichever is the largest."""

    @staticmethod
    def backward(ctx, grad):
        found = Largest.backward(ctx, grad)
        found[..., -1] = grad
        found[..., 0] = grad
        return found


class Pooled(Function):
    @staticmethod
    def forward(ctx, x):
        return x.reshape(*x.shape[:-1], -1, 2).mean(-1)

    @staticmethod
    def backward(ctx, grad):
        return grad.repeat_interleave(2, -1) / 2


class PooledTiled(Pooled):
    @staticmethod
    def backward(ctx, grad):
        return torch.cat([grad, grad], -1) / 2
