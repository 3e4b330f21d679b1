"""What every test shares: how hypothesis behaves, and small boroughs."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# The first call of a rule compiles it, which trips the usual limit of 200 ms and would look like a flaky test.
settings.register_profile("dealsim", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("dealsim"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dealsim")
