"""Formulas, numbers and texts in LaTeX, for the format of that name."""
