"""`ostinato land`: brings a goal's proven branch into the person's branch, the only command that does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ostinato.base.errors import UsageError
from ostinato.base.text import many
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, goal_node, pass_invocation
from ostinato.cli.layout import look_of, somebody_there
from ostinato.cli.main_job import one_of, run_interruptible
from ostinato.cli.output import answer, clean, exact, json_line, on_stderr

if TYPE_CHECKING:
    from ostinato.app.land import LandOptions
    from ostinato.app.results import LandResult

F = TypeVar("F", bound=Callable[..., Any])

_WAYS = {
    "rebase": "replay the goal's commits on top of your branch",
    "merge": "make one merge commit",
    "squash": "make one plain commit of all",
}
_DONE = {
    "ff": "",
    "rebase": ", each replayed on top",
    "merge": ", one of them the merge",
    "squash": " that holds all",
}


def _way(name: str, text: str) -> Callable[[F], F]:
    return click.option(f"--{name}", is_flag=True, help=text)


@click.command(
    cls=Command,
    examples=[
        "ostinato land",
        "ostinato land os-1f0c9a2e --rebase",
        "ostinato land --squash --dry-run",
        "ostinato land --pr-body | gh pr create --title 'The goal' --body-file -",
    ],
)
@click.argument("goal", required=False)
@_way("ff", "Move your branch forward, or say why that cannot be (the default, unless [land] how says other).")
@_way("rebase", "Replay each of the goal's commits on top of your branch; author, words and trailers stay.")
@_way("merge", "Make one merge commit, also where moving forward would do.")
@_way("squash", "Make one plain commit that names the goal and its tasks.")
@click.option("--partial", is_flag=True, help="Land the commits of a goal that is not completed; it stays open.")
@click.option("--keep", is_flag=True, help="Keep the goal's branch; else a completed goal's branch is removed.")
@click.option("--dry-run", is_flag=True, help="Make and prove the result, say what would happen, change nothing.")
@click.option("--pr-body", is_flag=True, help="Print the text of a pull request (Markdown) and land nothing.")
@click.option("--output", metavar="FILE", type=click.Path(dir_okay=False), help="With --pr-body: write it there.")
@pass_invocation
def land(invocation: Invocation, goal: str | None, pr_body: bool, output: str | None, **chosen: Any) -> int:
    """Bring the branch of GOAL into the present branch, after proving the result whole once more.

    The checkout must be clean. All checks of the goal's completed tasks and the project's run on the result, the last
    commit, first; what does not pass does not land, and nothing is changed then. No hook of the repository runs.
    """
    if pr_body or output is not None:
        _print_pull_request(invocation, goal, output, chosen if pr_body else None)
        return 0
    from ostinato.app.land import LandOptions
    from ostinato.loop.landing import How, MovedOnError

    said = one_of(chosen, *_DONE)
    how = How(said) if said else None
    options = LandOptions(how=how, **chosen)
    try:
        result = land_once(invocation, goal, options)
    except MovedOnError as error:
        other = _asked_how(invocation, error.message) if how is None else None
        if other is None:
            raise
        result = land_once(invocation, goal, LandOptions(how=How(other), **chosen))
    answer(invocation, land_document(result), land_lines(result))
    return 0


def _print_pull_request(
    invocation: Invocation, goal: str | None, output: str | None, others: dict[str, Any] | None
) -> None:
    """Print or write the text; `others` are the options that mean landing, None where the text was not asked for."""
    if others is None:
        raise UsageError("--output is for the text of a pull request: say --pr-body too")
    if any(others.values()):
        raise UsageError("--pr-body lands nothing: leave the other options out")
    from ostinato.app.pull_request import pull_request_text
    from ostinato.app.report import read_report
    from ostinato.cli.report import present_goal, write_text

    store = invocation.reading()
    with store.db.reading():
        node = present_goal(invocation, store) if goal is None else goal_node(store, goal)
        text = pull_request_text(read_report(store, node))
    if output is not None:
        write_text(output, text)
        answer(invocation, {"goal_id": node.id, "output": output}, [f"written to {clean(output)}"])
    elif invocation.json:
        json_line({"goal_id": node.id, "body": text})
    else:
        exact(text)


def land_once(invocation: Invocation, goal: str | None, options: LandOptions) -> LandResult:
    """Prove and land once."""
    from ostinato.app.job import Job, JobOptions
    from ostinato.cli.progress import shown
    from ostinato.loop.interruption import Interruption

    stop = Interruption()

    async def work() -> LandResult:
        invocation.touched = True
        chosen = JobOptions(database=invocation.database, project=invocation.project_name)
        async with Job.without_model(chosen, stop) as job:
            with shown(invocation, job):
                return await job.land(goal, options)

    return run_interruptible(invocation, stop, work)


def land_document(result: LandResult) -> dict[str, Any]:
    """Return what was landed where."""
    return {
        "goal_id": result.goal.id,
        "branch": result.branch,
        "from": result.before,
        "to": result.after,
        "how": result.how.value,
        "commits": result.commits,
        "checks": result.checks,
        "dry_run": result.dry_run,
        "kept_branch": result.kept,
    }


def land_lines(result: LandResult) -> Iterator[str]:
    """Yield what a person reads."""
    goal, branch = f"{result.goal.id} {clean(result.goal.title)}", clean(result.branch)
    commits = f"{many(result.commits, 'commit')}{_DONE[result.how.value]}"
    checks = many(result.checks, "check")
    look = look_of(sys.stdout)
    if not result.commits:
        yield from look.lines(f"{branch} has all of {goal} already", hang="  ")
    elif result.dry_run:
        yield from look.lines(f"Would land {goal} on {branch}: {commits}", hang="  ")
    else:
        yield from look.lines(f"Landed {goal} on {branch}: {commits}", hang="  ")
    yield from look.lines(f"{result.before[:10]}..{result.after[:10]}, proven by {checks}", "  ")
    if result.dry_run:
        yield "  nothing was changed"
    elif result.kept:
        yield f"  {result.kept} is kept"


def _asked_how(invocation: Invocation, why: str) -> str | None:
    """Offer the other ways to a person at a terminal; None when nobody is there or none is wanted."""
    if invocation.json or not somebody_there():
        return None
    on_stderr(why.partition(":")[0])
    for name, what in _WAYS.items():
        click.echo(f"  {name:<7} {what}", err=True)
    choice = click.Choice([*_WAYS, "no"])
    said = click.prompt("Land how? Each proves the result first", type=choice, default="no", err=True)
    return None if said == "no" else str(said)
