"""A child task never gets more than the task that made it."""

from __future__ import annotations

import pytest

from ostinato.tools.child_scope import child_scope
from ostinato.tools.tool import ToolRefusal


@pytest.mark.parametrize(
    ("parent", "wanted", "given"),
    [
        (("src/**",), (), ("src/**",)),
        ((), (), ()),
        (("src/**",), ("src/a.py", "src/lib/*.py"), ("src/a.py", "src/lib/*.py")),
        (("src",), ("src/**",), ("src/**",)),
        (("src/*.py",), ("src/*.py",), ("src/*.py",)),
        ((), ("lib/**",), ("lib/**",)),
        (("AGENTS.md", "tests/test_a.py"), ("AGENTS.md", "tests/test_a.py"), ("AGENTS.md", "tests/test_a.py")),
        (("tests/**",), ("tests/new/*",), ("tests/new/*",)),
    ],
)
def test_a_scope_inside_the_parents_is_given(
    parent: tuple[str, ...], wanted: tuple[str, ...], given: tuple[str, ...]
) -> None:
    assert child_scope(parent, wanted) == given


@pytest.mark.parametrize(
    ("parent", "wanted"),
    [
        (("src/**",), "docs/a.md"),
        (("src/**",), "**"),
        (("src/**",), "**/*.py"),
        (("src/*.py",), "src/**"),
        (("a?c",), "a*c"),
        (("**",), "AGENTS.md"),
        ((), "AGENTS.md"),
        ((), ".github/workflows/ci.yml"),
        ((), ".ostinato/config.toml"),
        (("tests/**",), "tests/test_parse.py"),
        ((), "tests/test_parse.py"),
    ],
)
def test_a_wider_scope_and_protected_names_are_refused(parent: tuple[str, ...], wanted: str) -> None:
    with pytest.raises(ToolRefusal):
        child_scope(parent, (wanted,))
