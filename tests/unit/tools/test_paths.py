"""No path, link or name leads a tool out of the checkout or into its .git."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.tools.files import FileTools
from ostinato.tools.paths import Checkout, is_git_name, relative
from ostinato.tools.tool import ToolRefusal
from tests.examples import examples
from tests.unit.tools.conftest import Call

OUTSIDE = ["../secret.txt", "a/../../secret.txt", "/etc/passwd", "/work/../etc/passwd", "/workshop/x", "//etc/passwd"]


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("tool", ["read_file", "write_file", "edit_file", "list_files", "search_code"])
async def test_a_path_that_leaves_the_checkout_is_refused(call: Call, root: Path, path: str, tool: str) -> None:
    more = {
        "write_file": {"content": "x"},
        "edit_file": {"old": "secret", "new": "x"},
        "search_code": {"pattern": "secret"},
    }
    result = await call(tool, path=path, **more.get(tool, {}))
    assert result.is_error
    assert "root:" not in result.text
    assert (root.parent / "secret.txt").read_text() == "secret"


@pytest.mark.parametrize("target", ["../secret.txt", "/etc/passwd", "../../checkout/../secret.txt"])
async def test_a_link_that_leads_outside_is_refused(call: Call, root: Path, target: str) -> None:
    (root / "link").symlink_to(target)
    assert (await call("read_file", path="link")).is_error
    assert (await call("write_file", path="link", content="x")).is_error
    assert (await call("edit_file", path="link", old="secret", new="x")).is_error
    assert (root.parent / "secret.txt").read_text() == "secret"


async def test_a_directory_link_that_leads_outside_is_refused(call: Call, root: Path) -> None:
    (root / "up").symlink_to("..")
    (root / "abs").symlink_to(root.parent)
    for path in ("up/secret.txt", "abs/secret.txt", "up/new.txt", "abs/new.txt"):
        assert (await call("read_file", path=path)).is_error
        assert (await call("write_file", path=path, content="x")).is_error
    assert (await call("search_code", pattern="secret", path="up")).is_error
    assert (await call("list_files", path="up")).is_error
    assert "secret" not in (await call("search_code", pattern="s.cret")).text
    assert not (root.parent / "new.txt").exists()


async def test_a_link_is_followed_when_it_stays_inside(call: Call, root: Path) -> None:
    (root / "real").mkdir()
    (root / "real/a.txt").write_text("inside\n")
    (root / "link").symlink_to("real")
    (root / "real/deep").symlink_to("../real/a.txt")
    assert "inside" in (await call("read_file", path="link/deep")).text
    assert not (await call("write_file", path="link/b.txt", content="b")).is_error
    assert (root / "real/b.txt").read_text() == "b"


async def test_links_in_a_circle_are_refused(call: Call, root: Path) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    assert (await call("read_file", path="a")).is_error
    assert (await call("read_file", path="a/x")).is_error


@pytest.mark.parametrize("name", [".git", ".GIT", ".Git", ".g\u200cit", ".git.", "git~1", "sub/.git", "link"])
async def test_git_is_not_written_whatever_its_spelling(call: Call, root: Path, name: str) -> None:
    (root / ".git").mkdir()
    (root / "link").symlink_to(".git")
    assert (await call("write_file", path=f"{name}/hooks/pre-commit", content="x")).is_error
    assert list((root / ".git").iterdir()) == []


@pytest.mark.parametrize("name", [".gitignore", ".github", "git", "x.git", ".gitattributes"])
def test_names_that_only_resemble_git_are_free(name: str) -> None:
    assert not is_git_name(name)


async def test_the_sandbox_path_means_the_checkout(call: Call, files: FileTools, root: Path) -> None:
    await call("write_file", path="/work/src/a.py", content="x")
    assert (root / "src/a.py").read_text() == "x"
    assert files.written == {"src/a.py"}


@pytest.mark.parametrize("kind", ["fifo", "device"])
async def test_what_is_no_regular_file_is_refused_and_does_not_hang(call: Call, root: Path, kind: str) -> None:
    if kind == "fifo":
        os.mkfifo(root / "odd")
    else:
        (root / "odd").symlink_to("/dev/zero")
    assert (await call("read_file", path="odd")).is_error
    assert (await call("write_file", path="odd", content="x")).is_error
    assert "odd" not in (await call("search_code", pattern=".")).text


async def test_writing_keeps_the_mode_and_breaks_hard_links(call: Call, root: Path) -> None:
    (root / "run.sh").write_text("old")
    (root / "run.sh").chmod(0o776)
    os.link(root / "run.sh", root.parent / "outside-twin")
    await call("write_file", path="run.sh", content="new")
    assert (root / "run.sh").stat().st_mode & 0o777 == 0o776
    assert (root.parent / "outside-twin").read_text() == "old"
    assert (await call("list_files")).text == "run.sh"


PIECES = st.lists(
    st.sampled_from(["..", ".", "", "a", "b", "link", "up", "abs", ".git", "work", "secret.txt", "\u2024\u2024", " "]),
    max_size=7,
)


@examples(300, shared=True)
@given(pieces=PIECES, start=st.sampled_from(["", "/", "/work/", "./"]))
def test_nothing_outside_is_read_or_written_whatever_the_path(tmp_path: Path, pieces: list[str], start: str) -> None:
    top = tmp_path / "top"
    if not top.exists():
        (top / "a").mkdir(parents=True)
        (tmp_path / "secret.txt").write_text("secret")
        (top / "link").symlink_to("a")
        (top / "a/up").symlink_to("../..")
        (top / "abs").symlink_to(tmp_path)
        (top / ".git").mkdir()
    checkout = Checkout(top)
    path = start + "/".join(pieces)
    try:
        inside = relative(path)
    except ToolRefusal:
        return
    assert ".." not in inside.parts
    assert not inside.is_absolute()
    with suppress(ToolRefusal, OSError):
        assert b"secret" not in checkout.read(inside, 100)
    with suppress(ToolRefusal, OSError):
        checkout.write(inside / "probe", b"probe")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["secret.txt", "top"]
    assert (tmp_path / "secret.txt").read_text() == "secret"
    assert list((top / ".git").iterdir()) == []


def test_a_relative_path_is_taken_as_it_is() -> None:
    assert relative("./src//a.py") == PurePosixPath("src/a.py")
    assert relative("/work") == PurePosixPath()
