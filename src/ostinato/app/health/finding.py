"""One finding of the doctor as a value, and what a look is given. It looks at nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ostinato.config.load import Loaded


class State(StrEnum):
    """How a thing is: good, good enough, or lacking so that the main job cannot run."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at, what was found, and what to do where it is not `ok`."""

    name: str
    state: State
    message: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """Where the doctor looks: the repository's top (None outside of one), the database, the environment.

    `loaded` is None where the settings cannot be read; `fault` says why. `full`: look at everything, however large.
    """

    top: Path | None
    database: Path
    environ: Mapping[str, str]
    loaded: Loaded | None
    fault: str
    full: bool = False


def size_text(size: int) -> str:
    """Return a number of bytes for the eye."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
