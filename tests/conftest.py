"""What holds for all tests: how slow a machine is decides nothing."""

import sys

from hypothesis import HealthCheck, settings

from tests.patient import sitecustomize

for _name in sitecustomize.LIMITS:
    assert _name not in sys.modules, f"{_name} is imported before its limits can be relaxed"

settings.register_profile("slow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("slow")
