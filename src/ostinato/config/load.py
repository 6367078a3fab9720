"""Reads the settings: environment over the project's file over the person's file over the defaults.

What a setting may be follows from the dataclasses in `config.settings`; here stand only the words that a setting may
take and who may set it. An unknown key, a wrong type and malformed TOML are errors that name file, key and remedy.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from ostinato.base.errors import ConfigError
from ostinato.config.paths import project_config_file
from ostinato.config.settings import RetentionSettings, Settings

_WORDS = {
    "autonomy": ("full", "supervised"),
    "sandbox.mode": ("bubblewrap", "none"),
    "land.how": ("ff", "rebase", "merge", "squash"),
    "models.reasoning_effort": ("low", "medium", "high"),
    "notify.on": ("needed", "ended"),
    "verify.gates": ("stubs", "errors", "tests", "clones"),
}
_ROLES = ("models.planner", "models.coder", "models.reviewer", "models.critic")
_VARIABLES = {
    # The variable of --model, which is about all roles.
    "OSTINATO_MODEL": ("models.default", *_ROLES),
    "OSTINATO_FALLBACK": ("models.fallback", *(f"{role}_fallback" for role in _ROLES)),
    "OSTINATO_AUTONOMY": ("autonomy",),
    "OSTINATO_SANDBOX": ("sandbox.mode",),
    "OSTINATO_GATES": ("verify.gates",),
}
_RETENTION = {f"retention.{field.name}" for field in fields(RetentionSettings)}
_CIRCLES = {"circles.repeats", "circles.end", "circles.idle", "circles.attempts"}
_PRICES = {"models.price_input", "models.price_output"}
_MAY_BE_ZERO = {"models.retries", "verify.proof_cap", *_PRICES, *_CIRCLES, *_RETENTION}
# A repository must not be able to take the walls down around its own commands, to run any on the host, to have a
# person's messages sent elsewhere, to make its work look cheap, to let worse work pass, nor to have the traces of work
# thrown away.
_PERSON_ONLY = {
    *("sandbox.mode", "verify.gates", "models.price_input", "models.price_output", "models.prices"),
    *("notify.command", "notify.desktop", "notify.webhook", "notify.on"),
    *_RETENTION,
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings as they hold, and where each one that is not a default came from (dotted key → place)."""

    settings: Settings
    sources: dict[str, str]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a setting means, what it may be (in words), its default, its variables, and who may set it."""

    meaning: str
    allowed: str
    default: Any
    variables: tuple[str, ...]
    person_only: bool


def load_settings(project: Path | None, user_file: Path, environ: Mapping[str, str]) -> Loaded:
    """Return the settings for the checkout whose top is `project` (None: no project).

    Raises ConfigError for the first thing that is wrong.
    """
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    project_file = None if project is None else project_config_file(project)
    for file in (user_file, project_file):
        for key, value in () if file is None else _file_values(file):
            if file is project_file and key in _PERSON_ONLY:
                raise ConfigError(
                    f"{file}: {key} cannot be set by a project: set it in {user_file}{_or_variable(key)} if you want it"
                )
            values[key], sources[key] = value, str(file)
    if environ.get("OSTINATO_MODEL"):
        # A model that is named for one run is asked alone, unless a fallback is named as well.
        for key in (*_VARIABLES["OSTINATO_FALLBACK"], "models.stronger", "models.coder_stronger"):
            if values.pop(key, None) is not None:
                del sources[key]
    for variable, keys in _VARIABLES.items():
        for key in keys if environ.get(variable) else ():
            kind = _kinds()[key]
            said = _listed(environ[variable]) if typing.get_origin(kind) is tuple else environ[variable]
            values[key] = _checked(said, kind, key, f"${variable}")
            sources[key] = f"${variable}"
    return Loaded(_settings(values), sources)


def settings_in(text: str, file: Path) -> Settings:
    """Return the settings that a project's `file` with this text would give. Raises ConfigError as loading does."""
    values = dict(_text_values(text, file))
    for key in _PERSON_ONLY & set(values):
        raise ConfigError(f"{file}: {key} cannot be set by a project")
    return _settings(values)


def setting_facts() -> dict[str, Facts]:
    """Return what is known of every setting, by dotted key, in the order of the sections."""
    defaults, found = Settings(), dict[str, Facts]()
    meanings = _meanings()
    for key, kind in _kinds().items():
        section, dot, name = key.partition(".")
        default = getattr(getattr(defaults, section), name) if dot else getattr(defaults, section)
        found[key] = Facts(
            meaning=meanings.get(key, ""),
            allowed=_allowed(key, kind),
            default=default,
            variables=tuple(variable for variable, keys in _VARIABLES.items() if key in keys),
            person_only=key in _PERSON_ONLY,
        )
    return found


def near_setting(key: str) -> str | None:
    """Return the setting that `key`, which does not exist, may have meant."""
    return _nearest(key, list(_kinds()))


def _file_values(file: Path) -> Iterator[tuple[str, Any]]:
    """Yield (dotted key, value) of a file, checked; nothing where there is no file."""
    if file.exists() and not file.is_file():
        # Reading a pipe or a device, which a repository may have laid there, would never end.
        raise ConfigError(f"{file}: cannot be read: it is no file")
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: is not UTF-8") from error
    yield from _text_values(text, file)


def _text_values(text: str, file: Path) -> Iterator[tuple[str, Any]]:
    # Late: parsing TOML costs 30 ms at start, and most people have no file at all.
    import tomllib

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # Python names no line where the fault shows only at the end.
        end = f"line {len(text.rstrip().splitlines())}, end of file"
        raise ConfigError(f"{file}: not valid TOML: {str(error).replace('end of document', end)}") from error
    kinds = _kinds()
    for key, value in _flat(table, {name.partition(".")[0] for name in kinds if "." in name}, file):
        if key not in kinds:
            raise ConfigError(f"{file}: unknown setting {key}{_near(key, kinds)}")
        yield key, _checked(value, kinds[key], key, str(file))


def _flat(table: Mapping[str, Any], sections: set[str], file: Path) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if name == "sandbox" and isinstance(value, str):
            yield "sandbox.mode", value  # the short form: sandbox = "none"
        elif name in sections:
            if not isinstance(value, dict):
                raise ConfigError(f"{file}: {name} is a section: write [{name}] and its settings below")
            yield from ((f"{name}.{key}", inner) for key, inner in value.items())
        elif isinstance(value, dict):
            raise ConfigError(f"{file}: unknown section [{name}]{_near(name, sections)}")
        else:
            yield name, value


def _checked(value: Any, kind: Any, key: str, place: str) -> Any:
    """Return the value as the settings hold it. Raises ConfigError that says what is wanted."""
    words = _WORDS.get(key)
    listed = isinstance(value, list) and _takes_list(kind)
    if words is not None and any(one not in words for one in (value if listed else [value])):
        raise ConfigError(f"{place}: {key} must be one of {', '.join(words)}, not {value!r}")
    if listed or typing.get_origin(kind) is tuple:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ConfigError(f"{place}: {key} must be a list of texts, not {value!r}")
        return tuple(value)
    accepted = [one for one in _alternatives(kind) if one is not type(None)]
    wanted = accepted[0]
    if wanted is bool and isinstance(value, bool):
        return value
    if wanted is str and isinstance(value, str):
        return value
    if wanted in (int, float) and isinstance(value, int if wanted is int else (int, float)) and value is not True:
        least = "at least 0" if key in _MAY_BE_ZERO else "more than 0"
        if value is not False and (0 < value < float("inf") or (value == 0 and key in _MAY_BE_ZERO)):
            return wanted(value)
        raise ConfigError(f"{place}: {key} must be {least}, not {value!r}")
    raise ConfigError(f"{place}: {key} must be {_type_words(kind)}, not {value!r}")


def _listed(said: str) -> list[str]:
    """Return the list that a variable stands for: words between commas, `none` for an empty one."""
    return [] if said.strip() == "none" else [word.strip() for word in said.split(",") if word.strip()]


def _type_words(kind: Any) -> str:
    """Return what a setting of this type may be, in words."""
    names = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
    lists = ["a list of texts"] if _takes_list(kind) else []
    return " or ".join([*(names[one] for one in _alternatives(kind) if one in names), *lists])


def _takes_list(kind: Any) -> bool:
    return any(typing.get_origin(one) is tuple for one in _alternatives(kind))


def _alternatives(kind: Any) -> tuple[Any, ...]:
    return typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)


@cache  # walking the types is dear, and each variable asks
def _kinds() -> Mapping[str, Any]:
    """Return dotted key → type of every setting."""
    found: dict[str, Any] = {}
    for name, kind in typing.get_type_hints(Settings).items():
        if is_dataclass(kind) and isinstance(kind, type):
            found.update({f"{name}.{key}": inner for key, inner in typing.get_type_hints(kind).items()})
        else:
            found[name] = kind
    return found


def _meanings() -> dict[str, str]:
    """Return dotted key → the text that stands beside the setting."""
    found: dict[str, str] = {}
    for name, kind in typing.get_type_hints(Settings, include_extras=True).items():
        if is_dataclass(kind) and isinstance(kind, type):
            hints = typing.get_type_hints(kind, include_extras=True)
            found.update({f"{name}.{key}": _text_of(inner) for key, inner in hints.items()})
        else:
            found[name] = _text_of(kind)
    return found


def _text_of(kind: Any) -> str:
    return next((one for one in getattr(kind, "__metadata__", ()) if isinstance(one, str)), "")


def _allowed(key: str, kind: Any) -> str:
    if key in _WORDS:
        return " or ".join(_WORDS[key])
    accepted = _alternatives(kind)
    least = "" if not {int, float} & set(accepted) else ", at least 0" if key in _MAY_BE_ZERO else ", more than 0"
    return f"{_type_words(kind)}{least}{', or unset' if type(None) in accepted else ''}"


def _settings(values: Mapping[str, Any]) -> Settings:
    settings = Settings()
    changed: dict[str, Any] = {}
    for field in fields(Settings):
        section: Any = getattr(settings, field.name)
        if field.name in values:
            changed[field.name] = values[field.name]
            continue
        said = {key.partition(".")[2]: value for key, value in values.items() if key.startswith(f"{field.name}.")}
        if said:
            changed[field.name] = replace(section, **said)
    return replace(settings, **changed)


def _near(key: str, known: typing.Iterable[str]) -> str:
    names = list(known)
    near = _nearest(key, names)
    return f": did you mean {near}?" if near else f": there are {', '.join(sorted(names))}"


def _nearest(key: str, names: list[str]) -> str | None:
    # The right name in the wrong section comes before a similar one.
    same = [name for name in names if name.rpartition(".")[2] == key.rpartition(".")[2]]
    return next(iter(same or get_close_matches(key, names, n=1)), None)


def _or_variable(key: str) -> str:
    return next((f" or with {variable}" for variable, names in _VARIABLES.items() if key in names), "")
