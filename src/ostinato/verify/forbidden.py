"""Tells where a change goes against what a decision forbids. Pure; which prohibitions hold is the store's to say.

A forbidden path must not be added or changed; taking it away goes with the decision. A forbidden dependency must not be
added: what stood in the changed files before is not the change's fault, and moving it from one file to another adds
nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ostinato.base.globs import matches
from ostinato.base.text import clip, one_line
from ostinato.graph.prohibitions import Prohibition
from ostinato.verify.diff_rules import ChangedFile
from ostinato.verify.imports import imported_names
from ostinato.verify.manifests import manifest_names
from ostinato.verify.package_names import covers, normal

_SHOWN = 5


def against(
    changed: Iterable[ChangedFile], prohibitions: Sequence[Prohibition], gone: Collection[str]
) -> tuple[str, ...]:
    """Return one line for each decision whose paths are changed and for each forbidden dependency that is added.

    Each names the decision and the way out, in the order of the decisions. `gone` are paths that were taken away:
    that a path has no text is no sign of it, as another repository has none, nor has a name that is no UTF-8.
    """
    files = sorted(changed, key=lambda file: file.path)
    names = [_Named(file) for file in files] if any(one.dependencies for one in prohibitions) else []
    found: list[str] = []
    for one in prohibitions:
        touched = [file.path for file in files if file.path not in gone and matches(file.path, one.paths)]
        if touched:
            found.append(_reason(one, f"changing {_listed(touched)}"))
        for name in one.dependencies:
            if places := _added(name, names):
                found.append(_reason(one, f"the dependency {name}, which {_listed(places)} would add"))
    return tuple(found)


class _Named:
    """A changed file with the packages that it names before and after, `None` where it is not of that kind."""

    def __init__(self, file: ChangedFile) -> None:
        self.path = file.path
        self.before = _names(file.path, file.before)
        self.after = _names(file.path, file.after)


def _names(path: str, text: str | None) -> frozenset[str]:
    if text is None:
        return frozenset()
    return (manifest_names(path, text) or frozenset()) | (imported_names(path, text) or frozenset())


def _added(name: str, files: Iterable[_Named]) -> list[str]:
    """Return the files that name the package now and did not, unless as many have stopped to name it."""
    wanted = normal(name)
    gained, lost = [], 0
    for file in files:
        before = any(covers(wanted, found) for found in file.before)
        after = any(covers(wanted, found) for found in file.after)
        lost += before and not after
        if after and not before:
            gained.append(file.path)
    return gained if len(gained) > lost else []


def _reason(one: Prohibition, what: str) -> str:
    return (
        f"{one.decision} “{clip(one_line(one.title), 80)}” forbids {what}: do the work without it; only a decision "
        f"that supersedes {one.decision} and that a person accepts lifts this"
    )


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(map(one_line, paths[:_SHOWN])) + more
