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


async def test_an_edit_is_refused_when_the_file_changed_since_it_was_read(call: Call, root: Path) -> None:
    (root / "a.txt").write_text("one\n")
    await call("read_file", path="a.txt")
    (root / "a.txt").write_text("one\n" + "two\n" * 100)
    for _ in range(2):
        assert "changed since you read it" in (await call("edit_file", path="a.txt", old="one", new="1")).text
    await call("read_file", path="a.txt")
    assert not (await call("edit_file", path="a.txt", old="one", new="1")).is_error
    assert not (await call("edit_file", path="a.txt", old="1", new="one")).is_error


async def test_a_small_change_since_the_reading_is_shown_and_then_known(call: Call, root: Path) -> None:
    (root / "a.txt").write_text("one\ntwo\n")
    await call("read_file", path="a.txt")
    (root / "a.txt").write_text("one\n2\n")
    refused = await call("edit_file", path="a.txt", old="one", new="1")
    assert refused.is_error and "-two\n+2" in refused.text
    assert (root / "a.txt").read_text() == "one\n2\n"
    assert not (await call("edit_file", path="a.txt", old="one", new="1")).is_error


async def test_a_file_that_was_never_read_is_not_written_over(call: Call, root: Path) -> None:
    for name, content in (("long.py", "x = 1\n" * 100), ("short.py", "y = 1\n"), ("empty.py", "\n")):
        (root / name).write_text(content)
    refused = await call("write_file", path="long.py", content="z\n")
    assert refused.is_error and "read it before" in refused.text
    assert (root / "long.py").read_text() == "x = 1\n" * 100
    shown = await call("write_file", path="short.py", content="z\n")
    assert shown.is_error and "y = 1" in shown.text
    assert not (await call("write_file", path="short.py", content="z\n")).is_error
    assert not (await call("write_file", path="empty.py", content="z\n")).is_error
    await call("read_file", path="long.py", limit=1)
    assert not (await call("write_file", path="long.py", content="z\n")).is_error


async def test_a_whole_file_keeps_line_ends_and_byte_order_mark(call: Call, root: Path) -> None:
    (root / "a.cs").write_bytes(b"\xef\xbb\xbfa\r\nb\r\n")
    await call("read_file", path="a.cs")
    await call("write_file", path="a.cs", content="a\nc\n")
    assert (root / "a.cs").read_bytes() == b"\xef\xbb\xbfa\r\nc\r\n"


async def test_an_edit_without_old_makes_a_file_where_there_is_none(call: Call, root: Path) -> None:
    assert not (await call("edit_file", path="new/a.py", old="", new="x = 1\n")).is_error
    assert (root / "new/a.py").read_text() == "x = 1\n"
    assert (await call("edit_file", path="new/a.py", old="", new="y\n")).is_error
    assert (await call("edit_file", path="other.py", old="a", new="y\n")).is_error


async def test_what_is_read_only_or_a_link_or_binary_is_left_alone(call: Call, root: Path) -> None:
    (root / "locked.txt").write_text("one\n")
    (root / "locked.txt").chmod(0o444)
    (root / "bytes").write_bytes(b"a\0b\n")
    (root / "link").symlink_to("locked.txt")
    for name, said in (("locked.txt", "read-only"), ("link", "a link to locked.txt"), ("bytes", "binary")):
        refused = await call("edit_file", path=name, old="one", new="1")
        assert refused.is_error and said in refused.text
        assert (await call("write_file", path=name, content="1\n")).is_error
    assert (root / "locked.txt").read_text() == "one\n" and (root / "bytes").read_bytes() == b"a\0b\n"


async def test_what_stands_for_left_out_text_is_never_written(call: Call, root: Path) -> None:
    refused = await call("write_file", path="a.py", content="def f():\n    # ... rest of the code unchanged\n")
    assert refused.is_error and "line 2" in refused.text
    assert not (root / "a.py").exists()


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
