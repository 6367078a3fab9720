"""Recovery in either store, with somebody else's word for who is dead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ostinato.base.ids import IterationId, ProjectId
from ostinato.base.process import ProcessIdentity, is_dead
from ostinato.store.recovery import recover as recover_database
from ostinato.store.store import Store


def recover(
    store: Any,
    project_id: ProjectId,
    *,
    landed: Mapping[IterationId, str],
    dead: Callable[[ProcessIdentity], bool] = is_dead,
) -> list[str]:
    """Recover a project and return what was done."""
    if isinstance(store, Store):
        return recover_database(store, project_id, landed=landed, dead=dead)
    found: list[str] = store.recover(project_id, landed, dead)
    return found
