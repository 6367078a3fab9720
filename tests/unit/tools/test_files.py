"""Reading, listing and writing files of a checkout."""

from __future__ import annotations

from pathlib import Path

from tests.unit.tools.conftest import Call


async def test_lines_are_numbered_as_editors_number_them(call: Call, root: Path) -> None:
    (root / "a.txt").write_bytes(b"one\x0cstill one\r\ntwo\n\xe2\x80\xa8three")
    rows = (await call("read_file", path="a.txt")).text.split("\n")
    assert [row.split()[0] for row in rows] == ["1", "2", "3"]


async def test_a_page_names_where_to_read_on_when_the_file_is_long(call: Call, root: Path) -> None:
    (root / "a.txt").write_text("".join(f"L{n}\n" for n in range(1, 5001)))
    first = (await call("read_file", path="a.txt")).text
    assert "L2000\n" in first
    assert "L2001" not in first
    assert first.endswith("3000 more lines, read on with offset 2001")
    page = (await call("read_file", path="a.txt", offset="10", limit=2)).text
    assert [row.split()[0] for row in page.splitlines()[:2]] == ["10", "11"]


async def test_every_line_can_be_reached_when_pages_are_cut_by_size(call: Call, root: Path) -> None:
    (root / "a.txt").write_text("".join(f"{n} {'x' * 400}\n" for n in range(1, 301)))
    seen, offset = 0, 1
    while offset <= 300:
        text = (await call("read_file", path="a.txt", offset=offset)).text
        assert "characters left out" not in text
        assert len(text) <= 32_000
        rows = [row for row in text.splitlines() if row.endswith("xxx")]
        seen += len(rows)
        offset += len(rows)
    assert seen == 300


async def test_long_lines_are_cut(call: Call, root: Path) -> None:
    (root / "a.txt").write_text("x" * 50_000)
    assert len((await call("read_file", path="a.txt")).text) < 1_200


async def test_bytes_that_are_no_utf8_are_shown_and_survive_an_edit(call: Call, root: Path) -> None:
    (root / "a.txt").write_bytes(b"caf\xe9 one\n")
    result = await call("read_file", path="a.txt")
    assert "caf\ufffd one" in result.text
    result.text.encode()
    result = await call("edit_file", path="a.txt", old="one", new="two")
    result.text.encode()
    assert (root / "a.txt").read_bytes() == b"caf\xe9 two\n"


async def test_binary_missing_and_out_of_range_are_said(call: Call, root: Path) -> None:
    (root / "b.bin").write_bytes(b"PNG\0\0")
    (root / "src").mkdir()
    (root / "src/parser.py").write_text("x\n")
    (root / "empty").write_text("")
    assert "binary" in (await call("read_file", path="b.bin")).text
    assert "did you mean src/parser.py" in (await call("read_file", path="parser.py")).text
    assert "did you mean src/parser.py" in (await call("read_file", path="src/parsr.py")).text
    assert "has 1 line" in (await call("read_file", path="src/parser.py", offset=5)).text
    assert (await call("read_file", path="empty")).text == "(empty)"
    assert (await call("read_file", path="src")).is_error


async def test_writing_says_whether_the_file_is_new(call: Call, root: Path) -> None:
    assert (await call("write_file", path="a/b/c.txt", content="1\n2\n")).text == "created a/b/c.txt (2 lines)"
    assert (await call("write_file", path="a/b/c.txt", content="1")).text == "replaced a/b/c.txt (1 line)"
    assert (root / "a/b/c.txt").read_text() == "1"
    assert (await call("write_file", path="a/b", content="x")).is_error
    assert (await call("write_file", path="a/b/c.txt/d", content="x")).is_error


async def test_an_edit_is_refused_until_the_file_is_read_again_when_it_changed(call: Call, root: Path) -> None:
    (root / "a.txt").write_text("one\n")
    await call("read_file", path="a.txt")
    (root / "a.txt").write_text("one\ntwo\n")
    for _ in range(2):
        assert "changed since you read it" in (await call("edit_file", path="a.txt", old="one", new="1")).text
    await call("read_file", path="a.txt")
    assert not (await call("edit_file", path="a.txt", old="one", new="1")).is_error
    assert not (await call("edit_file", path="a.txt", old="two", new="2")).is_error
    assert (root / "a.txt").read_text() == "1\n2\n"


async def test_a_glob_without_a_slash_fits_in_any_directory(call: Call, root: Path) -> None:
    for path in ("a.py", "src/b.py", "src/c.txt", "node_modules/d.py", ".git/e.py"):
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text("x\n")
    assert (await call("list_files", glob="*.py")).text.split() == ["a.py", "src/b.py"]
    assert (await call("list_files", path="src", glob="*.py")).text.split() == ["src/b.py"]
    assert (await call("list_files", path="src", glob="src/*.txt")).text.split() == ["src/c.txt"]
    assert (await call("list_files", path="src", glob="*.md")).text == "(no files)"
    assert (await call("list_files", path="nowhere")).is_error


async def test_conventions_are_those_nearest_to_the_path(call: Call, root: Path) -> None:
    assert "no AGENTS.md" in (await call("read_agents_md", path=".")).text
    (root / "AGENTS.md").write_text("top rules")
    (root / "lib").mkdir()
    (root / "lib/AGENTS.md").write_text("lib rules")
    assert "lib rules" in (await call("read_agents_md", path="lib/new/file.py")).text
    assert "top rules" in (await call("read_agents_md", path="src/a.py")).text
