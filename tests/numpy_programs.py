"""Random programs of numpy arrays: views of views, and writes through all of them."""

import random

import numpy as np

ELEMENTWISE = (
    "np.sin(%s)", "np.tanh(%s)", "np.exp(0.3*%s)", "%s**2", "-%s", "1/(2 + %s**2)",
    "np.sqrt(3 + %s**2)", "np.log(2 + %s**2)", "np.arctan(%s)", "%s*%s", "np.square(%s)",
)  # fmt: skip

OF_VECTORS = (
    "%s[::-1]", "%s[1:]", "%s[:3]", "%s[...]", "%s.ravel()", "np.asarray(%s)", "%s.T", "%s[::2]",
    "%s.view()", "%s.reshape(4)[:]", "np.atleast_1d(%s)", "%s[[0, 2, 2, 1]]", "np.diff(%s)",
    "%s[np.array([True, False, True, True])]", "%s.copy()", "np.array(%s)", "np.roll(%s, 1)",
    "np.cumsum(%s)", "np.concatenate([%s[2:], %s[:2]])", "np.flip(%s)", "np.split(%s, 2)[1]",
    "np.array([%s[0], %s[3]*2, %s[1]])", "np.array(list(%s))", "np.squeeze(%s)",
    "%s.astype(%s.dtype)", "np.take(%s, [1, 3])", "np.broadcast_to(%s, (2, 4))[1]",
    "np.diag(np.diag(%s))", "np.ascontiguousarray(%s)", "%s.flatten()",
)  # fmt: skip

OF_MATRICES = (
    "%s[0]", "%s[:, 1]", "%s.T[2]", "%s.sum(axis=0)", "%s.mean(0)", "%s[1, ::-1]",
    "%s.ravel()[::2]",
    "%s.reshape(-1)[2:6]", "%s.prod(axis=0)", "%s[[0, 1, 0, 1], [0, 1, 2, 3]]", "np.diagonal(%s)",
    "%s @ %s[0]", "np.einsum('ij,j->i', %s, %s[1])", "%s.flatten()[:4]", "%s.T.ravel()[1:5]",
)  # fmt: skip

TO_MATRICES = (
    "np.outer(%s, %s)[:2]", "np.stack([%s, %s*2])", "np.array([%s, %s])", "np.tile(%s, (2, 1))",
    "np.vstack([%s, np.ones(4)])", "%s[None, :]*np.array([[1.0], [2.0]])",
    "np.repeat(%s[None], 2, axis=0)", "np.zeros((2, 4), dtype=%s.dtype) + %s",
    "np.column_stack([%s, %s]).T", "np.array([[v, v, v*2, 1.0] for v in %s[:2]])",
)  # fmt: skip

WRITES = (
    "{v} += 0.5*{w}", "{v} *= 0.5*{w}", "{v} -= 0.5*{w}", "{v}[{i}] = {s}*0.5", "{v}[::-1] = {s}",
    "{v}[1:] = {s}", "{v}[:-1] = 0.25", "{v}[::2] = {s}", "{v}[...] = {s}", "{v}[1:] = {v}[:-1]",
    "{v}[1:] += {v}[:-1]", "{v}[1:] *= {v}[:-1]", "{v}[1:] -= {v}[:-1]",
    "np.add({v}, {w}, out={v})", "np.multiply({v}, {w}, out={v})", "{v}[[0, -1, 0]] = {s}",
    "{v}[np.arange(len({v})) % 2 == 0] *= {s}", "np.add.at({v}, [0, 0, -1], {s})",
    "for i in range(len({v})): {v}[i] = {v}[i - 1]*0.5 + {s}", "{v}.fill(0.3); {v}[0] = {s}",
    "{v}[...] = np.tanh({w}[::-1])",
)  # fmt: skip

WRITES_OF_MATRICES = ("{v}[:, {j}] = {v}[:, 0]*{v}[::-1, 1]", "{v}.T[1] = {v}.T[2]*{s}")


def program(seed: int) -> str:
    """A function `f` of a vector of four numbers; analytic, so that complex numbers go through."""
    draw = random.Random(seed)
    shapes: dict[str, tuple[int, ...]] = {"x": (4,)}
    lines = ["def f(x):", "    x = x.copy()"][: 1 + (draw.random() < 0.7)]

    def shape_of(text: str) -> tuple[int, ...]:
        names = {name: np.full(shape, 0.5) for name, shape in shapes.items()}
        return np.shape(eval(text, {"np": np, **names}))

    def bind(text: str) -> None:
        shape, name = shape_of(text), f"v{len(shapes)}"
        shapes[name] = shape
        lines.append(f"    {name} = {text}")

    def of(shape: tuple[int, ...] | None = None) -> str:
        return draw.choice([n for n, s in shapes.items() if shape in (None, s)])

    for _ in range(draw.randint(4, 12)):
        name, kind = of(), draw.random()
        shape = shapes[name]
        if kind < 0.2 or shape == ():
            bind(draw.choice(ELEMENTWISE).replace("%s", name))
        elif kind < 0.5:
            texts = (
                OF_MATRICES if shape == (2, 4)
                else draw.choice((OF_VECTORS, OF_VECTORS, TO_MATRICES)) if shape == (4,)
                else ELEMENTWISE
            )  # fmt: skip
            bind(draw.choice(texts).replace("%s", name))
        elif kind < 0.6:
            text = f"{name} {draw.choice('+-*')} 0.5*{of(shape)}"
            bind(text)
        else:
            texts = WRITES + WRITES_OF_MATRICES * (shape == (2, 4))
            number = f"{of((4,))}[{draw.randint(-4, 3)}]"
            where = draw.randint(-shape[0], shape[0] - 1)
            other, column = of(shape), draw.randint(0, 3)
            text = draw.choice(texts)
            lines.append(f"    {text.format(v=name, w=other, s=number, i=where, j=column)}")
    sums = (
        f"np.sum({name}*(0.3 + np.arange({int(np.prod(shapes[name], dtype=int))})"
        f".reshape({shapes[name]})))"
        for name in list(shapes)[-5:]
    )
    lines.append(f"    return {' + '.join(sums)} + np.sum(x*x)")
    return "\n".join(lines)
