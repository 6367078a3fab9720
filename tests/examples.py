"""How many examples a property gets: few with every run, as many as OSTINATO_EXAMPLES says for whoever has an hour."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)


def use_house_profile() -> None:
    """Let no property fail because the machine is busy: examples have no deadline, and making them may take its time.

    What `hypothesis` sets otherwise in CI stays. Call it before any test module is imported.
    """
    settings.register_profile(
        "house", max_examples=_asked(settings().max_examples), deadline=None, suppress_health_check=_SLOW
    )
    settings.load_profile("house")


def examples(few: int, *, steps: int | None = None, shared: bool = False) -> settings:
    """Return the settings of a property that needs another number than usual; see `use_house_profile`.

    `steps` is the length of a state machine. With `shared`, all examples get the same fixtures and that is meant.
    """
    chosen = settings(max_examples=_asked(few))
    if shared:
        chosen = settings(chosen, suppress_health_check=(*_SLOW, HealthCheck.function_scoped_fixture))
    return settings(chosen, stateful_step_count=steps) if steps else chosen


def _asked(few: int) -> int:
    return int(os.environ.get("OSTINATO_EXAMPLES", few))
