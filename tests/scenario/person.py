"""The person of a world at a terminal of their own."""

from __future__ import annotations

import sys

from ostinato.testing.typist import READY as READY
from ostinato.testing.typist import Typist
from tests.scenario.world import World


class Person(Typist):
    """Runs the command line in the world's repository."""

    def __init__(self, world: World, *arguments: str, columns: int = 80, lines: int = 24, **env: str) -> None:
        super().__init__(
            [sys.executable, "-m", "ostinato", *arguments],
            cwd=world.repo,
            environment={**world.environment(), "TERM": "xterm-256color", **env},
            columns=columns,
            lines=lines,
        )
