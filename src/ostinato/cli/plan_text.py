"""A plan as the text that a person edits: TOML, with comments that say what each field is. No editor, no file here.

What is written here and read back unchanged is the same draft; whatever characters a model wrote, the text holds none
that could play tricks in an editor. Problems of an earlier try stand at the top, in lines of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ostinato.base.text import printable
from ostinato.cli.output import clean
from ostinato.graph.plan import PlanDraft, TaskDraft
from ostinato.graph.plan_format import PlanFormatError, parse_plan, to_arguments

_PROBLEM = "#! "
_HOW = "Save and leave the editor to take it over;\n# an unchanged or empty file changes nothing.\n"
_FIELDS = """\
# key                   the task's name within this plan; other tasks depend on it by this name
# title, description    what is to be done
# acceptance_criteria   what must be true at the end, in words
# depends_on            keys of this plan (or ids of nodes) that must be done before
# file_scope            globs of the files that the task may change; none: all
# complexity            small, medium or large
# priority              critical, high, medium or low
# judge                 true: a person must judge the result
# replaces              ids of open tasks whose place it takes
# [[checks]]            command: must fail now, and exit 0 when the task is done
#                       guard = true: passes now, and must stay so
#                       timeout in seconds, working_dir: both may be left out
"""


class TextError(ValueError):
    """The text is no task and no plan; `problems` says why, one line each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


def task_text(draft: PlanDraft, place: int) -> str:
    """Return the task at `place` as text to edit."""
    task = to_arguments(draft)["tasks"][place]
    return f"# Task {place + 1} of {len(draft.tasks)}. {_HOW}#\n" + _FIELDS + "\n" + _table(_with_room(task), ())


def plan_text(draft: PlanDraft) -> str:
    """Return the whole plan as text to edit."""
    return (
        f"# The whole plan. {_HOW}"
        "# Tasks may be added, removed and moved; each begins with [[tasks]], its checks with [[tasks.checks]].\n#\n"
        + _FIELDS.replace("[[checks]]      ", "[[tasks.checks]]")
        + "\n"
        + _table(to_arguments(draft), ())
    )


def read_task(text: str, draft: PlanDraft, place: int) -> PlanDraft:
    """Return `draft` with the task of `text` in that place; tasks that named its old key name the new one.

    Raises TextError.
    """
    data = _read(text)
    if "tasks" in data:
        raise TextError(["this is to be one task, without [[tasks]]: its fields stand at the top"])
    try:
        task = parse_plan({"tasks": [data]}).tasks[0]
    except PlanFormatError as error:
        raise TextError(map(_of_one_task, error.problems)) from None
    old = draft.tasks[place]
    if not data.get("key"):
        task = replace(task, key=old.key)
    tasks = [_renamed(one, old.key, task.key) for one in draft.tasks]
    tasks[place] = task
    return replace(draft, tasks=tuple(tasks), red=())


def read_plan(text: str) -> PlanDraft:
    """Return the plan of `text`. Raises TextError."""
    try:
        return parse_plan(_read(text))
    except PlanFormatError as error:
        raise TextError(error.problems) from None


def with_problems(text: str, problems: Sequence[str]) -> str:
    """Return `text` with these problems at the top, in the place of earlier ones."""
    said = "".join(f"{_PROBLEM}{clean(problem)}\n" for problem in problems)
    head = f"{_PROBLEM}Not taken over yet. Mend this, or leave the editor without a change:\n"
    return f"{head}{said}{without_problems(text)}"


def without_problems(text: str) -> str:
    """Return `text` without the lines of `with_problems` at its top; a check may hold such a line (`#!/bin/sh`)."""
    while text.startswith(_PROBLEM.rstrip()):
        text = text.partition("\n")[2]
    return text


def is_empty(text: str) -> bool:
    """Tell whether `text` holds nothing but blanks and comments."""
    return all(not line.strip() or line.lstrip().startswith("#") for line in text.splitlines())


def _read(text: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TextError([f"this is not TOML: {error}"]) from None


def _of_one_task(problem: str) -> str:
    """Return a problem without the place of the task in its plan: the person edits that task alone."""
    named = r"tasks\[1\](?: \('.*?'\))?"
    return re.sub(f"^{named}", "the task", re.sub(f"^{named}: | of {named}", "", problem))


def _renamed(task: TaskDraft, old: str, new: str) -> TaskDraft:
    return replace(task, depends_on=tuple(new if key == old else key for key in task.depends_on))


def _with_room(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return the task with the fields that a person may want to fill, empty where they are missing."""
    checks = task.get("checks", [])
    head = {name: task.get(name, "") for name in ("key", "title", "description")}
    lists = {name: task.get(name, []) for name in ("acceptance_criteria", "depends_on", "file_scope")}
    rest = {name: value for name, value in task.items() if name != "checks" and name not in head | lists}
    return {**head, **lists, **rest, "checks": checks}


def _table(data: Mapping[str, Any], above: tuple[str, ...]) -> str:
    """Return a table: its plain values first, then its tables one by one, as TOML demands."""
    nested = {name: value for name, value in data.items() if _holds_tables(value)}
    text = "".join(f"{name} = {_value(value)}\n" for name, value in data.items() if name not in nested)
    for name, tables in nested.items():
        place = (*above, name)
        text += "".join(f"\n[[{'.'.join(place)}]]\n{_table(table, place)}" for table in tables)
    return text


def _holds_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}" if float(f"{value:g}") == value and "e" not in f"{value:g}" else repr(float(value))
    if isinstance(value, list):
        return "[" + "".join(f"\n  {_quoted(item)}," for item in value) + ("\n]" if value else "]")
    return _quoted(value) if "\n" not in value else _block(value)


def _quoted(text: str) -> str:
    """Return a text on one line; one with quotes or backslashes (a command) stays readable where that can be."""
    if ('"' in text or "\\" in text) and printable(text) == text:
        if "'" not in text:
            return f"'{text}'"
        if "'''" not in text and not text.endswith("'"):
            return f"'''{text}'''"
    return '"' + "".join(_escaped(ch) for ch in text) + '"'


def _block(text: str) -> str:
    """Return a text on lines of its own; single quotation marks stay as they are."""
    body = "".join(ch if ch in '\n"' else _escaped(ch) for ch in text).replace('""', '"\\"')
    return f'"""\n{body[:-1]}\\""""' if body.endswith('"') and not body.endswith('\\"') else f'"""\n{body}"""'


def _escaped(ch: str) -> str:
    if ch in '"\\':
        return f"\\{ch}"
    if ch == "\n":
        return "\\n"
    if ch == "\t":
        return "\\t"
    if printable(ch) == ch:
        return ch
    # Half of a surrogate pair has no form in TOML.
    code = ord(ch)
    return "\ufffd" if 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
