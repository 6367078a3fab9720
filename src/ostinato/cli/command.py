"""The command classes: lazy loading, the global options in any place, examples in each help. It runs no command.

`--db`, `--project` and `--json` are written before or after the subcommand (`ostinato tasks next --json`); the one
nearest to the end wins, and the environment (`OSTINATO_DB` …) holds where none is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ostinato.cli.context import Invocation

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class Entry(NamedTuple):
    """Where a command lives and its one-line help, so that neither listing nor help imports it."""

    module: str
    attribute: str
    help: str


class _Shared(click.Command):
    """What each command and group has: the global options and examples."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own parameters and the global options."""
        return [*super().get_params(ctx), *_global_options(root=ctx.parent is None)]

    def make_parser(self, ctx: click.Context) -> Any:
        """Return the parser, which refuses an option for one value that is given twice: click would keep the last."""
        parser = super().make_parser(ctx)
        read = parser.parse_args

        def parse_args(args: list[str]) -> Any:
            values, rest, order = read(args)
            if not ctx.resilient_parsing:
                _refuse_repeated(ctx, order)
            return values, rest, order

        parser.parse_args = parse_args  # type: ignore[method-assign]
        return parser

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, as they are typed."""
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    formatter.write(f"{'':>{formatter.current_indent}}{example}\n")
        if ctx.parent is not None:
            formatter.write_paragraph()
            formatter.write_text("--json, --db PATH and --project NAME may be written anywhere.")


class Command(_Shared):
    """A command. `examples` are shown in its help."""


class Group(_Shared, click.Group):
    """A group whose commands are of our kind."""

    command_class = Command


class LazyGroup(Group):
    """A group that knows its commands by a table and imports the module of the chosen one only."""

    def __init__(
        self,
        *args: Any,
        entries: Mapping[str, Entry],
        sections: Mapping[str, Sequence[str]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.entries = entries
        self.sections = sections or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the table's order."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command, None for an unknown name."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        found = getattr(import_module(entry.module), entry.attribute)
        if not isinstance(found, click.Command):
            raise TypeError(f"{entry.module}:{entry.attribute} is not a command")
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that `args` name; raises NoSuchCommand with near names."""
        name = args[0]
        if name not in self.entries and not ctx.resilient_parsing:
            raise click.exceptions.NoSuchCommand(name, possibilities=self.entries, ctx=ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """Return the commands and options that begin so, without importing any command."""
        from click.shell_completion import CompletionItem

        names = [CompletionItem(n, help=e.help) for n, e in self.entries.items() if n.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table by its sections, without importing any command; what is in none comes last."""
        rest = dict(self.entries)
        for title, names in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(name, rest.pop(name).help) for name in names if name in rest])
        if rest:
            with formatter.section("Commands"):
                formatter.write_dl([(name, entry.help) for name, entry in rest.items()])


def _refuse_repeated(ctx: click.Context, order: Sequence[click.Parameter]) -> None:
    seen: set[int] = set()
    for parameter in order:
        if not isinstance(parameter, click.Option) or parameter.multiple or parameter.count:
            continue
        plain_flag = parameter.is_flag and not parameter.secondary_opts
        if id(parameter) in seen and not plain_flag:
            names = "/".join([parameter.opts[0], *parameter.secondary_opts[:1]])
            raise click.UsageError(f"{names} is given twice: it takes one value", ctx)
        seen.add(id(parameter))


@cache  # click asks twice for each level of a command, and making an option is dear
def _global_options(*, root: bool) -> tuple[click.Option, ...]:
    """Return the global options: at the root with their environment variables, below it hidden and without."""
    shared: dict[str, Any] = {"expose_value": False, "is_eager": True, "hidden": not root}

    def variable(name: str) -> dict[str, Any]:
        return {"envvar": name, "show_envvar": True} if root else {}

    return (
        click.Option(
            ["--db"],
            type=click.Path(dir_okay=False),
            callback=_remember("database_file"),
            help="The database file; by default one per person, in the XDG data directory.",
            **variable("OSTINATO_DB"),
            **shared,
        ),
        click.Option(
            ["--project"],
            metavar="NAME",
            callback=_remember("project_name"),
            help="A registered project; by default the repository that contains the present directory.",
            **variable("OSTINATO_PROJECT"),
            **shared,
        ),
        click.Option(
            ["--json"],
            is_flag=True,
            default=False,
            callback=_remember("json"),
            help="Print one JSON document (streams: one per line); errors become a JSON object on stderr.",
            **variable("OSTINATO_JSON"),
            **shared,
        ),
    )


def _remember(field: str) -> Any:
    def callback(ctx: click.Context, param: click.Parameter, value: Any) -> None:
        if value == "" and field == "database_file":
            raise click.BadParameter("the path is empty", ctx, param)
        if value:
            setattr(ctx.ensure_object(Invocation), field, value)

    return callback
