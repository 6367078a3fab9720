"""Reads a file of the work graph, strictly: what it does not understand is refused with file, line and reason, never
guessed and never left out. Pure; whether the nodes fit the rules and the database is for whoever keeps them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ostinato.base.clock import format_time, parse_time
from ostinato.base.errors import ConfigError
from ostinato.base.ids import IterationId, NodeId
from ostinato.base.text import clip, one_line, printable
from ostinato.graph.details import DecisionDetails, OptionDetails, OutcomeDetails, RevisitDetails
from ostinato.graph.edges import EdgeType
from ostinato.graph.records import EdgeRecord, NodeRecord
from ostinato.graph.status import STATUSES, stored
from ostinato.graph.toml_format import VERSION, GraphFile, told_parent
from ostinato.graph.toml_words import MARKS
from ostinato.graph.types import MOST, Check, Complexity, Details, NodeType, Priority, Status, TaskDetails

E = TypeVar("E", EdgeType, NodeType, Status, Priority, Complexity)
T = TypeVar("T")

_SHOWN = 60
_MOST_DOTS = 200
# What TOML takes for a text or a comment, whole.
_TEXTS = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+"{3,5}'
    r"|'''(?:[^']|'(?!''))*+'{3,5}"
    r'|"(?:[^"\\\n]|\\[^\n])*+"'
    r"|'[^'\n]*+'|#[^\n]*+",
    re.DOTALL,
)


class GraphFileError(ConfigError):
    """A file of the graph that cannot be read. The message names the file, the line where it is known, and what is
    wrong."""

    kind = "graph_file"


def from_toml(data: bytes, name: str) -> GraphFile:
    """Return what a file says; `name` is how errors call it. Raises GraphFileError."""
    text = _decoded(data, name)
    _refuse_marks(text, name)
    _refuse_endless_keys(text, name)
    try:
        return _file(_Table(_parsed(text, name), ""))
    except _Wrong as wrong:
        line = _line_of(text, wrong.header)
        where = f"{name}, line {line}" if line else name
        raise GraphFileError(f"{where}: {wrong}") from wrong


class _Wrong(Exception):
    """What is wrong with a file; `header` names the table."""

    def __init__(self, header: str, said: str) -> None:
        super().__init__(f"{clip(printable(header), 2 * _SHOWN)}: {said}" if header else said)
        self.header = header


class _Table:
    """One table. Each reader takes its field away; `end` refuses what is left."""

    def __init__(self, fields: Any, header: str) -> None:
        self.header = header
        if not isinstance(fields, Mapping):
            raise _Wrong(header, "must be a table")
        self.left = dict(fields)

    def wrong(self, said: str) -> _Wrong:
        return _Wrong(self.header, said)

    def missing(self, name: str) -> _Wrong:
        return self.wrong(f"{name} is missing: the file seems cut, or edited")

    def table(self, name: str) -> _Table:
        return _Table(self.left.pop(name, {}), f"{self.header}.{name}" if self.header else name)

    def tables(self, name: str) -> list[tuple[str, _Table]]:
        found = self.table(name)
        return [(key, _Table(value, f"{found.header}.{key}")) for key, value in found.left.items()]

    def text(self, name: str) -> str | None:
        return self._take(name, str, "a text")

    def required(self, name: str) -> str:
        found = self.text(name)
        if found is None:
            raise self.missing(name)
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        found = self._take(name, list, "a list of texts") or []
        if not all(isinstance(item, str) for item in found):
            raise self.wrong(f"{name} must be a list of texts")
        return tuple(found)

    def flag(self, name: str) -> bool:
        return bool(self._take(name, bool, "true or false"))

    def whole(self, name: str) -> int | None:
        found = self._take(name, int, "a whole number")
        if found is not None and (isinstance(found, bool) or not 0 <= found <= MOST):
            raise self.wrong(f"{name} must be a whole number from 0 to {MOST:,}")
        return found

    def word(self, name: str, words: type[E]) -> E | None:
        found = self.text(name)
        if found is None:
            return None
        try:
            return words(found)
        except ValueError:
            listed = ", ".join(words)
            raise self.wrong(f"{name} must be one of {listed}, not {_shown(found)}") from None

    def required_word(self, name: str, words: type[E]) -> E:
        found = self.word(name, words)
        if found is None:
            raise self.missing(name)
        return found

    def time(self, name: str) -> str | None:
        value = self.left.pop(name, None)
        if value is None:
            return None
        try:
            moment = parse_time(value if isinstance(value, str) else value.isoformat())
            if moment.year < 1000:
                raise ValueError
        except (ValueError, OverflowError, AttributeError):
            said = f"{name} must be an RFC 3339 time with its offset, not {_shown(str(value))}"
            raise self.wrong(said) from None
        return format_time(moment)

    def required_time(self, name: str) -> str:
        found = self.time(name)
        if found is None:
            raise self.missing(name)
        return found

    def end(self) -> None:
        if self.left:
            name = _shown(str(next(iter(self.left))))
            raise self.wrong(f"{name} is nothing that this program knows: update Ostinato, or mend the file")

    def _take(self, name: str, kind: type[T], said: str) -> T | None:
        value = self.left.pop(name, None)
        if value is not None and not isinstance(value, kind):
            raise self.wrong(f"{name} must be {said}")
        return value


def _file(root: _Table) -> GraphFile:
    if "meta" not in root.left:
        raise root.wrong("it has no [meta] table, so it is no file of the work graph")
    meta = root.table("meta")
    version = meta.left.pop("version", None)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise meta.wrong("version must be a whole number")
    if version > VERSION:
        raise meta.wrong(f"version {version} is newer than this program's {VERSION}: update Ostinato")
    goal_id, project = meta.text("goal_id"), meta.text("project")
    meta.end()
    nodes = tuple(_node(NodeId(key), table) for key, table in root.tables("nodes"))
    edges = tuple(_edge(table) for _, table in root.tables("edges"))
    root.end()
    return GraphFile(NodeId(goal_id) if goal_id else None, project or "", nodes, edges)


def _node(node_id: NodeId, table: _Table) -> NodeRecord:
    node_type = table.required_word("node_type", NodeType)
    status = table.required_word("status", Status)
    if status not in STATUSES[node_type]:
        raise table.wrong(f"a {node_type} is never {status}: allowed are {', '.join(STATUSES[node_type])}")
    details, metadata = table.table("details"), table.table("metadata")
    parent_id = table.text("parent_id")
    found = NodeRecord(
        id=node_id,
        node_type=node_type,
        title=table.required("title"),
        status=stored(status),
        created_at=table.required_time("created_at"),
        uid=table.required("uid"),
        description=table.text("description") or "",
        priority=table.word("priority", Priority),
        assigned_to=table.text("assigned_to"),
        created_by=table.text("created_by"),
        labels=table.texts("labels"),
        started_at=table.time("started_at"),
        completed_at=table.time("completed_at"),
        blocked_reason=table.text("blocked_reason"),
        details=_DETAILS[node_type](details),
        metadata={key: metadata.required(key) for key in list(metadata.left)},
        parent_id=NodeId(parent_id) if parent_id else told_parent(node_id),
        decided_by=_decided_by(table, node_type),
    )
    details.end()
    table.end()
    return found


def _edge(table: _Table) -> EdgeRecord:
    found = EdgeRecord(
        edge_type=table.required_word("edge_type", EdgeType),
        from_id=NodeId(table.required("from_id")),
        to_id=NodeId(table.required("to_id")),
        label=table.text("label"),
        created_at=table.required_time("created_at"),
    )
    table.end()
    return found


def _task(table: _Table) -> TaskDetails:
    checks = table.left.pop("checks", [])
    if not isinstance(checks, list):
        raise table.wrong("checks must be a list of tables")
    return TaskDetails(
        acceptance_criteria=table.texts("acceptance_criteria"),
        checks=tuple(_check(_Table(item, table.header)) for item in checks),
        file_scope=table.texts("file_scope"),
        complexity=table.word("complexity", Complexity),
        profile=table.text("profile"),
        attempts=table.whole("attempts") or 0,
        max_attempts=table.whole("max_attempts"),
        judge=table.flag("judge"),
    )


def _check(table: _Table) -> Check:
    timeout = table.left.pop("timeout", None)
    if timeout is not None and (isinstance(timeout, bool) or not isinstance(timeout, int | float)):
        raise table.wrong("a timeout must be a number of seconds")
    if timeout is not None and not 0 < timeout <= MOST:
        raise table.wrong(f"a timeout must be more than 0 and at most {MOST:,} seconds")
    found = Check(
        command=table.required("command"),
        timeout=None if timeout is None else float(timeout),
        working_dir=table.text("working_dir"),
        guard=table.flag("guard"),
    )
    table.end()
    return found


def _decision(table: _Table) -> DecisionDetails:
    return DecisionDetails(
        table.texts("forbids_paths"), table.texts("forbids_dependencies"), table.whole("number") or None
    )


def _decided_by(table: _Table, node_type: NodeType) -> str | None:
    found = table.text("decided_by")
    if found is not None and (node_type is not NodeType.DECISION or found not in {"person", "agent"}):
        raise table.wrong("decided_by is for decisions, and says person or agent")
    return found


def _option(table: _Table) -> OptionDetails:
    return OptionDetails(pros=table.texts("pros"), cons=table.texts("cons"))


def _outcome(table: _Table) -> OutcomeDetails:
    iteration = table.text("iteration_id")
    return OutcomeDetails(table.flag("success"), IterationId(iteration) if iteration else None, table.text("commit"))


def _revisit(table: _Table) -> RevisitDetails:
    return RevisitDetails(table.text("pivot_reason") or "")


def _none(table: _Table) -> None:
    """Goals and observations have no details."""


_DETAILS: Mapping[NodeType, Callable[[_Table], Details]] = {
    NodeType.GOAL: _none,
    NodeType.TASK: _task,
    NodeType.DECISION: _decision,
    NodeType.OPTION: _option,
    NodeType.OUTCOME: _outcome,
    NodeType.OBSERVATION: _none,
    NodeType.REVISIT: _revisit,
}


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise GraphFileError(f"{name}, line {line}: not UTF-8 text") from error


def _refuse_marks(text: str, name: str) -> None:
    """Raise GraphFileError where git left a conflict. What we write never has such lines."""
    for number, line in enumerate(text.split("\n"), start=1):
        mark = next((mark for mark in MARKS if line.startswith(mark)), None)
        if mark is not None and line.rstrip("\r")[len(mark) :][:1] in {"", " "}:
            raise GraphFileError(f"{name}, line {number}: git's conflict mark {mark}: resolve the conflict first")


def _refuse_endless_keys(text: str, name: str) -> None:
    """Raise GraphFileError for a key of very many parts: reading one takes the square of its length, so that a small
    file would take hours. Dots inside of texts and comments do not count."""
    if all(line.count(".") <= _MOST_DOTS for line in text.split("\n")):
        return
    plain = _TEXTS.sub(lambda found: "\n" * found[0].count("\n"), text)
    for number, line in enumerate(plain.split("\n"), start=1):
        if line.count(".") > _MOST_DOTS:
            raise GraphFileError(f"{name}, line {number}: a key of too many parts: this is no file of the work graph")


def _parsed(text: str, name: str) -> dict[str, Any]:
    # Late: only files of the graph are TOML here.
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise GraphFileError(f"{name}: not readable as TOML: it is nested too deeply") from error
    except ValueError as error:
        raise GraphFileError(f"{name}: not readable as TOML: {clip(one_line(str(error)), 200)}") from error


def _line_of(text: str, header: str) -> int | None:
    """Return the number of the line with the header of the table, None where it is written in another way."""
    words = header.split(".", 1)
    names = [f"[{header}]", f'[{words[0]}."{words[-1]}"]']
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() in names:
            return number
    return None


def _shown(value: str) -> str:
    return repr(clip(value, _SHOWN))
