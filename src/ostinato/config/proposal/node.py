"""Proposes for a Node project: packages by its own manager and lock file, and those of its scripts that judge.

Scripts run with `CI=1`, which turns off the watching of test runners; where a script asks for watching in so many
words, the runner is called without.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

from ostinato.config.proposal.found import Folder, Line, Part

_LOCKS = {
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
    "pnpm-lock.yaml": "pnpm",
    "yarn.lock": "yarn",
    "bun.lock": "bun",
    "bun.lockb": "bun",
}
_SCRIPTS = (
    ("test", "test:unit", "test:ci"),
    ("lint",),
    ("typecheck", "type-check", "check-types", "types", "tsc"),
    ("format:check", "check:format"),
    ("build",),
)
_WATCHING = re.compile(r"(^|\s)(--watch|--watchAll|-w|watch|dev)(?=\s|$)|nodemon")
_CHANGES_FILES = re.compile(r"--fix\b|--write\b|(^|\s)-w\b")
_END_TO_END = re.compile(r"\b(playwright|cypress|puppeteer|selenium)\b")
_SHELL = re.compile(r"[&|;<>$`()]")
_RUNNERS = {"vitest": "vitest run", "jest": "jest"}
_NO_TEST = "no test specified"


def node_part(folder: Folder) -> Part | None:
    """Return what is proposed for the folder, None when it has no package.json."""
    if "package.json" not in folder:
        return None
    package, malformed = _package(folder)
    manager, why, remarks = _manager(folder, package)
    locks = folder.present(*_LOCKS)
    setup = _setup(folder, package, manager, why)
    checks, more = _checks(package, manager)
    if malformed:
        remarks.append("package.json is not valid JSON, so what it says is not known")
    if setup or checks:
        remarks += folder.lacks_program(manager)
    inputs = ("package.json", *locks, *folder.present(".npmrc", ".yarnrc.yml", "pnpm-workspace.yaml"))
    return Part(
        kind=f"Node with {manager}",
        folder=folder.path,
        files=("package.json", *locks),
        setup=setup,
        checks=checks,
        inputs=inputs + (("*/package.json", "*/*/package.json") if is_workspace(folder) else ()) if setup else (),
        open=(*remarks, *more),
    )


def is_workspace(folder: Folder) -> bool:
    """Tell whether the package.json here installs for packages below it too."""
    return "pnpm-workspace.yaml" in folder or bool(_package(folder)[0].get("workspaces"))


def _package(folder: Folder) -> tuple[dict[str, Any], bool]:
    try:
        found = json.loads(folder.read("package.json") or "{}")
    except (ValueError, RecursionError):
        return {}, True
    return (found, False) if isinstance(found, dict) else ({}, True)


def _manager(folder: Folder, package: dict[str, Any]) -> tuple[str, str, list[str]]:
    """Return the manager, what says so, and what is not clear about it."""
    said = str(package.get("packageManager") or "").partition("@")[0]
    by_lock = dict.fromkeys(_LOCKS[name] for name in folder.present(*_LOCKS))
    if said in set(_LOCKS.values()):
        return said, f"package.json: packageManager is {said}", []
    if not by_lock:
        return "npm", "package.json, without a lock file", []
    first = next(iter(by_lock))
    remarks = [f"there are lock files of {' and '.join(by_lock)}: {first} is taken"] if len(by_lock) > 1 else []
    return first, folder.present(*(name for name in _LOCKS if _LOCKS[name] == first))[0], remarks


def _setup(folder: Folder, package: dict[str, Any], manager: str, why: str) -> tuple[Line, ...]:
    wanted = any(package.get(key) for key in ("dependencies", "devDependencies", "optionalDependencies", "workspaces"))
    if not wanted and "pnpm-workspace.yaml" not in folder:
        return ()
    locked = any(_LOCKS[name] == manager for name in folder.present(*_LOCKS))
    if not locked:
        why = f"{why}; nothing locks the versions" if "without a lock" not in why else why
        without = {"npm": "npm install --no-package-lock --no-audit --no-fund", "pnpm": "pnpm install --no-lockfile"}
        return (Line(without.get(manager, f"{manager} install"), why),)
    return (Line(_locked_install(folder, package, manager), why),)


def _locked_install(folder: Folder, package: dict[str, Any], manager: str) -> str:
    if manager == "npm":
        return "npm ci --no-audit --no-fund"
    if manager == "yarn" and is_modern_yarn(folder, package):
        return "yarn install --immutable"
    return f"{manager} install --frozen-lockfile"


def is_modern_yarn(folder: Folder, package: dict[str, Any]) -> bool:
    """Tell yarn 2 and later, which has other options, from the classic one."""
    version = str(package.get("packageManager") or "").partition("@")[2]
    return ".yarnrc.yml" in folder or (version[:1].isdigit() and not version.startswith(("0.", "1.")))


def _checks(package: dict[str, Any], manager: str) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    scripts = package.get("scripts")
    scripts = scripts if isinstance(scripts, dict) else {}
    lines: list[Line] = []
    remarks: list[str] = []
    for names in _SCRIPTS:
        name = next((one for one in names if isinstance(scripts.get(one), str)), None)
        if name is None:
            continue
        found = _script(name, scripts[name], manager)
        if isinstance(found, Line):
            lines.append(found)
        elif found:
            remarks.append(found)
    remarks += _unused(scripts)
    if not any(line.command.startswith("CI=1") and "test" in line.why for line in lines):
        remarks.append("no script of package.json runs tests in a way that ends")
    return tuple(lines), tuple(remarks)


def _script(name: str, text: str, manager: str) -> Line | str:
    """Return the check that runs a script, or why it is none ("": nothing to say)."""
    why = f"package.json: scripts.{name}"
    if _NO_TEST in text:
        return ""
    if _CHANGES_FILES.search(text) and not name.startswith("test"):
        return f"{why} changes files, so it is no check"
    if _END_TO_END.search(text):
        return f"{why} needs a browser or a server, so it is not proposed"
    words = [] if _SHELL.search(text) else _words(text)
    runner = next((word for word in words if "=" not in word), "")
    if runner in _RUNNERS and (runner == "vitest" or _WATCHING.search(text)):
        rest = [word for word in words[words.index(runner) + 1 :] if not _WATCHING.fullmatch(word) and word != "run"]
        before = [word for word in words[: words.index(runner)] if word != "CI=1"]
        command = " ".join(["CI=1", *before, f"node_modules/.bin/{_RUNNERS[runner]}", *map(shlex.quote, rest)])
        return Line(command, f"{why} is {runner}, here without watching")
    if _WATCHING.search(text) and name.startswith("test"):
        return f"{why} watches and never ends: write a command that ends under [verify]"
    return Line(f"CI=1 {manager} run {name}", why)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return []


def _unused(scripts: dict[str, Any]) -> Iterator[str]:
    for name in ("e2e", "test:e2e", "test:integration"):
        if name in scripts:
            yield f"package.json: scripts.{name} is not proposed: it may need servers or a browser"
