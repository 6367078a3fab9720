"""Keeps the records of decisions (ADR) in a directory: writes what is new, removes what is ours and out of date.

A file is ours by its first line. One that a person has edited, or that was never ours, is left alone and named, and so
is a record of a decision that this database does not know: another person's, not yet imported.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ostinato.app.plain_files import replace_file
from ostinato.base.errors import ConfigError, UsageError, machine_error
from ostinato.graph.adr import Marked, adr_text, file_name, marked
from ostinato.graph.decisions import DecisionRecord

_EDITED = "it was edited since it was written: it stays as it is"
_FOREIGN = "it is not a record of ours: it stays as it is, and the decision has no file"
_LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did, by file name; `kept` says of each file that was left alone why."""

    folder: Path
    written: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: dict[str, str] = field(default_factory=dict)


def export_folder(project: Path, output: str | None) -> Path:
    """Return where the records go: `output` as it was typed, else what `[decisions] output` says of the project.

    Raises ConfigError where the setting, symlinks followed, leads out of the project: a repository must not choose a
    place on the person's disk.
    """
    if output is not None:
        if not output.strip():
            raise UsageError("--output is empty: name a directory")
        return Path(output)
    from ostinato.config.load import load_settings
    from ostinato.config.paths import user_config_file

    said = load_settings(project, user_config_file(os.environ), os.environ).settings.decisions.output
    if not project.is_dir():
        raise UsageError(f"{project} is not there any more: name a directory with --output")
    folder = project / said
    top = project.resolve()
    if folder.resolve() == top or not folder.resolve().is_relative_to(top):
        raise ConfigError(f"decisions.output {said!r} is no directory inside the project: name one, or use --output")
    return folder


def export_decisions(records: Sequence[DecisionRecord], folder: Path) -> Exported:
    """Bring the files of `folder` up to date with the records of one project; the directory is made where missing.

    Each file is replaced whole. Raises UsageError where `folder` is a file, MachineError where it cannot be written.
    """
    try:
        present = _present(folder)
        known = {record.node.id for record in records}
        ours = {name: mark for name, mark in present.items() if mark is not None and mark.decision in known}
        edited = {mark.decision: name for name, mark in ours.items() if not mark.intact}
        names = {record.node.id: edited.get(record.node.id) or file_name(record) for record in records}
        kept = dict.fromkeys(edited.values(), _EDITED)
        texts: dict[str, str] = {}
        for record in records:
            name = names[record.node.id]
            mark = present.get(name)
            if name in present and (mark is None or mark.decision != record.node.id):
                kept[name] = _FOREIGN
            elif record.node.id not in edited:
                texts[name] = adr_text(record, names)
        stale = sorted(name for name, mark in ours.items() if mark.intact and name not in texts)
        written = [name for name, text in texts.items() if _write(folder / name, text)]
        for name in stale:
            (folder / name).unlink()
    except NotADirectoryError as error:
        raise UsageError(f"{folder} is not a directory: name another with --output") from error
    except OSError as error:
        raise machine_error(error) from error
    return Exported(folder, tuple(written), _rest(texts, written), tuple(stale), kept)


def _present(folder: Path) -> dict[str, Marked | None]:
    """Return the entries of the directory and what each says of itself; None: not ours."""
    if not folder.exists():
        folder.mkdir(parents=True)
    return {entry.name: _mark(entry) for entry in sorted(os.scandir(folder), key=lambda entry: entry.name)}


def _mark(entry: os.DirEntry[str]) -> Marked | None:
    if not entry.name.endswith(".md") or not entry.is_file(follow_symlinks=False):
        return None
    if entry.stat(follow_symlinks=False).st_size > _LARGEST:
        return None
    return marked(Path(entry.path).read_bytes().decode("utf-8", "replace"))


def _write(path: Path, text: str) -> bool:
    """Replace the file unless it says the same already; tell whether it was written."""
    data = text.encode("utf-8", "replace")
    if path.exists() and path.read_bytes() == data:
        return False
    replace_file(path, data)
    return True


def _rest(texts: Iterable[str], written: Iterable[str]) -> tuple[str, ...]:
    done = set(written)
    return tuple(name for name in texts if name not in done)
