"""What holds for all tests: no limit of the program on time is one that a slow machine reaches."""

import sys

from tests.patient import sitecustomize

for _name in sitecustomize.LIMITS:
    assert _name not in sys.modules, f"{_name} is imported before its limits can be relaxed"
