"""Completes words for the shell: commands and options from our tables, ids from the database. It never complains.

Imported only while a shell asks (`_OSTINATO_COMPLETE` is set).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)

from ostinato.base.errors import OstinatoError
from ostinato.cli.context import repository_top
from ostinato.cli.output import clean

ARGUMENTS = {
    "land": "goal",
    "ralph": "goal",
    "approve": "question",
    "reject": "question",
    "discard": "goal",
    "say": "goal",
    "pause": "goal",
    "resume": "goal",
    "budget": "node",
    "show": "node",
    "report": "goal",
    "node show": "node",
    "node edges": "node",
    "node set": "node",
    "node link": "node",
    "tasks why": "task",
    "tasks claim": "task",
    "tasks release": "task",
    "tasks retry": "task",
    "tasks reopen": "task",
    "decisions choose": "node",
    "decisions revisit": "node",
    "decisions supersede": "node",
    "decisions history": "node",
    "decisions show": "node",
    "sessions end": "session",
    "sessions show": "session",
    "project show": "project",
    "project remove": "project",
    "config explain": "setting",
    "profiles show": "profile",
}
"""What the words of a command name. Commands that take text of one's own are not here."""
OPTIONS = {"--profile": "profile", "--goal": "goal", "--parent": "node", "--depends-on": "task", "--project": "project"}
_PREFIXES = {"os-": "node", "sess-": "session", "iter-": "iteration"}
_MOST = 200
_HELP = 60


class _Completing(ShellComplete):
    """Adds ids where click, which knows words and options, has nothing to offer."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        """Return what may stand at the cursor."""
        known = None if args and args[-1] in OPTIONS else super().get_completions(args, incomplete)
        if known and known[0].type == "plain":
            return known
        kind = kind_of(args, incomplete)
        found = [(name, text) for name, text in _named(kind, incomplete, args) if clean(name) == name]
        return [CompletionItem(name, help=clean(text)[:_HELP]) for name, text in found] or known or []


class _Bash(_Completing, BashComplete):
    @staticmethod
    def _check_version() -> None:
        """Say nothing: the script needs bash 4.4, and asking bash would cost a process each time."""


class _Zsh(_Completing, ZshComplete):
    pass


class _Fish(_Completing, FishComplete):
    pass


def register() -> None:
    """Make click use these for its shells."""
    for shell in (_Bash, _Zsh, _Fish):
        add_completion_class(shell)


def kind_of(args: list[str], incomplete: str) -> str | None:
    """Return what the word at the cursor names, None where that is not known."""
    if args and args[-1] in OPTIONS:
        return OPTIONS[args[-1]]
    words = [word for word in args if not word.startswith("-")]
    for length in (2, 1):
        if kind := ARGUMENTS.get(" ".join(words[:length])):
            return kind
    return next((kind for prefix, kind in _PREFIXES.items() if incomplete.startswith(prefix)), None)


def _named(kind: str | None, incomplete: str, args: list[str]) -> Iterator[tuple[str, str]]:
    if kind is None or incomplete.startswith("-"):
        return
    if kind == "setting":
        from ostinato.config.load import setting_facts

        yield from ((key, facts.meaning) for key, facts in setting_facts().items() if key.startswith(incomplete))
        return
    if kind == "profile":
        yield from _profiles(incomplete)
        return
    from ostinato.app import open_store_for
    from ostinato.store.completion import completions

    # What is typed before the cursor is not parsed for values; of the global options the database matters.
    database = args[args.index("--db") + 1] if "--db" in args[:-1] else os.environ.get("OSTINATO_DB") or None
    try:
        store = open_store_for(database, create=False)
        try:
            yield from completions(store.db, kind, incomplete, repository_top(Path.cwd()), _MOST)
        finally:
            store.close()
    except (OstinatoError, OSError):
        return


def _profiles(incomplete: str) -> Iterator[tuple[str, str]]:
    from ostinato.app.profiles import described_profiles
    from ostinato.config.paths import user_config_file

    found = repository_top(Path.cwd())
    try:
        described = described_profiles(Path(found) if found else None, user_config_file(os.environ), os.environ)
    except OstinatoError:
        return
    for one in described:
        if one.profile.called.startswith(incomplete):
            yield one.profile.called, one.profile.description
