"""Constructor calls of torch.nn's layers, with inputs that fit them."""

from collections.abc import Mapping
from types import MappingProxyType

Shapes = tuple[tuple[int, ...], ...]

IMAGE, SERIES, SOLID, ROWS = (2, 4, 4, 4), (2, 4, 5), (1, 4, 2, 2, 2), (3, 4)
BY_RANK: Mapping[int, tuple[int, ...]] = MappingProxyType({1: SERIES, 2: IMAGE, 3: SOLID})


def _windows(rank: int) -> dict[str, tuple[tuple[str, Shapes], ...]]:
    """Convolutions, pools and margins of so many dimensions."""
    shape = BY_RANK[rank]
    one = (shape,)
    two = ", ".join(["2"] * rank)
    return {
        f"Conv{rank}d": (
            ("4, 2, 2", one), ("4, 4, 1, bias=False", one), (f"4, 4, ({two},), padding=1", one),
            ("4, 2, 2, stride=2, padding=1, groups=2", one), ("4, 2, 3, 1, 'same'", one),
            ("4, 2, 2, padding=1, padding_mode='replicate'", one),
            ("4, 2, 2, padding='valid'", (shape[1:],)), ("4, 2, 2, padding=1, dilation=2", one),
            ("4, 2, 3, padding='same', padding_mode='circular'", one),
        ),
        f"ConvTranspose{rank}d": (
            ("4, 2, 2", one), ("4, 2, 2, stride=2, bias=False", one),
            ("4, 2, 3, stride=2, padding=1, output_padding=1", one), ("4, 2, 2, groups=2", one),
        ),
        f"AvgPool{rank}d": (("2", one), ("2, 1", one), ("2, stride=1, padding=1", one),
                            ("2, 1, 1, False, False", one)),
        f"MaxPool{rank}d": (("2", one), ("2, 1", one), ("kernel_size=2, stride=2", one)),
        f"LPPool{rank}d": (("2, 2", one),),
        f"AdaptiveAvgPool{rank}d": (("1", one), ("2", one)),
        f"AdaptiveMaxPool{rank}d": (("1", one), ("2", one)),
        f"ZeroPad{rank}d": (("1", one),),
        f"ConstantPad{rank}d": (("1, 2.5", one),),
        f"ReflectionPad{rank}d": (("1", one),),
        f"ReplicationPad{rank}d": (("1", one),),
        f"CircularPad{rank}d": (("1", one),),
        f"BatchNorm{rank}d": (("4", one), ("4, affine=False", one), ("4, eps=0.1", one),
                              ("4, track_running_stats=False", one)),
        f"InstanceNorm{rank}d": (("4", one), ("4, affine=True", one), ("4", (shape[1:],)),
                                 ("4, track_running_stats=True, affine=True", one)),
    }  # fmt: skip


ONE = (((2, 3),),)
SIMPLE = """Sigmoid Tanh Softsign Tanhshrink LogSigmoid ReLU ReLU6 SELU SiLU Mish Hardsigmoid
    Hardswish LeakyReLU ELU CELU GELU Softplus Hardshrink Softshrink Hardtanh Identity""".split()  # noqa: SIM905
PAIRED = """L1Loss MSELoss SmoothL1Loss HuberLoss SoftMarginLoss""".split()  # noqa: SIM905

CALLS: Mapping[str, tuple[tuple[str, Shapes], ...]] = MappingProxyType({
    **dict.fromkeys(SIMPLE, (("", ((2, 3),)),)),
    "LeakyReLU": (("0.2", ((2, 3),)), ("negative_slope=0.1, inplace=False", ((4,),))),
    "ELU": (("2.0", ((2, 3),)),), "CELU": (("alpha=0.5", ((2, 3),)),),
    "GELU": (("approximate='tanh'", ((2, 3),)), ("", ((2, 3),))), "GLU": (("", ((2, 4),)),
        ("0", ((2, 4),))),
    "Softplus": (("2, 10", ((2, 3),)),), "Threshold": (("0.1, 2.0", ((2, 3),)),),
    "Hardtanh": (("-2, 2", ((2, 3),)),), "ReLU": (("inplace=False", ((2, 3),)), ("", ((2, 3),))),
    "Softmax": (("dim=-1", ((2, 3),)), ("1", ((2, 3),))), "LogSoftmax": (("dim=0", ((2, 3),)),),
    "Softmin": (("-1", ((2, 3),)),), "Softmax2d": (("", (IMAGE,)),),
    "PReLU": (("", ((2, 3),)), ("3", ((2, 3),)), ("init=0.5", ((2, 3),))),
    "RReLU": (("", ((2, 3),)),),
    **{name: (("0.0", (shape,)),) for name, shape in (
        ("Dropout", (2, 3)), ("Dropout1d", SERIES), ("Dropout2d", IMAGE), ("Dropout3d", SOLID),
        ("AlphaDropout", (2, 3)), ("FeatureAlphaDropout", SERIES))},
    "Linear": (("4, 3", (ROWS,)), ("4, 1, bias=False", ((4,),)),
        ("in_features=4, out_features=2", ((2, 3, 4),))),
    "Bilinear": (("4, 3, 2", (ROWS, (3, 3))), ("4, 3, 2, False", (ROWS, (3, 3)))),
    "LayerNorm": (("4", (ROWS,)), ("(3, 4), eps=0.1", ((2, 3, 4),)),
        ("4, elementwise_affine=False", (ROWS,)),
                  ("[4], bias=False", (ROWS,))),
    "RMSNorm": (("4", (ROWS,)), ("4, 1e-3", (ROWS,)), ("[4], elementwise_affine=False", (ROWS,))),
    "GroupNorm": (("2, 4", (IMAGE,)), ("4, 4, affine=False", (SERIES,)), ("1, 4, 0.1", ((2, 4),))),
    "RNNCell": (("4, 3", (ROWS, (3, 3))), ("4, 3, nonlinearity='relu'", (ROWS,)),
        ("4, 2, bias=False", ((4,),))),
    "GRUCell": (("4, 3", (ROWS, (3, 3))), ("4, 2", (ROWS,))),
    "Flatten": (("", (IMAGE,)), ("0", (IMAGE,)), ("1, 2", (IMAGE,))),
    "Unflatten": (("1, (2, 2)", (ROWS,)), ("-1, (4, 1)", (ROWS,))),
    "PixelShuffle": (("2", (IMAGE,)),), "PixelUnshuffle": (("2", (IMAGE,)),),
    "ChannelShuffle": (("2", (IMAGE,)),), "Unfold": (("2", (IMAGE,)),
        ("(2, 1), stride=2", (IMAGE,))),
    "Fold": (("(3, 3), (2, 2)", ((1, 8, 4),)),),
    "Upsample": (("scale_factor=2", (IMAGE,)), ("size=6, mode='bilinear'", (IMAGE,)),
                 ("scale_factor=2, mode='bilinear', align_corners=True", (IMAGE,)),
        ("7", (SERIES,))),
    "UpsamplingNearest2d": (("scale_factor=2", (IMAGE,)),),
    "UpsamplingBilinear2d": (("scale_factor=2", (IMAGE,)), ("(3, 5)", (IMAGE,))),
    "LocalResponseNorm": (("2", (IMAGE,)), ("3, 0.1, 0.5, 2.0", (SERIES,))),
    "CosineSimilarity": (("", (ROWS, ROWS)), ("dim=0, eps=1e-6", (ROWS, ROWS))),
    "PairwiseDistance": (("", (ROWS, ROWS)), ("p=1.5, keepdim=True", (ROWS, ROWS))),
    **dict.fromkeys(PAIRED, (("", (ROWS, ROWS)), ("reduction='sum'", (ROWS, ROWS)),
        ("reduction='none'", (ROWS, ROWS)))),
    "SmoothL1Loss": (("beta=0.5", (ROWS, ROWS)),), "HuberLoss": (("'sum', 0.7", (ROWS, ROWS)),),
    "BCEWithLogitsLoss": (("", (ROWS, ROWS)), ("reduction='sum'", (ROWS, ROWS)),
                          ("pos_weight=torch.tensor([1.0, 2.0, 0.5, 3.0])", (ROWS, ROWS))),
    "KLDivLoss": (("reduction='batchmean', log_target=True", (ROWS, ROWS)),),
    "PoissonNLLLoss": (("", (ROWS, ROWS)),),
    "MarginRankingLoss": (("0.5", ((4,), (4,), (4,))),),
    "TripletMarginLoss": (("", (ROWS, ROWS, ROWS)), ("margin=2.0, swap=True", (ROWS, ROWS, ROWS))),
    "CosineEmbeddingLoss": (),
    "LSTMCell": (("4, 3", (ROWS,)),),
    **_windows(1), **_windows(2), **_windows(3),
})  # fmt: skip
"""The arguments of constructors, as text, each with the shapes of the inputs."""
