"""Pictures and solids looked up at places."""

from typing import Any

from gradcalc.primitives.pooling import PICTURE, SOLID
from gradcalc.primitives.row import Composite


def _with_corners(name: str) -> Any:
    """torch's function, which warns where it is not told what the ends of a picture are."""

    def call(t: Any, *args: Any, **given: Any) -> Any:
        corners = bool(given.pop("align_corners", False))
        return getattr(t.nn.functional, name)(*args, **given, align_corners=corners)

    return call


THETA = [[[1.0, 0.25, -0.5], [0.125, 0.75, 0.25]]]
GRID = [[[[0.1, -0.3], [0.45, 0.7]], [[-0.85, 0.2], [1.2, -0.6]]]]
PLACES = [[[[[0.1, -0.3, 0.2], [0.45, 0.7, -0.9]]]]]

# No comparison is close to being the other way, and nothing has a corner, where torch's function is
# smooth. With a border the picture is its first pixel and ramps from each to the next; a reflected
# place is its distance from the nearest copy of the first edge; of a cubic the four pixels are
# reflected, and not the place.
SAMPLED = """\
def grid_sample(input, grid, mode='bilinear', padding_mode='zeros', align_corners=False):
    rank = len(input.shape) - 2
    batch, y = input.shape[0], input
    for axis in range(rank):
        size = input.shape[-1 - axis]
        least = 0 if align_corners else -0.5
        if align_corners:
            x = (grid[..., axis] + 1)*(size - 1)/2
        else:
            x = ((grid[..., axis] + 1)*size - 1)/2
        x = reshape(x, (batch, 1, -1))
        trip = 2*(size - 1 - 2*least)
        if padding_mode == 'reflection' and mode != 'bicubic':
            x = x - least
            x = 0*x if trip == 0 else abs(x - trip*round(x/trip)) + least
        pixels = reshape(arange(size), (size, 1))
        if mode == 'bicubic':
            first = floor(x)
            t = x - first
            far = [-0.75*s*(1 - s)**2 for s in [t, 1 - t]]
            near = [1 - (2.25 - 1.25*s)*s**2 for s in [t, 1 - t]]
            share, parts = 0, [far[0], near[0], near[1], far[1]]
            for k in range(4):
                p = first + (k - 1)
                if padding_mode == 'reflection' and trip > 0:
                    p = p - trip*floor((p + 0.5)/trip)
                    p = where(p > size - 0.5, trip + 2*least - p, p)
                if padding_mode != 'zeros':
                    p = where(p < 0.5, 0, where(p > size - 1.5, size - 1, p))
                share = share + where((p - pixels)**2 < 0.25, parts[k], 0)
        elif mode == 'nearest':
            p = round(x)
            if padding_mode != 'zeros':
                p = where(p < 0.5, 0, where(p > size - 1.5, size - 1, p))
            share = where((p - pixels)**2 < 0.25, 1, 0)
        elif padding_mode == 'zeros':
            share = relu(1 - abs(x - pixels))
        elif size == 1:
            share = 1 + 0*x
        else:
            ramps = clamp(x - pixels[:-1], 0, 1)
            ends = 0*x
            share = cat([1 + ends, ramps], 1) - cat([ramps, ends], 1)
        if axis == 0:
            y = matmul(y, reshape(share, [batch] + [1]*(rank - 1) + [size, -1]))
        else:
            y = sum(y*reshape(share, [batch] + [1]*(rank - axis) + [size, -1]), -2)
    return reshape(y, (batch, input.shape[1]) + grid.shape[1:-1])
"""

SAMPLING: tuple[Composite, ...] = (
    Composite("affine_grid", """\
def affine_grid(theta, size, align_corners=False):
    rank = len(size) - 2
    grid = 0
    for axis in range(rank):
        count = size[-1 - axis]
        if align_corners:
            along = (2*arange(count) - (count - 1))/(count - 1 if count > 1 else 1)
        else:
            along = (2*arange(count) - (count - 1))/count
        along = reshape(along, [1] + [1]*(rank - 1 - axis) + [count] + [1]*axis + [1])
        column = theta[:, :, axis]
        grid = grid + reshape(column, [size[0]] + [1]*rank + [rank])*along
    return grid + reshape(theta[:, :, rank], [size[0]] + [1]*rank + [rank])
""", ((THETA, {"size": (1, 1, 2, 3)}), (THETA, {"size": (1, 1, 2, 3), "align_corners": True})),
              "the places of a picture, from -1 to 1, moved by matrices theta",
              _with_corners("affine_grid"), tensors=("theta",),
              calls=("torch.nn.functional.affine_grid (theta, size: list, "
                     "align_corners: bool = None)",)),
    Composite("grid_sample", SAMPLED,
              (([PICTURE], GRID),
               ([PICTURE], GRID, {"align_corners": True, "padding_mode": "border"}),
               ([PICTURE], GRID, {"mode": "nearest", "padding_mode": "reflection"}),
               ([PICTURE], GRID, {"mode": "bicubic", "padding_mode": "border"}),
               ([PICTURE], GRID, {"align_corners": True, "padding_mode": "reflection"}),
               ([SOLID], PLACES)),
              "a picture or solid at the places of a grid, from -1 to 1, between its pixels",
              _with_corners("grid_sample"), tensors=("input", "grid")),
)  # fmt: skip
