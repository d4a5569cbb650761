"""Programs and their derivatives as code that stands alone, in other languages."""

TARGETS = ("numpy", "torch", "jax", "c", "julia", "latex", "python")
"""The languages and libraries that there is code for."""

WHATS = ("grad", "jacobian", "hessian", "hvp", "vjp")
"""The derivatives that there is code for."""
