"""The fence as a table: the syntax that a program may use, and why the rest is refused."""

import ast
from collections.abc import Mapping
from types import MappingProxyType

ALLOWED: frozenset[type[ast.AST]] = frozenset(
    {
        # statements
        ast.Module, ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.If, ast.While,
        ast.For, ast.Break, ast.Continue, ast.FunctionDef, ast.Return, ast.Assert, ast.Pass,
        ast.Raise, ast.With, ast.withitem, ast.Import, ast.ImportFrom, ast.alias,
        # expressions
        ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.keyword,
        ast.Attribute, ast.Subscript, ast.Slice, ast.List, ast.Tuple, ast.Name, ast.Constant,
        ast.NamedExpr, ast.Lambda, ast.arguments, ast.arg, ast.Load, ast.Store,
        # operators
        ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult,
        ast.BitAnd, ast.BitOr, ast.UAdd, ast.USub, ast.Not, ast.Invert, ast.And, ast.Or,
        ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot,
    }
)  # fmt: skip

REFUSED: Mapping[type[ast.AST], tuple[str, str]] = MappingProxyType(
    {
        ast.ListComp: ("comprehensions", "write a for loop: ys = ys + [y]"),
        ast.SetComp: ("comprehensions", "write a for loop: ys = ys + [y]"),
        ast.DictComp: ("comprehensions", "write a for loop: ys = ys + [y]"),
        ast.GeneratorExp: ("generator expressions", "write a for loop: s = s + term"),
        ast.Dict: ("dictionaries", "use a name for each value"),
        ast.Set: ("sets", "use a list"),
        ast.JoinedStr: ("f-strings", "text has no gradient"),
        ast.Starred: ("stars", "write each item"),
        ast.Delete: ("del", "names go away by themselves"),
        ast.ClassDef: ("classes", "write functions"),
        ast.AsyncFunctionDef: ("async functions", "write def"),
        ast.Await: ("await", "leave it out"),
        ast.AsyncFor: ("async for", "write for"),
        ast.AsyncWith: ("async with", "leave it out"),
        ast.Yield: ("yield", "use return"),
        ast.YieldFrom: ("yield", "use return"),
        ast.Try: ("try", "use if"),
        ast.TryStar: ("try", "use if"),
        ast.Global: ("global", "pass the value as an argument and return it"),
        ast.Nonlocal: ("nonlocal", "pass the value as an argument and return it"),
        ast.Match: ("match", "use if and elif"),
        ast.BitXor: ("the operator ^", "a power is written x**2"),
        ast.LShift: ("the operator <<", "write x*2**n"),
        ast.RShift: ("the operator >>", "write x//2**n"),
        ast.In: ("the operator in", "use == and or"),
        ast.NotIn: ("the operator in", "use != and and"),
    }
)

CONTEXTS: frozenset[str] = frozenset({"no_grad", "inference_mode"})
"""What may stand behind `with`, called without arguments."""

ATTRIBUTES: frozenset[str] = frozenset(
    {"T", "mT", "H", "shape", "ndim", "size", "values", "indices", "data", "real"}
)
"""What may stand behind a dot without being called."""

METHODS: Mapping[str, str] = MappingProxyType(
    {
        "backward": "gradcalc takes the gradient itself: leave the call out",
        "grad": "gradcalc takes the gradient itself: leave it out",
        "requires_grad_": "every input has a gradient: leave the call out",
        "requires_grad": "every input has a gradient: leave it out",
        "zero_grad": "nothing accumulates without --accumulate: leave the call out",
        "append": "write ys = ys + [y]",
        "extend": "write ys = ys + other",
        "float": "the whole calculation has one dtype: --dtype float32",
        "double": "the whole calculation has one dtype: --dtype float64",
        "half": "the whole calculation has one dtype: --dtype float16",
        "to": "the whole calculation has one dtype and device: --dtype, --device",
        "type": "the whole calculation has one dtype: --dtype float32",
        "astype": "the whole calculation has one dtype: --dtype float32",
        "cuda": "say --device cuda",
        "cpu": "leave it out; --device says where",
        "numpy": "leave it out: x.detach() stops the gradient",
        "dtype": "the whole calculation has one dtype: --dtype",
        "device": "the whole calculation has one device: --device",
    }
)
"""Well-known things behind a dot that a program must do without, and what to do instead."""

REAL = "every number is real here: give real and imaginary parts as inputs of their own"
"""What to do instead of calculating with complex numbers."""

COMPLEX = """complex polar view_as_complex view_as_real imag angle iscomplex iscomplexobj
    real_if_close isreal isrealobj is_complex cfloat cdouble complex64 complex128""".split()  # noqa: SIM905
"""Names that are about complex numbers."""

FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(COMPLEX, REAL),
        "print": "leave it out; --of NAME shows another value",
        "rand": 'give the random values as an input: --x "rand(3)" --seed 0',
        "randn": 'give the random values as an input: --x "randn(3)" --seed 0',
        "rand_like": 'give the random values as an input: --x "rand(3)" --seed 0',
        "randn_like": 'give the random values as an input: --x "randn(3)" --seed 0',
        "manual_seed": 'random values are inputs: --x "randn(3)" --seed 0',
        "dropout": "dropout is random: leave it out, or multiply by a mask that is an input",
        "open": "values come from files with --x @file.npy",
        "input": "values are given with --x",
        "grad": "gradcalc takes the gradient itself: leave it out",
        "eval": "write the expression itself",
        "exec": "write the program itself",
        "list": "write [a, b]",
        "tuple": "write (a, b)",
        "Tensor": "write tensor([...])",
        "divmod": "write a//b and a%b",
        "reversed": "write x[::-1]",
        "map": "write a for loop",
        "filter": "write a for loop",
        "sorted": "write sort(x).values",
        "iter": "write a for loop over range",
        "next": "write a for loop over range",
    }
)
"""Well-known functions that a program must do without, and what to do instead."""

UNLIKE: frozenset[str] = frozenset(
    """
    addr as_strided_copy bitwise_count bitwise_invert broadcast chndtr col_indices copy erfcinv
    erfcx erfi exp1 exp10 expand_as expi expn flatiter flatnonzero float16 float32 float64 fmax
    fmin gamma gammainc gammasgn glu hardsigmoid hash_tensor igamma indices_copy int8 intc intp
    is_contiguous is_nonzero is_tensor isin isqrt linear_cross_entropy logaddexp2 logcumsumexp
    loggamma long lqn matrix_power median mode modf mvlgamma nanargmax nanargmin nancumprod
    nancumsum nanmax nanmin nbdtr nbdtrc nbdtri ncfdtr nctdtr ndarray ndenumerate ndindex nditer
    ndtri new nll_loss normal pinv pinverse polygamma prelu radian renorm reshape_as resize
    rgamma row_indices rrelu rsub short slogdet smm softshrink split_with_sizes_copy
    take_along_axis tensordot tensorinv tri tril_indices_from triu_indices_from uint
    unsafe_split_with_sizes unstack ushort vars vdot xlog1py zero
    """.split()  # noqa: SIM905
)
"""Functions of torch, numpy and scipy that are not known here, and are spelled almost as another
that means something else: whoever writes them has not mistyped the other."""

EQUIVALENT: Mapping[str, str] = MappingProxyType(
    {
        "exp10": "write 10**x",
        "hardsigmoid": "write relu6(x + 3)/6",
        "xlog1py": "write xlogy(x, 1 + y)",
    }
)
"""What those that can be written otherwise are."""
