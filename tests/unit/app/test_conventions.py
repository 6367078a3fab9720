"""Conventions are read from what is committed: the top directory's, and those nearest to a file scope."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ostinato.app.conventions import near_conventions, root_conventions
from ostinato.git.repository import Repository


def repository(top: Path, files: dict[str, str]) -> Repository:
    for name, text in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text)
    identity = ("-c", "user.name=P", "-c", "user.email=p@example.org")
    for words in (("init", "-q"), ("add", "-A"), (*identity, "commit", "-q", "--allow-empty", "-m", "x")):
        subprocess.run(["git", *words], cwd=top, check=True)
    return Repository.find(top)


def test_the_nearest_file_of_each_part_of_the_scope_counts(tmp_path: Path) -> None:
    names = {"AGENTS.md": "root", "a/AGENTS.md": "a", "w/CLAUDE.md": "w", "w/q/AGENTS.md": "q"}
    found = repository(tmp_path, {**names, "a/b/c/x.py": "", "z/y": ""})
    assert root_conventions(found) == "root"
    scope = ("a/b/c/*.py", "a/b/**", "w/**", "w/q/new/**", "z/**", "*.md")
    near = near_conventions(found, scope)
    assert {one.path: one.text for one in near} == {name: names[name] for name in list(names)[1:]}


def test_claude_md_stands_in_where_there_is_no_agents_md(tmp_path: Path) -> None:
    found = repository(tmp_path, {"CLAUDE.md": "c"})
    (tmp_path / "AGENTS.md").write_text("not committed")
    assert (root_conventions(found), near_conventions(found, ("a/**",))) == ("c", ())
