"""The fence as a table: the syntax that a program may use, and why the rest is refused."""

import ast
from collections.abc import Mapping
from types import MappingProxyType

from gradcalc.lang.program import dotted

ALLOWED: frozenset[type[ast.AST]] = frozenset(
    {
        # statements
        ast.Module, ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.If, ast.While,
        ast.For, ast.Break, ast.Continue, ast.FunctionDef, ast.ClassDef, ast.Return, ast.Assert,
        ast.Pass,
        ast.Raise, ast.Try, ast.ExceptHandler, ast.Nonlocal, ast.Delete, ast.Match, ast.match_case,
        ast.MatchValue, ast.MatchSingleton, ast.MatchSequence, ast.MatchMapping, ast.MatchStar,
        ast.MatchAs, ast.MatchOr, ast.MatchClass, ast.With, ast.withitem, ast.Import,
        ast.ImportFrom, ast.alias,
        # expressions
        ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.keyword,
        ast.Attribute, ast.Subscript, ast.Slice, ast.List, ast.Tuple, ast.Name, ast.Constant,
        ast.NamedExpr, ast.Lambda, ast.arguments, ast.arg, ast.Load, ast.Store, ast.Starred,
        ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.comprehension, ast.Dict,
        ast.Set, ast.JoinedStr, ast.FormattedValue, ast.Del, ast.Yield, ast.YieldFrom,
        # operators
        ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult,
        ast.BitAnd, ast.BitOr, ast.BitXor, ast.LShift, ast.RShift,
        ast.UAdd, ast.USub, ast.Not, ast.Invert, ast.And, ast.Or, ast.Eq, ast.NotEq, ast.Lt,
        ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot, ast.In,
        ast.NotIn,
    }
)  # fmt: skip

REFUSED: Mapping[type[ast.AST], tuple[str, str]] = MappingProxyType(
    {
        ast.AsyncFunctionDef: ("async functions", "write def"),
        ast.Await: ("await", "leave it out"),
        ast.AsyncFor: ("async for", "write for"),
        ast.AsyncWith: ("async with", "leave it out"),
        ast.TryStar: ("except*", "write except"),
        ast.Global: ("global", "pass the value as an argument and return it"),
    }
)

CONTEXTS: frozenset[str] = frozenset(
    {
        "no_grad", "inference_mode", "enable_grad", "set_grad_enabled",
        # these change no number
        "set_detect_anomaly", "detect_anomaly", "errstate", "record_function", "autocast",
        "catch_warnings",
    }
)  # fmt: skip
"""What may stand behind `with`, beside managers of the program's own."""

WITH, WITH_TIP = "with is only for what lets gradients pass or not", "with torch.no_grad():"
"""What is said of all else."""

MANAGERS = frozenset({"__enter__", "suppress", "nullcontext", "contextmanager"})
"""Names of a text that has managers of its own, or of Python's."""


def is_context(item: ast.withitem) -> bool:
    """Whether it is one of those that are known, without a name for it."""
    call = item.context_expr
    path = dotted(call.func) if isinstance(call, ast.Call) else None
    return path is not None and path[-1] in CONTEXTS and item.optional_vars is None


def has_managers(node: ast.AST) -> bool:
    """Whether a node of a text says that there may be managers of blocks in it."""
    match node:
        case (
            ast.FunctionDef(name=name)
            | ast.Name(id=name)
            | ast.Attribute(attr=name)
            | ast.alias(name=name)
        ):
            return name in MANAGERS
        case _:
            return False


ATTRIBUTES: frozenset[str] = frozenset(
    {
        "T", "mT", "H", "mH", "shape", "ndim", "size", "values", "indices", "data", "real", "imag",
        "at",
        "flat",
        # of what gives several tensors
        "eigenvalues", "eigenvectors", "U", "S", "Vh", "Q", "R", "sign", "logabsdet", "solution",
        "LU", "pivots", "P", "L", "inverse", "info", "result", "residuals",
        "rank", "singular_values", "slope", "intercept",
        # of tuples with names
        "_fields",
        # of dictionaries that make what they lack
        "default_factory",
        # of kinds of numbers, and of devices
        "name", "kind",
        "eps", "epsneg", "tiny", "smallest_normal", "smallest_subnormal", "resolution", "bits",
    }
)  # fmt: skip
"""What may stand behind a dot without being called."""

FRAMES = "write torch.stft(x, n_fft, hop, window=w, return_complex=True)"
"""What to do instead of a transform of one window after another."""

METHODS: Mapping[str, str] = MappingProxyType(
    {
        "backward": "gradcalc takes the gradient itself: leave the call out",
        "grad": "gradcalc takes the gradient itself: leave it out",
        "register_hook": "a hook changes a gradient on its way back, and not the function",
        **dict.fromkeys(("stft", "istft"), "write torch.stft(x, ...) or torch.istft(x, ...)"),
        **dict.fromkeys(
            ("strides", "storage_offset", "data_ptr", "is_contiguous"),
            "how elements lie in memory is not told: leave the question out, or contiguous() in",
        ),
        "zero_grad": "nothing accumulates without --accumulate: leave the call out",
    }
)
"""Well-known things behind a dot that a program must do without, and what to do instead."""

UNDERIVED = """
    airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 modified_bessel_i0 modified_bessel_i1
    modified_bessel_k0 modified_bessel_k1 scaled_modified_bessel_k0 scaled_modified_bessel_k1
    spherical_bessel_j0
""".split()  # noqa: SIM905
"""Special functions that torch has without a derivative."""

SCIPYS = "airy exp1 fresnel iv j0 j1 jn jv k0 k1 kn kv shichi sici y0 y1 yn yv".split()  # noqa: SIM905
"""Special functions that are known by scipy's name of them only."""

REAL = "inputs are real: make complex numbers of them, as torch.complex(x, y) or x + 1j*y"
"""What to do instead of calculating with complex numbers."""

COMPLEX = ("iscomplex", "isreal", "sort_complex")
"""Names that are about complex numbers."""

OUTSIDE = "a program reads nothing of the machine that it runs on: write the value itself"
PLOTS = "plots change no number: leave their lines out of the function, and name it: FILE.py:NAME"
QUADRATURE = (
    "it chooses its points by the values: write np.trapezoid(y, x), or simpson(y, x=x) of"
    " scipy.integrate, on points of your own"
)
SEARCH = "how far it goes hangs on the values: write the steps of the method as a loop"
"""What to do instead of what adapts its steps."""

FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(
            ("simplefilter", "filterwarnings"),
            "warnings are not raised as errors here: leave the line out, or say 'ignore'",
        ),
        **dict.fromkeys(COMPLEX, REAL),
        **dict.fromkeys(
            (
                "CubicSpline",
                "interp1d",
                "UnivariateSpline",
                "splrep",
                "splev",
                "PchipInterpolator",
                "RegularGridInterpolator",
                "griddata",
            ),
            "there is np.interp, by straight lines; write a polynomial of each piece otherwise",
        ),
        "Polynomial": "write np.polyval(p, x)",
        **dict.fromkeys(
            ("custom_vjp", "custom_jvp", "custom_gradient"),
            "a backward of its own is not run here: leave it out, and hold what it gives to the"
            " gradient by --expect, as a formula",
        ),
        **dict.fromkeys(("Fraction", "Decimal"), "write floats, whose rounding the check knows"),
        "seed": "it takes its seed from the clock: manual_seed(0) is the same each time",
        "open": "values come from files with --x @file.npy",
        "input": "values are given with --x",
        "grad": "gradcalc takes the gradient itself: leave it out",
        **dict.fromkeys(("tplquad", "nquad", "quad_vec", "quadrature", "cubature"), QUADRATURE),
        **dict.fromkeys(
            (
                "minimize",
                "minimize_scalar",
                "root",
                "root_scalar",
                "brentq",
                "fsolve",
                "newton",
                "fmin",
                "curve_fit",
                "least_squares",
                "linprog",
            ),
            SEARCH,
        ),
        **dict.fromkeys(("solve_ivp", "odeint", "ode"), "write the steps of the method as a loop"),
        "eval": "write the expression itself",
        "exec": "write the program itself",
        "Tensor": "write tensor([...])",
        "heaviside": "torch has no derivative of it: write where(x > 0, 1.0, 0.0)",
        **dict.fromkeys(UNDERIVED, "torch has no derivative of it: scipy.special's has one here"),
        **dict.fromkeys(SCIPYS, "it is scipy's: import it from scipy.special"),
        "wofz": "it is complex: erfcx(x) is wofz(1j*x), and dawsn(x) has its part that is not real",
        "eig": "its eigenvalues may be complex numbers: eigh is for symmetric matrices",
        **dict.fromkeys(
            ("matrix", "asmatrix", "mat", "bmat"), "write array([...]), and @ for the product"
        ),
        **dict.fromkeys(("stft", "istft"), FRAMES),
        "sqrtm": "of a symmetric matrix: w, V = eigh(A); (V*sqrt(w)) @ V.T",
        "logm": "of a symmetric matrix: w, V = eigh(A); (V*log(w)) @ V.T",
        **dict.fromkeys(
            ("roots", "polyroots"),
            "they may be complex numbers: write the formula of the root that is meant",
        ),
        "eigvals": "they may be complex numbers: eigvalsh is for symmetric matrices",
    }
)
"""Well-known functions that a program must do without, and what to do instead."""

MODULES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("os", "sys", "argparse", "json", "pathlib", "platform"), OUTSIDE),
        **dict.fromkeys(("matplotlib", "seaborn", "plotly"), PLOTS),
        "scipy.interpolate": "np.interp(x, xp, fp) goes straight from point to point",
        "jax.random": "jax draws by keys, which are not known here: give what it draws as an input,"
        ' --x "randn(3)" --seed 0',
    }
)
"""Well-known modules that a program must do without, and what to do instead."""

MATHEMATICAL: Mapping[str, str] = MappingProxyType(
    {
        "sec": "write 1/cos(x)",
        "csc": "write 1/sin(x)",
        "cosec": "write 1/sin(x)",
        "cot": "write cos(x)/sin(x)",
        "ctg": "write cos(x)/sin(x)",
        "tg": "write tan(x)",
        "arctg": "write atan(x)",
        "sh": "write sinh(x)",
        "ch": "write cosh(x)",
        "th": "write tanh(x)",
        "cth": "write cosh(x)/sinh(x)",
        "lg": "write log10(x) or log2(x)",
        "lb": "write log2(x)",
    }
)
"""Functions that mathematics has, and the language has not under that name."""

CHOICE = "write where(condition, x, y)"

OTHERS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("if_else", "ifelse", "iff", "iif", "Piecewise", "IfElse"), CHOICE),
        "Max": "write maximum(x, y)",
        "Min": "write minimum(x, y)",
        "Abs": "write abs(x)",
        "Sum": "write sum(x)",
        "Heaviside": "write where(x > 0, 1.0, 0.0)",
        "trapz": "write np.trapezoid(y, x), or torch.trapezoid(y, x)",
        "product": "write prod(x)",
        "cumproduct": "write cumprod(x)",
        "sometrue": "write any(x)",
        "alltrue": "write all(x)",
        "nditer": "write x.ravel(), or np.ndenumerate(x) for the places too",
        "in1d": "write isin(x, y)",
        "symeig": "write torch.linalg.eigh(A)",
        "ReLU": "write relu(x)",
        "Relu": "write relu(x)",
        "ctc_loss": "there is none here, for it counts ways through a lattice: cross_entropy is",
    }
)
"""Functions that other programs and older libraries have, and what is there instead."""

UNLIKE: frozenset[str] = frozenset(
    """
    as_subclass astype bdtri besselpoly betaincc betainccinv betaincinv bitwise_count
    bitwise_invert broadcast cdouble cfloat char chndtr col_indices complex128 complex256 complex64
    copy cudnn_grid_sampler cumulative_prod dequantize dtype ellipeinc ellipj ellipkinc ellipkm1
    expand_as fdtri feature_dropout flatiter flatnonzero float16 float32 float64
    fractional_max_pool2d_with_indices fractional_max_pool3d_with_indices gammainccinv gammaincinv
    gammasgn hash_tensor hspmm iinfo indices_copy int8 intc interp intp is_contiguous is_nonzero
    is_tensor iscomplexobj isnat isqrt isrealobj ldl_factor ldl_factor_ex ldl_solve loggamma long
    lqn mkldnn_adaptive_avg_pool2d mode modf nanargmax nanargmin nancumprod nancumsum nanmax nanmin
    native_norm nbdtr nbdtrc nbdtri nbdtrik nbdtrin ncfdtr ncfdtri nctdtr ndarray ndenumerate
    ndindex nditer new pdtri quantized_batch_norm radian reshape_as resize rgamma row_indices
    saddmm short slice_copy smm sort_complex stdtrit take_along_axis tri tril_indices_from
    triu_indices_from uint unstack ushort vars view_as_complex_copy view_as_real_copy zero zetac
    """.split()  # noqa: SIM905
)
"""Functions of torch, numpy and scipy that are not known here, and are spelled almost as another
that means something else: whoever writes them has not mistyped the other."""
