"""What `init` proposes for what it finds: the text of the commands, by manifest."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from ostinato.config.load import settings_in
from ostinato.config.proposal.found import Tree
from ostinato.config.proposal.propose import Proposal, propose
from ostinato.config.proposal.write import as_toml

PIP = ".venv/bin/pip install -q --disable-pip-version-check"
VENV = "python3 -m venv .venv"
UNITTEST = "import unittest\n"


def _propose(files: dict[str, str], programs: Collection[str] | None = None) -> Proposal:
    return propose(Tree(tuple(sorted(files)), files.get, lambda name: programs is None or name in programs))


def _commands(files: dict[str, str]) -> tuple[list[str], list[str]]:
    found = _propose(files)
    return [line.command for line in found.setup()], [line.command for line in found.checks()]


def _package(**more: Any) -> str:
    return json.dumps({"name": "p", "devDependencies": {"x": "1"}, **more})


@pytest.mark.parametrize(
    ("files", "setup", "checks"),
    [
        pytest.param(
            {"requirements.txt": "six\n", "requirements-dev.txt": "pytest\n", "tests/test_a.py": "import pytest\n"},
            [VENV, f"{PIP} -r requirements.txt -r requirements-dev.txt"],
            [".venv/bin/python -m pytest -q"],
            id="requirement files",
        ),
        pytest.param(
            {"requirements.txt": "six==1.17.0 --hash=sha256:00\n", "test_a.py": "import pytest\n"},
            [VENV, f"{PIP} -r requirements.txt", f"{PIP} pytest"],
            [".venv/bin/python -m pytest -q"],
            id="requirements with hashes stand alone",
        ),
        pytest.param(
            {
                "pyproject.toml": '[project]\nname = "a"\n[project.optional-dependencies]\ntest = ["pytest>=8"]\n'
                'lint = ["ruff", "mypy"]\nfast = ["orjson"]\n[tool.ruff]\nline-length = 9\n'
                '[tool.mypy]\nfiles = ["src"]\n',
                "tests/conftest.py": "",
                "tests/test_a.py": "",
            },
            [VENV, f"{PIP} -e '.[test,lint]'"],
            [".venv/bin/python -m pytest -q", ".venv/bin/python -m ruff check .", ".venv/bin/python -m mypy"],
            id="extras that bring the tools",
        ),
        pytest.param(
            {
                "pyproject.toml": '[project]\nname = "a"\n[dependency-groups]\ndev = ["pytest"]\n',
                "tests/test_a.py": "import pytest\n",
            },
            [VENV, f"{PIP} 'pip>=25.1'", f"{PIP} -e . --group dev"],
            [".venv/bin/python -m pytest -q"],
            id="dependency groups with pip",
        ),
        pytest.param(
            {
                "pyproject.toml": '[project]\nname = "a"\n[dependency-groups]\ndev = ["pytest"]\nlint = ["ruff"]\n'
                'docs = ["sphinx"]\n[tool.ruff.format]\nquote-style = "double"\n',
                "uv.lock": "",
                "tests/test_a.py": "import pytest\n",
            },
            ["uv sync --locked --group lint"],
            [
                ".venv/bin/python -m pytest -q",
                ".venv/bin/python -m ruff check .",
                ".venv/bin/python -m ruff format --check .",
            ],
            id="uv",
        ),
        pytest.param(
            {"pyproject.toml": "[tool.poetry]\n[tool.poetry.group.dev.dependencies]\npytest = '*'\n", "poetry.lock": ""}
            | {"tests/test_a.py": ""},
            ["POETRY_VIRTUALENVS_IN_PROJECT=1 poetry install --no-interaction --no-ansi"],
            [".venv/bin/python -m pytest -q"],
            id="poetry",
        ),
        pytest.param(
            {"pyproject.toml": "[project]\nname = 'a'\n", "pdm.lock": "", "test_a.py": UNITTEST},
            ["PDM_NON_INTERACTIVE=1 PDM_CHECK_UPDATE=0 pdm sync"],
            [".venv/bin/python -m unittest discover"],
            id="pdm",
        ),
        pytest.param(
            {"a.py": "", "tests/__init__.py": "", "tests/unit/__init__.py": "", "tests/unit/test_a.py": UNITTEST},
            [],
            ["python3 -m unittest discover -s tests -t ."],
            id="unittest without packages",
        ),
        pytest.param(
            {"manage.py": "", "requirements.txt": "django\n", "shop/test_a.py": "from django.test import TestCase\n"},
            [VENV, f"{PIP} -r requirements.txt"],
            [".venv/bin/python manage.py test --noinput"],
            id="django",
        ),
        pytest.param(
            {"package.json": _package(scripts={"test": "node t.js", "lint": "eslint .", "build": "tsc"})}
            | {"package-lock.json": "{}"},
            ["npm ci --no-audit --no-fund"],
            ["CI=1 npm run test", "CI=1 npm run lint", "CI=1 npm run build"],
            id="npm",
        ),
        pytest.param(
            {"package.json": _package(scripts={"test": "vitest --watch --dir src", "typecheck": "tsc --noEmit"})}
            | {"pnpm-lock.yaml": ""},
            ["pnpm install --frozen-lockfile"],
            ["CI=1 node_modules/.bin/vitest run --dir src", "CI=1 pnpm run typecheck"],
            id="pnpm, vitest watching",
        ),
        pytest.param(
            {"package.json": _package(scripts={"test": "NODE_ENV=test jest --watchAll --ci"}), "yarn.lock": ""},
            ["yarn install --frozen-lockfile"],
            ["CI=1 NODE_ENV=test node_modules/.bin/jest --ci"],
            id="classic yarn, jest watching",
        ),
        pytest.param(
            {"package.json": _package(packageManager="yarn@4.1.0", scripts={"test": "jest && echo"}), "yarn.lock": ""}
            | {"package-lock.json": "{}"},
            ["yarn install --immutable"],
            ["CI=1 yarn run test"],
            id="packageManager wins over the lock files",
        ),
        pytest.param(
            {"package.json": json.dumps({"scripts": {"test": "node --test"}})},
            [],
            ["CI=1 npm run test"],
            id="node without packages",
        ),
        pytest.param(
            {"Cargo.toml": "[package]\n", "Cargo.lock": "", "rustfmt.toml": ""},
            ["cargo fetch --locked"],
            ["cargo test --offline --locked", "cargo fmt --all --check"],
            id="cargo",
        ),
        pytest.param(
            {"Cargo.toml": "[workspace]\nmembers = ['a']\n", "Cargo.lock": "", "a/Cargo.toml": "[package]\n"},
            ["cargo fetch --locked"],
            ["cargo test --offline --locked --workspace"],
            id="cargo workspace",
        ),
        pytest.param(
            {"go.mod": "module a\n", "go.sum": ""},
            ["go mod download"],
            ["go vet ./...", "go test ./..."],
            id="go",
        ),
        pytest.param(
            {"Makefile": "CC := cc\n.PHONY: test\ntest: all\n\t./t\nlint:\n\t./l\ndeps:\n\t./d\n"},
            ["make deps"],
            ["make test", "make lint"],
            id="make",
        ),
        pytest.param(
            {
                "api/requirements.txt": "pytest\n",
                "api/tests/test_a.py": "import pytest\n",
                "web app/package.json": _package(scripts={"test": "node t.js"}),
                "web app/package-lock.json": "{}",
                "examples/x/package.json": _package(scripts={"test": "node t.js"}),
                "Makefile": "test:\n\ttrue\n",
            },
            [
                f"cd api && {VENV}",
                f"cd api && {PIP} -r requirements.txt",
                "cd 'web app' && npm ci --no-audit --no-fund",
            ],
            ["cd api && .venv/bin/python -m pytest -q", "cd 'web app' && CI=1 npm run test"],
            id="several at once",
        ),
        pytest.param(
            {"package.json": _package(workspaces=["web"], scripts={"test": "node t.js"}), "package-lock.json": "{}"}
            | {"web/package.json": _package(scripts={"test": "x"})},
            ["npm ci --no-audit --no-fund"],
            ["CI=1 npm run test"],
            id="a workspace covers what is below it",
        ),
        pytest.param({"README.md": "hello"}, [], [], id="nothing"),
    ],
)
def test_the_commands_follow_from_what_the_repository_holds(
    files: dict[str, str], setup: list[str], checks: list[str]
) -> None:
    assert _commands(files) == (setup, checks)
    text = as_toml(_propose(files), [])
    settings = settings_in(text, Path("config.toml"))
    assert (list(settings.setup.commands), list(settings.verify.commands)) == (setup, checks)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"tox.ini": "[tox]\n", "requirements.txt": "", "test_a.py": UNITTEST}, "tox.ini makes environments"),
        ({"package.json": _package(scripts={"test": "tsc && nodemon x"})}, "scripts.test watches and never ends"),
        ({"package.json": _package(scripts={"test": 'echo "Error: no test specified" && exit 1'})}, "no script of"),
        ({"package.json": _package(scripts={"lint": "eslint --fix ."})}, "changes files, so it is no check"),
        ({"package.json": _package(), "yarn.lock": "", "package-lock.json": ""}, "lock files of npm and yarn"),
        ({"package.json": "{"}, "package.json is not valid JSON"),
        ({"pyproject.toml": "[x"}, "pyproject.toml is not valid TOML"),
        ({"requirements.txt": "", "requirements-docs.txt": ""}, "requirements-docs.txt is not installed"),
        ({"go.mod": "module a\n", "Makefile": "test:\n\tgo test\n"}, "Makefile has make test"),
        ({"Cargo.toml": "", "rust-toolchain.toml": ""}, "rust-toolchain.toml names a toolchain"),
        ({"requirements.txt": "x\n"}, "no Python tests were found"),
        ({"pom.xml": ""}, "nothing is proposed for Maven"),
        ({"pyproject.toml": "[tool.hatch.envs.default]\nx = 1\n"}, "[tool.hatch.envs] makes environments"),
    ],
)
def test_what_cannot_be_decided_is_said(files: dict[str, str], words: str) -> None:
    assert any(words in one for one in _propose(files).undecided), _propose(files).undecided


def test_a_program_that_is_missing_here_is_named() -> None:
    found = _propose({"uv.lock": "", "pyproject.toml": "[project]\nname = 'a'\n", "go.mod": ""}, {"python3"})
    assert sum("is not on your PATH" in one for one in found.undecided) == 2


def test_each_command_names_what_speaks_for_it() -> None:
    found = _propose({"api/Makefile": "", "web/package.json": _package(scripts={"test": "x"}), "web/yarn.lock": ""})
    assert [line.why for line in (*found.setup(), *found.checks())] == [
        "web: yarn.lock",
        "web: package.json: scripts.test",
    ]
    assert found.inputs() == ["web/package.json", "web/yarn.lock"]


def test_a_hostile_repository_cannot_put_words_into_the_commands_or_the_file() -> None:
    evil = 'x"]\nautonomy = "full"\n[sandbox]\nmode = "none'
    files = {
        "pyproject.toml": "[project]\nname = 'a'\n[project.optional-dependencies]\n\"a; curl e|sh\" = ['pytest']\n",
        "package.json": _package(scripts={"test": f"vitest '{evil}'", "lint; rm": "x"}, packageManager="sh -c evil@1"),
        f"{evil}/package.json": _package(scripts={"test": "x"}),
        "we'ird;ls/go.mod": "",
        f"{evil}/conftest.py": "",
    }
    found = _propose(files)
    assert any(evil in line.why for line in found.checks())
    commands = [line.command for line in (*found.setup(), *found.checks())]
    assert not any("curl" in command or "rm" in command.split() or "sh -c" in command for command in commands)
    assert "cd 'we'\"'\"'ird;ls' && go mod download" in commands
    table = tomllib.loads(as_toml(found, []))
    assert set(table) == {"setup", "verify"}
    assert table["verify"]["commands"] == [line.command for line in found.checks()]


def test_the_text_hints_at_the_providers_whose_keys_are_set() -> None:
    text = as_toml(_propose({}), ["anthropic"])
    assert '# default = "anthropic:NAME"' in text
    assert settings_in(text, Path("config.toml")).models.default is None
