"""Layers without parameters: functions of torch.nn.functional that are written as modules."""

from collections.abc import Callable

from gradcalc.lang.nets.row import OLD, Given, Layer, repeated, signature


def _called(function: str, call: str, taken: str = "input", left: str = "") -> str:
    """The forward that hands the arguments of the constructor on under their own names."""
    names = [name for name in signature(call).parameters if name not in left.split()]
    given = [*taken.split(", "), *(f"{name}=self.{name}" for name in names)]
    return f"{taken}: {function}({', '.join(given)})"


def _of(name: str, function: str, call: str = "", taken: str = "input", left: str = "") -> Layer:
    return Layer(name, call, _called(f"F.{function}", call, taken, left))


ACTIVATIONS = (
    *(_of(name, function) for name, function in (
        ("Sigmoid", "sigmoid"), ("Tanh", "tanh"), ("Softsign", "softsign"),
        ("Tanhshrink", "tanhshrink"), ("LogSigmoid", "logsigmoid"),
    )),
    *(_of(name, name.lower(), "inplace=False") for name in (
        "ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Hardsigmoid", "Hardswish",
    )),
    _of("LeakyReLU", "leaky_relu", "negative_slope=0.01, inplace=False"),
    _of("ELU", "elu", "alpha=1.0, inplace=False"),
    _of("CELU", "celu", "alpha=1.0, inplace=False"),
    _of("GELU", "gelu", "approximate='none'"),
    _of("GLU", "glu", "dim=-1"),
    _of("Softplus", "softplus", "beta=1.0, threshold=20.0"),
    _of("Hardshrink", "hardshrink", "lambd=0.5"),
    _of("Softshrink", "softshrink", "lambd=0.5"),
    _of("Threshold", "threshold", "threshold, value, inplace=False"),
    Layer("Hardtanh", "min_val=-1.0, max_val=1.0, inplace=False, min_value=None, max_value=None",
          "input: F.hardtanh(input, self.min_val, self.max_val, self.inplace)",
          prepare=lambda given: "min_val must be smaller than max_val"
          if given.min_val >= given.max_val else None),
    Layer("RReLU", "lower=0.125, upper=0.3333333333333333, inplace=False",
          "input: F.rrelu(input, self.lower, self.upper, True) if self.training "
          "else F.rrelu(input, self.lower, self.upper)"),
    _of("Softmax", "softmax", "dim=None"),
    _of("LogSoftmax", "log_softmax", "dim=None"),
    _of("Softmin", "softmin", "dim=None"),
    Layer("Softmax2d", "", "input: F.softmax(input_of(input, (3, 4)), -3)"),
)  # fmt: skip

DROPOUTS = tuple(
    Layer(name, "p=0.5, inplace=False",
          f"input: F.{function}(input, self.p, self.training, self.inplace)",
          prepare=lambda given: None if 0 <= given.p <= 1 else "p is between 0 and 1")
    for name, function in (
        ("Dropout", "dropout"), ("Dropout1d", "dropout1d"), ("Dropout2d", "dropout2d"),
        ("Dropout3d", "dropout3d"), ("AlphaDropout", "alpha_dropout"),
        ("FeatureAlphaDropout", "feature_alpha_dropout"),
    )
)  # fmt: skip
"""What they drop in training is drawn by torch.nn.functional's functions, which say so."""

WINDOW = "kernel_size, stride=None, padding=0"


def _strides(given: Given) -> str | None:
    given.stride = given.kernel_size if given.stride is None else given.stride
    return None


def _pools(rank: int) -> tuple[Layer, ...]:
    average = f"{WINDOW}, ceil_mode=False, count_include_pad=True"
    average += ", divisor_override=None" if rank > 1 else ""
    most = f"{WINDOW}, dilation=1, return_indices=False, ceil_mode=False"
    power = "norm_type, kernel_size, stride=None, ceil_mode=False"
    return (
        Layer(f"AvgPool{rank}d", average, _called(f"F.avg_pool{rank}d", average),
              prepare=_strides),
        Layer(f"MaxPool{rank}d", most, _called(f"F.max_pool{rank}d", most), prepare=_strides),
        _of(f"LPPool{rank}d", f"lp_pool{rank}d", power),
        _of(f"AdaptiveAvgPool{rank}d", f"adaptive_avg_pool{rank}d", "output_size"),
        _of(f"AdaptiveMaxPool{rank}d", f"adaptive_max_pool{rank}d",
            "output_size, return_indices=False"),
        Layer(f"MaxUnpool{rank}d", WINDOW,
              f"input, indices, output_size=None: F.max_unpool{rank}d(input, indices, "
              "self.kernel_size, self.stride, self.padding, output_size)", prepare=_strides),
    )  # fmt: skip


def _fractional(rank: int) -> Layer:
    def prepare(given: Given) -> str | None:
        if (given.output_size is None) == (given.output_ratio is None):
            return "either output_size or output_ratio is given"
        return None

    name = f"fractional_max_pool{rank}d"
    plain = (
        f"F.{name}{{}}(input, self.kernel_size, self.output_size, self.output_ratio, "
        "_random_samples=self._random_samples)"
    )
    return Layer(f"FractionalMaxPool{rank}d",
                 "kernel_size, output_size=None, output_ratio=None, return_indices=False, "
                 "_random_samples=None",
                 f"input: {plain.format('_with_indices')} if self.return_indices else "
                 f"{plain.format('')}", prepare=prepare)  # fmt: skip


POOLS = (
    *(layer for rank in (1, 2, 3) for layer in _pools(rank)),
    *(_fractional(rank) for rank in (2, 3)),
)


def _margins(rank: int) -> Callable[[Given], str | None]:
    def prepare(given: Given) -> str | None:
        given.padding = repeated(given.padding, 2 * rank)
        return None

    return prepare


def _pads(rank: int) -> tuple[Layer, ...]:
    forward = "input: F.pad(input, self.padding, '{}')"
    return (
        Layer(f"ZeroPad{rank}d", "padding", "input: F.pad(input, self.padding, 'constant', 0.0)",
              prepare=_margins(rank)),
        Layer(f"ConstantPad{rank}d", "padding, value",
              "input: F.pad(input, self.padding, 'constant', self.value)", prepare=_margins(rank)),
        *(Layer(f"{name}Pad{rank}d", "padding", forward.format(mode), prepare=_margins(rank))
          for name, mode in (("Reflection", "reflect"), ("Replication", "replicate"),
                             ("Circular", "circular"))),
    )  # fmt: skip


PADS = tuple(layer for rank in (1, 2, 3) for layer in _pads(rank))

SHAPES = (
    Layer("Flatten", "start_dim=1, end_dim=-1",
          "input: torch.flatten(input, self.start_dim, self.end_dim)"),
    Layer("Unflatten", "dim, unflattened_size",
          "input: input.unflatten(self.dim, self.unflattened_size)"),
    _of("PixelShuffle", "pixel_shuffle", "upscale_factor"),
    _of("PixelUnshuffle", "pixel_unshuffle", "downscale_factor"),
    _of("ChannelShuffle", "channel_shuffle", "groups"),
    _of("Unfold", "unfold", "kernel_size, dilation=1, padding=0, stride=1"),
    _of("Fold", "fold", "output_size, kernel_size, dilation=1, padding=0, stride=1"),
    _of("Upsample", "interpolate",
        "size=None, scale_factor=None, mode='nearest', align_corners=None, "
        "recompute_scale_factor=None"),
    Layer("UpsamplingNearest2d", "size=None, scale_factor=None",
          "input: F.interpolate(input, self.size, self.scale_factor, 'nearest')"),
    Layer("UpsamplingBilinear2d", "size=None, scale_factor=None",
          "input: F.interpolate(input, self.size, self.scale_factor, 'bilinear', True)"),
    _of("LocalResponseNorm", "local_response_norm", "size, alpha=0.0001, beta=0.75, k=1.0"),
    _of("CosineSimilarity", "cosine_similarity", "dim=1, eps=1e-08", "x1, x2"),
    _of("PairwiseDistance", "pairwise_distance", "p=2.0, eps=1e-06, keepdim=False", "x1, x2"),
)  # fmt: skip


def _loss(name: str, function: str, call: str, taken: str = "input, target") -> Layer:
    return _of(name, function, call, taken)


LOSSES = (
    *(_loss(name, function, f"{OLD}, reduction='mean'") for name, function in (
        ("L1Loss", "l1_loss"), ("MSELoss", "mse_loss"), ("SoftMarginLoss", "soft_margin_loss"),
        ("MultiLabelMarginLoss", "multilabel_margin_loss"),
    )),
    _loss("SmoothL1Loss", "smooth_l1_loss", f"{OLD}, reduction='mean', beta=1.0"),
    _loss("HuberLoss", "huber_loss", "reduction='mean', delta=1.0"),
    _loss("BCELoss", "binary_cross_entropy", f"weight=None, {OLD}, reduction='mean'"),
    _loss("BCEWithLogitsLoss", "binary_cross_entropy_with_logits",
          f"weight=None, {OLD}, reduction='mean', pos_weight=None"),
    _loss("KLDivLoss", "kl_div", f"{OLD}, reduction='mean', log_target=False"),
    _loss("PoissonNLLLoss", "poisson_nll_loss",
          "log_input=True, full=False, size_average=None, eps=1e-08, reduce=None, "
          "reduction='mean'", "log_input, target"),
    _loss("GaussianNLLLoss", "gaussian_nll_loss", "*, full=False, eps=1e-06, reduction='mean'",
          "input, target, var"),
    _loss("NLLLoss", "nll_loss",
          "weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean'"),
    _loss("CrossEntropyLoss", "cross_entropy",
          "weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean', "
          "label_smoothing=0.0"),
    _loss("MultiMarginLoss", "multi_margin_loss",
          "p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction='mean'"),
    _loss("MultiLabelSoftMarginLoss", "multilabel_soft_margin_loss",
          f"weight=None, {OLD}, reduction='mean'"),
    _loss("HingeEmbeddingLoss", "hinge_embedding_loss", f"margin=1.0, {OLD}, reduction='mean'"),
    _loss("MarginRankingLoss", "margin_ranking_loss", f"margin=0.0, {OLD}, reduction='mean'",
          "input1, input2, target"),
    _loss("CosineEmbeddingLoss", "cosine_embedding_loss",
          f"margin=0.0, {OLD}, reduction='mean'", "input1, input2, target"),
    _loss("TripletMarginLoss", "triplet_margin_loss",
          f"margin=1.0, p=2.0, eps=1e-06, swap=False, {OLD}, reduction='mean'",
          "anchor, positive, negative"),
    _loss("TripletMarginWithDistanceLoss", "triplet_margin_with_distance_loss",
          "*, distance_function=None, margin=1.0, swap=False, reduction='mean'",
          "anchor, positive, negative"),
)  # fmt: skip
"""A weight of theirs is data, as torch's buffers are."""

PLAIN = (*ACTIVATIONS, *DROPOUTS, *POOLS, *PADS, *SHAPES, *LOSSES)
