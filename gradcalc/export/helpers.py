"""Functions that stand in front of the code where it calls them, for each library of arrays."""

import re
from collections.abc import Mapping

_SHARED = {
    "softmax": '''
def softmax(x, axis):
    """The exponentials along a dimension as shares of their sum, without overflow."""
    power = {m}.exp(x - {m}.max(x, axis=axis, keepdims=True))
    return power/{m}.sum(power, axis=axis, keepdims=True)
''',
    "logsumexp": '''
def logsumexp(x, axes):
    """The logarithm of the sum of exponentials along dimensions, without overflow."""
    top = {m}.max(x, axis=axes, keepdims=True)
    top = {m}.where({m}.isfinite(top), top, 0.0)
    return {m}.log({m}.sum({m}.exp(x - top), axis=axes)) + {m}.squeeze(top, axis=axes)
''',
    "others": '''
def others(x, axes):
    """The product of all other elements along dimensions, also where some are 0."""
    order = (*(k for k in range(x.ndim) if k not in axes), *axes)
    rows = {m}.transpose(x, order)
    flat = rows.reshape((*rows.shape[: x.ndim - len(axes)], -1))
    ones = {m}.ones_like(flat[..., :1])
    before = {m}.cumprod({m}.concatenate([ones, flat[..., :-1]], -1), -1)
    turned = {m}.flip(flat, -1)[..., :-1]
    behind = {m}.flip({m}.cumprod({m}.concatenate([ones, turned], -1), -1), -1)
    back = [order.index(k) for k in range(x.ndim)]
    return {m}.transpose((before*behind).reshape(rows.shape), back)
''',
    "peaks": '''
def peaks(x, axes):
    """Where x is the largest along dimensions, as 1 and 0; several share the 1."""
    chosen = {m}.where(x == {m}.max(x, axis=axes, keepdims=True), 1.0, 0.0)
    return chosen/{m}.sum(chosen, axis=axes, keepdims=True)
''',
    "ordering": '''
def ordering(x, axis, descending):
    """The places of the elements in order, equal ones as they stand."""
    if not descending:
        return {m}.argsort(x, axis, kind="stable")
    turned = {m}.argsort({m}.flip(x, axis), axis, kind="stable")
    return {m}.flip(x.shape[axis] - 1 - turned, axis)
''',
    "reordered": '''
def reordered(values, x, axis, descending):
    """Values in the order of the elements of x."""
    return {m}.take_along_axis(values, ordering(x, axis, descending), axis)
''',
    "unsorted": '''
def unsorted(values, x, axis, descending):
    """Values back where the elements of x in order come from."""
    places = {m}.argsort(ordering(x, axis, descending), axis)
    return {m}.take_along_axis(values, places, axis)
''',
    "cofactors": '''
def cofactors(x):
    """The matrix of cofactors, which a singular matrix has too."""
    left, values, right = {m}.linalg.svd(x)
    signs = {m}.linalg.det(left)*{m}.linalg.det(right)
    weights = others(values, (values.ndim - 1,))
    return signs[..., None, None]*((left*weights[..., None, :])@right)
''',
    "symmetric": '''
def symmetric(x):
    """The symmetric part of a matrix."""
    return (x + {m}.swapaxes(x, -1, -2))/2
''',
    "one_hot": '''
def one_hot(x, size, axis):
    """A one along a new dimension where the whole numbers say."""
    known = ({m}.round(x) == x) & (x >= 0) & (x < size)
    assert known.all(), f"labels are whole numbers from 0 to {size - 1}"
    along = [1]*(x.ndim + 1)
    along[axis] = size
    places = {m}.expand_dims(x, axis)
    return {m}.where(places == {m}.arange(size).reshape(along), 1.0, 0.0)
''',
}

NUMPY = {
    **{name: text.replace("{m}", "np") for name, text in _SHARED.items()},
    "sigmoid": '''
def sigmoid(x):
    """1/(1 + exp(-x)), without overflow."""
    power = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, power)/(1.0 + power)
''',
    "placed": '''
def placed(values, key, shape):
    """Zeros, with values added at an index."""
    result = np.zeros(shape)
    np.add.at(result, key, values)
    return result
''',
    "on_diagonal": '''
def on_diagonal(values, shape, offset, first, second):
    """Zeros, with values on a diagonal of two dimensions."""
    result = np.zeros(shape)
    rows = np.arange(values.shape[-1]) + max(-offset, 0)
    np.moveaxis(result, (first, second), (-2, -1))[..., rows, rows + offset] = values
    return result
''',
}

JAX = {
    **{
        name: text.replace("{m}", "jnp").replace('kind="stable"', "stable=True")
        for name, text in _SHARED.items()
    },
    "one_hot": '''
def one_hot(x, size, axis):
    """A one along a new dimension where the whole numbers say."""
    known = (jnp.round(x) == x) & (x >= 0) & (x < size)
    # jax.jit has no assertions, but NaN
    told = f"labels are whole numbers from 0 to {size - 1}"
    assert isinstance(x, jax.core.Tracer) or known.all(), told
    along = [1]*(x.ndim + 1)
    along[axis] = size
    places = jnp.expand_dims(jnp.where(known, x, jnp.nan), axis)
    marks = jnp.where(places == jnp.arange(size).reshape(along), 1.0, 0.0)
    return jnp.where(jnp.isnan(places), jnp.nan, marks)
''',
    "placed": '''
def placed(values, key, shape):
    """Zeros, with values added at an index."""
    return jnp.zeros(shape).at[key].add(values)
''',
    "on_diagonal": '''
def on_diagonal(values, shape, offset, first, second):
    """Zeros, with values on a diagonal of two dimensions."""
    rest = [size for k, size in enumerate(shape) if k not in (first, second)]
    rows = jnp.arange(values.shape[-1]) + max(-offset, 0)
    zeros = jnp.zeros((*rest, shape[first], shape[second]))
    result = zeros.at[..., rows, rows + offset].set(values)
    return jnp.moveaxis(result, (-2, -1), (first, second))
''',
}

TORCH = {
    "logaddexp": '''
def logaddexp(a, b):
    """log(exp(a) + exp(b)), without overflow."""
    a, b = (torch.as_tensor(value, dtype=torch.float64) for value in (a, b))
    return torch.logaddexp(a, b)
''',
    "placed": '''
def placed(values, key, shape):
    """Zeros, with values added at an index."""
    size = math.prod(shape)
    places = torch.arange(size).reshape(shape)[key].reshape(-1)
    flat = torch.zeros(size, dtype=torch.float64)
    return flat.index_add(0, places, values.reshape(-1)).reshape(shape)
''',
    "on_diagonal": '''
def on_diagonal(values, shape, offset, first, second):
    """Zeros, with values on a diagonal of two dimensions."""
    result = torch.zeros(shape, dtype=torch.float64)
    rows = torch.arange(values.shape[-1]) + max(-offset, 0)
    torch.movedim(result, (first, second), (-2, -1))[..., rows, rows + offset] = values
    return result
''',
    "others": '''
def others(x, axes):
    """The product of all other elements along dimensions, also where some are 0."""
    order = (*(k for k in range(x.ndim) if k not in axes), *axes)
    rows = x.permute(order)
    flat = rows.reshape((*rows.shape[: x.ndim - len(axes)], -1))
    ones = torch.ones_like(flat[..., :1])
    before = torch.cumprod(torch.cat([ones, flat[..., :-1]], -1), -1)
    turned = torch.flip(flat, (-1,))[..., :-1]
    behind = torch.flip(torch.cumprod(torch.cat([ones, turned], -1), -1), (-1,))
    back = [order.index(k) for k in range(x.ndim)]
    return (before*behind).reshape(rows.shape).permute(back)
''',
    "peaks": '''
def peaks(x, axes):
    """Where x is the largest along dimensions, as 1 and 0; several share the 1."""
    chosen = (x == torch.amax(x, dim=axes, keepdim=True)).to(torch.float64)
    return chosen/torch.sum(chosen, dim=axes, keepdim=True) if axes else chosen
''',
    "ordering": '''
def ordering(x, axis, descending):
    """The places of the elements in order, equal ones as they stand."""
    return torch.argsort(x, dim=axis, descending=descending, stable=True)
''',
    "reordered": '''
def reordered(values, x, axis, descending):
    """Values in the order of the elements of x."""
    return torch.gather(values, axis, ordering(x, axis, descending))
''',
    "unsorted": '''
def unsorted(values, x, axis, descending):
    """Values back where the elements of x in order come from."""
    places = torch.argsort(ordering(x, axis, descending), dim=axis)
    return torch.gather(values, axis, places)
''',
    "cofactors": '''
def cofactors(x):
    """The matrix of cofactors, which a singular matrix has too."""
    left, values, right = torch.linalg.svd(x)
    signs = torch.linalg.det(left)*torch.linalg.det(right)
    weights = others(values, (values.ndim - 1,))
    return signs[..., None, None]*((left*weights[..., None, :])@right)
''',
    "symmetric": '''
def symmetric(x):
    """The symmetric part of a matrix."""
    return (x + x.mT)/2
''',
    "one_hot": '''
def one_hot(x, size, axis):
    """A one along a new dimension where the whole numbers say."""
    known = (torch.round(x) == x) & (x >= 0) & (x < size)
    assert known.all(), f"labels are whole numbers from 0 to {size - 1}"
    along = [1]*(x.ndim + 1)
    along[axis] = size
    return (x.unsqueeze(axis) == torch.arange(size).reshape(along)).to(torch.float64)
''',
}


def needed(code: str, known: Mapping[str, str]) -> list[str]:
    """The functions that a code calls, and those that they call, each before its first use."""
    found: dict[str, str] = {}

    def look(text: str) -> None:
        for name, definition in known.items():
            if name not in found and re.search(rf"(?<![\w.]){name}\(", text):
                found[name] = ""
                look(re.sub(rf"\b{name}\(", "", definition))
                # behind those that it calls
                del found[name]
                found[name] = definition

    look(code)
    return [found[name].strip("\n") for name in found]
