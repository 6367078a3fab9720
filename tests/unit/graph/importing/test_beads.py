"""Beads in all its dialects; each trap of its files that was seen in the wild is a test."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ostinato.graph.details import OutcomeDetails
from ostinato.graph.importing.problems import MalformedError
from ostinato.graph.importing.reading import read_import
from ostinato.graph.importing.values import Format
from ostinato.graph.types import NodeType, Priority, Status, TaskDetails
from tests.unit.graph.importing.reading import by_key, edges_of, issues, needs, read_fixture


def test_a_file_of_today_becomes_goals_tasks_decisions_and_observations() -> None:
    imported = read_fixture("bd_current.jsonl")
    nodes = by_key(imported)
    assert (imported.format, imported.name) == (Format.BEADS, "my-app_x")
    assert imported.skipped == {"header": 1}
    assert nodes["my-app_x-a3f"].node_type is NodeType.GOAL
    assert nodes["my-app_x-a3f"].status is Status.ACTIVE
    cart = nodes["my-app_x-a3f.1"]
    assert (cart.parent_key, cart.priority, cart.status) == ("my-app_x-a3f", Priority.CRITICAL, Status.PENDING)
    assert cart.details == TaskDetails(acceptance_criteria=("totals are right", "empty is 0"))
    assert cart.created_at == "2026-01-01T08:00:00.000000Z"
    assert cart.labels == ("ui",)
    assert nodes["memory#style"].description == "Tabs, never blanks"
    assert ("depends_on", "my-app_x-a3f.1", "my-app_x-b2") in edges_of(imported)


def test_what_has_no_field_is_kept_word_for_word() -> None:
    nodes = by_key(read_fixture("bd_current.jsonl"))
    kept = nodes["my-app_x-a3f.1"].metadata
    assert kept["beads.design"] == "One table"
    assert kept["beads.notes"] == "Ask bo"
    assert kept["beads.status"] == "in_progress"
    assert kept["beads.assignee"] == "bo"
    assert kept["beads.estimated_minutes"] == "90"
    assert kept["beads.issue_type"] == "feature"
    assert kept["beads.created_at"] == "2026-01-01T09:00:00+01:00"
    assert json.loads(kept["beads.dependencies"])[0]["created_by"] == "ann"
    assert nodes["my-app_x-a3f"].metadata["beads.created_at"] == "2026-01-01T08:00:00.123456789Z"
    assert nodes["my-app_x-b2"].metadata["beads.metadata"] == '{"team":["a",1]}'
    assert nodes["my-app_x-b2"].metadata["beads.timeout"] == "5000000000"
    assert not any("count" in name for name in nodes["my-app_x-a3f"].metadata)


def test_agents_are_told_design_and_notes() -> None:
    told = by_key(read_fixture("bd_current.jsonl"))["my-app_x-a3f.1"].description
    assert told == "Sums up\n\n## Design\n\nOne table\n\n## Notes\n\nAsk bo"


def test_a_closed_issue_keeps_its_time_and_tells_its_reason_as_an_outcome() -> None:
    imported = read_fixture("bd_current.jsonl")
    nodes = by_key(imported)
    assert nodes["my-app_x-b2"].status is Status.COMPLETED
    assert nodes["my-app_x-b2"].completed_at == "2026-01-04T08:00:00.000000Z"
    outcome = nodes["my-app_x-b2#outcome"]
    assert (outcome.title, outcome.details) == ("Read from the new file", OutcomeDetails(success=True))
    assert ("leads_to", "my-app_x-b2", "my-app_x-b2#outcome") in edges_of(imported)


def test_a_comment_is_an_observation_about_its_issue() -> None:
    imported = read_fixture("bd_current.jsonl")
    comment = by_key(imported)["my-app_x-a3f.1#comment-0193-uuid"]
    assert (comment.title, comment.description, comment.created_by) == ("bo: Mind the gap", "Mind the\ngap", "bo")
    assert ("informs", comment.key, "my-app_x-a3f.1") in edges_of(imported)


def test_the_headings_of_a_closed_decision_are_its_options() -> None:
    imported = read_fixture("bd_current.jsonl")
    options = {n.title: n.status for n in imported.nodes if n.node_type is NodeType.OPTION}
    assert options == {"Use click": Status.CHOSEN, "argparse": Status.REJECTED, "typer": Status.REJECTED}
    labels = {edge.label for edge in imported.edges if edge.edge_type in ("chosen", "rejected")}
    assert labels == {"Known here", "too wordy", "slow"}
    assert by_key(imported)["my-app_x-c3"].status is Status.DECIDED


def test_the_options_of_an_open_decision_are_open() -> None:
    imported = issues({"id": "a-1", "issue_type": "decision", "description": "## Decision\nx\n## Alternatives\n- y"})
    assert {n.status for n in imported.nodes if n.node_type is NodeType.OPTION} == {Status.ACTIVE}
    assert {edge.edge_type.value for edge in imported.edges} == {"leads_to"}


def test_old_files_and_rescue_scripts_are_read() -> None:
    imported = read_fixture("br_old.jsonl")
    nodes = by_key(imported)
    assert imported.name == "beads_rust"
    assert nodes["beads_rust-1"].parent_key == "beads_rust-07b"
    assert nodes["beads_rust-1"].metadata["beads.ephemeral"] == "1"
    assert "beads.is_template" not in nodes["beads_rust-1"].metadata
    assert {"beads_rust-1#comment-7", "beads_rust-1#comment-2"} <= set(nodes)
    assert nodes["beads_rust-6"].node_type is NodeType.OBSERVATION
    assert nodes["beads_rust-6"].metadata["beads.issue_type"] == "agent"


def test_deleted_issues_are_left_out_and_hold_nobody_up() -> None:
    imported = read_fixture("br_old.jsonl")
    assert imported.skipped == {"deleted issue": 1}
    assert "beads_rust-dead" not in by_key(imported)
    assert not any("beads_rust-dead" in warning for warning in imported.warnings)


def test_dangling_and_outside_dependencies_are_named_and_kept() -> None:
    imported = read_fixture("br_old.jsonl")
    nodes = by_key(imported)
    assert any("beads_rust-gone" in warning for warning in imported.warnings)
    assert "beads_rust-gone" in nodes["beads_rust-1"].metadata["beads.dependencies"]
    outside = nodes["beads_rust-2"]
    assert (outside.status, outside.blocked_reason) == (Status.BLOCKED, "waits for external:other:ready (beads)")
    assert any("external:other:ready" in warning for warning in imported.warnings)
    assert "discovered-from" in outside.metadata["beads.dependencies"]


def test_statuses_become_ours() -> None:
    nodes = by_key(read_fixture("br_old.jsonl"))
    found = {key[-1]: (nodes[key].status, nodes[key].blocked_reason) for key in nodes if key[-2] == "-"}
    assert found["3"] == (Status.BLOCKED, "blocked in beads")
    assert found["4"] == (Status.PENDING, None)
    assert found["5"] == (Status.BLOCKED, "deferred in beads")
    assert found["7"] == (Status.PENDING, None)
    assert nodes["beads_rust-7"].metadata["beads.status"] == "triage"
    assert nodes["beads_rust-5"].metadata["beads.defer_until"] == "2030-01-01T00:00:00Z"


def test_the_kind_of_a_dependency_is_the_label_of_its_edge() -> None:
    imported = read_fixture("br_old.jsonl")
    labels = {edge.from_key: edge.label for edge in imported.edges if edge.edge_type == "depends_on"}
    assert labels == {"beads_rust-4": "waits-for"}
    assert "all-children" in by_key(imported)["beads_rust-4"].metadata["beads.dependencies"]


@pytest.mark.parametrize("name", ["bd_list.json", "bd_envelope.json"])
def test_lists_of_the_program_are_read_bare_and_in_an_envelope(name: str) -> None:
    imported = read_fixture(name)
    assert imported.format is Format.BEADS
    assert by_key(imported)["bd-1.2"].parent_key == "bd-1"


def test_what_the_program_shows_names_the_other_issue_itself() -> None:
    imported = read_fixture("bd_show.json")
    assert edges_of(imported) == {("depends_on", "bd-2", "bd-1")}


def test_a_single_shown_issue_over_several_lines_is_read() -> None:
    text = json.dumps({"id": "bd-1", "title": "One", "priority": 2, "issue_type": "task"}, indent=2)
    assert list(by_key(read_import({"one.json": text}))) == ["bd-1"]


def test_a_backup_with_a_file_for_each_table_is_read() -> None:
    imported = read_fixture("tables")
    nodes = by_key(imported)
    assert nodes["gt-1"].labels == ("ui", "db")
    assert nodes["gt-1"].metadata["beads.timeout_ns"] == "5"
    assert nodes["gt-1"].metadata["beads.metadata"] == '{"k":1}'
    assert "beads.compaction_level" not in nodes["gt-1"].metadata
    assert nodes["gt-1#comment-c1"].description == "Hello"
    assert ("depends_on", "gt-2", "gt-1") in edges_of(imported)
    assert imported.skipped == {"config": 1, "events": 1}


def test_of_an_issue_that_is_there_twice_the_newest_counts_and_the_rest_is_named() -> None:
    imported = issues(
        {"id": "a-1", "title": "new", "updated_at": "2026-02-01T00:00:00Z", "labels": ["n"]},
        {"id": "a-1", "title": "old", "updated_at": "2026-01-01T00:00:00Z", "labels": ["o"]},
        {"id": "a-1", "title": "offset", "updated_at": "2026-02-01T00:30:00+01:00"},
    )
    assert [(node.title, node.labels) for node in imported.nodes] == [("new", ("n",))]
    assert imported.skipped == {"older line of the same issue": 2}
    assert any("a-1 is there 3 times" in warning and "line 1" in warning for warning in imported.warnings)


def test_a_link_to_nothing_is_named_without_saying_who_blocks_whom() -> None:
    imported = issues({"id": "a-1", "dependencies": [needs("a-9")]})
    assert imported.warnings == ("a-1: its link to 'a-9' (blocks) is left out: there is no such issue",)


def test_a_circle_loses_its_latest_dependency_by_name() -> None:
    imported = issues(
        {"id": "a-1", "dependencies": [needs("a-2")]},
        {"id": "a-2", "dependencies": [needs("a-3")]},
        {"id": "a-3", "dependencies": [needs("a-1")]},
    )
    assert edges_of(imported) == {("depends_on", "a-1", "a-2"), ("depends_on", "a-2", "a-3")}
    assert any("a-3 depends_on a-1 is left out" in w and "→" in w for w in imported.warnings)


def test_a_parent_that_is_blocked_by_its_child_waits_for_it_anyway() -> None:
    imported = issues(
        {"id": "a-1", "dependencies": [needs("a-2")]}, {"id": "a-2", "dependencies": [needs("a-1", "parent-child")]}
    )
    assert edges_of(imported) == set()
    assert by_key(imported)["a-2"].parent_key == "a-1"


def test_parents_in_a_circle_stand_at_the_top() -> None:
    imported = issues(
        {"id": "a-1", "dependencies": [needs("a-2", "parent-child")]},
        {"id": "a-2", "dependencies": [needs("a-1", "parent-child")]},
    )
    assert {node.parent_key for node in imported.nodes} == {None, "a-2"}
    assert any("would lie in itself" in warning for warning in imported.warnings)


def test_an_epic_in_a_task_is_a_task() -> None:
    imported = issues(
        {"id": "a-1"}, {"id": "a-2", "issue_type": "epic", "dependencies": [needs("a-1", "parent-child")]}
    )
    assert by_key(imported)["a-2"].node_type is NodeType.TASK


def test_a_closed_parent_of_open_work_is_open_here() -> None:
    imported = issues({"id": "a-1", "status": "closed"}, {"id": "a-2", "dependencies": [needs("a-1", "parent-child")]})
    assert by_key(imported)["a-1"].status is Status.PENDING
    assert by_key(imported)["a-1"].metadata["beads.status"] == "closed"
    assert any("a-1 is closed there" in warning for warning in imported.warnings)


def test_superseding_and_duplicates_become_edges() -> None:
    imported = issues(
        {"id": "a-1", "issue_type": "decision", "status": "closed"},
        {"id": "a-2", "issue_type": "decision", "dependencies": [needs("a-1", "supersedes")]},
        {"id": "a-3"},
        {"id": "a-4", "status": "closed", "dependencies": [needs("a-3", "duplicates")]},
    )
    assert edges_of(imported) == {("supersedes", "a-2", "a-1"), ("supersedes", "a-3", "a-4")}
    nodes = by_key(imported)
    assert (nodes["a-1"].status, nodes["a-4"].status) == (Status.SUPERSEDED, Status.CANCELLED)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"id": ""}, "id is missing"),
        ({"id": "a" * 10_000}, "id has 10,000 characters"),
        ({"id": "a b"}, "id has a blank"),
        ({"id": "a-1", "title": " "}, "title is missing or blank"),
        ({"id": "a-1", "title": 5}, "title must be a text"),
        ({"id": "a-1", "title": "a\0b"}, "NUL"),
        ({"id": "a-1", "title": "\ud800"}, "not valid Unicode"),
        ({"id": "a-1", "priority": 9}, "priority must be a number from 0 to 4"),
        ({"id": "a-1", "priority": True}, "priority must be a number from 0 to 4"),
        ({"id": "a-1", "created_at": "yesterday"}, "created_at must be a time"),
        ({"id": "a-1", "labels": [[]]}, "labels must be a list of texts"),
        ({"id": "a-1", "dependencies": {}}, "dependencies must be a list of objects"),
        ({"id": "a-1", "is_template": "maybe"}, "is_template must be true or false"),
        ({"id": "a-1", "metadata": "\0"}, "NUL"),
        ({"id": "a-1", "comments": [{"id": "\0", "text": "t"}]}, "NUL"),
    ],
)
def test_a_bad_issue_is_refused_by_file_line_and_reason(row: dict[str, Any], said: str) -> None:
    with pytest.raises(MalformedError) as error:
        issues({"id": "a-0"}, row)
    assert "issues.jsonl: line 2" in error.value.message
    assert said in error.value.message
    assert "nothing was imported" in error.value.message
    assert "\n" not in error.value.message


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ("[1]", "must be a JSON object"),
        ('{"id": NaN}', "NaN is no JSON number"),
        ('{"a":' * 100_000, "nested too deep"),
        ('{"id": ' + "9" * 5000 + "}", ""),
        ('{"id": 1e999}', "too large"),
        ('{"description": "' + "x" * 10_000_000 + '"}', "characters, 8,388,608 at most"),
    ],
)
def test_a_bad_line_is_named(line: str, said: str) -> None:
    with pytest.raises(MalformedError) as error:
        read_import({"issues.jsonl": f'{{"id":"a-1","title":"t"}}\n{line}\n'})
    assert "line 2" in error.value.message
    assert said in error.value.message
    assert len(error.value.message) < 400


def test_only_the_first_problems_are_told_and_the_rest_is_counted() -> None:
    with pytest.raises(MalformedError, match="and 95 more"):
        read_import({"issues.jsonl": "{x\n" * 100, "x.jsonl": ""})


def test_marks_of_a_conflict_are_refused_by_their_line() -> None:
    text = '{"id":"a-1","title":"t"}\n<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other\n'
    with pytest.raises(MalformedError, match="line 2: git left a conflict"):
        read_import({"issues.jsonl": text})


def test_characters_that_split_lines_elsewhere_stay_inside_a_text() -> None:
    imported = read_import({"issues.jsonl": '{"id":"a-1","title":"one\u2028two","description":"\\u001b[31mred"}\r\n'})
    assert imported.nodes[0].title == "one\u2028two"
    assert imported.nodes[0].description == "\x1b[31mred"


def test_a_tree_without_end_is_refused() -> None:
    rows = [{"id": f"a-{n}", "dependencies": [needs(f"a-{n - 1}", "parent-child")] if n else []} for n in range(60)]
    with pytest.raises(MalformedError, match="deeper than 50 levels"):
        issues(*rows)


def test_an_empty_file_says_what_is_missing() -> None:
    with pytest.raises(MalformedError, match="no issue of beads"):
        read_import({"issues.jsonl": "\n"})
