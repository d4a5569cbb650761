"""What a claim that fails has to do with the gradient far from the user's point.

Around the point the program is of one piece, so what is seen there may be a matter of that piece,
or of small numbers beside large ones. So it is looked for at points all over as well, with either
sign; and where the program and the claim are of one piece everywhere, what holds there always does.
"""

from collections.abc import Iterator, Mapping

from gradcalc.derive.perturbations import landmarks
from gradcalc.enclosure.claimed import NO_PIECES, Pieces, there
from gradcalc.enclosure.experiment import Experiment
from gradcalc.expr import ops
from gradcalc.expr.nodes import Node
from gradcalc.expr.scalars import is_piecewise
from gradcalc.testimony import Array, Beside, Elsewhere

SCALES = (-1.0, 1e3, -1e3)
"""Multiples of the user's inputs that are tried: across every border at 0, and beyond most."""

ROOM = 1e-12
"""How far apart the two may be there, in relation to each element."""

CHOOSING = frozenset({ops.AMAX, ops.AMIN, ops.SORT, ops.UNSORT, ops.REORDER})
"""Operations that take some elements and leave others, by their sizes."""


def elsewhere(experiment: Experiment, name: str, pieces: Pieces) -> Elsewhere:
    """The claim about an input, and the gradient by it, at points all over."""
    inputs = experiment.problem.inputs
    found = tuple(_besides(experiment, name, inputs, pieces))
    smooth = _is_one_piece(experiment)
    return Elsewhere(found, smooth, next(_symmetric(experiment, name), None))


def _besides(
    experiment: Experiment, name: str, inputs: Mapping[str, Array], pieces: Pieces
) -> Iterator[Beside]:
    shapes = {n: values.shape for n, values in inputs.items()}
    scaled = ({n: factor * values for n, values in inputs.items()} for factor in SCALES)
    labels = experiment.centre.recording.derived.labels
    for point in (*landmarks(shapes, labels), *scaled):
        found = there(experiment, name, point, ROOM, pieces)
        if found is not None:
            yield found.beside


def _is_one_piece(experiment: Experiment) -> bool:
    """Whether nothing in the program or in a claim is chosen by the numbers."""
    run = experiment.centre.recording
    if run.backend is None or run.trace.observations:
        return False
    # those of the claims come behind those of the program
    return not any(map(_is_choice, run.backend.recorder.nodes))


def _is_choice(node: Node) -> bool:
    return node.op in CHOOSING or (node.op is ops.MAP and is_piecewise(node["body"]))


def _symmetric(experiment: Experiment, name: str) -> Iterator[str]:
    """The matrices of which one that is symmetric makes the claim hold."""
    inputs = experiment.problem.inputs
    shapes = {n: values.shape for n, values in inputs.items()}
    for matrix, shape in shapes.items():
        if len(shape) != 2 or shape[0] != shape[1] or shape[0] < 2:
            continue
        tried = []
        for point in landmarks(shapes, experiment.centre.recording.derived.labels):
            point[matrix] = (point[matrix] + point[matrix].T) / 2
            found = there(experiment, name, point, ROOM, NO_PIECES)
            if found is not None:
                tried.append(not found.beside.apart.any())
        if len(tried) > 1 and all(tried):
            yield matrix
