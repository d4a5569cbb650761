"""Type checks and errors that programs raise: as Python has them."""

import collections.abc
import numbers
import types
import typing
from typing import Any

import numpy as np
import pytest
import torch

from gradcalc.calculate import calculate
from gradcalc.errors import GradcalcError, InvalidValueError, UnsupportedError
from gradcalc.lang.fence import compile_program
from gradcalc.lang.types import STAND_INS, Size, Tensor, _type
from tests.lang_backends import problem, torch_run

IMPORTS = """\
import collections.abc, numbers, types
import collections.abc as abc
from collections.abc import Sequence as Seq, Callable
from numbers import Number
from typing import Optional, Union
import typing
"""
LIBRARIES = {
    "torch": ("import torch\nfrom torch import Tensor\n", "torch.sin", torch.tensor),
    "numpy": ("import numpy as np\n", "np.sin", np.array),
}
TYPES: dict[str, Any] = {
    "torch.Tensor": torch.Tensor, "np.ndarray": np.ndarray, "Tensor": torch.Tensor,
    "float": float, "str": str, "(int, float)": (int, float), "int | float": int | float,
    "list": list, "(list, tuple)": (list, tuple), "Number": numbers.Number, "bool": bool,
    "numbers.Real": numbers.Real, "torch.nn.Module": torch.nn.Module, "tuple": tuple,
    "Seq": collections.abc.Sequence, "abc.Iterable": collections.abc.Iterable, "int": int,
    "Callable": collections.abc.Callable, "types.FunctionType": types.FunctionType,
    "dict": dict, "object": object, "complex": complex, "range": range,
    "(str, (int, list))": (str, (int, list)), "None | int": None | int,
}  # fmt: skip
VALUES: dict[str, Any] = {
    "2.5": 2.5, "3": 3, "True": True, "[1, 2]": [1, 2], "(1, x)": (1, 2), "range(3)": range(3),
    "'text'": "text", "None": None, "(lambda t: t)": lambda t: t,
}  # fmt: skip


def truth(library: str, check: str, x: object) -> bool:
    imports, sine, _ = LIBRARIES[library]
    source = f"{imports}{IMPORTS}def f(x: Tensor, y: Optional[int] = None):\n    "
    source += f"return {sine}(x)*0 + (1 if {check} else 0)"
    return bool(np.all(torch_run(compile_program(source), {"x": x}).value.detach().numpy() == 1))


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", TYPES)
def test_types_of_arrays_and_plain_values(library: str, name: str) -> None:
    kind, make = TYPES[name], LIBRARIES[library][2]
    if library == "numpy" and "ensor" in name:
        return
    for text, value in {**VALUES, "x": make([1.0, 2.0]), "x + x": make([1.0])}.items():
        checked = truth(library, f"isinstance({text}, {name})", [1.0, 2.0])
        assert checked == isinstance(value, kind), text


@pytest.mark.parametrize("name", ["float", "list", "tuple", "str", "int"])
def test_the_type_itself(name: str) -> None:
    for text, value in VALUES.items():
        if text != "True":
            same = type(value) is TYPES[name]
            assert truth("torch", f"type({text}) is {name}", 1.0) == same
            assert truth("torch", f"type({text}) == {name}", 1.0) == same
            assert truth("torch", f"type({text}) != {name}", 1.0) != same
            assert truth("torch", f"type({text}) not in ({name}, dict)", 1.0) != same
    assert truth("torch", "torch.is_tensor(x) and type(x) is Tensor", 1.0)


def test_stand_ins_are_types() -> None:
    for word in STAND_INS:
        if word.startswith("torch"):
            assert isinstance(eval(word, {"torch": torch}), type), word


ABSTRACT = (
    "collections.abc.Iterable", "collections.abc.Sequence", "collections.abc.Sized",
    "collections.abc.Collection", "collections.abc.Container", "collections.abc.Reversible",
    "collections.abc.Callable", "collections.abc.Mapping", "typing.SupportsFloat",
    "typing.SupportsInt", "typing.SupportsIndex", "typing.SupportsAbs", "numbers.Number", "object",
    "torch.Tensor", "torch.autograd.Variable", "torch.nn.Parameter", "collections.abc.Hashable",
)  # fmt: skip


@pytest.mark.parametrize("word", ABSTRACT)
def test_what_stands_in_for_a_tensor_is_of_the_same_types(word: str) -> None:
    modules = {"torch": torch, "collections": collections, "typing": typing, "numbers": numbers}
    kind = eval(word, modules)
    assert isinstance(Tensor(), _type(word)) == isinstance(torch.ones(2), kind)
    assert isinstance(Size(), _type(word)) == isinstance(torch.ones(2).shape, kind)


ONE = {
    ("", "x**2", "float"): True,
    ("", "x**2", "numbers.Real"): True,
    ("", "x**2", "torch.Tensor"): None,
    ("", "x**2", "str"): False,
    ("", "x**2", "int"): None,
    ("import math", "math.sin(x)", "float"): True,
    ("import math", "math.sin(x)", "(int, float)"): True,
    ("import math", "math.sin(x)", "str"): False,
    ("import math", "math.sin(x)", "int"): None,
    ("import numpy as np", "np.sin(x)", "float"): True,
    ("import numpy as np", "np.sin(x)", "np.floating"): None,
    ("import numpy as np", "np.sin(x)", "(np.floating, float)"): True,
    ("import numpy as np", "np.sin(x)", "np.ndarray"): False,
    ("import numpy as np", "np.sin(x)", "list"): False,
    ("import torch", "torch.sin(x)", "float"): False,
    ("import torch", "torch.sin(x)", "torch.Tensor"): True,
    ("import torch", "torch.sin(x)", "Iterator"): None,
}


@pytest.mark.parametrize(("imports", "body", "name"), ONE)
def test_types_of_one_number(imports: str, body: str, name: str) -> None:
    source = f"{imports}\ndef f(x):\n    return {body} if isinstance(x, {name}) else 0*x"
    expected = ONE[imports, body, name]
    if expected is None:
        with pytest.raises(UnsupportedError):
            torch_run(compile_program(source), {"x": 0.5})
    else:
        assert (
            float(torch_run(compile_program(source), {"x": 0.5}).value.detach()) != 0
        ) is expected


RAISES = {
    "raise ValueError('no {x}')": "the program raises ValueError: no {x}",
    "raise ValueError(f'no {x.shape} of {1 + 1}')": "ValueError: no (2,) of 2",
    "raise ValueError('no %s' % x)": "ValueError: no <a tensor of shape (2,)>",
    "raise ValueError('no {}'.format(x[1]))": "the program raises ValueError: no -2.0",
    "raise ValueError('a' + str(x[0])) from None": "the program raises ValueError: a1.0",
    "raise ValueError": "the program raises ValueError",
    "raise MyError('x', 3)": "the program raises MyError: ('x', 3)",
    "raise": "raise without an error to be raised again",
    "assert False, f'bad {x[1]:.2f}'": "the assertion False does not hold: bad -2.00",
}


@pytest.mark.parametrize("statement", RAISES)
def test_what_is_raised_is_said_and_costs_nothing_where_it_is_not(statement: str) -> None:
    source = f"def f(x):\n    if (x < 0).any():\n        {statement}\n    return sum(x**2)"
    with pytest.raises(InvalidValueError) as caught:
        torch_run(compile_program(source), {"x": [1.0, -2.0]})
    assert RAISES[statement] in caught.value.message
    assert caught.value.span is not None
    assert caught.value.span.line == 3
    report = calculate(problem(source, {"x": [1.0, 2.0]}))
    assert report.verdict.exit_code == 0
    assert report.gradients[0].closed_form == "2*x"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("from typing import Optional", None),
        ("import matplotlib.pyplot as plt", None),
        ("import os, sys", None),
        ("import matplotlib.pyplot as torch", "cannot be imported"),
        ("from os import path as torch", "cannot be imported"),
    ],
)
def test_imports_that_nothing_uses_are_left_out(line: str, says: str | None) -> None:
    source = f"{line}\ndef f(x: Optional[float]) -> plt.Figure:\n    return torch.sin(x)"
    if says is None:
        assert compile_program(source).required == ("x",)
    else:
        with pytest.raises(GradcalcError, match=says):
            compile_program(source)
