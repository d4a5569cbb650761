"""Methods of torch's layers that torch's own code calls, and that none is called for here: a class
with one of its own would do otherwise in torch."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from gradcalc.errors import UnsupportedError, brief

if TYPE_CHECKING:
    from gradcalc.lang.objects import Class

RECURRENT = (
    "_init_flat_weights _update_flat_weights _weights_have_changed check_forward_args "
    "check_hidden_size check_input flatten_parameters get_expected_hidden_size permute_hidden"
)
LAZY = (
    "_get_name _infer_parameters _lazy_load_hook _register_load_state_dict_pre_hook "
    "has_uninitialized_params register_forward_pre_hook register_parameter reset_parameters"
)
NORMS = "register_buffer register_parameter"
_EACH = "_apply_instance_norm _check_input_dim _get_no_batch_dim _handle_no_batch_input"
LOSSES = (
    "_WeightedLoss BCELoss BCEWithLogitsLoss CrossEntropyLoss MultiLabelSoftMarginLoss "
    "MultiMarginLoss NLLLoss"
)


def _rows() -> Iterator[tuple[str, str]]:
    for name in "Linear Bilinear LayerNorm RMSNorm GroupNorm".split():  # noqa: SIM905
        yield name, "register_parameter"
    for name in "RNNCell LSTMCell GRUCell".split():  # noqa: SIM905
        yield name, "parameters register_parameter"
    for n in "123":
        yield f"Conv{n}d", "register_parameter"
        yield f"ConvTranspose{n}d", "_output_padding register_parameter"
        yield f"BatchNorm{n}d", NORMS
        yield f"InstanceNorm{n}d", NORMS
        yield f"CircularPad{n}d", "_check_input_dim"
        yield f"LazyConv{n}d", f"{LAZY} _conv_forward"
        yield f"LazyConvTranspose{n}d", f"{LAZY} _output_padding"
        running = f"{LAZY} register_buffer reset_running_stats"
        yield f"LazyBatchNorm{n}d", f"{running} _check_input_dim"
        yield f"LazyInstanceNorm{n}d", f"{running} {_EACH}"
    yield "LazyLinear", LAZY
    yield "_BatchNorm", NORMS
    yield "Unflatten", "_require_tuple_int"
    for name in ("FractionalMaxPool2d", "FractionalMaxPool3d", *LOSSES.split()):
        yield name, "register_buffer"
    yield "RNN", RECURRENT
    yield "GRU", RECURRENT
    yield "LSTM", f"{RECURRENT} get_expected_cell_size"
    yield "MultiheadAttention", "merge_masks register_parameter"
    yield "TransformerEncoderLayer", "modules"
    yield "Sequential", "add_module"
    yield "ModuleList", "__iadd__ __len__ add_module extend"
    yield "ParameterList", "__iadd__ __len__ __setitem__ _get_abs_string_index append extend"
    yield "ModuleDict", "__setitem__ update add_module"
    yield "ParameterDict", "__setitem__ _key_to_attr update"


UNHEARD: Mapping[str, frozenset[str]] = MappingProxyType(
    {name: frozenset(methods.split()) for name, methods in _rows()}
)
"""By the class of torch's; a test holds them to torch's own text."""


def check_heard(kind: "Class") -> None:
    """Raise `UnsupportedError` where a class has a method of its own that torch would call."""
    for base in kind.line:
        taken = UNHEARD.get(base.name, frozenset()) & kind.members.keys() if base.library else ()
        if taken:
            raise UnsupportedError(
                f"torch's nn.{base.name} would call the {brief(min(taken))} of {brief(kind.name)},"
                " which is not called here",
                hint="give it another name if it is meant for something else, or write the forward"
                " as a function",
            )
