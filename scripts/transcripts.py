"""Makes the transcripts in `docs/transcripts`: what the command line prints about scripted runs. `make` has no target
for it: run `.venv/bin/python scripts/transcripts.py night` after a change of what `status` or `report` print.

Only the model is played. Ids, commits, times and durations of the run are replaced by steady ones, so that the same
code gives the same bytes: the times are set to those of a night, each thing some minutes after the one before.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from bisect import bisect_right
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw

sys.path.insert(0, str(Path(__file__).parent))

import overnight

ROOT = Path(__file__).parent.parent
TRANSCRIPTS = ROOT / "docs" / "transcripts"
_EVENING = datetime(2026, 3, 9, 22, 14, tzinfo=UTC)
_MORNING = _EVENING + timedelta(hours=9, minutes=47)
_COLUMNS = (
    ("nodes", ("created_at", "started_at", "completed_at")),
    ("edges", ("created_at",)),
    ("sessions", ("started_at", "ended_at")),
    ("iterations", ("started_at", "ended_at")),
    ("steps", ("started_at", "ended_at")),
    ("messages", ("at",)),
    ("check_runs", ("at",)),
    ("approvals", ("asked_at", "answered_at")),
    ("events", ("at",)),
    ("projects", ("created_at",)),
)
_MAIN = tuple((table, columns) for table, columns in _COLUMNS if table in {"sessions", "iterations", "approvals"})
_ID = re.compile(r"\b(os|sess|iter|appr|proj)-[0-9a-f]{8}\b")
_HEX = re.compile(r"\b[0-9a-f]{40}\b|\b[0-9a-f]{12}\b|\b[0-9a-f]{10}\b")


def main() -> int:
    """Make the transcripts of the subcommand; the exit code is 1 when a run did not go as it must."""
    parser = argparse.ArgumentParser(description=__doc__)
    makers: dict[str, Callable[[Path], None]] = {"night": night}
    parser.add_argument("which", choices=sorted(makers))
    parser.add_argument("--output", type=Path, default=TRANSCRIPTS)
    chosen = parser.parse_args()
    makers[chosen.which](chosen.output)
    return 0


def night(output: Path) -> None:
    """Write `status.txt` and `report.md`: a night of scripted work on a small goal, and the morning after it."""
    root = Path(tempfile.mkdtemp(prefix="ostinato-night-"))
    try:
        repository = _repository(root, overnight.SEED)
        (root / "script.json").write_text(json.dumps(overnight.script()), encoding="utf-8")
        words = ("run", "--yes", "--model", f"scripted:{root / 'script.json'}", overnight.GOAL)
        ran = _ostinato(root, repository, *words)
        if ran.returncode != 5:
            raise SystemExit(f"the night must end waiting for an answer (5), not with {ran.returncode}:\n{ran.stderr}")
        _set_times(root / "ostinato.db")
        output.mkdir(parents=True, exist_ok=True)
        status = _shown(root, _status_lines)
        report = _shown(root, _report_text)
        (output / "status.txt").write_text(f"$ ostinato status\n{status}", encoding="utf-8")
        (output / "report.md").write_text(report, encoding="utf-8")
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _repository(root: Path, files: dict[str, str]) -> Path:
    repository = root / "calc"
    repository.mkdir()
    for name, text in files.items():
        (repository / name).write_text(text, encoding="utf-8")
    (root / _GIT).write_text("[user]\n\tname = Pat\n\temail = pat@example.org\n", encoding="utf-8")
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", "What there is")):
        subprocess.run(["git", *words], cwd=repository, env=_environment(root), check=True, capture_output=True)
    return repository


def _ostinato(root: Path, repository: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ostinato", *words]
    environment = _environment(root)
    return subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=False)


def _environment(root: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OSTINATO_", "GIT_", "XDG_"))}
    places = {f"XDG_{name}_HOME": str(root / name.lower()) for name in ("DATA", "STATE", "CONFIG")}
    database = {"OSTINATO_DB": str(root / "ostinato.db")}
    return {**kept, **places, **database, "GIT_CONFIG_GLOBAL": str(root / _GIT), "GIT_CONFIG_NOSYSTEM": "1"}


_GIT = "gitconfig"


def _set_times(database: Path) -> None:
    """Put what happened into a night: every moment keeps its place in the order.

    Sessions, attempts and questions give the hours; all else is set to the last of those before it, so that one more
    event in the stream changes no transcript.
    """
    connection = apsw.Connection(str(database))
    with connection:
        main = sorted({at for table, columns in _MAIN for at in _moments(connection, table, columns)})
        step = timedelta(hours=7, minutes=30) / len(main)
        for table, columns in _COLUMNS:
            for column in columns:
                for at in _moments(connection, table, (column,)):
                    moment = _EVENING + max(0, bisect_right(main, at) - 1) * step
                    new = moment.strftime("%Y-%m-%dT%H:%M:00.000000Z")
                    connection.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (new, at))
        connection.execute("UPDATE check_runs SET seconds = 0.4 + (id % 7) / 10.0")
    connection.close()


def _moments(connection: apsw.Connection, table: str, columns: Iterable[str]) -> list[str]:
    found: list[str] = []
    for column in columns:
        rows = connection.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL")
        found.extend(str(row[0]) for row in rows)
    return found


class _Morning:
    """The clock of the person who looks."""

    def now(self) -> datetime:
        return _MORNING

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody waits here")


def _shown(root: Path, make: Callable[[object, object], str]) -> str:
    """Return what `make` says of the database as it is in the morning, with steady ids and commits."""
    from ostinato.store.store import open_store

    os.environ["COLUMNS"] = "80"
    store = open_store(root / "ostinato.db", _Morning(), create=False)
    try:
        project = store.projects.list()[0]._replace(path="/home/pat/calc")
        made = make(store, project)
        # Markdown writes the underscores that such a name may have in its own way.
        for place in (str(root), str(root).replace("_", r"\_")):
            made = made.replace(place, "/home/pat")
        return _steady(made)
    finally:
        store.close()


def _status_lines(store: object, project: object) -> str:
    import click

    from ostinato.app.standing import read_standing
    from ostinato.cli.status_view import status_lines
    from ostinato.graph.projects import Project
    from ostinato.store.store import Store

    assert isinstance(store, Store)
    assert isinstance(project, Project)
    return click.unstyle("\n".join(status_lines(read_standing(store, project)))) + "\n"


def _report_text(store: object, project: object) -> str:
    from ostinato.app.report import read_report
    from ostinato.cli.report_markdown import markdown_text
    from ostinato.graph.projects import Project
    from ostinato.graph.requests import NodeFilter
    from ostinato.graph.types import NodeType
    from ostinato.store.store import Store

    assert isinstance(store, Store)
    assert isinstance(project, Project)
    (goal,) = store.graph.query(NodeFilter(project_id=project.id, node_type=NodeType.GOAL))
    return markdown_text(read_report(store, goal), full=False)


def _steady(text: str) -> str:
    """Return the text with each id and commit replaced by one that depends on its place among them alone."""
    ids: dict[str, str] = {}

    def new_id(found: re.Match[str]) -> str:
        kind, old = found[1], found[0]
        return ids.setdefault(old, f"{kind}-{_digits(kind, len(ids))[:8]}")

    commits: dict[str, str] = {}

    def new_commit(found: re.Match[str]) -> str:
        short = found[0][:10]
        return commits.setdefault(short, _digits("commit", len(commits)))[: len(found[0])]

    return _HEX.sub(new_commit, _ID.sub(new_id, text))


def _digits(kind: str, place: int) -> str:
    import hashlib

    return hashlib.sha256(f"{kind} {place}".encode()).hexdigest()[:40]


if __name__ == "__main__":
    raise SystemExit(main())
