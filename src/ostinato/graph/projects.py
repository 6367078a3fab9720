"""A registered project as a value.

It is a NamedTuple since every command makes the class at its start, at a quarter of a dataclass's cost.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from ostinato.base.ids import ProjectId


class Project(NamedTuple):
    """A git repository registered with Ostinato; `path` is the top of its checkout."""

    id: ProjectId
    name: str
    path: str
    created_at: datetime
