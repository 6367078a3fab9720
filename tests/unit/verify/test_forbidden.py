"""What goes against a decision: paths that are changed, packages that a change adds, in manifests and in code."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples

from ostinato.base.ids import NodeId
from ostinato.graph.prohibitions import Prohibition
from ostinato.verify.diff_rules import ChangedFile
from ostinato.verify.forbidden import against
from ostinato.verify.imports import imported_names
from ostinato.verify.manifests import manifest_names

DECISION = NodeId("os-00000001.3")


def found(*files: ChangedFile, paths: tuple[str, ...] = (), dependencies: tuple[str, ...] = ()) -> tuple[str, ...]:
    one = Prohibition(DECISION, "One HTTP client", paths, dependencies)
    return against(files, [one], {file.path for file in files if file.after is None})


def added(path: str, before: str | None, after: str | None, *names: str) -> bool:
    """Tell whether the change adds one of the forbidden packages."""
    return bool(found(ChangedFile(path, before, after), dependencies=names))


def test_a_reason_names_the_decision_its_title_the_place_and_the_way_out() -> None:
    (path,) = found(ChangedFile("vendor/a.c", None, "x"), paths=("vendor/**",))
    (package,) = found(ChangedFile("src/a.py", "", "import requests\n"), dependencies=("Requests",))
    for reason in (path, package):
        assert reason.startswith(f"{DECISION} “One HTTP client” forbids ")
        assert f"only a decision that supersedes {DECISION} and that a person accepts lifts this" in reason
        assert "\n" not in reason
    assert "changing vendor/a.c" in path
    assert "the dependency Requests, which src/a.py would add" in package


@pytest.mark.parametrize(
    ("before", "after", "broken"),
    [(None, "new", True), ("old", "new", True), ("old", None, False)],
    ids=["added", "changed", "taken away"],
)
def test_forbidden_path_may_be_taken_away_and_nothing_else(before: str | None, after: str | None, broken: bool) -> None:
    assert bool(found(ChangedFile("legacy/db/x.py", before, after), paths=("legacy",))) is broken


def test_path_without_text_counts_unless_it_was_taken_away() -> None:
    one = Prohibition(DECISION, "No vendored code", ("vendor/**",))
    assert against([ChangedFile("vendor/lib", None, None)], [one], set())
    assert not against([ChangedFile("vendor/lib", None, None)], [one], {"vendor/lib"})


def test_many_paths_are_named_shortly() -> None:
    files = [ChangedFile(f"vendor/{n}.c", None, "x") for n in range(40)]
    (reason,) = found(*files, paths=("vendor/**",))
    assert "and 35 more" in reason


PYPROJECT = """
[project]
dependencies = ["Flask-SQLAlchemy[async]>=3 ; python_version > '3.9'", "attrs @ https://x.org/attrs-1.0.zip"]
[project.optional-dependencies]
web = ["uvicorn>=1"]
[dependency-groups]
dev = ["pytest_mock", {include-group = "web"}]
[build-system]
requires = ["hatchling"]
[tool.poetry.dependencies]
python = "^3.11"
pendulum = {version = "3", optional = true}
[tool.poetry.group.docs.dependencies]
mkdocs = "*"
[tool.uv]
dev-dependencies = ["ruff"]
[tool.pdm.dev-dependencies]
test = ["hypothesis"]
[tool.hatch.envs.lint]
dependencies = ["black"]
"""
REQUIREMENTS = """\
# requests is what we left
Flask==3.0 # not django
--index-url https://example.org/simple
-e git+https://github.com/psf/black.git@main#egg=Black_Formatter
-r more.txt
zope.interface \\
    >=5
https://example.org/w/PyYAML-6.0-cp311-none-any.whl
"""
PACKAGE = json.dumps(
    {
        "dependencies": {"@nestjs/core": "^10", "lo": "npm:lodash@4"},
        "devDependencies": {"left-pad": "1"},
        "peerDependencies": {"react": "*"},
        "bundledDependencies": ["moment"],
        "description": "not axios",
        "scripts": {"express": "node ."},
    }
)
CARGO = """
[dependencies]
serde = { version = "1", features = ["derive"] }
renamed = { package = "openssl", version = "0.10" }
[target.'cfg(unix)'.dev-dependencies]
nix = "0.27"
[workspace.dependencies]
tokio = "1"
[features]
rand = []
"""
GO = """module example.org/shop
require github.com/pkg/errors v0.9.1
require (
	github.com/gin-gonic/gin v1.9.0 // a web framework
	golang.org/x/net v0.1.0 // indirect
)
replace github.com/old/x => github.com/new/x v1.0.0
"""
POM = """<project><artifactId>shop</artifactId><!-- <dependency><artifactId>junit</artifactId></dependency> -->
<dependencies><dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId>
<exclusions><exclusion><artifactId>guava</artifactId></exclusion></exclusions></dependency></dependencies></project>"""
GRADLE = """dependencies {
  implementation "com.google.guava:guava:33.0" // not "a.b:commented:1"
  testImplementation(group: 'junit', name: 'junit', version: '4')
  /* api 'x.y:gone:1' */
}"""
MANIFESTS = {
    "pyproject.toml": (
        PYPROJECT,
        "flask.sqlalchemy attrs uvicorn pytest-mock hatchling pendulum mkdocs ruff hypothesis black",
        "python web async flask include-group",
    ),
    "requirements-dev.txt": (REQUIREMENTS, "flask black-formatter zope-interface pyyaml", "requests django more"),
    "requirements/base.in": ("Django>=4\n", "django", "base"),
    "setup.cfg": (
        "[metadata]\nname = requests\n[options]\ninstall_requires =\n    Django>=4\n    attrs\n"
        "[options.extras_require]\nx = pytz; python_version<'3.9'\n",
        "django attrs pytz",
        "requests python-version",
    ),
    "setup.py": (
        "from setuptools import setup\nsetup(name='requests', install_requires=['Django>=4', \"attrs\"],\n"
        "    extras_require={'x': ['pytz']},\n    description='uses flask')\n",
        "django attrs pytz",
        "requests flask",
    ),
    "Pipfile": (
        "[packages]\nDjango = '*'\n[dev-packages]\nblack = {version='*'}\n[requires]\nrequests='3'\n",
        "django black",
        "requests",
    ),
    "environment.yml": (
        "dependencies:\n  - numpy=1.26\n  - conda-forge::xarray\n  - pip:\n    - flask>=2\n",
        "numpy xarray flask",
        "conda-forge",
    ),
    "web/package.json": (PACKAGE, "@nestjs/core @nestjs lo lodash left_pad react moment", "axios express"),
    "composer.json": ('{"require": {"php": ">=8", "monolog/monolog": "^3"}}', "monolog/monolog monolog", "log"),
    "crates/a/Cargo.toml": (CARGO, "serde renamed openssl nix tokio", "rand derive"),
    "go.mod": (
        GO,
        "github.com/pkg/errors github.com/gin-gonic/gin github.com/new/x github.com/gin-gonic",
        "golang.org/x/net gin",
    ),
    "Gemfile": (
        "source 'https://rubygems.org'\ngem 'rails', '~> 7'\n# gem 'puma'\n  gem(\"pg\")\n",
        "rails pg",
        "puma",
    ),
    "x.gemspec": (
        "spec.add_dependency 'nokogiri', '1'\nspec.add_development_dependency('rspec')\n",
        "nokogiri rspec",
        "spec",
    ),
    "pom.xml": (POM, "log4j-core org.apache.logging.log4j org.apache.logging.log4j:log4j-core", "junit guava shop"),
    "app/build.gradle.kts": (GRADLE, "guava com.google.guava com.google.guava:guava junit:junit", "gone commented"),
    "gradle/libs.versions.toml": (
        '[libraries]\na = "org.x:one:1"\nb = { module = "org.y:two", version = "1" }\n'
        'c = { group = "org.z", name = "three" }',
        "one org.y:two org.z three",
        "a b c",
    ),
}


@pytest.mark.parametrize("path", MANIFESTS)
def test_manifest_names_what_it_asks_for_and_nothing_else(path: str) -> None:
    text, asked, others = MANIFESTS[path]
    for name in asked.split():
        assert added(path, None, text, name), name
        assert not added(path, text, text + "\n", name), name
    for name in others.split():
        assert not added(path, None, text, name), name


@pytest.mark.parametrize(
    ("path", "broken"),
    [
        ("pyproject.toml", "[project\ndependencies = ['requests']"),
        ("package.json", '{"dependencies": {"requests": "1"},}'),
        ("package.json", "[" * 100_000 + '"requests"'),
        ("package.json", '["requests"]'),
        ("setup.cfg", "no section\nrequests"),
        ("Cargo.toml", "a.b = 1\na.b.c = 'requests'"),
    ],
)
def test_manifest_that_cannot_be_parsed_hides_nothing(path: str, broken: str) -> None:
    assert added(path, None, broken, "requests")


@pytest.mark.parametrize("data", ['{"dependencies": ["requests"]}', "null", "3", '{"dependencies": {"a": {"b": 1}}}'])
def test_odd_types_in_a_manifest_are_no_error(data: str) -> None:
    assert not added("package.json", None, data, "axios")


PYTHON = '''
"""import sqlalchemy"""
# import django
import os, requests.sessions as s; import yaml
from google.cloud import (storage,
    bigquery as bq)
from . import flask
from .flask import celery
try: import lxml.etree
except ImportError: lxml = __import__("html5lib")
x = importlib.import_module('jinja2.ext')
text = "import pandas"
'''


@pytest.mark.parametrize(
    ("path", "text", "names", "others"),
    [
        (
            "a.py",
            PYTHON,
            "requests yaml google google-cloud google.cloud.storage google-cloud-bigquery lxml html5lib jinja2",
            "django flask celery pandas sqlalchemy bq",
        ),
        ("broken.py", "def f(:\n  'x\nimport requests\nfrom a_b.c import d, e\n", "requests a-b a.b.c.d", "f"),
        (
            "src/a.tsx",
            "import React, {x} from 'react';\nimport 'side-effect'\nexport * from \"lodash/fp\"\n// import 'axios'\n"
            "/* require('moment') */ const u = 'https://x//y'; const f = require( `@scope/pkg/deep` )\n"
            "import type T from './local'\nawait import('npm:chalk@5')\n"
            "const s = \"it's from\"; import z from '../up'\n",
            "react side-effect lodash lodash/fp @scope/pkg @scope chalk",
            "axios moment local up",
        ),
        (
            "main.go",
            'package main\nimport (\n  "fmt"\n  // "github.com/no/no"\n  x "github.com/pkg/errors"\n)\n'
            'import "golang.org/x/net/html"\n',
            "github.com/pkg/errors golang.org/x/net",
            "github.com/no/no errors",
        ),
    ],
)
def test_code_names_what_it_imports_and_nothing_else(path: str, text: str, names: str, others: str) -> None:
    for name in names.split():
        assert added(path, "", text, name), name
        assert not added(path, text, text + "\n\n", name), name
    for name in others.split():
        assert not added(path, "", text, name), name


def test_only_what_the_change_adds_counts() -> None:
    old = "import requests\n"
    assert not found(ChangedFile("a.py", old, old + "x = 1\n"), dependencies=("requests",))
    assert not found(ChangedFile("a.py", old, None), dependencies=("requests",))
    moved = (ChangedFile("a.py", old, None), ChangedFile("b/a.py", None, old))
    assert not found(*moved, dependencies=("requests",))
    assert found(*moved, ChangedFile("c.py", "", old), dependencies=("requests",))
    bumped = ChangedFile("requirements.txt", "requests==1\n", "requests==2\n")
    assert not found(bumped, dependencies=("requests",))


def test_a_distribution_and_its_module_are_two_names() -> None:
    code = ChangedFile("a.py", "", "import sklearn\n")
    assert not found(code, dependencies=("scikit-learn",))
    assert found(code, dependencies=("scikit-learn", "sklearn"))


def test_other_files_name_no_packages() -> None:
    assert manifest_names("notes.txt", "requests") is None
    assert manifest_names("poetry.lock", "requests") is None
    assert imported_names("README.md", "import requests") is None
    assert not added("README.md", None, "import requests", "requests")


@pytest.mark.parametrize(
    ("path", "piece"),
    [
        ("a.js", '"\\'),
        ("a.js", "/*"),
        ("a.js", "`\\"),
        ("a.js", "import "),
        ("a.go", "import (\n"),
        ("a.go", "\n"),
        ("pom.xml", "<dependency>"),
        ("pom.xml", "<!--"),
        ("build.gradle", '"a:b'),
        ("setup.py", "\n"),
        ("setup.py", "install_requires=[\n"),
        ("Gemfile", "gem "),
        ("environment.yml", "\n- "),
        ("requirements.txt", "a [ "),
        ("package.json", "@a/"),
        ("broken.py", "from a "),
    ],
)
def test_hostile_text_is_read_in_linear_time(path: str, piece: str) -> None:
    text = piece * (200_000 // len(piece))
    begun = time.process_time()
    found(ChangedFile(path, None, text), dependencies=("requests",))
    assert time.process_time() - begun < 3


@given(path=st.sampled_from([*MANIFESTS, "a.py", "b.ts", "c.go"]), text=st.text(max_size=200))
@examples(150)
def test_any_text_can_be_read(path: str, text: str) -> None:
    assert not added(path, text, text, "requests")
    found(ChangedFile(path, None, text), dependencies=("requests",))
