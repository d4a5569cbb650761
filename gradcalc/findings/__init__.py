"""What is worth knowing beside the verdict: where, why, and what to do about it."""

from gradcalc.findings.causes import find as find
from gradcalc.verdict.outcome import Finding as Finding
