"""Values as text: `0,1;2,3`, `arange(4)`, `@file` to arrays, and arrays back to text."""

from gradcalc.values.context import Limits
from gradcalc.values.read import from_json, parse_value
from gradcalc.values.text import format_literal, number_literals

__all__ = ["Limits", "format_literal", "from_json", "number_literals", "parse_value"]
