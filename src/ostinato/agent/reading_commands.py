"""Which shell commands surely change nothing. Pure, and cautious: what is not known to read counts as changing."""

from __future__ import annotations

import json
import re

_FILE_READERS = {"cat", "head", "tail", "less", "ls", "dir", "tree", "file", "stat", "wc", "nl", "od", "xxd", "sort"}
_TEXT_READERS = {"grep", "egrep", "fgrep", "rg", "ag", "diff", "cmp", "cut", "tr", "column", "echo", "printf"}
_OTHERS = {"true", "test", "[", "pwd", "which", "type", "basename", "dirname", "realpath", "readlink", "du", "df"}
_READERS = _FILE_READERS | _TEXT_READERS | _OTHERS
_GIT_READERS = frozenset(
    ("status", "diff", "log", "show", "blame", "grep", "ls-files", "rev-parse", "describe", "shortlog")
)
_BREAKS = re.compile(r"&&|\|\||[;|&\n]")
_HARMLESS = re.compile(r"\d?>\s?/dev/null|2>&1|&>\s?/dev/null")


def only_reads(arguments: str) -> bool:
    """Tell whether the command in the arguments of `run_command` surely changes nothing."""
    try:
        given = json.loads(arguments, strict=False)
    except (ValueError, RecursionError):
        return True  # nothing was run
    command = given.get("command") if isinstance(given, dict) else None
    return isinstance(command, str) and reads_only(command)


def reads_only(command: str) -> bool:
    """Tell whether every part of a shell command is known to read only."""
    plain = _HARMLESS.sub("", command)
    if any(mark in plain for mark in (">", "`", "$(", "<(", "&\n")):
        return False
    return all(_part_reads(part.split()) for part in _BREAKS.split(plain) if part.strip())


def _part_reads(words: list[str]) -> bool:
    name = words[0]
    if name == "cd":
        return True
    if name == "git":
        return len(words) > 1 and words[1] in _GIT_READERS and not any(w.startswith("--output") for w in words)
    if name == "sed":
        return "-n" in words and not any(word.startswith(("-i", "--in-place")) for word in words)
    if name == "find":
        return not any(word in {"-exec", "-execdir", "-delete", "-ok", "-fprint", "-fls"} for word in words)
    if name == "sort":
        return not any(word.startswith(("-o", "--output")) for word in words)
    return name in _READERS
