"""How much is tried: little and always the same in CI, as much as time allows in the long run."""

import os

from hypothesis import HealthCheck, Phase, settings

#: What explains a failure is traced in all the others, too, and slow.
PHASES = [Phase.explicit, Phase.generate, Phase.shrink]
CALM = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
COMMON = {"deadline": None, "suppress_health_check": CALM, "database": None, "phases": PHASES}

EFFORT = os.environ.get("JOEFLOW_TEST_MODEL", "short")


def _effort(short: int, long: int, steps: int = 20) -> settings:
    """Return how much one test tries.

    Args:
        short: Examples in CI.
        long: Examples in the long run.
        steps: Steps of an example in CI.
    """
    if EFFORT == "long":
        return settings(max_examples=long, stateful_step_count=2 * steps, **COMMON)
    if EFFORT == "verdict":  # where only the verdict counts, it is of no use to shrink
        phases = {**COMMON, "phases": [Phase.explicit, Phase.generate]}
        return settings(derandomize=True, max_examples=3 * short, **phases)
    return settings(derandomize=True, max_examples=short, stateful_step_count=steps, **COMMON)


GRAPHS = _effort(80, 10_000)
MACHINE = _effort(30, 5_000)
