"""Distances between vectors, one by one or each of some from each of others."""

from gradcalc.primitives.row import Composite, Samples

VECTOR = [0.5, -1.5, 2.0]
OTHER = [1.25, -0.75, 0.5]
MATRIX = [[1.5, -2.0, 0.5], [3.0, 0.25, -1.25]]
TARGETS = [[0.5, -1.0, 0.75], [1.0, 2.5, -1.5]]
POINTS = [[0.25, -1.0, 0.75], [1.0, 2.5, -1.5], [-0.25, 0.5, 1.0]]
ORDERS: Samples = (
    (MATRIX, POINTS), (MATRIX, POINTS, {"p": 1}), (MATRIX, POINTS, {"p": 3}),
    (MATRIX, POINTS, {"p": float("inf")}), ([MATRIX, TARGETS], [POINTS, [*POINTS[:1], *MATRIX]]),
)  # fmt: skip


DISTANCES: tuple[Composite, ...] = (
    Composite("pairwise_distance", """\
def pairwise_distance(x1, x2, p=2.0, eps=1e-06, keepdim=False):
    return norm(x1 - x2 + eps, p, -1, keepdim)
""", ((MATRIX, TARGETS), (VECTOR, OTHER, {"p": 1}), (MATRIX, OTHER, {"keepdim": True})),
              "norm of the difference of vectors, to each element of which eps is added",
              "nn.functional.pairwise_distance", tensors=("x1", "x2"),
              calls=("torch.pairwise_distance torch.nn.functional.pairwise_distance "
                     "(x1, x2, p: number = 2.0, eps: number = 1e-06, keepdim: bool = False)",)),
    Composite("cdist", """\
def cdist(x1, x2, p=2.0):
    return norm(unsqueeze(x1, -2) - unsqueeze(x2, -3), p, -1)
""", ORDERS, "the distance of each row of x1 from each row of x2", tensors=("x1", "x2"),
              calls=("torch.cdist (x1, x2, p: number = 2.0, "
                     "compute_mode: ignored_word = 'use_mm_for_euclid_dist_if_necessary')",)),
    Composite("pdist", """\
def pdist(x, p=2.0):
    first, second = [], []
    for i in range(len(x)):
        first = first + [i]*(len(x) - 1 - i)
        for j in range(i + 1, len(x)):
            second = second + [j]
    return norm(x[first] - x[second], p, -1)
""", ((POINTS,), (POINTS, {"p": 1}), (MATRIX, {"p": 3})),
              "the distance of each row from every later one", "nn.functional.pdist",
              calls=("torch.pdist torch.nn.functional.pdist (input, p: number = 2)",)),
    Composite("dist", """\
def dist(x, y, p=2):
    return norm(flatten(x - y), p)
""", ((VECTOR, OTHER), (MATRIX, TARGETS, {"p": 1}), (MATRIX, VECTOR)),
              "norm of the difference of two tensors, of all elements", tensors=("x", "y"),
              calls=("torch.dist torch.Tensor.dist (input, other, p: number = 2)",)),
)  # fmt: skip
