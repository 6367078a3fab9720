"""`ostinato profiles`: who the agents are (prompt, tools, reach, model, limits), and where each of that comes from."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ostinato.base.errors import OstinatoError
from ostinato.cli.command import Group
from ostinato.cli.context import Invocation, pass_invocation, repository_top
from ostinato.cli.listing import Listing, listing
from ostinato.cli.output import answer, clean, clean_block, columns, remark, short_path
from ostinato.config.paths import user_config_file

if TYPE_CHECKING:
    from ostinato.app.profiles import DescribedProfile

FIELDS = (
    *("name", "role", "description", "for_tasks", "output", "read_only", "tools", "file_scope"),
    *("model", "fallback", "limits", "prompt_tokens", "sources"),
)


@click.group(cls=Group, examples=("ostinato profiles list", "ostinato profiles show tester"))
def profiles() -> None:
    """Show who the agents are: prompt, tools, reach, model and limits.

    Files in .ostinato/profiles of the project and in profiles beside your own config.toml change a profile or add one.
    """


@profiles.command(
    "list", examples=("ostinato profiles list", "ostinato profiles list --json", "ostinato profiles list --fields name")
)
@listing(FIELDS)
@pass_invocation
def list_(invocation: Invocation, wanted: Listing) -> None:
    """List the profiles that hold here."""
    found = _described(invocation, None)
    wanted.show(
        invocation,
        found,
        _document,
        _row,
        heads=("name", "leaves", "model", "from", "what it is"),
        nothing="no profiles",
    )


@profiles.command("show", examples=("ostinato profiles show tester", "ostinato profiles show coder --json"))
@click.argument("name", metavar="NAME")
@pass_invocation
def show(invocation: Invocation, name: str) -> None:
    """Show a profile, and where each value comes from.

    Its prompt comes last, as an agent is given it.
    """
    (found,) = _described(invocation, name)
    answer(invocation, {**_document(found), "prompt": found.prompt}, _whole(found))


def remark_unknown(invocation: Invocation, top: str, name: str) -> None:
    """Tell a person that nobody of that name would work on a task now. A file may still be written before it begins."""
    from ostinato.agent.profile_rules import near
    from ostinato.app.profiles import described_profiles

    try:
        found = described_profiles(Path(top), user_config_file(os.environ), os.environ)
    except OstinatoError as error:
        remark(invocation, f"the profiles cannot be read now: {error.message}")
        return
    known = [one.profile.called for one in found if one.profile.works_on_tasks]
    if name not in known:
        said = f"no profile {name} for tasks is here: {near(name, known)}; without it the task waits"
        remark(invocation, clean(said))


def _described(invocation: Invocation, name: str | None) -> list[DescribedProfile]:
    from ostinato.app.profiles import described_profiles

    return described_profiles(_top(invocation), user_config_file(os.environ), os.environ, name)


def _top(invocation: Invocation) -> Path | None:
    if invocation.project_name is not None:
        return Path(invocation.required_project(invocation.reading()).path)
    found = repository_top(Path.cwd())
    return Path(found) if found else None


def _document(one: DescribedProfile) -> Mapping[str, Any]:
    profile, limits = one.profile, one.limits
    return {
        "name": profile.called,
        "role": profile.role,
        "description": profile.description,
        "for_tasks": profile.works_on_tasks,
        "output": str(profile.output),
        "read_only": profile.read_only,
        "tools": list(profile.tools),
        "file_scope": [list(scope) for scope in profile.scopes],
        "model": one.model,
        "fallback": one.fallback,
        "limits": {"steps": limits.steps, "tokens": limits.tokens, "minutes": limits.seconds / 60},
        "prompt_tokens": one.prompt_tokens,
        "sources": {key: list(places) for key, places in one.places.items()},
    }


def _row(one: DescribedProfile) -> tuple[str, ...]:
    profile = one.profile
    return profile.called, str(profile.output), one.model or "-", _from(one), profile.description


def _from(one: DescribedProfile) -> str:
    """Return who made a profile what it is: the last place of its prompt, tools and description."""
    from ostinato.agent.profile_rules import BUILT_IN_PLACE

    keys = ("description", "prompt", "tools", "read_only", "file_scope", "output")
    changed = [place for key in keys for place in one.places[key] if place != BUILT_IN_PLACE]
    return short_path(Path(changed[-1].rpartition(":")[0] or changed[-1])) if changed else BUILT_IN_PLACE


def _whole(one: DescribedProfile) -> Iterator[str]:
    profile, limits = one.profile, one.limits
    yield clean(f"{profile.called}: {profile.description}")
    scopes = "; and of these only ".join(", ".join(scope) for scope in profile.scopes)
    reach = scopes or ("nothing" if profile.read_only else "what the task says")
    rows = [
        ("role", profile.role, ""),
        ("for tasks", "yes" if profile.works_on_tasks else "no", ""),
        ("output", profile.output, _places(one, "output")),
        ("read only", "yes" if profile.read_only else "no", _places(one, "read_only")),
        ("tools", ", ".join(profile.tools), _places(one, "tools")),
        ("file scope", reach, _places(one, "file_scope")),
        ("model", one.model or "none is chosen", _places(one, "model")),
        ("fallback", one.fallback or "none", _places(one, "fallback")),
        ("steps", f"{limits.steps:,}", _places(one, "steps")),
        ("tokens", f"{limits.tokens:,}", _places(one, "tokens")),
        ("minutes", f"{limits.seconds / 60:g}", _places(one, "minutes")),
        ("prompt", f"about {one.prompt_tokens:,} tokens", _places(one, "prompt")),
    ]
    yield from columns([(f"  {name}", f"{value}{place}") for name, value, place in rows])
    yield ""
    yield from clean_block(one.prompt)


def _places(one: DescribedProfile, key: str) -> str:
    return f"  ({', '.join(one.places[key])})" if one.places[key] else ""
