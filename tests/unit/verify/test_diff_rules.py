"""What a diff may not do, whatever its checks say."""

from __future__ import annotations

import pytest

from ostinato.verify.diff_rules import ChangedFile, paths_named, violations

TEST = "import unittest\n\n\nclass T(unittest.TestCase):\n    def test_a(self):\n        self.assertEqual(1, 1)\n"


def broken(path: str, before: str | None, after: str | None, scope: tuple[str, ...] = ()) -> tuple[str, ...]:
    return violations([ChangedFile(path, before, after)], scope, ())


@pytest.mark.parametrize(
    "path",
    ["AGENTS.md", "sub/AGENTS.md", ".claude/settings.json", ".vscode/tasks.json", ".github/workflows/ci.yml",
     ".ostinato/config.toml", ".ci/run", ".gitattributes"],
)  # fmt: skip
def test_protected_paths_fail_unless_the_scope_names_them(path: str) -> None:
    assert "protected" in broken(path, "a", "b")[0]
    assert "protected" in broken(path, None, "b", ("**",))[0]
    assert broken(path, "a", "b", (path,)) == ()


def test_files_outside_the_scope_fail() -> None:
    assert "outside the task's file scope (src/**)" in broken("lib/a.py", "a", "b", ("src/**",))[0]
    assert broken("src/a.py", "a", "b", ("src/**",)) == ()
    assert broken("lib/a.py", "a", "b") == ()


def test_deleted_tests_fail() -> None:
    assert "deleted" in broken("tests/test_a.py", TEST, None)[0]
    assert broken("src/a.py", "x = 1", None) == ()


def test_removed_tests_fail_by_name() -> None:
    assert "test_a" in broken("tests/test_a.py", TEST, TEST.replace("test_a", "helper"))[0]


@pytest.mark.parametrize("mark", ["@unittest.skip('later')", "@pytest.mark.xfail", "@pytest.mark.skip"])
def test_skipped_tests_fail(mark: str) -> None:
    after = TEST.replace("    def test_a", f"    {mark}\n    def test_a")
    assert "skipped" in broken("tests/test_a.py", TEST, after)[0]


def test_removed_assertions_fail() -> None:
    assert "assertions" in broken("tests/test_a.py", TEST, TEST.replace("self.assertEqual(1, 1)", "pass"))[0]


def test_added_tests_are_welcome() -> None:
    more = TEST + "\n    def test_b(self):\n        self.assertTrue(True)\n"
    assert broken("tests/test_a.py", TEST, more) == ()
    assert broken("tests/test_new.py", None, TEST) == ()


def test_a_new_test_file_may_skip() -> None:
    assert broken("tests/test_new.py", None, "@unittest.skip('x')\n" + TEST) == ()


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("python3 -m unittest tests.test_a -q", {"tests/test_a.py"}),
        ("python3 -m unittest tests.test_a.T.test_a", {"tests/test_a.py"}),
        ("pytest tests/test_a.py::T::test_a", {"tests/test_a.py"}),
        ("sh ./check.sh && pytest -q tests", {"check.sh"}),
        ("make test", {"Makefile"}),
        ("diff <(python3 -m app) expected.txt", {"expected.txt"}),
        ("PYTHONPATH=src FILE=check.sh true", {"check.sh"}),
        ("echo 'unbalanced tests/test_a.py", {"tests/test_a.py"}),
    ],
)
def test_files_that_checks_name_are_found(command: str, named: set[str]) -> None:
    existing = {"tests/test_a.py", "check.sh", "Makefile", "expected.txt", "tests/__init__.py"}
    assert paths_named([command], existing) == named
