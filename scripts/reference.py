"""Writes the reference pages from the program itself: commands.md, settings.md and schemas in docs/reference, and the
manual.

`make reference` runs it; `--check` changes nothing and exits 1 when a page is not what it would write. It asks the
commands for their help as a person would see it, and knows no command by name.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from ostinato.cli.command import Entry
from ostinato.cli.main import COMMANDS, cli
from ostinato.cli.schemas.published import file_name, published
from ostinato.cli.schemas.verbs import VERBS
from ostinato.config.load import setting_facts

ROOT = Path(__file__).resolve().parent.parent
_WIDTH = 100
_GLOBAL = {"--db", "--project", "--json"}
EXIT_CODES = (
    (0, "done; `ralph` and `run`: the goal is completed"),
    (1, "a bug of ours, or a claim that was lost to another process"),
    (2, "said wrongly: an unknown word, id or setting, or a state in which it cannot be done"),
    (3, "`ralph`: nothing is ready; `tasks next` and `tasks claim`: no task"),
    (4, "a limit was reached"),
    (5, "it waits for a person's answer"),
    (6, "stuck: iterations without work"),
    (7, "the model's provider failed"),
    (8, "the machine lacks something: sandbox, setup, git, disk, database"),
    (130, "interrupted"),
)
ENVIRONMENT = (
    ("OSTINATO_DB", "the database file"),
    ("OSTINATO_PROJECT", "the project, by name"),
    ("OSTINATO_JSON", "1: print JSON"),
    ("OSTINATO_DEBUG", "1: show where an error was raised"),
    ("ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL", "key and address of anthropic: models"),
    ("OPENAI_API_KEY, OPENAI_BASE_URL", "key and address of openai: and openai-chat: models"),
    ("OLLAMA_HOST", "where Ollama answers, for ollama: models"),
    ("XDG_DATA_HOME, XDG_STATE_HOME, XDG_CONFIG_HOME", "where database, checkouts and configuration are kept"),
    ("VISUAL, EDITOR", "the editor for plans and configuration"),
)
FILES = (
    (".ostinato/config.toml", "the project's configuration"),
    ("~/.config/ostinato/config.toml", "your own configuration"),
    ("~/.local/share/ostinato/ostinato.db", "the database"),
    ("~/.local/state/ostinato/checkouts/", "checkouts, which may be deleted while nothing runs"),
)


@dataclass(frozen=True, slots=True)
class Page:
    """One command as both pages show it."""

    path: str
    usage: str
    help: str
    options: tuple[tuple[str, str], ...]
    examples: tuple[str, ...]


def environment() -> list[tuple[str, str]]:
    """Return the variables that are read, those of settings with the settings that they win over."""
    found: dict[str, list[str]] = {}
    for key, facts in setting_facts().items():
        for variable in facts.variables:
            found.setdefault(variable, []).append(key)
    return [*ENVIRONMENT, *((name, f"wins over {', '.join(keys)}") for name, keys in found.items())]


def pages() -> Iterator[Page]:
    """Yield every command with its sub-commands, in the order of the table."""
    root = click.Context(cli, info_name="ostinato", max_content_width=_WIDTH, terminal_width=_WIDTH)
    for name in COMMANDS:
        command = cli.get_command(root, name)
        assert command is not None
        yield from _pages(command, name, root)


def _pages(command: click.Command, name: str, parent: click.Context) -> Iterator[Page]:
    context = click.Context(command, info_name=name, parent=parent, max_content_width=_WIDTH, terminal_width=_WIDTH)
    options = tuple(
        record
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option) and not {"--help", *_GLOBAL} & set(parameter.opts)
        if (record := parameter.get_help_record(context)) is not None
    )
    yield Page(
        path=context.command_path,
        usage=" ".join(context.command_path.split() + command.collect_usage_pieces(context)),
        help="\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n")),
        options=tuple((one, " ".join(text.split())) for one, text in options),
        examples=tuple(getattr(command, "examples", ())),
    )
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None
            yield from _pages(found, inner, context)


def markdown() -> str:
    """Return docs/reference/commands.md."""
    entries: dict[str, Entry] = COMMANDS
    lines = [
        "# Commands",
        "",
        "Made by `make reference` from the commands themselves; do not edit. Each command also takes `--json`, "
        "`--db PATH` and `--project NAME`, anywhere on its line.",
        "",
        "| command | does |",
        "|---|---|",
        *(f"| [`{name}`](#ostinato-{name}) | {entry.help} |" for name, entry in entries.items()),
    ]
    for page in pages():
        depth = "#" * len(page.path.split())
        lines += ["", f"{depth} {page.path}", "", "```", page.usage, "```", "", page.help]
        if page.options:
            lines += ["", "| option | meaning |", "|---|---|"]
            lines += [f"| `{name.replace('|', chr(92) + '|')}` | {_cell(text)} |" for name, text in page.options]
        if page.examples:
            lines += ["", "```", *page.examples, "```"]
    for title, rows in (
        ("Exit codes", [(str(code), text) for code, text in EXIT_CODES]),
        ("Environment", environment()),
        ("Files", FILES),
    ):
        lines += ["", f"## {title}", "", "| | |", "|---|---|"]
        lines += [f"| `{name}` | {_cell(text)} |" for name, text in rows]
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    """Return docs/reference/settings.md."""
    lines = ["# Settings", "", "Made by `make reference` from the settings themselves; do not edit. They stand in"]
    lines += [
        "`.ostinato/config.toml` of the project and in `~/.config/ostinato/config.toml`; the environment wins over"
    ]
    lines += ["the project's file, that over yours. `ostinato config explain` says what holds and where it comes from."]
    section: str | None = None
    for key, facts in setting_facts().items():
        here, _, name = key.rpartition(".")
        if here != section:
            section = here
            lines += ["", f"## {f'[{here}]' if here else 'At the top of the file'}", ""]
            lines += ["| setting | meaning | may be | default |", "|---|---|---|---|"]
        more = " Only you can set it, never a project." if facts.person_only else ""
        more += f" Variable: `{'`, `'.join(facts.variables)}`." if facts.variables else ""
        default = "unset" if facts.default is None else f"`{_default(facts.default)}`"
        lines.append(f"| `{name}` | {_cell(facts.meaning + more)} | {_cell(facts.allowed)} | {default} |")
    return "\n".join(lines) + "\n"


def _default(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def manual() -> str:
    """Return docs/man/ostinato.1 in the man macros."""
    about = [" ".join(part.split()) for part in (cli.help or "").split("\n\n")]
    lines = ['.TH OSTINATO 1 "" "Ostinato" "User Commands"', ".SH NAME", "ostinato \\- " + _man(about[0])]
    lines.insert(1, ".ad l")
    lines += [".SH SYNOPSIS", ".B ostinato", _man("[--db PATH] [--project NAME] [--json] COMMAND …")]
    lines += [".SH DESCRIPTION", *(_man(part) for part in about)]
    lines += ["The global options may be written anywhere on the line.", ".SH COMMANDS"]
    for page in pages():
        lines += [f".SS {_man(page.path.removeprefix('ostinato '))}", ".B " + _man(page.usage), ".PP"]
        for part in page.help.split("\n\n"):
            lines += [_man(part), ".PP"]
        for name, text in page.options:
            lines += [".TP", ".B " + _man(name), _man(text)]
        if page.examples:
            lines += [".PP", "Examples:", ".nf", *(f".RS 4\n{_man(example)}\n.RE" for example in page.examples), ".fi"]
    codes = [(str(code), text) for code, text in EXIT_CODES]
    for title, rows in (("EXIT STATUS", codes), ("ENVIRONMENT", environment()), ("FILES", FILES)):
        lines.append(f".SH {title}")
        for name, text in rows:
            lines += [".TP", ".B " + _man(name), _man(text)]
    return "\n".join(lines) + "\n"


def _man(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


def _schema(verb: str) -> str:
    return json.dumps(published(verb), ensure_ascii=False, indent=1) + "\n"


def main() -> int:
    """Write the pages, or say which of them are old."""
    reference = ROOT / "docs/reference"
    schemas = reference / "schemas"
    written = {
        reference / "commands.md": markdown(),
        reference / "settings.md": settings_page(),
        ROOT / "docs/man/ostinato.1": manual(),
        **{schemas / f"{file_name(verb)}.json": _schema(verb) for verb in VERBS},
    }
    old = [path for path, text in written.items() if not path.is_file() or path.read_text("utf-8") != text]
    old += [path for path in schemas.glob("*.json") if path not in written]
    if "--check" in sys.argv[1:]:
        for path in old:
            print(f"{path.relative_to(ROOT)} is old: `make reference` writes it anew")
        return 1 if old else 0
    for path in old:
        if path not in written:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written[path], "utf-8")
    return 0


if __name__ == "__main__":
    # What the environment says must not come out as a default.
    for variable in [name for name in os.environ if name.startswith("OSTINATO_")]:
        del os.environ[variable]
    sys.exit(main())
