"""`ostinato config`: what holds, where it comes from, what it means. It changes no setting."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ostinato.cli.command import Group
from ostinato.cli.context import Invocation, pass_invocation, repository_top
from ostinato.cli.layout import look_of
from ostinato.cli.output import answer, clean, columns
from ostinato.config.paths import database_path, project_config_file, state_directory, user_config_file

if TYPE_CHECKING:
    from ostinato.config.explain import Explained


@click.group(cls=Group, examples=("ostinato config explain", "ostinato config explain verify.timeout"))
def config() -> None:
    """Explain the settings, and say where they are kept."""


@config.command(
    "explain",
    examples=(
        "ostinato config explain",
        "ostinato config explain limits",
        "ostinato config explain verify.commands --json",
    ),
)
@click.argument("key", metavar="[KEY]", required=False)
@pass_invocation
def explain(invocation: Invocation, key: str | None) -> None:
    """Show each setting: value, where it comes from, meaning.

    KEY is one setting (verify.timeout) or a section (limits). What may be a secret is never shown.
    """
    from ostinato.config.explain import explain as explained

    top = _top(invocation)
    found = explained(top, user_config_file(os.environ), os.environ, key)
    whole = key is not None and len(found) == 1 and found[0].key == key
    document = [_document(one) for one in found]
    answer(invocation, document[0] if whole else document, _one(found[0]) if whole else _all(found))


@config.command("path", examples=("ostinato config path", "ostinato config path --json"))
@pass_invocation
def path(invocation: Invocation) -> None:
    """Say where settings, data and checkouts are kept."""
    top = _top(invocation)
    places = {
        "project": None if top is None else project_config_file(top),
        "user": user_config_file(os.environ),
        "database": invocation.database or database_path(os.environ),
        "state": state_directory(os.environ),
    }
    document = {name: None if place is None else str(place) for name, place in places.items()}
    rows = [
        (name, "not in a git repository" if place is None else place, _presence(place))
        for name, place in places.items()
    ]
    answer(invocation, document, columns(rows))


def _presence(place: Path | None) -> str:
    return "" if place is None or place.exists() else "(not there yet)"


def _top(invocation: Invocation) -> Path | None:
    if invocation.project_name is not None:
        return Path(invocation.required_project(invocation.reading()).path)
    found = repository_top(Path.cwd())
    return Path(found) if found else None


def _document(one: Explained) -> dict[str, Any]:
    return {
        "key": one.key,
        "value": _plain(one.value),
        "source": one.source,
        "line": one.line,
        "meaning": one.facts.meaning,
        "allowed": one.facts.allowed,
        "default": _plain(one.facts.default),
        "variables": list(one.facts.variables),
        "person_only": one.facts.person_only,
        "masked": one.masked,
    }


def _all(found: list[Explained]) -> Iterator[str]:
    section: str | None = None
    look = look_of(sys.stdout)
    for one in found:
        here = one.key.rpartition(".")[0]
        if here != section:
            if section is not None:
                yield ""
            section = here
            yield f"[{section}]" if section else "at the top of the file"
        name = one.key.rpartition(".")[2]
        origin = "" if one.source == "default" else f"  ({one.place})"
        yield from look.lines(clean(f"{name} = {_shown(one.value)}{origin}"), "  ", "    ")
        yield from look.lines(clean(one.facts.meaning), "      ")


def _one(one: Explained) -> Iterator[str]:
    yield clean(f"{one.key} = {_shown(one.value)}")
    yield clean(f"  {one.facts.meaning}")
    rows = [("  from", one.place), ("  may be", one.facts.allowed), ("  default", _shown(one.facts.default))]
    if one.facts.variables:
        rows.append(("  variable", ", ".join(one.facts.variables)))
    if one.facts.person_only:
        rows.append(("  set by", "you alone: your own file or the environment, never a project"))
    yield from columns(rows)


def _shown(value: Any) -> str:
    """Return a value as the file would say it."""
    import json

    if value is None:
        return "unset"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
