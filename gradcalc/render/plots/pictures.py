"""What was found, as a picture."""

from gradcalc.plotting.data import Curve, Field
from gradcalc.render.plots.scene import Scene


def picture(found: Curve | Field) -> Scene:
    """The picture of a curve or of a plane."""
    if isinstance(found, Curve):
        from gradcalc.render.plots.figure import figure

        return figure(found)
    from gradcalc.render.plots.plane import plane

    return plane(found)
