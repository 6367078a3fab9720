"""The file of a recording: what is written comes back, secrets do not, and what is wrong is said with its line."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.base.errors import ConfigError, UsageError
from ostinato.models.recording_file import RecordingWriter, read_recording

HEAD: dict[str, Any] = {
    "version": 1,
    "mode": "ralph",
    "project": "proj-1",
    "settings": {},
    "limits": {},
    "profiles": {},
    "prompts": {},
}
SECRET = 'sesame "open"\nnow é'
TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.text("ab", min_size=200, max_size=300)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS.filter(lambda name: name != "$text"), inner),
    max_leaves=8,
)


def written(path: Path, *lines: tuple[str, dict[str, Any]], **environ: str) -> Path:
    writer = RecordingWriter(path, environ)
    writer.write("head", **HEAD)
    for kind, fields in lines:
        writer.write(kind, **fields)
    writer.close()
    return path


@given(st.lists(VALUES, max_size=4))
def test_what_is_written_is_read_again(values: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder) / "r", *(("port", {"name": "p", "result": value}) for value in values))
        (section,) = read_recording(path)
    assert [line.fields["result"] for line in section.lines] == values


@given(st.data())
def test_a_file_cut_anywhere_is_read_up_to_its_last_whole_line(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder) / "r", *(("port", {"name": f"é{n}", "result": "x" * 99 * n}) for n in range(5)))
        whole = path.read_bytes()
        first = whole.index(b"\n") + 1
        kept = whole[: data.draw(st.integers(first, len(whole)))]
        path.write_bytes(kept)
        (section,) = read_recording(path)
    assert len(section.lines) == sum(b'"t":"port"' in line for line in kept.split(b"\n")[:-1])


def test_no_secret_reaches_the_file_in_any_form_when_it_stands_in_values_names_or_json(tmp_path: Path) -> None:
    inside = json.dumps({"command": f"login {SECRET}"})
    plain = json.dumps({"command": SECRET}, ensure_ascii=False)
    deep = {f"key {SECRET}": [inside, f"it said {plain}", {"a": f"x{SECRET}y"}], "shape": "sk-abcdefghijklmnopqrstuvwx"}
    path = written(tmp_path / "r", ("port", {"name": "p", "result": deep, "long": SECRET + "z" * 300}), MY_TOKEN=SECRET)
    said = path.read_bytes()
    for form in (SECRET, json.dumps(SECRET)[1:-1], json.dumps(json.dumps(SECRET))[2:-2]):
        assert form.encode() not in said
    assert b"sesame" not in said
    assert b"sk-abc" not in said
    (line,) = read_recording(path)[0].lines
    assert json.loads(line.fields["result"]["key [secret]"][0]) == {"command": "login [secret]"}


def test_only_its_owner_can_read_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = written(tmp_path / "r")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_stays_unless_it_may_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "r"
    path.write_text("mine")
    with pytest.raises(UsageError, match="--replace"):
        RecordingWriter(path, {})
    assert path.read_text() == "mine"
    RecordingWriter(path, {}, replace=True).close()
    assert path.read_text() == ""


def test_a_link_is_not_followed_when_a_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "r").symlink_to(tmp_path / "precious")
    RecordingWriter(tmp_path / "r", {}, replace=True).close()
    assert (tmp_path / "precious").read_text() == "mine"


def test_what_was_written_can_be_read_while_the_run_goes_on(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path / "r", {})
    writer.write("head", **HEAD)
    writer.write("port", name="p", result=None)
    assert len(read_recording(tmp_path / "r")[0].lines) == 1
    writer.close()


def _line(text: str) -> Callable[[list[str]], list[str]]:
    return lambda lines: [*lines[:2], text, *lines[2:]]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_line("{nonsense"), "line 3: is not JSON"),
        (_line("[1]"), "line 3: must be a JSON object"),
        (_line('{"t":"spell"}'), "line 3: unknown kind of line 'spell'"),
        (_line('{"t":"port","name":7}'), "line 3: port needs 'name'"),
        (_line('{"t":"port","name":{"$text":"feed"}}'), "line 3: names a text that no line before it holds"),
        (_line('{"t":"text","sha":"feed","text":"x"}'), "line 3: the text is not the one that its digest names"),
        (_line("[" * 100_000), "line 3: is not JSON"),
        (lambda lines: [*lines, '{"t":"end","stopped":"x","detail":"","rows":{}}', '{"t":"begin"}'], "line 5:"),
        (lambda lines: lines[1:], "line 1: a recording begins with a line of the kind 'head'"),
        (lambda lines: [lines[0].replace('"version":1', '"version":9')], "line 1: version 9 is not known"),
        (lambda _: [], "is empty"),
    ],
)
def test_a_spoilt_file_is_refused_with_the_line_that_is_wrong(
    tmp_path: Path, spoil: Callable[[list[str]], list[str]], said: str
) -> None:
    path = written(tmp_path / "r", ("begin", {}), ("port", {"name": "p"}))
    lines = spoil(path.read_text().splitlines())
    path.write_text("".join(f"{line}\n" for line in lines))
    with pytest.raises(ConfigError, match=said):
        read_recording(path)


def test_a_full_disk_ends_the_recording_and_not_the_run() -> None:
    writer = RecordingWriter(Path("/dev/full"), {}, append=True)
    writer.write("head", **HEAD)
    writer.write("begin")
    assert "stops before the run does" in writer.failed
    writer.close()
