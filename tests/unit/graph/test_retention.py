"""An outline of a change counts as the change does, and says nothing of its lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ostinato.base.diffstat import diffstat
from ostinato.graph.retention import NARRATED, outline
from ostinato.store.database import queries
from tests.examples import examples
from tests.unit.night import DIFF

LINES = st.lists(st.tuples(st.sampled_from("+- "), st.sampled_from(["secret", "", "++ x", "@@ 1", "diff --git"])))


def test_outline_keeps_files_and_counts_and_drops_every_line() -> None:
    assert outline(DIFF) == DIFF.replace("old", "").replace("new", "").replace("more", "")
    assert diffstat(outline(DIFF)) == diffstat(DIFF)
    assert outline("") == ""


@given(st.lists(st.tuples(st.sampled_from(["a.py", "b c.py"]), LINES), max_size=3))
@examples(50)
def test_outline_counts_as_the_whole_whatever_its_lines_say(files: list[tuple[str, list[tuple[str, str]]]]) -> None:
    diff = "".join(
        f"diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n"
        + "".join(f"{mark}{text}\n" for mark, text in lines)
        for name, lines in files
    )
    short = outline(diff)
    assert diffstat(short) == diffstat(diff)
    assert outline(short) == short
    assert "secret" not in short


def test_the_sql_names_the_kinds_that_the_rules_name() -> None:
    kinds = ", ".join(f"'{kind}'" for kind in NARRATED)
    for name in ("events_kept", "events_due", "delete_events"):
        assert f"kind IN ({kinds})" in queries("retention")[name]
