"""Large files of Git LFS in our checkouts, where the person's own git configuration has its filter. No network.

Real content comes from the person's LFS store and what an agent makes goes there, as with the person's own git. What is
not in the store stays a pointer.
"""

from __future__ import annotations

from pathlib import Path

from ostinato.git.run import PERSONS, Git, Setting, configuration

_FILTER = "filter.lfs."
# An address that is nowhere, so that nothing is fetched, whatever the repository's .lfsconfig says.
_NOWHERE = "file:///dev/null"


def lfs_of_person(git: Git, common_dir: Path) -> tuple[Setting, ...]:
    """Return the settings that make git use LFS as the person does, none where they do not; `git` reads their own."""
    found = {
        key: value or "" for scope, key, value in configuration(git) if scope in PERSONS and key.startswith(_FILTER)
    }
    if not found:
        return ()
    return (
        *found.items(),
        ("lfs.storage", str(common_dir / "lfs")),
        ("lfs.url", _NOWHERE),
        ("lfs.skipdownloaderrors", "true"),
    )
