"""Proposes for a Python project: an environment in `.venv` by its own manager, and the checks that it configures.

Checks run without network, so they call what stands in `.venv` and never a manager that might look for updates.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from ostinato.config.proposal.found import Folder, Line, Part, plain
from ostinato.config.proposal.python_files import FOR_TESTS, PythonFiles

_MANIFESTS = ("pyproject.toml", "setup.py", "setup.cfg", "Pipfile", "uv.lock", "poetry.lock", "pdm.lock")
_PIP = ".venv/bin/pip install -q --disable-pip-version-check"
_TOOLS = ("pytest", "ruff", "mypy", "flake8")


def python_part(folder: Folder) -> Part | None:
    """Return what is proposed for the folder, None when it is no Python project."""
    files = PythonFiles(folder)
    manifests = (*folder.present(*_MANIFESTS), *files.requirements)
    if not manifests and not (files.test_files and any(name.endswith(".py") for name in folder.below)):
        return None
    checks = {tool: why for tool in _TOOLS if (why := _wanted(files, tool))}
    kind, setup, inputs = _setup(files, tuple(checks))
    python = ".venv/bin/python" if setup else "python3"
    return Part(
        kind=f"Python with {kind}" if kind else "Python",
        folder=folder.path,
        files=manifests or files.test_files[:3],
        setup=tuple(setup),
        checks=tuple(_checks(files, checks, python)),
        inputs=inputs,
        open=tuple(_open(files, kind, bool(setup))),
    )


def _wanted(files: PythonFiles, tool: str) -> str:
    return files.why_pytest() if tool == "pytest" else files.configured(tool)


def _setup(files: PythonFiles, tools: tuple[str, ...]) -> tuple[str, list[Line], tuple[str, ...]]:
    """Return the manager's name, the setup lines and the files that they depend on."""
    folder, tool = files.folder, files.table("tool")
    if "uv.lock" in folder or ("uv" in tool and "poetry.lock" not in folder and "pdm.lock" not in folder):
        return _uv(files, tools)
    if "poetry.lock" in folder or "poetry" in tool:
        return _poetry(files, tools)
    if "pdm.lock" in folder:
        line = Line("PDM_NON_INTERACTIVE=1 PDM_CHECK_UPDATE=0 pdm sync", "pdm.lock locks what pyproject.toml asks for")
        missing = _missing(files, tools)
        return "pdm", [line, *_more(missing)], ("pyproject.toml", "pdm.lock")
    if "Pipfile.lock" in folder:
        line = Line("PIPENV_VENV_IN_PROJECT=1 pipenv sync --dev", "Pipfile.lock locks what Pipfile asks for")
        return "pipenv", [line, *_more(_missing(files, tools))], ("Pipfile", "Pipfile.lock")
    return _pip(files, tools)


def _uv(files: PythonFiles, tools: tuple[str, ...]) -> tuple[str, list[Line], tuple[str, ...]]:
    locked = "uv.lock" in files.folder
    default = files.table("tool", "uv").get("default-groups", ["dev"])
    skipped = set(files.named.groups) if default == "all" else set(plain(default))
    chosen = [f"--group {name}" for name in _groups(files, tools) if name not in skipped]
    chosen += [f"--extra {name}" for name in _extras(files, tools)]
    if files.table("tool", "uv", "workspace"):
        chosen.insert(0, "--all-packages")
    command = " ".join(["uv sync", *(["--locked"] if locked else []), *chosen])
    why = "uv.lock locks what pyproject.toml asks for" if locked else "pyproject.toml: [tool.uv], without a uv.lock"
    missing = _missing(files, tools)
    more = [Line(f"uv pip install -q {' '.join(missing)}", _unnamed(missing))] if missing else []
    inputs = files.folder.present("pyproject.toml", "uv.lock", ".python-version")
    return "uv", [Line(command, why), *more], inputs


def _poetry(files: PythonFiles, tools: tuple[str, ...]) -> tuple[str, list[Line], tuple[str, ...]]:
    groups = files.table("tool", "poetry", "group")
    optional = {name for name, group in groups.items() if isinstance(group, dict) and group.get("optional")}
    chosen = [f"--with {name}" for name in _groups(files, tools) if name in optional]
    chosen += [f"--extras {name}" for name in _extras(files, tools)]
    command = " ".join(["POETRY_VIRTUALENVS_IN_PROJECT=1 poetry install --no-interaction --no-ansi", *chosen])
    locked = "poetry.lock" in files.folder
    why = "poetry.lock locks what pyproject.toml asks for" if locked else "pyproject.toml: [tool.poetry], not locked"
    inputs = files.folder.present("pyproject.toml", "poetry.lock")
    return "poetry", [Line(command, why), *_more(_missing(files, tools))], inputs


def _pip(files: PythonFiles, tools: tuple[str, ...]) -> tuple[str, list[Line], tuple[str, ...]]:
    words = [f"-r {name}" for name in files.requirements]
    because = list(files.requirements)
    if project := _installable(files):
        extras = ",".join(_extras(files, tools))
        words.append("-e " + shlex.quote(f".[{extras}]" if extras else "."))
        because.append(project)
    groups = _groups(files, tools)
    if groups:
        words += [f"--group {name}" for name in groups]
        because.append("pyproject.toml: [dependency-groups]")
    if missing := _missing(files, tools):
        words += missing
        because.append(_unnamed(missing))
    if not words:
        return "", [], ()
    lines = [Line("python3 -m venv .venv", "an environment of its own, in the checkout")]
    if groups:
        lines.append(Line(f"{_PIP} 'pip>=25.1'", "--group needs it"))
    count = len(files.requirements)
    if count < len(words) and any("--hash=" in files.folder.read(name) for name in files.requirements):
        # Where one requirement has a hash, pip wants one for each in the same command.
        lines.append(Line(f"{_PIP} {' '.join(words[:count])}", "; ".join(because[:count])))
        words, because = words[count:], because[count:]
    lines.append(Line(f"{_PIP} {' '.join(words)}", "; ".join(because)))
    return "pip", lines, (*files.requirements, *files.folder.present("pyproject.toml", "setup.py", "setup.cfg"))


def _installable(files: PythonFiles) -> str:
    """Return what makes the folder a package that pip installs, "" when it is none."""
    if files.table("project") or files.table("build-system"):
        return "pyproject.toml: [project]" if files.table("project") else "pyproject.toml: [build-system]"
    if "setup.py" in files.folder:
        return "setup.py"
    return "setup.cfg: [metadata]" if "[metadata]" in files.folder.read("setup.cfg") else ""


def _extras(files: PythonFiles, tools: tuple[str, ...]) -> list[str]:
    """Return the extras that tests need: by their name, or because they alone bring a tool."""
    return _chosen(files.named.extras, files, tools)


def _groups(files: PythonFiles, tools: tuple[str, ...]) -> list[str]:
    return _chosen(files.named.groups, files, tools)


def _chosen(lists: dict[str, frozenset[str]], files: PythonFiles, tools: tuple[str, ...]) -> list[str]:
    lacking = set(tools) - files.named.always
    return [name for name, packages in lists.items() if name in FOR_TESTS or packages & lacking]


def _missing(files: PythonFiles, tools: tuple[str, ...]) -> list[str]:
    return [tool for tool in tools if not files.named.anywhere(tool)]


def _more(missing: list[str]) -> list[Line]:
    # The environment may have no pip of its own.
    pip = "python3 -m pip --python .venv/bin/python install -q --disable-pip-version-check"
    return [Line(f"{pip} {' '.join(missing)}", _unnamed(missing))] if missing else []


def _unnamed(missing: list[str]) -> str:
    return f"no list of packages names {' and '.join(missing)}"


def _checks(files: PythonFiles, wanted: dict[str, str], python: str) -> Iterator[Line]:
    if "pytest" in wanted:
        yield Line(f"{python} -m pytest -q", wanted["pytest"])
    elif "manage.py" in files.folder:
        yield Line(f"{python} manage.py test --noinput", "manage.py")
    elif found := files.imports_unittest():
        yield _unittest(files, python, found)
    if "ruff" in wanted:
        yield Line(f"{python} -m ruff check .", wanted["ruff"])
        if files.table("tool", "ruff", "format"):
            yield Line(f"{python} -m ruff format --check .", "pyproject.toml: [tool.ruff.format]")
    if "flake8" in wanted:
        yield Line(f"{python} -m flake8", wanted["flake8"])
    if "mypy" in wanted:
        named = re.search(r"(?m)^\s*(files|packages|modules)\s*=", _mypy_text(files))
        yield Line(f"{python} -m mypy{'' if named else ' .'}", wanted["mypy"])


def _mypy_text(files: PythonFiles) -> str:
    table = "".join(f"{name} = …\n" for name in files.table("tool", "mypy"))
    return table + files.folder.read("mypy.ini") + files.folder.read(".mypy.ini")


def _unittest(files: PythonFiles, python: str, found: str) -> Line:
    start = found.rpartition("/")[0]
    if not start or not plain(start.split("/")):
        return Line(f"{python} -m unittest discover", f"{found} imports unittest")
    top = " -t ." if f"{start}/__init__.py" in files.folder else ""
    start = start.partition("/")[0] if top else start
    return Line(f"{python} -m unittest discover -s {start}{top}", f"{found} imports unittest")


def _open(files: PythonFiles, kind: str, environment: bool) -> Iterator[str]:
    folder = files.folder
    if files.malformed:
        yield "pyproject.toml is not valid TOML, so what it says is not known"
    if kind and kind != "pip":
        yield from folder.lacks_program(kind)
    elif environment or files.test_files:
        yield from folder.lacks_program("python3")
    if kind == "pip" and files.table("project") and not files.table("build-system") and "setup.py" not in folder:
        yield "pyproject.toml has no [build-system]: pip may not be able to install it with -e"
    for name in files.other_requirements:
        yield f"{name} is not installed: add it to [setup] commands if tests need it"
    for name in folder.present("tox.ini", "noxfile.py"):
        if name != "tox.ini" or "[tox]" in folder.read(name) or "[testenv" in folder.read(name):
            yield f"{name} makes environments of its own, with network: take what it runs over by hand"
    if files.table("tool", "hatch", "envs"):
        yield "pyproject.toml: [tool.hatch.envs] makes environments of its own: take what they run over by hand"
    for name in folder.present("environment.yml", "environment.yaml", "pixi.toml"):
        yield f"{name} describes a conda environment: none is made"
    if folder.present(".pre-commit-config.yaml"):
        yield ".pre-commit-config.yaml fetches its hooks: name the linters themselves under [verify]"
    if not files.test_files and "manage.py" not in folder:
        yield "no Python tests were found"
    elif not (files.why_pytest() or files.imports_unittest() or "manage.py" in folder):
        yield f"how {files.test_files[0]} is run is not clear: write its command under [verify]"
