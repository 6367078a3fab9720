"""Which files a child task may be given: never more than the task that makes it may change. Pure."""

from __future__ import annotations

from ostinato.base.globs import matches
from ostinato.tools.tool import ToolRefusal
from ostinato.verify.diff_rules import PROTECTED, is_test_file


def child_scope(parent: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the child's scope, the parent's where none is wanted. Raises ToolRefusal for what the parent lacks.

    A path named literally may be changed whatever it is (`verify.diff_rules`), so a protected file or a test is granted
    to a child only where the parent's scope names it literally too.
    """
    for pattern in wanted:
        if pattern in parent:
            continue
        covered = pattern
        if _is_pattern(pattern):
            covered = _directory(pattern)
        elif matches(pattern, PROTECTED) or is_test_file(pattern):
            raise ToolRefusal(
                f"file_scope {pattern!r}: this task's own scope does not name it, so a child's cannot; for new tests "
                "give their directory with a pattern"
            )
        if parent and not (covered and matches(covered, parent)):
            raise ToolRefusal(f"file_scope {pattern!r} is outside of this task's own scope: {', '.join(parent)}")
    return wanted or parent


def _is_pattern(glob: str) -> bool:
    return any(ch in glob for ch in "*?[") or glob.endswith("/")


def _directory(pattern: str) -> str:
    """Return the literal directory that all matches lie below, with a slash at its end; "" for the top."""
    literal = []
    for part in pattern.removeprefix("./").split("/"):
        if any(ch in part for ch in "*?["):
            break
        literal.append(part)
    return "/".join([*filter(None, literal), ""]) if any(literal) else ""
