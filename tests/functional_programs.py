"""Random calls of torch.nn.functional's losses and layers, each with inputs that fit it."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Called:
    """A call, its inputs, and which of these are differentiated by; others are data."""

    text: str
    inputs: Mapping[str, Any]
    wrt: tuple[str, ...]
    labels: tuple[str, ...] = ()


class Draw:
    """Draws shapes, numbers and arguments."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.numbers = np.random.default_rng(seed)

    def one(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def any(self, *shape: int) -> Any:
        return self.numbers.normal(0, 1.5, shape).round(3)

    def share(self, *shape: int) -> Any:
        return self.numbers.uniform(0.05, 0.95, shape).round(3)

    def sign(self, *shape: int) -> Any:
        return self.numbers.choice([-1.0, 1.0], shape)

    def label(self, count: int, *shape: int) -> Any:
        return self.numbers.integers(0, count, shape).astype(float)

    def words(self, **options: tuple[Any, ...]) -> str:
        """Some of the options, each one of its values; None leaves it out."""
        chosen = {name: self.one(None, *values) for name, values in options.items()}
        return "".join(f", {name}={v!r}" for name, v in chosen.items() if v is not None)


REDUCTIONS = ("mean", "sum", "none")


def errors(d: Draw) -> Called:
    name, more = d.one(("mse_loss", {}), ("l1_loss", {}), ("huber_loss", {"delta": (0.5,)}),
                       ("smooth_l1_loss", {"beta": (0.5, 2)}))  # fmt: skip
    shape = d.one((3,), (2, 3))
    inputs = {"x": d.any(*shape), "y": d.any(*shape)}
    weight = ""
    if name != "smooth_l1_loss" and d.one(True, False):
        inputs["w"], weight = d.share(*shape), ", weight=w"
    text = f"F.{name}(x, y{weight}{d.words(reduction=REDUCTIONS, **more)})"
    return Called(text, inputs, tuple(inputs))


def likelihoods(d: Draw) -> Called:
    name = d.one("binary_cross_entropy", "binary_cross_entropy_with_logits")
    shape = d.one((3,), (2, 3))
    inputs = {"x": d.share(*shape), "y": d.share(*shape)}
    weight = ""
    if d.one(True, False):
        inputs["w"], weight = d.share(3), ", w"
    if "logits" in name and d.one(True, False):
        inputs["p"], weight = d.share(3), f"{weight}, pos_weight=p"
    return Called(f"F.{name}(x, y{weight}{d.words(reduction=REDUCTIONS)})", inputs, ("x", "y"))


def classes(d: Draw) -> Called:
    name, count = d.one("cross_entropy", "nll_loss"), d.one(2, 3)
    shape = d.one((count,), (4, count), (2, count, 2))
    batch = () if len(shape) == 1 else (shape[0], *shape[2:])
    inputs = {"x": d.any(*shape), "t": d.label(count, *batch)}
    weight = ""
    if d.one(True, False):
        inputs["w"], weight = d.share(count), ", weight=w"
    if batch and d.one(True, False):
        inputs["t"].flat[0], weight = -100, f"{weight}, ignore_index=-100"
    more = {"label_smoothing": (0.1,)} if name == "cross_entropy" else {}
    text = f"F.{name}(x, t{weight}{d.words(reduction=REDUCTIONS, **more)})"
    return Called(text, inputs, ("x",), ("t",))


def margins(d: Draw) -> Called:
    text, inputs = d.one(
        ("F.hinge_embedding_loss(x, t", {"x": d.any(4), "t": d.sign(4)}),
        ("F.margin_ranking_loss(x, y, t", {"x": d.any(4), "y": d.any(4), "t": d.sign(4)}),
        ("F.cosine_embedding_loss(x, y, t",
         {"x": d.any(4, 3), "y": d.any(4, 3), "t": d.sign(4)}),
        ("F.triplet_margin_loss(x, y, z",
         {"x": d.any(2, 3), "y": d.any(2, 3), "z": d.any(2, 3)}),
        ("F.multi_margin_loss(x, t", {"x": d.any(3, 4), "t": d.label(4, 3)}),
    )  # fmt: skip
    labels = ("t",) if "multi" in text else ()
    words = d.words(reduction=REDUCTIONS, margin=(0.5, 2.5))
    wrt = tuple(name for name in inputs if name != "t")
    return Called(f"{text}{words})", inputs, wrt, labels)


def layers(d: Draw) -> Called:
    text, inputs, held = d.one(
        ("F.linear(x, w, b)**2", {"x": d.any(2, 3), "w": d.any(4, 3), "b": d.any(4)}, ()),
        ("F.layer_norm(x, (2, 3), w, b)**2",
         {"x": d.any(2, 2, 3), "w": d.any(2, 3), "b": d.any(2, 3)}, ()),
        ("F.group_norm(x, 2, w, b)*sin(x)",
         {"x": d.any(2, 4, 3), "w": d.any(4), "b": d.any(4)}, ()),
        ("F.rms_norm(x, (3,), w)**3", {"x": d.any(2, 3), "w": d.any(3)}, ()),
        ("F.batch_norm(x, m, v, w, b)**2",
         {"x": d.any(3, 2), "w": d.any(2), "b": d.any(2), "m": d.any(2), "v": d.share(2)},
         ("m", "v")),
        ("F.batch_norm(x, None, None, w, b, training=True)*sin(x)",
         {"x": d.any(4, 2), "w": d.any(2), "b": d.any(2)}, ()),
        ("F.local_response_norm(x, 2, alpha=0.5)", {"x": d.any(1, 3, 4)}, ()),
        ("F.bilinear(x, y, w)**2", {"x": d.any(2, 3), "y": d.any(2, 2), "w": d.any(4, 3, 2)}, ()),
    )  # fmt: skip
    return Called(text, inputs, tuple(name for name in inputs if name not in held))


def convolutions(d: Draw) -> Called:
    rank, groups = d.one(1, 2), d.one(1, 2)
    kernel = [d.one(1, 2, 3) for _ in range(rank)]
    back = d.one(True, False)
    weight = (2, 2, *kernel) if back else (4, 2 // groups, *kernel)
    sizes = [d.one(4, 5) for _ in range(rank)]
    inputs = {"x": d.any(*d.one((), (2,)), 2, *sizes), "w": d.any(*weight)}
    name = f"conv_transpose{rank}d" if back else f"conv{rank}d"
    words = d.words(stride=(2,), padding=(1,)) + (f", groups={groups}" if groups > 1 else "")
    return Called(f"F.{name}(x, w{words})**2", inputs, ("x", "w"))


def pools(d: Draw) -> Called:
    rank = d.one(1, 2)
    x = {"x": d.any(2, *[d.one(4, 5) for _ in range(rank)])}
    text = d.one(
        f"F.max_pool{rank}d(x, 2{d.words(stride=(1,), padding=(1,), ceil_mode=(True,))})",
        f"F.avg_pool{rank}d(x, 2{d.words(stride=(1,), padding=(1,), ceil_mode=(True,))})",
        f"F.avg_pool{rank}d(x, 3, 2, 1{d.words(ceil_mode=(True,), count_include_pad=(False,))})",
        f"F.adaptive_avg_pool{rank}d(x, 3)",
        f"F.adaptive_max_pool{rank}d(x, 3)",
    )
    return Called(f"{text}**2", x, ("x",))


def pictures(d: Draw) -> Called:
    text, inputs = d.one(
        ("F.unfold(x, 2, padding=1)", {"x": d.any(2, 3, 4)}),
        ("F.fold(x, (3, 3), 2)", {"x": d.any(8, 4)}),
        ("F.pixel_shuffle(x, 2)", {"x": d.any(4, 2, 3)}),
        ("F.interpolate(x, size=5)", {"x": d.any(1, 2, 3)}),
        ("F.interpolate(x, scale_factor=1.7, mode='bilinear')", {"x": d.any(1, 1, 3, 4)}),
        ("F.interpolate(x, size=(5, 2), mode='bicubic', align_corners=True)",
         {"x": d.any(1, 1, 3, 4)}),
        ("F.grid_sample(x, g, mode={!r}, padding_mode={!r}, align_corners={})".format(
            d.one("bilinear", "nearest", "bicubic"), d.one("zeros", "border", "reflection"),
            d.one(True, False)), {"x": d.any(1, 2, 3, 3), "g": d.any(1, 2, 2, 2)}),
        ("F.grid_sample(x, g, mode={!r}, padding_mode={!r}, align_corners={})".format(
            d.one("bilinear", "nearest"), d.one("zeros", "border", "reflection"),
            d.one(True, False)), {"x": d.any(1, 2, 2, 3, 2), "g": d.any(1, 1, 2, 2, 3)}),
        ("F.affine_grid(x, (2, 1, 2, 3), align_corners=True)", {"x": d.any(2, 2, 3)}),
    )  # fmt: skip
    return Called(f"{text}**2", inputs, tuple(inputs))


def bags(d: Draw) -> Called:
    """embedding_bag: with padding or without, in either order of table and numbers."""
    mode, flat = d.one("sum", "mean", "max"), d.one(True, False)
    inputs = {"i": d.label(4, *((7,) if flat else (3, 2))), "w": d.any(4, 2)}
    text = f"F.embedding_bag(i, w, mode={mode!r}"
    text += d.one("", ", padding_idx=-2")
    labels = ["i"]
    if flat:
        last = d.one("", ", include_last_offset=True")
        inputs["o"] = np.array([0.0, d.one(0, 2), d.one(2, 4), *([7] if last else [])])
        labels.append("o")
        text += f", offsets=o{last}"
    if mode == "sum" and d.one(True, False):
        inputs["p"] = d.any(*inputs["i"].shape)
        text += ", per_sample_weights=p"
    wrt = tuple(name for name in inputs if name not in labels)
    return Called(f"{text})**2", inputs, wrt, tuple(labels))


def attention(d: Draw) -> Called:
    lead = d.one((), (2,))
    inputs = {"q": d.any(*lead, 3, 2), "k": d.any(*lead, 4, 2), "v": d.any(*lead, 4, 2)}
    how = d.one("", ", m", ", is_causal=True")
    if how == ", m":
        inputs["m"] = d.any(3, 4)
    text = f"F.scaled_dot_product_attention(q, k, v{how}{d.words(scale=(0.3,))})**2"
    return Called(text, inputs, tuple(inputs))


def distances(d: Draw) -> Called:
    orders = d.words(p=(1.0, 3.0, 2.5))
    text, inputs = d.one(
        (f"torch.cdist(x, y{orders})", {"x": d.any(3, 2), "y": d.any(2, 2)}),
        (f"torch.pdist(x{orders})", {"x": d.any(3, 2)}),
        (f"F.pairwise_distance(x, y{orders})", {"x": d.any(3, 2), "y": d.any(3, 2)}),
        ("F.cosine_similarity(x, y)", {"x": d.any(3, 2), "y": d.any(3, 2)}),
    )
    return Called(text, inputs, tuple(inputs))


FAMILIES: Mapping[str, Callable[[Draw], Called]] = {
    f.__name__: f
    for f in (errors, likelihoods, classes, margins, layers, convolutions, pools, pictures,
              bags, attention, distances)
}  # fmt: skip
