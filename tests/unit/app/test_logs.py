"""The log of a run in the background, line by line."""

from __future__ import annotations

import os
from pathlib import Path

from ostinato.app.logs import log_stream, new_log
from ostinato.base.redaction import Redaction
from ostinato.testing.fake_clock import FakeClock


def test_lines_get_their_time_and_lose_their_secrets_even_in_pieces(tmp_path: Path) -> None:
    clock = FakeClock()
    descriptor, path = new_log(tmp_path, "os-1", clock)
    stream = log_stream(descriptor, clock, Redaction({"API_KEY": "0123456789"}))
    print("first line", file=stream)
    stream.buffer.write(b"the key is 01234")
    assert path.read_text().count("\n") == 1
    stream.buffer.write("56789 é\nand \ud800".encode("utf-8", "backslashreplace"))
    stream.write(" the rest")
    stream.close()
    os.close(descriptor)
    times = {line[:20] for line in path.read_text().splitlines()}
    assert times == {f"{clock.now():%Y-%m-%dT%H:%M:%S}Z"}
    assert [line[21:] for line in path.read_text().splitlines()] == [
        *("first line", "the key is [secret] é", "and \\ud800 the rest")
    ]
