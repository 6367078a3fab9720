"""Edits as models write them, on real files: each is done to the byte, or refused with the file left as it was.

The corpus is `edits/*.toml`. A wrong edit is worse than any refusal: it is committed, and nobody asked for it.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.unit.tools.conftest import Call

CORPUS = Path(__file__).with_name("edits")
CASES = [
    pytest.param(case, id=f"{file.stem}: {case['name']}")
    for file in sorted(CORPUS.glob("*.toml"))
    for case in tomllib.loads(file.read_text("utf-8"))["cases"]
]
LONGEST_REFUSAL = 600
"""Characters, about 150 tokens."""


async def outcome(call: Call, root: Path, case: dict[str, Any]) -> str:
    """Return how a case ended: `right`, `refused rightly`, or what is wrong with it."""
    path = root / case.get("path", "a.py")
    before = case["before"].encode()
    path.write_bytes(before)
    await call("read_file", path=path.name)
    asked = {"path": path.name, "old": case["old"], "new": case["new"], "all": case.get("all", False)}
    answer = await call("edit_file", **asked)
    after = path.read_bytes()
    if "after" in case:
        return "right" if after == case["after"].encode() and not answer.is_error else f"{after!r}, {answer.text}"
    if after != before:
        return f"WRITTEN {after!r}"
    if not answer.is_error or not re.search(case["says"], answer.text):
        return f"not said: {answer.text}"
    return "refused rightly" if len(answer.text) <= LONGEST_REFUSAL else f"too long: {answer.text}"


@pytest.mark.parametrize("case", CASES)
async def test_an_edit_is_right_or_refused(call: Call, root: Path, case: dict[str, Any]) -> None:
    assert await outcome(call, root, case) == ("right" if "after" in case else "refused rightly")


async def test_no_edit_of_the_corpus_is_wrong(call: Call, root: Path) -> None:
    ends = [await outcome(call, root, param.values[0]) for param in CASES]  # type: ignore[arg-type]
    counts = {end: ends.count(end) for end in ("right", "refused rightly")}
    print(f"\n{len(ends)} edits: {counts}, wrong {len(ends) - sum(counts.values())}")
    assert sum(counts.values()) == len(ends) >= 200
