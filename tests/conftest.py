"""What all tests share: Hypothesis judges answers, not the speed of a busy machine.

In CI it draws the same examples each time, so that a red gate means the change; everywhere else it goes on searching.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "house", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")
