"""Lists the files below a directory of the checkout, leaving out what nobody reads: caches, packages, builds.

What git ignores is not asked for, since the checkout's .git is the agent's and not trusted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ostinato.base.globs import matches

SKIPPED = frozenset(
    {".git", "node_modules", ".venv", "venv", "__pycache__", "target", "dist"}
    | {".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".hypothesis", ".cache"}
)
MOST_FILES = 50_000


def files_below(root: Path, start: str) -> Iterator[str]:
    """Yield the files below `start` (relative, "" for the top), relative to `root`, sorted, at most `MOST_FILES`.

    Links are named but not followed. A skipped directory is entered only when `start` itself lies in it.
    """
    count = 0
    for directory, names, files in os.walk(root / start):
        links = [name for name in names if os.path.islink(os.path.join(directory, name))]  # noqa: PTH114, PTH118 - hot
        names[:] = sorted(name for name in names if name not in SKIPPED and name not in links)
        below = os.path.relpath(directory, root)
        prefix = "" if below == "." else f"{below}/"
        for name in sorted(files + links):
            count += 1
            if count > MOST_FILES:
                return
            yield prefix + name


def selected(path: str, start: str, glob: str | None) -> bool:
    """Tell whether a file is meant by `glob`, seen from `start` or from the top; one without a slash fits anywhere."""
    if not glob:
        return True
    pattern = glob if "/" in glob else f"**/{glob}"
    return matches(path, (pattern,)) or bool(start and matches(path.removeprefix(f"{start}/"), (pattern,)))
