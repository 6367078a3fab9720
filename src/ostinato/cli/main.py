"""The command line's door: the table of commands, the global options, the border where errors become exit codes.

A command's module is imported when it is chosen, never before: `--version`, `--help` and short reads start fast.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO

import click

from ostinato import __version__
from ostinato.cli.command import Entry, LazyGroup
from ostinato.cli.context import Invocation
from ostinato.cli.errors import BROKEN_PIPE, at_border

COMMANDS: dict[str, Entry] = {
    "plan": Entry("ostinato.cli.plan", "plan", "Turn a goal into a reviewed graph of small tasks."),
    "ralph": Entry("ostinato.cli.ralph", "ralph", "Work on a goal, task by task, until it is reached."),
    "run": Entry("ostinato.cli.run", "run", "Plan a goal, then work on it."),
    "land": Entry("ostinato.cli.land", "land", "Bring a goal's branch into yours."),
    "discard": Entry("ostinato.cli.discard", "discard", "Give a goal up; its commits stay findable."),
    "init": Entry("ostinato.cli.init", "init", "Propose setup and checks for this repository."),
    "say": Entry("ostinato.cli.steering", "say", "Tell the agents of a goal something while they work."),
    "pause": Entry("ostinato.cli.steering", "pause", "Let a goal wait: no model call, no new task."),
    "resume": Entry("ostinato.cli.steering", "resume", "Let a paused goal go on."),
    "budget": Entry("ostinato.cli.budget", "budget", "Show or set what a goal or task may use in all."),
    "approvals": Entry("ostinato.cli.approvals", "approvals", "List the questions that wait for you."),
    "approve": Entry("ostinato.cli.approvals", "approve", "Answer a question with yes."),
    "reject": Entry("ostinato.cli.approvals", "reject", "Answer a question with no, and say why."),
    "status": Entry("ostinato.cli.status", "status", "Show goals, running sessions, what waits for you, usage."),
    "show": Entry("ostinato.cli.show", "show", "Show an attempt, task, goal, decision, session: whatever an id names."),
    "report": Entry("ostinato.cli.report", "report", "Tell what came of a goal or session, also as md or html."),
    "tasks": Entry("ostinato.cli.tasks", "tasks", "List, claim, release and retry tasks."),
    "node": Entry("ostinato.cli.node", "node", "Add, change, show and link nodes of the graph."),
    "decisions": Entry("ostinato.cli.decisions", "decisions", "Log and choose decisions, and see which hold."),
    "graph": Entry("ostinato.cli.graph", "graph", "Write the graph to files that git can merge, and read them."),
    "notes": Entry("ostinato.cli.notes", "notes", "Print a goal's handoff notes as they would be now."),
    "sessions": Entry("ostinato.cli.sessions", "sessions", "Start, end and look at sessions."),
    "events": Entry("ostinato.cli.events", "events", "Print what happened, and follow what happens."),
    "import": Entry("ostinato.cli.importing", "import_", "Import tasks of beads, prd.json, spec.json, Markdown."),
    "search": Entry("ostinato.cli.search", "search", "Search titles, descriptions and handoff notes."),
    "project": Entry("ostinato.cli.project", "project", "Register, list and remove projects."),
    "sandbox": Entry("ostinato.cli.sandbox", "sandbox", "Run a command exactly as an agent's would run."),
    "config": Entry("ostinato.cli.config", "config", "Explain the settings, and say where they are kept."),
    "profiles": Entry("ostinato.cli.profiles", "profiles", "Show who the agents are: tools, reach, model, limits."),
    "schema": Entry("ostinato.cli.schema", "schema", "Print the JSON Schema of what a command prints with --json."),
    "completion": Entry("ostinato.cli.completion", "completion", "Print the script that makes your shell complete."),
    "backup": Entry("ostinato.cli.backup", "backup", "Copy the database into a file while it is used."),
    "prune": Entry("ostinato.cli.prune", "prune", "Throw away old transcripts, outputs and step events."),
    "doctor": Entry("ostinato.cli.doctor", "doctor", "Check the machine and say how to mend it."),
    "replay": Entry("ostinato.cli.replay", "replay", "Run a recorded night again, offline, and compare."),
    "demo": Entry("ostinato.cli.demo", "demo", "See the whole job on a small example; no key needed."),
}

SECTIONS = {
    "The main job": ("init", "plan", "ralph", "run", "land", "discard"),
    "Answering and steering": ("approvals", "approve", "reject", "say", "pause", "resume", "budget"),
    "Looking": ("status", "show", "report", "events", "search", "notes"),
    "The graph by hand": ("tasks", "node", "decisions", "sessions", "graph", "import", "project"),
    "Around it": (
        "doctor",
        "backup",
        "prune",
        "config",
        "profiles",
        "schema",
        "sandbox",
        "completion",
        "replay",
        "demo",
    ),
}
"""How the help shows the commands; one that is named nowhere here comes last."""

_ALLOCATIONS = 50_000
"""How many new containers there may be before Python looks for unreachable ones among them."""


class Door(LazyGroup):
    """The root group. Its `main` is the border: it always ends in SystemExit."""

    def main(  # the signature is click's
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command of `args` and exit with its code; errors become one line on stderr."""
        arguments = list(sys.argv[1:] if args is None else args)
        invocation = Invocation(_share)

        def work() -> object:
            _refuse_undecodable(arguments)
            if "_OSTINATO_COMPLETE" in os.environ:
                from ostinato.cli.completing import register

                register()
            return super(Door, self).main(
                arguments, "ostinato", complete_var, standalone_mode=False, obj=invocation, **extra
            )

        # Parsing may fail before --json is seen.
        asked = "--json" in arguments[: arguments.index("--") if "--" in arguments else None]
        asked = asked or _truthy("OSTINATO_JSON")
        sys.exit(at_border(work, as_json=lambda: invocation.json or asked, debug=_truthy("OSTINATO_DEBUG")))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command; a reader that went away (`| head`) ends it quietly."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            # What is still buffered would fail again, loudly, when the interpreter exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return BROKEN_PIPE
        return result


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    # Through output, which would import json, only where --json asks for it.
    if ctx.ensure_object(Invocation).json:
        from ostinato.cli.output import json_line

        json_line({"version": __version__})
    else:
        click.echo(f"ostinato {__version__}")
    ctx.exit()


@click.command(
    cls=Door,
    entries=COMMANDS,
    sections=SECTIONS,
    invoke_without_command=True,
    context_settings={"max_content_width": 100},
    examples=(
        "ostinato plan 'Add a --verbose option'",
        "ostinato ralph",
        "ostinato tasks next --json",
    ),
)
@click.option("--version", is_flag=True, expose_value=False, callback=_version, help="Show the version.")
@click.pass_context
def cli(context: click.Context) -> int:
    """Ostinato plans a goal as a graph of small tasks and proves it task by task.

    All that it knows stands in one database, so a crash, a new day or another person can carry on.

    Without a command it says in what state this directory is and what to do next.
    """
    return _overview(context) if context.invoked_subcommand is None else 0


def _overview(context: click.Context) -> int:
    invocation = context.ensure_object(Invocation)
    if invocation.json:
        raise click.UsageError("which command? --help lists them", context)
    from ostinato.cli.overview import show_overview

    context.call_on_close(invocation.close)
    return show_overview(invocation)


def main() -> None:
    """Run the command line on this process's arguments; always ends in SystemExit."""
    # A command makes many values and few circles: at Python's own pace looking for these is a third of a large read.
    gc.set_threshold(_ALLOCATIONS, 20, 50)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, _null_stream(number))
    if hasattr(sys.stdout, "reconfigure"):
        # A terminal that cannot show a character shows its number; the command goes on.
        sys.stdout.reconfigure(errors="backslashreplace")
    cli.main()


def _null_stream(number: int) -> TextIO:
    """Return the null device in the place of a stream that is closed: no file of ours may ever get its number."""
    null = os.open(os.devnull, os.O_RDWR)
    if null != number:
        os.dup2(null, number)
        os.close(null)
    os.set_inheritable(number, True)
    return open(number, "w" if number else "r", encoding="utf-8")


def _share(invocation: Invocation) -> None:
    # Late: what only reads the graph exports nothing.
    from ostinato.cli.sharing import share_changes

    share_changes(invocation)


def _truthy(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in {"1", "true", "yes", "on"}


def _refuse_undecodable(arguments: list[str]) -> None:
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            said = f"an argument is not valid UTF-8, or the locale does not take it (C.UTF-8 does): {argument!r}"
            raise click.UsageError(said) from None
