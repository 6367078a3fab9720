"""Whatever a file holds, it is imported whole by our rules or refused in one line: never a crash, never a half."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.base.errors import UsageError
from ostinato.graph.importing.problems import MalformedError
from ostinato.graph.importing.reading import read_import
from ostinato.graph.importing.values import Format, Imported
from ostinato.graph.status import STATUSES
from tests.examples import examples
from tests.unit.graph.importing.reading import files_of

SOURCES = {
    "bd_current.jsonl": Format.BEADS,
    "br_old.jsonl": Format.BEADS,
    "prd.json": Format.PRD,
    "spec.json": Format.SPEC,
    "PRD.md": Format.MARKDOWN,
    "goal.toml": Format.GOAL_FILE,
}


def imported_or_refused(name: str, text: str, asked: Format | None) -> Imported | None:
    try:
        found = read_import({name: text}, asked)
    except (MalformedError, UsageError) as error:
        assert "\n" not in error.message
        assert len(error.message) < 2000
        return None
    keys = {node.key for node in found.nodes}
    assert len(keys) == len(found.nodes)
    for node in found.nodes:
        assert node.status in STATUSES[node.node_type]
        assert node.parent_key is None or node.parent_key in keys
        assert node.title.strip()
        for value in node.metadata.values():
            assert isinstance(value, str) and "\0" not in value
    assert all({edge.from_key, edge.to_key} <= keys for edge in found.edges)
    return found


@pytest.mark.parametrize("name", SOURCES)
@examples(25)
@given(data=st.data())
def test_mutated_files_never_crash(name: str, data: st.DataObject) -> None:
    (text,) = files_of(name).values()
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 12))
        patch = data.draw(
            st.sampled_from(["", "\0", '"', "{", "[[", "null", "\\ud800", "\n", "- [ ] ", "=", "\x1b", "é\u2028"])
        )
        text = text[:place] + patch + text[place + length :]
    imported_or_refused(name, text, SOURCES[name])


@examples(40)
@given(st.text(max_size=200), st.sampled_from([None, *Format]))
def test_any_text_as_any_format_never_crashes(text: str, asked: Format | None) -> None:
    imported_or_refused("stdin", text, asked)


VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 9),
    st.sampled_from(
        ["a-1", "a-2", "a-2.1", "a-3", "", "epic", "decision", "message", "closed", "blocked", "tombstone", "\0"]
    ),
    st.lists(st.text(max_size=3), max_size=2),
)
KINDS = st.sampled_from(["blocks", "parent-child", "parent_child", "supersedes", "duplicates", "related", "waits-for"])
KEYS = st.sampled_from(["a-1", "a-2", "a-2.1", "a-3", "a-4", "external:x"])
ISSUES = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a-1", "a-2", "a-2.1", "a-3", "a-4"]),
        "title": st.just("Title"),
        "dependencies": st.lists(st.fixed_dictionaries({"depends_on_id": KEYS, "type": KINDS}), max_size=4),
    },
    optional={
        "issue_type": st.sampled_from(["task", "epic", "decision", "message", "gate", "molecule"]),
        "status": st.sampled_from(["open", "closed", "blocked", "in_progress", "deferred", "tombstone", "odd"]),
        "priority": st.integers(0, 4),
        "extra": VALUES,
    },
)


@examples(80)
@given(st.lists(ISSUES, max_size=7))
def test_tangled_issues_are_untangled(rows: list[dict[str, Any]]) -> None:
    imported_or_refused("issues.jsonl", "\n".join(map(json.dumps, rows)), Format.BEADS)
