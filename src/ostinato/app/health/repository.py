"""Looks at what is special about the repository: signing, large files, submodules, a landing that was cut off.

What a repository does not have is not mentioned.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ostinato.app.health.finding import Finding, Situation, State
from ostinato.base.errors import OstinatoError

if TYPE_CHECKING:
    from ostinato.git.repository import Repository

_SHOWN = 3


def repository(situation: Situation) -> Iterator[Finding]:
    """Return findings for the repository, none outside of one or where it has no commit yet."""
    from ostinato.git.repository import Repository

    if situation.top is None:
        return
    try:
        found = Repository.find(situation.top)
        for look in (_landing, _signing, _large_files, _submodules):
            yield from look(found)
    except OstinatoError:
        return  # what git lacks has its own finding


def _landing(found: Repository) -> Iterator[Finding]:
    from ostinato.git.moving import was_cut

    if was_cut(found):
        said = "a landing is under way in this checkout, or was cut off"
        yield Finding("landing", State.WARN, said, "if none runs, `ostinato land` finishes it")


def _signing(found: Repository) -> Iterator[Finding]:
    from ostinato.git.run import Git
    from ostinato.git.signing import signing_of_person

    signing = signing_of_person(Git(found.top, own_config=True))
    if signing.wanted:
        form = dict(signing.settings).get("gpg.format", "openpgp")
        said = f"commits are signed ({form}); nobody is asked for a passphrase: a key that has one must be in its agent"
        yield Finding("signing", State.OK, said)


def _large_files(found: Repository) -> Iterator[Finding]:
    from ostinato.git.lfs import lfs_of_person
    from ostinato.git.run import Git

    tracked = found.git.raw("ls-files", "-z", "--", ":(top,attr:filter=lfs)").count(b"\0")
    if not tracked:
        return
    files = f"{tracked} {'file is' if tracked == 1 else 'files are'} in Git LFS"
    if not lfs_of_person(Git(found.top, own_config=True), found.common_dir):
        fix = "git lfs install writes it, git lfs pull fetches the content"
        said = f"{files}, and your own git configuration has no filter for it: agents and checks see pointers"
        yield Finding("large files", State.WARN, said, fix)
    elif shutil.which("git-lfs") is None:
        yield Finding("large files", State.FAIL, f"{files}, and git-lfs is not installed", "install git-lfs")
    else:
        yield Finding("large files", State.OK, f"{files}; checkouts have what is in {found.common_dir / 'lfs'}")


def _submodules(found: Repository) -> Iterator[Finding]:
    from ostinato.git.submodules import homes_in, submodules_in

    named = submodules_in(found.git, "HEAD")
    if not named:
        return
    at_hand = homes_in(found.git, "HEAD", Path(found.common_dir))
    absent = [submodule.path for submodule in named if submodule.path not in at_hand]
    if absent:
        more = f" and {len(absent) - _SHOWN} more" if len(absent) > _SHOWN else ""
        said = f"not initialised, so empty for agents and checks: {', '.join(absent[:_SHOWN])}{more}"
        yield Finding("submodules", State.WARN, said, "git submodule update --init --recursive")
    else:
        yield Finding("submodules", State.OK, f"{len(named)} initialised; an agent can read them, not change them")
