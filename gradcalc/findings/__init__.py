"""What is worth knowing beside the verdict: where, why, and what to do about it."""

from gradcalc.findings.causes import find
from gradcalc.verdict import Finding

__all__ = ["Finding", "find"]
