"""Reads a project's conventions at HEAD: of the top directory, and of those nearest to a file scope."""

from __future__ import annotations

from pathlib import PurePosixPath

from ostinato.agent.conventions import MOST_NEAR, NAMES, NearConventions, directories_of, upwards
from ostinato.git.repository import Objects, Repository


def root_conventions(repository: Repository) -> str:
    """Return the text that holds for the whole project, "" where there is none."""
    found = _in(Objects(repository.git), PurePosixPath("."))
    return found.text if found else ""


def near_conventions(repository: Repository, scope: tuple[str, ...]) -> tuple[NearConventions, ...]:
    """Return for each directory of a file scope the nearest text below the top directory, each once."""
    objects = Objects(repository.git)
    found: dict[str, NearConventions] = {}
    for directory in directories_of(scope):
        near = next((one for folder in upwards(directory) if (one := _in(objects, folder))), None)
        if near is not None:
            found.setdefault(near.path, near)
        if len(found) == MOST_NEAR:
            break
    return tuple(found.values())


def _in(objects: Objects, folder: PurePosixPath) -> NearConventions | None:
    for name in NAMES:
        text = objects.text("HEAD", str(folder / name))
        if text is not None:
            return NearConventions(str(folder / name), text)
    return None
