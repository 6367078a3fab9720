"""Knows a destructive command that could be pasted: no message may hold one, whoever reads it pastes it."""

from __future__ import annotations

import re

_GIT = r"\bgit(?: -C \S+)? "
_DESTRUCTIVE = re.compile(
    "|".join(
        (
            r"\brm +-",
            r"\brm +[~/.\w]+/",
            r"\brmdir\b|\bunlink +/|\bshred\b|\btruncate +-|\bmkfs|\bdd +if=",
            r"\bsudo\b.*\brm\b",
            r"\bkill(?:all)? +-|\bpkill\b",
            r"\bchmod +-R|\bchown +-R",
            _GIT + r"clean\b",
            _GIT + r"reset\b",
            _GIT + r"push\b.*(?:--force|-f\b|--delete|\+\w)",
            _GIT + r"branch +(?:-d|-D|--delete|-f|--force)",
            _GIT + r"checkout +(?:--|-f|--force|\.)",
            _GIT + r"restore\b",
            _GIT + r"stash +(?:drop|clear)",
            _GIT + r"(?:update-ref +-d|reflog +expire|gc\b.*--prune|worktree +(?:remove|prune)|rm\b)",
            r"\bDROP +(?:TABLE|DATABASE|INDEX)\b|\bDELETE +FROM\b",
            # Ours: what asks first may be named, but not with the answer to its question.
            r"\bostinato\b[^`\n]*\b(?:discard|prune|project remove)\b[^`\n]*--yes",
            r"(?<![./\w])ostinato\b[^`\n]*--(?:force|delete)\b",
        )
    ),
    re.IGNORECASE,
)


def destructive(text: str) -> str | None:
    """Return the first destructive command in a text, None where there is none."""
    found = _DESTRUCTIVE.search(text)
    return None if found is None else found[0]
