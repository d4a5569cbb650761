"""Formulas without a point: what stands for a matrix, a vector or a number, and what follows."""
