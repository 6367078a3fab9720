"""Reads which packages a manifest asks for by name. Pure; lock files are left out: they name what others need.

Where the standard library has a parser it is used, and a manifest that it refuses is read word by word: a broken file
hides nothing. Versions, extras and markers do not count.

The text may be anybody's: every pattern here reads it in linear time.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ostinato.verify.package_names import java_coordinates, normals, python_requirement, words

Reader = Callable[[str], Iterable[str]]

_POETRY_SELF = "python"
_BLOCK_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|<!--.*?(?:-->|\Z)", re.DOTALL)
_LINE_COMMENT = re.compile(r"(?<!:)//[^\n]*")
_RUBY = re.compile(
    r"""^[ \t]*(?:\w+\.)?(?:gem|add_(?:runtime_|development_)?dependency)[\s(]+["']([^"']+)["']""", re.MULTILINE
)
_GRADLE = re.compile(r"""["']([\w.-]+):([\w.-]+)(?::[^"'\s]*)?["']""")
_GRADLE_PARTS = re.compile(r"""group\s*[:=]\s*["']([\w.-]+)["']\s*,\s*name\s*[:=]\s*["']([\w.-]+)["']""")
_POM = re.compile(r"<(?:dependency|plugin)\b")
_CONDA = re.compile(r"""^[ \t]*-[ \t]+["']?([^"'\s#][^"'#\n]*)""", re.MULTILINE)
_QUOTED = re.compile(r"""["']([^"'\n]+)["']""")
_SETUP_LIST = re.compile(
    r"\b(?:install|setup|tests|extras)_requires?\s*=\s*([\[{(].*?)(?=\n[ \t]*\w+[ \t]*=|\Z)", re.DOTALL
)


def manifest_names(path: str, text: str) -> frozenset[str] | None:
    """Return the normal names of the packages that a manifest asks for, None where `path` is no manifest."""
    reader = _reader(path)
    if reader is None:
        return None
    try:
        return normals(reader(text))
    except (ValueError, RecursionError):
        return words(text)


def _reader(path: str) -> Reader | None:
    folder, _, name = path.lower().rpartition("/")
    if known := _BY_NAME.get(name):
        return known
    if name.endswith((".txt", ".in")) and ("requirements" in name or folder.rpartition("/")[2] == "requirements"):
        return _requirements
    return next((reader for ending, reader in _BY_ENDING.items() if name.endswith(ending)), None)


def _requirements(text: str) -> Iterator[str]:
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        yield from python_requirement(line)


def _pyproject(text: str) -> Iterator[str]:
    data = tomllib.loads(text)
    project, tool = _table(data, "project"), _table(data, "tool")
    lists = [
        project.get("dependencies"),
        *_table(project, "optional-dependencies").values(),
        *_table(data, "dependency-groups").values(),
        _table(data, "build-system").get("requires"),
        _table(tool, "uv").get("dev-dependencies"),
        *_table(tool, "pdm", "dev-dependencies").values(),
        _table(tool, "flit", "metadata").get("requires"),
    ]
    for environment in _tables(_table(tool, "hatch", "envs")):
        lists += [environment.get("dependencies"), environment.get("extra-dependencies")]
    for found in lists:
        for requirement in _texts(found):
            yield from python_requirement(requirement)
    poetry = _table(tool, "poetry")
    for group in (poetry, *_tables(_table(poetry, "group"))):
        yield from (n for k in ("dependencies", "dev-dependencies") for n in _table(group, k) if n != _POETRY_SELF)


def _pipfile(text: str) -> Iterator[str]:
    for name, packages in tomllib.loads(text).items():
        if name not in {"requires", "scripts", "pipenv"} and isinstance(packages, Mapping):
            yield from packages


def _setup_cfg(text: str) -> Iterator[str]:
    from configparser import Error, RawConfigParser

    parser = RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except Error as error:
        raise ValueError(str(error)) from None
    for section in parser.sections():
        for key, value in parser.items(section):
            if section == "options.extras_require" or (section == "options" and key.endswith("_requires")):
                yield from _requirements(value.replace(";", "\n;"))
            elif section == "options" and key == "tests_require":
                yield from _requirements(value)


def _setup_py(text: str) -> Iterator[str]:
    # Code is read, never run: what stands in quotes after `install_requires=` and the like.
    for block in _SETUP_LIST.findall(re.sub(r"#[^\n]*", "", text)):
        for requirement in _QUOTED.findall(block):
            yield from python_requirement(requirement)


def _conda(text: str) -> Iterator[str]:
    for requirement in _CONDA.findall(text):
        yield from python_requirement(requirement.rpartition("::")[2])


def _package_json(text: str) -> Iterator[str]:
    data = json.loads(text)
    if not isinstance(data, Mapping):
        raise ValueError("not an object")
    for kind in ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies"):
        for name, version in _table(data, kind).items():
            yield name
            if isinstance(version, str) and (alias := re.match(r"npm:(@?[^@]+)", version)):
                yield alias[1]
    for kind in ("bundledDependencies", "bundleDependencies"):
        yield from _texts(data.get(kind))


def _composer(text: str) -> Iterator[str]:
    data = json.loads(text)
    if not isinstance(data, Mapping):
        raise ValueError("not an object")
    yield from (*_table(data, "require"), *_table(data, "require-dev"))


def _cargo(text: str) -> Iterator[str]:
    data = tomllib.loads(text)
    for place in (data, _table(data, "workspace"), *_tables(_table(data, "target"))):
        for kind in ("dependencies", "dev-dependencies", "build-dependencies"):
            for name, wanted in _table(place, kind).items():
                yield name
                if isinstance(wanted, Mapping) and isinstance(wanted.get("package"), str):
                    yield wanted["package"]


def _go_mod(text: str) -> Iterator[str]:
    block = ""
    for line in text.splitlines():
        said, _, comment = line.partition("//")
        parts = said.split()
        if not parts or comment.strip() == "indirect":
            continue
        if parts[-1] == "(":
            block = parts[0]
        elif parts[0] == ")":
            block = ""
        else:
            yield from _go_directive(*([block, parts] if block else [parts[0], parts[1:]]))


def _go_directive(directive: Any, rest: Any) -> Iterator[str]:
    if directive in {"require", "tool"}:
        yield from (name.strip('"`') for name in rest[:1])
    elif directive == "replace" and "=>" in rest:
        # Another module in the place of one that is asked for; one in a folder has no name of its own.
        yield from (name for name in rest[rest.index("=>") + 1 :][:1] if not name.startswith((".", "/")))


def _gemfile(text: str) -> Iterator[str]:
    yield from _RUBY.findall(text)


def _gradle(text: str) -> Iterator[str]:
    plain = _LINE_COMMENT.sub("", _BLOCK_COMMENT.sub("", text))
    for group, artifact in (*_GRADLE.findall(plain), *_GRADLE_PARTS.findall(plain)):
        yield from java_coordinates(group, artifact)


def _catalogue(text: str) -> Iterator[str]:
    for wanted in _table(tomllib.loads(text), "libraries").values():
        module = wanted if isinstance(wanted, str) else wanted.get("module") if isinstance(wanted, Mapping) else None
        if isinstance(module, str):
            yield from java_coordinates(*[*module.split(":"), ""][:2])
        elif isinstance(wanted, Mapping):
            yield from java_coordinates(str(wanted.get("group", "")), str(wanted.get("name", "")))


def _pom(text: str) -> Iterator[str]:
    # Not through an XML parser: entities of a hostile file would be its work.
    for block in _POM.split(_BLOCK_COMMENT.sub("", text))[1:]:
        own = re.split("</(?:dependency|plugin)>|<exclusions", block, maxsplit=1)[0]
        group, artifact = (re.search(rf"<{tag}>\s*([^<\s]+)", own) for tag in ("groupId", "artifactId"))
        if artifact is not None:
            yield from java_coordinates(group[1] if group else "", artifact[1])


def _table(data: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return the table at a path, an empty one where something else or nothing stands there."""
    found: Any = data
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _tables(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from (table for table in data.values() if isinstance(table, Mapping))


def _texts(found: Any) -> Iterator[str]:
    yield from (text for text in (found if isinstance(found, list) else ()) if isinstance(text, str))


_BY_NAME: Mapping[str, Reader] = {
    "pyproject.toml": _pyproject,
    "setup.cfg": _setup_cfg,
    "setup.py": _setup_py,
    "pipfile": _pipfile,
    "environment.yml": _conda,
    "environment.yaml": _conda,
    "package.json": _package_json,
    "composer.json": _composer,
    "cargo.toml": _cargo,
    "go.mod": _go_mod,
    "gemfile": _gemfile,
    "gems.rb": _gemfile,
    "pom.xml": _pom,
}
_BY_ENDING: Mapping[str, Reader] = {
    ".gemspec": _gemfile,
    ".gradle": _gradle,
    ".gradle.kts": _gradle,
    ".versions.toml": _catalogue,
}
