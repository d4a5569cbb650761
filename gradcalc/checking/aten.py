"""What torch's operations below autograd are in the language.

Most are functions of torch by their own name. Of the others there is a row each: a template, in
which `{name}` is an argument of the operation's schema and `{name=text}` one that may not be given;
a list of templates where an operation has several results, with None for one that is no part of the
language; or a function of `aten_special` where a template would not say it.
"""

import re
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

from gradcalc.checking.aten_special import SPECIAL
from gradcalc.checking.aten_whole import LARGE, exact
from gradcalc.checking.lines import NoRow
from gradcalc.checking.listing import Row, Writer
from gradcalc.lang.dialects.catalogue import function

Template = str | list[str | None]

TEMPLATES: Mapping[str, Template] = {
    # memory
    "alias": "{self}*1",
    "_conj": "torch.conj({self})",
    "_conj_physical": "torch.conj({self})",
    "_neg_view": "-{self}",
    "clone": "{self}*1",
    "copy": "{src}",
    "contiguous": "{self}*1",
    "detach": "{self}.detach()",
    "lift_fresh": "{self}*1",
    "_unsafe_view": "torch.reshape({self}, {size})",
    "view": "torch.reshape({self}, {size})",
    "_reshape_copy": "torch.reshape({self}, {size})",
    "view_copy": "torch.reshape({self}, {size})",
    "expand_copy": "torch.broadcast_to({self}, {size})",
    "repeat": "torch.tile({self}, {repeats})",
    "fill": "torch.zeros_like({self}) + {value}",
    "zero": "torch.zeros_like({self})",
    "masked_fill": "torch.where({mask}, {value}, {self})",
    # arithmetic
    "add": "{self} + {alpha=1}*{other}",
    "sub": "{self} - {alpha=1}*{other}",
    "rsub": "{other} - {alpha=1}*{self}",
    "mul": "{self}*{other}",
    "pow": "torch.pow({self}, {exponent})",
    "neg": "-{self}",
    "reciprocal": "1/{self}",
    "addcmul": "{self} + {value=1}*{tensor1}*{tensor2}",
    "addcdiv": "{self} + {value=1}*{tensor1}/{tensor2}",
    "square": "{self}**2",
    "logical_not": "torch.logical_not({self})",
    "clamp_min": "torch.clamp({self}, min={min})",
    "clamp_max": "torch.clamp({self}, max={max})",
    "hardtanh": "torch.nn.functional.hardtanh({self}, {min_val=-1}, {max_val=1})",
    "elu": "{scale=1}*torch.where({self} > 0, {self},"
    " {alpha=1}*(torch.exp({input_scale=1}*torch.clamp({self}, max=0)) - 1))",
    "leaky_relu": "torch.nn.functional.leaky_relu({self}, {negative_slope=0.01})",
    "softplus": "torch.nn.functional.softplus({self}, {beta=1}, {threshold=20})",
    "_prelu_kernel": "torch.where({self} > 0, {self}, {weight}*{self})",
    "log_sigmoid_forward": ["torch.nn.functional.logsigmoid({self})", None],
    "mvlgamma": "torch.mvlgamma({self}, {p})",
    "special_xlog1py": "torch.special.xlog1py({self}, {other})",
    # reductions
    "linalg_vector_norm": "torch.linalg.vector_norm({self}, {ord=2}, {dim=None},"
    " keepdim={keepdim=False})",
    "norm": "torch.norm({self}, {p=2}, {dim=None}, {keepdim=False})",
    "any": "torch.any({self}, {dim=None}, {keepdim=False})",
    "all": "torch.all({self}, {dim=None}, {keepdim=False})",
    # linear algebra
    "t": "{self}.T",
    "addr": "torch.addr({self}, {vec1}, {vec2}, beta={beta=1}, alpha={alpha=1})",
    "addbmm": "torch.addbmm({self}, {batch1}, {batch2}, beta={beta=1}, alpha={alpha=1})",
    "_linalg_det": ["torch.linalg.det({A})", None, None],
    "_linalg_slogdet": [
        "torch.linalg.slogdet({A})[0]", "torch.linalg.slogdet({A})[1]", None, None
    ],
    "linalg_cholesky_ex": ["torch.linalg.cholesky({self}, upper={upper=False})", None],
    "linalg_solve_triangular": "torch.linalg.solve_triangular({self}, {B}, upper={upper},"
    " left={left=True}, unitriangular={unitriangular=False})",
    "linalg_pinv": "torch.linalg.pinv({self}, atol={atol=None}, rtol={rtol=None},"
    " hermitian={hermitian=False})",
    "polygamma": "torch.polygamma({n}, {self})",
    "where": "torch.where({condition}, {self}, {other})",
    "block_diag": "torch.block_diag(*{tensors})",
    "unfold_copy": "{self}.unfold({dimension}, {size}, {step})",
    "split_with_sizes_copy": "torch.split({self}, {split_sizes}, {dim=0})",
    "alias_copy": "{self}*1",
    "fractional_max_pool2d": "torch.nn.functional.fractional_max_pool2d({self}, {kernel_size},"
    " output_size={output_size}, return_indices=True, _random_samples={random_samples})",
    "fractional_max_pool3d": "torch.nn.functional.fractional_max_pool3d({self}, {kernel_size},"
    " output_size={output_size}, return_indices=True, _random_samples={random_samples})",
    "linalg_householder_product": "torch.linalg.householder_product({input}, {tau})",
    "_cdist_forward": "torch.cdist({x1}, {x2}, {p})",
    "_pdist_forward": "torch.pdist({self}, {p=2})",
    # layers
    "_sparse_addmm": "torch.addmm({self}, {mat1}, {mat2}, beta={beta=1}, alpha={alpha=1})",
    "_adaptive_avg_pool2d": "torch.nn.functional.adaptive_avg_pool2d({self}, {output_size})",
    "_adaptive_avg_pool3d": "torch.nn.functional.adaptive_avg_pool3d({self}, {output_size})",
    "im2col": "torch.nn.functional.unfold({self}, {kernel_size}, dilation={dilation},"
    " padding={padding}, stride={stride})",
    "col2im": "torch.nn.functional.fold({self}, {output_size}, {kernel_size},"
    " dilation={dilation}, padding={padding}, stride={stride})",
    "constant_pad_nd": "torch.nn.functional.pad({self}, {pad}, value={value=0})",
    "prelu": "torch.nn.functional.prelu({self}, {weight})",
    # derivatives, which stand in what differentiates
    "tanh_backward": "{grad_output}*(1 - {output}**2)",
    "sigmoid_backward": "{grad_output}*{output}*(1 - {output})",
    "softplus_backward": "{grad_output}*torch.where({beta}*{self} > {threshold}, 1.0,"
    " torch.sigmoid({beta}*{self}))",
    "threshold_backward": "torch.where({self} > {threshold}, {grad_output}, 0.0)",
    "_softmax_backward_data": "{grad_output}*{output}"
    " - {output}*torch.sum({grad_output}*{output}, {dim}, keepdim=True)",
    "_log_softmax_backward_data": "{grad_output}"
    " - torch.exp({output})*torch.sum({grad_output}, {dim}, keepdim=True)",
    "native_dropout_backward": "{grad_output}*{mask}*{scale}",
}  # fmt: skip
"""Operations by their name without overload, those that write without the line at its end."""

PREFIXES = (("linalg_", "torch.linalg"), ("special_", "torch.special"))
"""Beginnings of names that stand for a module."""

EACH = "_foreach_"
"""The beginning of names of operations on several tensors at once."""

SEVERAL = {"norm": "linalg_vector_norm", "clamp_min": "maximum", "clamp_max": "minimum"}
"""What those are called of one tensor, where it is something else."""

LEFT_OUT = frozenset(
    {
        "dtype", "layout", "device", "pin_memory", "memory_format", "non_blocking", "out",
        "generator", "implicit", "half_to_float", "check_errors", "driver", "padding_idx",
        "scale_grad_by_freq", "sparse",
    }
)  # fmt: skip
"""Arguments that say nothing of real numbers."""

REDUCTIONS = ("none", "mean", "sum")
"""Reductions of losses, by their numbers."""

_FIELD = re.compile(r"\{(\w+)(?:=([^{}]*))?\}")


def row(name: str) -> Row | None:
    """What an operation is in the language, None where there is nothing for it."""
    library, _, base = name.partition(".")
    if library not in ("aten", "prims"):
        return None
    # what writes is told by what is written: nothing may be written over in the program itself
    writes = base.endswith("_") and not base.endswith("__")
    return _row(base[:-1] if writes else base)


def known(name: str) -> bool:
    """Whether an operation has a row."""
    return row(name) is not None


@cache
def _row(base: str) -> Row | None:
    found = _plain_row(base)
    return exact(found) if found is not None and base in LARGE else found


def _plain_row(base: str) -> Row | None:
    special = SPECIAL.get(base)
    if special is not None:
        return special
    template = TEMPLATES.get(base)
    if template is not None:
        return partial(_filled, template)
    several = base.removeprefix(EACH)
    if several != base:
        one = _row(SEVERAL.get(several, several))
        return None if one is None else partial(_each, several, one)
    full = _full_name(base)
    return None if full is None else partial(_called, full)


@cache
def _full_name(base: str) -> str | None:
    for prefix, module in PREFIXES:
        name = base.removeprefix(prefix)
        if name != base and function(module, name) is not None:
            return f"{module}.{name}"
    base = base.removesuffix("_copy")
    for module in ("torch", "torch.nn.functional"):
        if function(module, base) is not None:
            return f"{module}.{base}"
    return None


@cache
def _words(full: str) -> frozenset[str]:
    """The parameters of a function that may be named; the first one is not."""
    module, _, name = full.rpartition(".")
    found = function(module, name)
    assert found is not None
    names = (p.name for row in found.overloads for p in row.parameters)
    return frozenset(names) - {"self", "input", "tensors"}


def _filled(template: Template, writer: Writer, given: Mapping[str, Any]) -> Any:
    if isinstance(template, list):
        return [None if part is None else _fill(part, writer, given) for part in template]
    return _fill(template, writer, given)


def _fill(template: str, writer: Writer, given: Mapping[str, Any]) -> str:
    def text(found: re.Match[str]) -> str:
        name, default = found.groups()
        if name not in given:
            if default is None:
                raise NoRow(f"an operation without {name}")
            return str(default)
        value = given[name]
        written = writer.text(value)
        # a number below zero is no single token
        return (
            f"({written})" if written.startswith("-") and not isinstance(value, list) else written
        )

    return _FIELD.sub(text, template)


def _each(name: str, one: Row, writer: Writer, given: Mapping[str, Any]) -> list[Any]:
    """An operation on each of several tensors."""
    count = len(given["self"])
    found = []
    for position in range(count):
        own = {
            _singular(name, key): v[position] if isinstance(v, list) and len(v) == count else v
            for key, v in given.items()
        }
        found.append(one(writer, own))
    return found


def _singular(name: str, key: str) -> str:
    """What an argument of an operation on several tensors is called in that on one."""
    if key not in ("scalar", "scalars"):
        return key
    if name in ("addcmul", "addcdiv"):
        return "value"
    ends = {"lerp": "weight", "pow": "exponent"}
    return ends.get(name, "other")


def _called(full: str, writer: Writer, given: Mapping[str, Any]) -> str:
    """A call of a function by its name."""
    positional: list[str] = []
    named: list[str] = []
    words = _words(full)
    for name, value in given.items():
        if name in LEFT_OUT or (name == "correction" and value is None):
            continue
        if name == "reduction" and isinstance(value, int):
            value = REDUCTIONS[value]
        if name in ("stride", "kernel_size") and value == []:
            continue
        if name not in words and not named:
            positional.append(writer.text(value))
        else:
            named.append(f"{name}={writer.text(value)}")
    return f"{full}({', '.join((*positional, *named))})"
