"""prd.json, spec.json, Markdown and the predecessor's goal files; and telling them apart."""

from __future__ import annotations

import pytest

from ostinato.base.errors import UsageError
from ostinato.graph.importing.problems import MalformedError
from ostinato.graph.importing.reading import detect, read_import
from ostinato.graph.importing.values import Format
from ostinato.graph.types import NodeType, Priority, Status, TaskDetails
from tests.unit.graph.importing.reading import by_key, edges_of, files_of, read_fixture


def test_stories_stand_in_the_order_of_their_priority() -> None:
    imported = read_fixture("prd.json")
    assert (imported.format, imported.name, imported.title) == (Format.PRD, "ralph/cart", "Shop")
    assert [node.key for node in imported.nodes] == ["US-001", "US-002", "US-003"]
    nodes = by_key(imported)
    assert [node.status for node in imported.nodes] == [Status.COMPLETED, Status.PENDING, Status.PENDING]
    assert nodes["US-002"].details == TaskDetails(acceptance_criteria=("Visible", "Typecheck passes"))
    assert nodes["US-003"].priority is Priority.HIGH


def test_what_a_story_says_beyond_our_fields_is_kept() -> None:
    imported = read_fixture("prd.json")
    nodes = by_key(imported)
    assert imported.metadata == {"prd.branchName": "ralph/cart", "prd.reviewer": '{"name":"ann"}'}
    assert nodes["US-002"].metadata == {"prd.notes": "mind it", "prd.priority": "2"}
    assert nodes["US-002"].description == "As a buyer\n\n## Notes\n\nmind it"
    assert nodes["US-001"].metadata["prd.effort"] == "3"


def test_a_story_that_needs_an_unknown_one_says_so() -> None:
    imported = read_fixture("prd.json")
    assert edges_of(imported) == {("depends_on", "US-003", "US-002")}
    assert any("US-999" in warning for warning in imported.warnings)
    assert by_key(imported)["US-003"].metadata["prd.edges"] == '["US-999"]'


def test_a_list_of_features_is_a_prd() -> None:
    imported = read_fixture("features.json")
    assert [(node.title, node.status) for node in imported.nodes] == [
        ("New chat makes a chat", Status.PENDING),
        ("It is blue", Status.COMPLETED),
    ]
    assert imported.nodes[0].details == TaskDetails(acceptance_criteria=("Click it", "See it"))
    assert imported.nodes[0].metadata["prd.category"] == "functional"


def test_a_spec_keeps_its_order_statuses_and_learnings() -> None:
    imported = read_fixture("spec.json")
    nodes = by_key(imported)
    assert (imported.title, imported.metadata) == ("shop", {"spec.branch_name": "spec/cart"})
    assert imported.created_at == "2025-06-01T10:00:00.500000Z"
    assert [nodes[key].status for key in ("t1", "t2", "t3", "t4")] == [
        Status.COMPLETED,
        Status.PENDING,
        Status.BLOCKED,
        Status.PENDING,
    ]
    assert nodes["t1"].completed_at == "2025-06-02T10:00:00.000000Z"
    assert nodes["t2"].metadata == {"spec.status": "in_progress"}
    assert nodes["t3"].blocked_reason == "needs a key"
    assert nodes["t4"].metadata == {"spec.owner": "bo"}
    assert nodes["learning#1"].node_type is NodeType.OBSERVATION


def test_stories_of_a_markdown_prd_are_tasks_with_criteria() -> None:
    imported = read_fixture("PRD.md")
    nodes = by_key(imported)
    assert imported.title == "PRD: Shop"
    assert imported.metadata == {"markdown.owner": "ann"}
    assert nodes["US-001"].status is Status.COMPLETED
    assert nodes["US-002"].status is Status.PENDING
    assert nodes["US-002"].details == TaskDetails(acceptance_criteria=("Visible on every page", "Typecheck passes"))
    assert nodes["US-002"].description == "As a user\n\n**Notes:** mind it"
    assert nodes["US-002"].metadata == {"markdown.checked_criteria": '["Typecheck passes"]'}


def test_prose_that_belongs_to_no_task_is_the_goals() -> None:
    described = read_fixture("PRD.md").description
    assert described == "A shop for everyone.\n\n## Goals\n\n- be fast\n\n## Non-goals\n\nNone."


def test_headings_and_nested_items_are_parents() -> None:
    nodes = by_key(read_fixture("PRD.md"))
    assert nodes["Phase 1"].description == "About the phase."
    assert nodes["Do it"].parent_key == "Phase 1"
    assert nodes["Do it"].description == "indented prose\n\n```\n- [ ] not a task\n```"
    assert (nodes["nested done"].parent_key, nodes["nested done"].status) == ("Do it", Status.COMPLETED)
    assert nodes["nested open"].details == TaskDetails(acceptance_criteria=("one", "two"))
    assert not any("not a task" in node.title for node in nodes.values())


def test_a_plain_checklist_is_read_whatever_its_bullets() -> None:
    imported = read_fixture("checklist.md")
    nodes = by_key(imported)
    assert imported.title == "checklist"
    assert list(nodes) == ["first", "second", "inside the second", "dropped", "first (2)"]
    assert nodes["second"].status is Status.PENDING
    assert nodes["dropped"].metadata == {"markdown.mark": "-"}


def test_the_same_item_many_times_costs_no_more_than_others() -> None:
    imported = read_import({"x.md": "- [ ] a\n" * 20_000})
    assert [imported.nodes[place].key for place in (0, 1, -1)] == ["a", "a (2)", "a (20000)"]


def test_headings_that_say_nothing_are_passed_over() -> None:
    imported = read_import({"x.md": "# List #\n\n##\n\n## \n\n- [ ] ** **\n\n## Tasks ##\n\n- [x] b\n"})
    assert imported.title == "List"
    assert [(node.title, node.parent_key) for node in imported.nodes] == [("** **", None), ("b", None)]


@pytest.mark.parametrize(
    "text",
    [
        "# " + " " * 200_000 + "x\n- [ ] a",
        "- [ ] a\n  Criteria:\n  - c\n" + "      x\n" * 30_000,
        "\n" * 200_000 + "- [ ] a",
    ],
)
def test_what_would_keep_a_pattern_busy_is_read_at_once(text: str) -> None:
    assert [node.title for node in read_import({"x.md": text}).nodes] == ["a"]


def test_a_markdown_file_of_prose_is_sent_to_plan_mode() -> None:
    with pytest.raises(MalformedError, match="ostinato plan --file"):
        read_import({"PRD.md": "# Shop\n\nSell things.\n"})


def test_a_goal_file_of_the_predecessor_is_its_goal() -> None:
    imported = read_fixture("goal.toml")
    nodes = by_key(imported)
    assert (imported.format, imported.root_key) == (Format.GOAL_FILE, "ra-1a2b")
    cart = nodes["ra-1a2b.1"]
    assert (cart.status, cart.priority, cart.parent_key) == (Status.PENDING, Priority.HIGH, "ra-1a2b")
    assert cart.details == TaskDetails(acceptance_criteria=("kept",), file_scope=("src/*", "tests/*"))
    assert cart.metadata == {
        "goal-file.status": "claimed",
        "goal-file.assigned_to": "worker-1",
        "goal-file.retry_count": "2",
    }
    assert ("depends_on", "ra-1a2b.1", "ra-1a2b.2") in edges_of(imported)


def test_choices_of_a_goal_file_hold_here() -> None:
    imported = read_fixture("goal.toml")
    nodes = by_key(imported)
    assert (nodes["ra-1a2b.2"].status, nodes["ra-1a2b.2.1"].status) == (Status.DECIDED, Status.CHOSEN)
    assert {("leads_to", "ra-1a2b.2", "ra-1a2b.2.1"), ("chosen", "ra-1a2b.2", "ra-1a2b.2.1")} <= edges_of(imported)


def test_what_the_predecessor_let_pass_is_carried_safely() -> None:
    imported = read_fixture("goal.toml")
    outcome = by_key(imported)["ra-9999"]
    assert (outcome.status, outcome.parent_key) == (Status.ACTIVE, "ra-1a2b")
    assert any("never pending" in warning for warning in imported.warnings)
    assert any("leads_to ra-9999 is left out" in warning for warning in imported.warnings)
    assert "e-5" not in by_key(imported) and "ra-9999" in by_key(imported)["ra-1a2b.2"].metadata["goal-file.edges"]


def test_files_of_our_own_export_are_sent_to_graph_import() -> None:
    text = '[meta]\nversion = 1\ngoal_id = "os-12345678"\n[nodes]\n'
    with pytest.raises(UsageError, match="ostinato graph import"):
        read_import({"os-12345678.toml": text})


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("prd.json", '{"userStories": [{"title": ""}]}', "neither title nor description"),
        ("prd.json", '{"userStories": [{"title": "a", "passes": "no"}]}', "passes must be true or false"),
        ("prd.json", '{"userStories": []}', "no story"),
        ("prd.json", '{"userStories": [', "none, as a whole or line by line"),
        ("spec.json", '{"tasks": [{"id": "1", "title": "t", "status": "done-ish"}]}', "status must be one of"),
        ("spec.json", '{"tasks": [{"id": "1", "title": "t"}, {"id": "1", "title": "u"}]}', "two entries have the id"),
        ("g.toml", "[meta", "no TOML"),
        ("g.toml", "a = " + "[" * 5000, "nested too deep"),
        ("g.toml", "[meta]\n" + "a." * 20_000 + "a = 1", "line 2: a key has more than 100 parts"),
        ("g.toml", "[meta]\nversion = 2\ngoal_id = 'ra-1'\n[nodes]", "its version is '2'"),
        ("g.toml", "[meta]\nversion = 1\ngoal_id = 'ra-1'\n[nodes]", "is not among its nodes"),
        ("x.md", "- [ ] a\n" + "".join(" " * n + "- [ ] x\n" for n in range(1, 60)), "nested deeper"),
        ("x.md", "- [ ] a\n- [ ] \n", "line 2"),
        ("x.md", "- [ ] a\0b\n", "NUL"),
    ],
)
def test_bad_documents_are_refused_in_one_line(name: str, text: str, said: str) -> None:
    with pytest.raises(MalformedError) as error:
        read_import({name: text})
    assert said in error.value.message
    assert error.value.message.startswith(name) or "two entries" in error.value.message
    assert "\n" not in error.value.message


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bd_current.jsonl", Format.BEADS),
        ("bd_list.json", Format.BEADS),
        ("bd_envelope.json", Format.BEADS),
        ("bd_show.json", Format.BEADS),
        ("prd.json", Format.PRD),
        ("features.json", Format.PRD),
        ("spec.json", Format.SPEC),
        ("PRD.md", Format.MARKDOWN),
        ("checklist.md", Format.MARKDOWN),
        ("goal.toml", Format.GOAL_FILE),
    ],
)
def test_the_content_shows_the_format_whatever_the_name(name: str, expected: Format) -> None:
    (text,) = files_of(name).values()
    assert detect({name: text}) is expected
    assert detect({"stdin": text}) is expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1}', "--format (beads, prd, spec, markdown, goal-file)"),
        ("just words", "--format (beads, prd, spec, markdown, goal-file)"),
        ('{"userStories": [], "tasks": []}', "may be prd or spec"),
    ],
)
def test_a_format_that_cannot_be_told_is_asked_for(text: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        read_import({"stdin": text})
    assert said in error.value.message
