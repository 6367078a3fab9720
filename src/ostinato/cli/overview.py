"""`ostinato` alone: in what state this directory is, and what to do next. It changes nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ostinato import __version__
from ostinato.base.errors import NotFoundError, OstinatoError
from ostinato.base.text import clip, many
from ostinato.cli.context import Invocation, repository_top
from ostinato.cli.layout import look_of
from ostinato.cli.output import clean
from ostinato.cli.screen import width

if TYPE_CHECKING:
    from ostinato.app.standing import GoalStanding

_GOALS = 5
Steps = list[tuple[str, str]]


def show_overview(invocation: Invocation) -> int:
    """Print the overview and return the exit code: what cannot be read is part of the state, and keeps its code."""
    code = 0
    try:
        state, steps = _state(invocation)
    except NotFoundError:
        raise  # a --project that does not exist
    except OstinatoError as error:
        state, steps, code = [error.message], [("ostinato doctor", "look at what is needed")], error.exit_code
    look = look_of(sys.stdout)
    said = (f"Ostinato {__version__}: plans a goal as small tasks, and proves them one by one", "", *map(clean, state))
    for line in said:
        for part in look.lines(line, hang="  "):
            click.echo(part)
    click.echo()
    lead = max(len(command) for command, _ in steps)
    beside = lead + max(len(why) for _, why in steps) + 4 <= width()
    for command, why in steps:
        click.echo(clean(f"  {command:<{lead}}  {why}") if beside else f"{clean(f'  {command}')}\n      {clean(why)}")
    click.echo()
    click.echo("`ostinato --help` lists every command")
    return code


def _state(invocation: Invocation) -> tuple[list[str], Steps]:
    """Return what stands here, line by line, and the commands that come next, each with its reason."""
    found = repository_top(Path.cwd())
    store = invocation.reading()
    if invocation.project_name is not None:
        project = store.projects.get(invocation.project_name)
    elif found is None:
        return _outside(len(store.projects.list()))
    else:
        known = store.projects.find_by_path(found)
        if known is None:
            return [found], [*_first(Path(found)), ("ostinato demo", "see the whole job, no key needed")]
        project = known
    from ostinato.app.standing import next_step, read_standing

    standing = read_standing(store, project)
    alone = [goal for goal in standing.goals if not goal.told_with_another]
    goals = [goal for goal in alone if goal.is_open or next_step(goal) is not None]
    lines = [f"{project.name}  {project.path}"]
    lines += [clip(f"  {one.goal.id}  {_how_far(one)}  {clean(one.goal.title)}", width()) for one in goals[-_GOALS:]]
    steps: Steps = [(step.command, step.why) for one in goals[-_GOALS:] if (step := next_step(one))]
    if not any(one.is_open for one in goals):
        steps += _first(Path(project.path))
    return lines, [*steps, ("ostinato status", "what happened, in full")]


def _how_far(one: GoalStanding) -> str:
    return f"{one.done} of {many(one.tasks, 'task')} done" if one.tasks else "no tasks yet"


def _outside(projects: int) -> tuple[list[str], Steps]:
    steps = [("ostinato demo", "see the whole job, no key needed")]
    if projects:
        steps.insert(0, ("ostinato status", f"what happened in {many(projects, 'project')}"))
    return ["not in a git repository: go into one, there the work begins"], steps


def _first(top: Path) -> Steps:
    """Return the first steps of a goal in the repository, as far as they are not done."""
    from ostinato.config.load import load_settings
    from ostinato.config.paths import project_config_file, user_config_file

    steps: Steps = []
    if not project_config_file(top).exists():
        steps.append(("ostinato init", "propose setup and checks"))
    models = load_settings(top, user_config_file(os.environ), os.environ).settings.models
    if not (models.default or models.planner):
        steps.append(("export OSTINATO_MODEL=PROVIDER:NAME", "choose a model"))
    return [*steps, ('ostinato plan "…"', "say what you want")]
