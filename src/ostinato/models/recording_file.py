"""The file that `--record` writes: its format, writing it as a run goes on, and reading it strictly.

JSON lines, UTF-8, one object with a kind `t` per line; this docstring and docs/replay.md are the format's source. A
text of more than 200 characters stands once, in a line `{"t": "text", "sha": …, "text": …}` before its first use, and
is `{"$text": sha}` from then on. A file may hold several sessions; each begins with its `head`. All times in seconds.

    head       version 1, mode (plan, ralph), goal, project, agent, model, settings, limits, profiles, fingerprint,
               `head` (a commit), `prompts` (file → SHA-256)
    rows       rows of one table as they were when the session began; `begin` follows the last of them
    now, mono  a reading of a clock: `clock` (store, loop), `at`; `asked` where a stop had been asked for
    id         the random part of an id: `value`
    reply      one model call: `role`, `request` (compact, see `models.recording`), `sha` of the whole request,
               `retries` [[why, seconds], …], and `reply` as `models.script_file` has it (with `native`, `model`,
               `streamed`, `reported`) or `error` {kind, message, status, usage}
    tool       one tool call: `name`, `arguments`, and `result` or `error`
    port       one call of git, files, checks, setup, conventions: `name`, and `result` or `error`
    iteration  the number `n` of an iteration that ended, and the `rows` that are not as they were (null: gone)
    end        how the session ended: `stopped`, `detail`, and `rows` as above

Each line is given to the system at once, the readings of clocks with the next other line: a process that is killed
leaves all whole lines. Secrets are cut out of every text before anything is worked out from it.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ostinato.base.errors import ConfigError, UsageError
from ostinato.base.redaction import SECRET_NAME, Redaction
from ostinato.base.text import whole

VERSION = 1
_LONG = 200
_LAZY = frozenset({"now", "mono", "id"})
KINDS: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "head": {
        "version": int,
        "mode": str,
        "project": str,
        "settings": dict,
        "limits": dict,
        "profiles": dict,
        "prompts": dict,
    },
    "rows": {"table": str, "rows": list},
    "begin": {},
    "now": {"clock": str, "at": str},
    "mono": {"clock": str, "at": (int, float)},
    "id": {"value": str},
    "reply": {"role": str, "request": dict, "sha": str, "retries": list, "window": int},
    "tool": {"name": str, "arguments": str},
    "port": {"name": str},
    "iteration": {"n": int, "rows": dict},
    "end": {"stopped": str, "detail": str, "rows": dict},
}
"""Kind of line → the keys that it must have, and their types."""


class Redacted:
    """Cuts secrets out of values, also where JSON text inside a text has escaped them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        known = dict(environ)
        for name, value in environ.items():
            if SECRET_NAME.search(name):
                known[f"{name}_SECRET_1"] = json.dumps(value)[1:-1]
                known[f"{name}_SECRET_2"] = json.dumps(value, ensure_ascii=False)[1:-1]
                known[f"{name}_SECRET_3"] = value.strip()
        self._cut = Redaction(known)

    def text(self, text: str) -> str:
        """Return the text without secrets; JSON in it stays JSON."""
        text = whole(text)
        cut = self._cut(text)
        if cut == text or text[:1] not in ("{", "["):
            return cut
        try:
            return json.dumps(self.value(json.loads(text)), ensure_ascii=False)
        except (ValueError, RecursionError):
            return cut

    def value(self, value: Any) -> Any:
        """Return a JSON value with each text in it cut, names of members too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(name)): self.value(held) for name, held in value.items()}
        return [self.value(held) for held in value] if isinstance(value, list | tuple) else value


class RecordingWriter:
    """Appends lines to one file. Any thread may write."""

    def __init__(self, path: Path, environ: Mapping[str, str], *, replace: bool = False, append: bool = False) -> None:
        """Make the file, readable by its owner only. Raises UsageError where it is there already, or cannot be made.

        With `replace` it gives way to the new one; `append` goes on with the file of an earlier session.
        """
        self.path = path
        self.redacted = Redacted(environ)
        self._known: set[str] = set()
        self._lock = threading.Lock()
        self.failed = ""
        if os.path.lexists(path) and not append:
            # An empty one is what a run left that could not begin.
            if not replace and not (path.is_file() and not path.stat().st_size):
                raise UsageError(f"{path} is there already: name another file for --record, or give --replace too")
            if not path.is_file():
                raise UsageError(f"{path} is no file, and is not replaced: name another for --record")
            path.unlink()
        how = os.O_APPEND if append else os.O_EXCL
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | how, 0o600)
        except OSError as error:
            raise UsageError(f"cannot write {path} ({error.strerror}): name another file for --record") from error
        self._file = os.fdopen(descriptor, "w", encoding="utf-8")

    def write(self, kind: str, **fields: Any) -> None:
        """Append one line. Where the system does not take it, `failed` says why and nothing more is written."""
        line = {"t": kind, **self.redacted.value(fields)}
        with self._lock:
            if self._file.closed:
                return
            try:
                self._put({name: self._short(value) for name, value in line.items()})
                if kind not in _LAZY:
                    self._file.flush()
            except OSError as error:
                self.failed = f"the recording {self.path} stops before the run does: {error.strerror}"
                with suppress(OSError):
                    self._file.close()

    def _put(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")

    def _short(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) > _LONG:
            sha = digest(value)
            if sha not in self._known:
                self._known.add(sha)
                self._put({"t": "text", "sha": sha, "text": value})
            return {"$text": sha}
        if isinstance(value, dict):
            return {name: self._short(held) for name, held in value.items()}
        return [self._short(held) for held in value] if isinstance(value, list) else value

    def close(self) -> None:
        """Write what is left; a second time does nothing."""
        with self._lock:
            try:
                self._file.close()
            except OSError as error:
                self.failed = self.failed or f"the recording {self.path} lacks its end: {error.strerror}"


def digest(text: str) -> str:
    """Return the SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a recording with its number in the file."""

    number: int
    kind: str
    fields: Mapping[str, Any]


@dataclass(slots=True)
class Section:
    """One recorded session. `whole` tells whether its end is there: a killed run has none."""

    head: Mapping[str, Any]
    lines: list[Line] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """True when the session was recorded to its end."""
        return bool(self.lines) and self.lines[-1].kind == "end"


def is_recording(text: str) -> bool:
    """Tell a recording by its first line from any other file."""
    first = text.partition("\n")[0]
    return first.startswith('{"t":') and text[:1] == "{"


def read_recording(path: Path) -> list[Section]:
    """Read and check the whole file. Raises ConfigError that names the file and the line.

    A last line that a killed process left without its end is dropped.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="strict")
    except OSError as error:
        raise ConfigError(f"cannot read the recording {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        text = path.read_bytes().decode("utf-8", "replace")
    return sections_of(text, str(path))


def sections_of(text: str, name: str) -> list[Section]:
    """Return the sessions in the text of a recording; `name` is the file's, for complaints."""
    *lines, rest = text.split("\n")
    if not lines:
        said = "its first line was cut off" if rest else "it is empty"
        raise ConfigError(f"{name} is no recording: {said}")
    found: list[Section] = []
    texts: dict[str, str] = {}
    for number, raw in enumerate(lines, 1):

        def wrong(what: str, number: int = number) -> ConfigError:
            return ConfigError(f"recording {name}, line {number}: {what}")

        line = _object(raw, wrong)
        kind = line.pop("t", None)
        if kind == "text":
            _learn(line, texts, wrong)
            continue
        checked = _checked(kind, line, texts, wrong)
        if kind == "head":
            found.append(Section(checked))
        elif not found:
            raise wrong("a recording begins with a line of the kind 'head'")
        elif found[-1].whole:
            raise wrong(f"a line of the kind {kind!r} follows the end of its session")
        else:
            found[-1].lines.append(Line(number, str(kind), checked))
    if not found:
        raise ConfigError(f"{name} is no recording: it has no line of the kind 'head'")
    return found


def _object(raw: str, wrong: Callable[[str], ConfigError]) -> dict[str, Any]:
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise wrong(f"is not JSON ({error})") from None
    if not isinstance(line, dict):
        raise wrong("must be a JSON object")
    return line


def _learn(line: dict[str, Any], texts: dict[str, str], wrong: Callable[[str], ConfigError]) -> None:
    sha, text = line.get("sha"), line.get("text")
    if not isinstance(sha, str) or not isinstance(text, str):
        raise wrong("a text needs `sha` and `text`")
    if digest(text) != sha:
        raise wrong("the text is not the one that its digest names: the file was changed")
    texts[sha] = text


def _checked(
    kind: object, line: dict[str, Any], texts: Mapping[str, str], wrong: Callable[[str], ConfigError]
) -> dict[str, Any]:
    if not isinstance(kind, str) or kind not in KINDS:
        raise wrong(f"unknown kind of line {kind!r} (known: {', '.join((*KINDS, 'text'))})")

    def full(value: Any) -> Any:
        if isinstance(value, dict):
            if value.keys() == {"$text"}:
                if not isinstance(value["$text"], str) or value["$text"] not in texts:
                    raise wrong("names a text that no line before it holds")
                return texts[value["$text"]]
            return {name: full(held) for name, held in value.items()}
        return [full(held) for held in value] if isinstance(value, list) else value

    fields: dict[str, Any] = full(line)
    for name, wanted in KINDS[kind].items():
        if not isinstance(fields.get(name), wanted) or isinstance(fields.get(name), bool):
            raise wrong(f"{kind} needs {name!r}, and of the right type")
    if kind == "head" and fields["version"] != VERSION:
        raise wrong(f"version {fields['version']} is not known here, {VERSION} is")
    return fields
