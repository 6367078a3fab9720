"""What a command printed can be paged and searched by its handle, whatever it printed, and takes a bounded place."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.sandbox.direct import DirectRunner
from ostinato.sandbox.profile import SandboxProfile
from ostinato.tools.files import FileTools
from ostinato.tools.outputs import HEAD, ROW, TAIL, Output, Outputs
from ostinato.tools.paths import Checkout
from ostinato.tools.printed import printed
from ostinato.tools.search import search_tool
from ostinato.tools.shell import shell_tool
from ostinato.tools.toolbox import Toolbox
from tests.unit.tools.conftest import Call, calling


@pytest.fixture
def outputs(root: Path) -> Outputs:
    return Outputs(root.parent / "outputs")


@pytest.fixture
def agent(root: Path, outputs: Outputs) -> Call:
    files, checkout = FileTools(Checkout(root), outputs), Checkout(root)
    runner = DirectRunner(SandboxProfile())
    return calling(Toolbox([*files.reading(), search_tool(checkout, outputs), shell_tool(runner, root, outputs)]))


async def test_the_rest_of_a_long_output_is_read_from_where_the_answer_says(agent: Call) -> None:
    answer = (await agent("run_command", command="seq 200000; seq 5 >&2")).text
    assert len(answer) < 32_000
    assert answer.startswith("exit code 0 (kept as output:1)\nstdout:\n1\n2\n3\n")
    assert "\n199999\n200000\nstderr:\n1\n2\n3\n4\n5" in answer
    found = re.search(r'(\d+)\n… [\d,]+ lines left out; read_file {"path": "output:1", "offset": (\d+)}', answer)
    assert found
    page = (await agent("read_file", path="output:1", offset=int(found[2]), limit=3)).text
    first = int(found[1]) + 1
    assert page.startswith(f"{first:>5}  {first}\n{first + 1:>5}  {first + 1}\n{first + 2:>5}  {first + 2}\n")
    assert page.endswith(f"{200_000 - first - 2} more lines, read on with offset {first + 3}")
    hits = (await agent("search_code", path="output:1", pattern="^1234.6$")).text
    assert hits.splitlines() == [f"output:1:1234{n}6: 1234{n}6" for n in range(10)]


async def test_both_streams_have_handles_and_a_short_answer_has_none(agent: Call) -> None:
    assert (await agent("run_command", command="echo hi")).text == "exit code 0\nstdout:\nhi"
    assert "(kept as output:2, output:2.err)" in (await agent("run_command", command="seq 500; seq 500 >&2")).text
    assert "  500  500" in (await agent("read_file", path="output:2.err", offset=499)).text
    gone = await agent("read_file", path="output:1")
    assert gone.is_error
    assert "output:1 is not kept: run the command again; there are output:2, output:2.err" in gone.text


async def test_binary_output_and_one_endless_line_can_be_read(agent: Call) -> None:
    command = "head -c 9000 /dev/zero | tr '\\0' x; printf 'y\\n\\0\\377\\303\\251\\n'; seq 300"
    answer = (await agent("run_command", command=command)).text
    assert len(answer) < 5_000
    page = await agent("read_file", path="output:1", offset=5, limit=3)
    assert [line.split()[0] for line in page.text.splitlines()[:3]] == ["5", "6", "7"]
    assert page.text.splitlines()[0].endswith(f"({9_001 - 4 * ROW} characters)")
    assert page.text.splitlines()[1] == "    6  \ufffd\ufffdé"
    assert "output:1:6: " in (await agent("search_code", path="output:1", pattern="é")).text
    assert (await agent("read_file", path="output:1", offset=999)).is_error


def _fed(output: Output, size: int, piece: int = 1 << 20) -> None:
    lines = b"".join(b"%015d\n" % n for n in range(size // 16))
    for at in range(0, len(lines), piece):
        output.stdout(lines[at : at + piece])


def test_of_a_huge_stream_beginning_and_end_are_kept(outputs: Outputs) -> None:
    size = HEAD + 2 * TAIL + 48 * 1000
    output = outputs.next()
    _fed(output, size, 1_000_003)
    assert output.close() == ("output:1", "")
    data = (outputs.folder / "output:1").read_bytes()
    head, marker, tail = data.partition(f"\n… {size - HEAD - TAIL} bytes left out …\n".encode())
    assert (len(head), bool(marker), len(tail)) == (HEAD, True, TAIL)
    numbers = [int(line) for line in tail.splitlines()]
    assert numbers == list(range(size // 16 - TAIL // 16, size // 16))


def test_the_oldest_outputs_give_way_and_all_end_with_the_iteration(tmp_path: Path) -> None:
    outputs = Outputs(tmp_path / "outputs", most=3_000)
    for _ in range(4):
        output = outputs.next()
        _fed(output, 1_600)
        output.close()
    assert sorted(path.name for path in outputs.folder.iterdir()) == ["output:4"]
    outputs.clear()
    assert not outputs.folder.exists()


def test_a_disk_that_cannot_be_written_costs_the_rest_not_the_command(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    output = Outputs(tmp_path / "file" / "outputs").next()
    output.stdout(b"x" * 5_000)
    assert output.close() == ("", "")


ROWS = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=30), max_size=60)


@given(ROWS, st.integers(50, 400))
def test_what_is_shown_is_bounded_and_names_the_next_row(lines: list[str], room: int) -> None:
    text = "\n".join([*lines, "z" * (2 * ROW + 5), *lines])
    shown = printed(text, room, "output:1")
    assert len(shown) <= room + 160
    found = re.search(r'"offset": (\d+)', shown)
    if found and "more times" not in shown and "\x1b" not in text and "\b" not in text:
        head = shown[: shown.index("\n… ")] if "\n… " in shown else ""
        rows = [piece for line in text.rstrip().split("\n") for piece in (_pieces(line) or [""])]
        assert int(found[1]) <= len(rows)
        if head and "characters left out" not in head:
            assert rows[: int(found[1]) - 1] == head.split("\n")


def _pieces(line: str) -> list[str]:
    return [line[at : at + ROW] for at in range(0, len(line), ROW)]


def test_repeated_and_redrawn_lines_are_told_once() -> None:
    bar = "".join(f"\r{n}%" for n in range(101))
    said = f"start\n{bar}\n\x1b[31mred\x1b[0m\n" + "wait\n" * 50 + "end\n"
    assert printed(said, 1_000) == "start\n100%\nred\nwait\n(the same line 49 more times)\nend"


_MEASURE = """
import asyncio, resource, sys
from pathlib import Path
from ostinato.sandbox.capture import capture
from ostinato.tools.outputs import Outputs

async def main() -> None:
    outputs = Outputs(Path(sys.argv[1]))
    async def ran(command):
        sink = outputs.next()
        done = await capture(["/bin/sh", "-c", command], cwd=Path("/"), env={}, timeout=300, sink=sink)
        assert done.exit_code == 0 and len(done.stdout) + len(done.stderr) < 400_000, done.exit_code
        sink.close()
    await ran("seq 100000; seq 100000 >&2")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await ran(sys.argv[2])
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)

asyncio.run(main())
"""


def test_memory_stays_bounded_when_a_command_prints_a_gigabyte(tmp_path: Path) -> None:
    command = "/usr/bin/yes 2>/dev/null | head -c 700M; head -c 324M /dev/zero >&2"
    ran = subprocess.run(
        [sys.executable, "-c", _MEASURE, str(tmp_path / "outputs"), command], capture_output=True, text=True, check=True
    )
    assert int(ran.stdout) < 16 * 1024, f"{ran.stdout} KiB more"
    assert sum(path.stat().st_size for path in (tmp_path / "outputs").iterdir()) < 20 << 20


def test_a_line_that_fills_its_row_exactly_is_one_row(outputs: Outputs) -> None:
    output = outputs.next()
    output.stdout(b"x" * ROW + b"\n\nnext\n" + b"y" * 2 * ROW)
    output.close()
    assert list(outputs.rows("output:1")) == ["x" * ROW, "", "next", "y" * ROW, "y" * ROW]
