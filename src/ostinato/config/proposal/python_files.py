"""What a Python project's files say: where its packages are named, which tools it configures. It proposes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ostinato.config.proposal.found import Folder, plain

_NAME = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_TEST_FILE = re.compile(r"(^|/)(test_[^/]*|[^/]*_test)\.py$")
_REQUIREMENTS = re.compile(
    r"requirements([-_.]?(dev|develop|test|tests|testing|ci|lint))?\.txt|(dev|test|tests)[-_]requirements\.txt"
    r"|requirements/(base|common|main|requirements|dev|develop|development|test|tests|testing|ci|lint)\.txt"
)
_OTHER_REQUIREMENTS = re.compile(r"(requirements[^/]*|[^/]*[-_]requirements|requirements/[^/]+)\.txt")
_FILES_READ = 40
FOR_TESTS = frozenset({"test", "tests", "testing", "dev"})


@dataclass(frozen=True, slots=True)
class Named:
    """Where packages are named: always installed, by extra, by dependency group."""

    always: frozenset[str] = frozenset()
    extras: dict[str, frozenset[str]] = field(default_factory=dict)
    groups: dict[str, frozenset[str]] = field(default_factory=dict)

    def anywhere(self, package: str) -> bool:
        """Tell whether some list names the package."""
        lists = (self.always, *self.extras.values(), *self.groups.values())
        return any(package in names for names in lists)


class PythonFiles:
    """One folder, read as a Python project."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.malformed = False

    @cached_property
    def pyproject(self) -> dict[str, Any]:
        """The parsed pyproject.toml, empty where there is none or it is malformed."""
        import tomllib

        try:
            return tomllib.loads(self.folder.read("pyproject.toml"))
        except tomllib.TOMLDecodeError:
            self.malformed = True
            return {}

    def table(self, *path: str) -> dict[str, Any]:
        """Return a table of pyproject.toml, empty where there is none."""
        here: Any = self.pyproject
        for name in path:
            here = here.get(name) if isinstance(here, dict) else None
        return here if isinstance(here, dict) else {}

    @cached_property
    def requirements(self) -> tuple[str, ...]:
        """The requirement files for running and testing, the shortest name first."""
        found = (name for name in self.folder.below if _REQUIREMENTS.fullmatch(name))
        return tuple(sorted(found, key=lambda name: (len(name), name)))

    @cached_property
    def other_requirements(self) -> tuple[str, ...]:
        """Requirement files whose purpose is not clear by their name."""
        return tuple(n for n in self.folder.below if _OTHER_REQUIREMENTS.fullmatch(n) and n not in self.requirements)

    @cached_property
    def test_files(self) -> tuple[str, ...]:
        """The files that hold tests by their name."""
        return tuple(name for name in self.folder.below if _TEST_FILE.search(name))

    @cached_property
    def named(self) -> Named:
        """Where the project names its packages, in whatever way its manager has."""
        project, poetry = self.table("project"), self.table("tool", "poetry")
        always = {*_packages(project.get("dependencies")), *_packages(list(poetry.get("dependencies") or ()))}
        for name in self.requirements:
            always |= set(_packages(self.folder.read(name).splitlines()))
        extras = {name: frozenset(_packages(listed)) for name, listed in _table(project, "optional-dependencies")}
        groups = {name: frozenset(_packages(listed)) for name, listed in self.table("dependency-groups").items()}
        for name, group in _table(poetry, "group"):
            listed = group.get("dependencies") if isinstance(group, dict) else None
            groups[name] = frozenset(_packages(list(listed or ())))
        if old := [*(poetry.get("dev-dependencies") or ()), *self._old_lists()]:
            groups["dev"] = groups.get("dev", frozenset()) | frozenset(_packages(old))
        always |= set(_packages(re.findall(r'^"?([A-Za-z0-9._-]+)"?\s*=', self.folder.read("Pipfile"), re.MULTILINE)))
        return Named(
            frozenset(always),
            {name: extras[name] for name in plain(extras)},
            {name: groups[name] for name in plain(groups)},
        )

    def _old_lists(self) -> Iterator[str]:
        uv = self.table("tool", "uv").get("dev-dependencies")
        yield from uv if isinstance(uv, list) else ()
        for _, listed in _table(self.table("tool", "pdm"), "dev-dependencies"):
            yield from listed if isinstance(listed, list) else ()

    def configured(self, tool: str) -> str:
        """Return the place that configures a tool (`pyproject.toml: [tool.ruff]`), "" where none does."""
        if self.table("tool", tool):
            return f"pyproject.toml: [tool.{tool}]"
        for name in self.folder.present(f"{tool}.toml", f".{tool}.toml", f"{tool}.ini", f".{tool}", f".{tool}.ini"):
            return name
        for name, header in (("setup.cfg", f"[{tool}]"), ("setup.cfg", f"[tool:{tool}]"), ("tox.ini", f"[{tool}]")):
            if header in self.folder.read(name):
                return f"{name}: {header}"
        return ""

    def why_pytest(self) -> str:
        """Return what says that the tests are pytest's, "" when nothing does."""
        if place := self.configured("pytest"):
            return place
        found = next((name for name in self.folder.below if name.rpartition("/")[2] == "conftest.py"), "")
        if found:
            return found
        importing = next((n for n in self.test_files[:_FILES_READ] if _imports(self.folder.read(n), "pytest")), "")
        if importing:
            return f"{importing} imports pytest"
        return "pytest is among the dependencies" if self.test_files and self.named.anywhere("pytest") else ""

    def imports_unittest(self) -> str:
        """Return the first test file that is unittest's, "" when there is none."""
        return next((n for n in self.test_files[:_FILES_READ] if _imports(self.folder.read(n), "unittest")), "")


def _imports(text: str, module: str) -> bool:
    return re.search(rf"^\s*(import|from)\s+{module}\b", text, re.MULTILINE) is not None


def _packages(lines: object) -> Iterator[str]:
    """Yield the normalised names that a list of requirements begins with."""
    for line in lines if isinstance(lines, Iterable) and not isinstance(lines, (str, dict)) else ():
        if isinstance(line, str) and (found := _NAME.match(line)):
            yield re.sub(r"[-_.]+", "-", found[1]).lower()


def _table(table: dict[str, Any], name: str) -> Iterable[tuple[str, Any]]:
    found = table.get(name)
    return found.items() if isinstance(found, dict) else ()
