"""Reads files of profiles: `NAME.toml` in `.ostinato/profiles` of a project and in the person's own directory.

What they may say together is the business of `agent.profile_rules`. A project's files are a stranger's: nothing outside
of its checkout is read for them, no link followed, and everything is bounded.
"""

from __future__ import annotations

import os
import re
import stat
import typing
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path, PurePosixPath
from typing import Any

from ostinato.agent.profile_rules import Library, ProfileError, ProfileFile, near, resolve
from ostinato.agent.profiles import Output, ProfileLimits
from ostinato.base.errors import ConfigError
from ostinato.config.explain import line_of
from ostinato.config.settings import ModelSettings

LARGEST = 64 * 1024
"""Bytes of a profile's file."""
LONGEST_PROMPT = 16_000
"""Characters that one file may add to a prompt."""
MOST_FILES = 100

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_KEYS = (
    *("description", "extends", "prompt", "prompt_file", "tools", "read_only", "file_scope"),
    *("model", "fallback", "output", "limits"),
)
_LIMITS = ("steps", "tokens", "minutes")


def profile_directories(project: Path | None, user_file: Path) -> tuple[Path, Path | None]:
    """Return the person's directory of profiles, beside their `user_file`, and the project's."""
    return user_file.parent / "profiles", None if project is None else project / ".ostinato" / "profiles"


def load_profiles(project: Path | None, user_file: Path, models: ModelSettings, environ: Mapping[str, str]) -> Library:
    """Return the profiles that hold for the checkout whose top is `project` (None: no project), by name.

    Where OSTINATO_MODEL names one model for all, what profiles say of models counts for nothing and is not judged.
    Raises ConfigError for the first thing that is wrong, with file and line.
    """
    own, theirs = profile_directories(project, user_file)
    files = [*_files(own, None)]
    if project is not None and theirs is not None:
        files += _files(theirs, project)
    try:
        return resolve(files, None if environ.get("OSTINATO_MODEL") else named_models(models))
    except ProfileError as error:
        raise ConfigError(str(error)) from None


def named_models(models: ModelSettings) -> frozenset[str]:
    """Return every model that the settings name."""
    known = {field.name for field in fields(models)}
    roles = {name for name in known if f"{name}_fallback" in known}
    names = known & {"default", "fallback", *roles, *(f"{role}_fallback" for role in roles)}
    return frozenset(value for name in names if (value := getattr(models, name)))


def _files(directory: Path, project: Path | None) -> Iterator[ProfileFile]:
    """Yield what stands in a directory; `project` is the checkout that it must lie in, None for the person's own."""
    try:
        if project is not None and not directory.resolve().is_relative_to(project.resolve()):
            raise ConfigError(f"{directory}: leads out of the checkout: profiles of a project stand inside it")
        found = sorted(entry.name for entry in os.scandir(directory) if entry.name.endswith(".toml"))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise ConfigError(f"{directory}: cannot be read: {error.strerror}") from error
    if len(found) > MOST_FILES:
        raise ConfigError(f"{directory}: holds {len(found)} profiles; {MOST_FILES} are the most")
    for name in found:
        yield _file(directory / name, project)


def _file(path: Path, project: Path | None) -> ProfileFile:
    name = path.name.removesuffix(".toml")
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{path}: a profile's name is made of small letters, digits, - and _")
    text = _text(path, own=project is None)
    table = _parsed(text, path)
    lines = {key: line for key in _all_keys(table) if (line := line_of(text, key)) is not None}
    with _at(path, lines):
        return ProfileFile(
            name=name,
            path=str(path),
            own=project is None,
            extends=_one("extends", table.get("extends")),
            description=_one("description", table.get("description")),
            prompts=tuple(_prompts(table, path, own=project is None)),
            tools=_list("tools", table.get("tools")),
            read_only=_flag("read_only", table.get("read_only")),
            file_scope=_list("file_scope", table.get("file_scope")),
            model=_one("model", table.get("model")),
            fallback=_one("fallback", table.get("fallback")),
            output=_output(table.get("output")),
            limits=_limits(table.get("limits", {})),
            lines=lines,
        )


class _Wrong(Exception):
    """A value is wrong: its key, and what is wrong with it."""


@contextmanager
def _at(path: Path, lines: Mapping[str, int]) -> Iterator[None]:
    try:
        yield
    except _Wrong as wrong:
        key, said = wrong.args
        place = f"{path}:{lines[key]}" if key in lines else str(path)
        raise ConfigError(f"{place}: {said}") from None


def _text(path: Path, *, own: bool) -> str:
    """Return the text of a file that is one, and not too long; a project's is not read through a link."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if own else os.O_NOFOLLOW))
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ConfigError(f"{path}: cannot be read: it is no file")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(LARGEST + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        why = error.strerror if own or not path.is_symlink() else "it is a link, which a project's profile cannot be"
        raise ConfigError(f"{path}: cannot be read: {why}") from error
    if len(data) > LARGEST:
        raise ConfigError(f"{path}: is larger than {LARGEST // 1024} KB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8") from None
    if "\0" in text:
        raise ConfigError(f"{path}: holds NUL characters")
    return text


def _parsed(text: str, path: Path) -> dict[str, Any]:
    # Late: parsing TOML costs 30 ms at start, and most people have no profile of their own.
    import tomllib

    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    for key in table:
        if key not in _KEYS:
            place = f"{path}:{line}" if (line := line_of(text, key)) else str(path)
            raise ConfigError(f"{place}: unknown key {key}: {near(key, _KEYS)}")
    return table


def _all_keys(table: Mapping[str, Any]) -> Iterator[str]:
    yield from table
    if isinstance(table.get("limits"), dict):
        yield from (f"limits.{key}" for key in table["limits"])


def _one(key: str, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise _Wrong(key, f"{key} must be a text, not {value!r}")
    return value.strip() if isinstance(value, str) else None


def _flag(key: str, value: Any) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise _Wrong(key, f"{key} must be true or false, not {value!r}")
    return value


def _list(key: str, value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
        raise _Wrong(key, f"{key} must be a list of texts, not {value!r}")
    listed = tuple(typing.cast(str, one).strip() for one in value)
    if key == "file_scope":
        for glob in listed:
            if glob.startswith("/") or ".." in PurePosixPath(glob).parts:
                raise _Wrong(key, f"file_scope {glob!r} leaves the project: patterns are relative to its top")
    return listed


def _output(value: Any) -> Output | None:
    if value is None:
        return None
    if value not in list(Output):
        raise _Wrong("output", f"output must be one of {', '.join(Output)}, not {value!r}")
    return Output(value)


def _limits(table: Any) -> ProfileLimits:
    if not isinstance(table, dict):
        raise _Wrong("limits", "limits is a section: write [limits] and steps, tokens or minutes below")
    for key, value in table.items():
        named = f"limits.{key}"
        if key not in _LIMITS:
            raise _Wrong(named, f"unknown key {named}: {near(key, _LIMITS)}")
        fits = isinstance(value, (int, float) if key == "minutes" else int) and not isinstance(value, bool)
        if not fits or not 0 < value < float("inf"):
            kind = "number" if key == "minutes" else "whole number"
            raise _Wrong(named, f"{named} must be a {kind} above 0, not {value!r}")
    minutes = table.get("minutes")
    return ProfileLimits(table.get("steps"), table.get("tokens"), None if minutes is None else minutes * 60.0)


def _prompts(table: Mapping[str, Any], path: Path, *, own: bool) -> Iterator[str]:
    for key in ("prompt_file", "prompt"):
        said = _one(key, table.get(key))
        if said is None:
            continue
        text = said if key == "prompt" else _beside(path, said, own=own)
        if len(text) > LONGEST_PROMPT:
            raise _Wrong(key, f"{key} has {len(text)} characters; {LONGEST_PROMPT} are the most")
        if text.strip():
            yield text.strip()


def _beside(path: Path, said: str, *, own: bool) -> str:
    """Return the text of a prompt's file, which stands beside the profile or below."""
    parts = PurePosixPath(said).parts
    if not parts or said.startswith("/") or ".." in parts:
        raise _Wrong("prompt_file", f"prompt_file {said!r}: name a file beside the profile")
    wanted = path.parent.joinpath(*parts)
    if not own and wanted.parent.resolve() != path.parent.resolve().joinpath(*parts[:-1]):
        raise _Wrong("prompt_file", f"prompt_file {said!r} leads elsewhere through a link")
    try:
        return _text(wanted, own=own)
    except ConfigError as error:
        raise _Wrong("prompt_file", f"prompt_file: {error.message}") from None
