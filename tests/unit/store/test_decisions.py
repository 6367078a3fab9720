"""Decisions that hold: numbers, what is forbidden and until when, what takes whose place, how it came to be."""

from __future__ import annotations

import apsw
import pytest

from ostinato.base.errors import NotFoundError, RuleError, UsageError
from ostinato.base.ids import NodeId
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.decisions import Relation, Standing
from ostinato.graph.details import DecisionDetails
from ostinato.graph.edges import EdgeType
from ostinato.graph.plan import DecisionDraft, ObservationDraft, OptionDraft, PlanDraft, TaskDraft
from ostinato.graph.requests import NewNode, NodeChanges
from ostinato.graph.types import Node, NodeType, Status
from ostinato.store.database import migrations
from tests.unit.store.garden import Garden

AGENT = Actor("agent:coder")
OPTIONS = (OptionDraft("httpx"), OptionDraft("requests"))


def draft(title: str = "HTTP", chosen: str | None = "httpx", **more: object) -> DecisionDraft:
    fields: dict[str, object] = {"forbids_dependencies": ("requests",), **more}
    return DecisionDraft(title, "why", OPTIONS, chosen, "fast", **fields)  # type: ignore[arg-type]


def logged(garden: Garden, actor: Actor = PERSON, parent: Node | None = None, **more: object) -> Node:
    parent = parent or garden.goal()
    return garden.store.reasoning.log_decision(parent.id, draft(**more), actor)


def forbidding(garden: Garden) -> list[str]:
    return [one.decision for one in garden.store.decisions.prohibitions(garden.project.id)]


def standing(garden: Garden, node: Node) -> Standing:
    return garden.store.decisions.record(node.id).standing


def number(node: Node) -> int | None:
    assert isinstance(node.details, DecisionDetails)
    return node.details.number


class TestNumbers:
    def test_they_count_per_project_and_stay(self, garden: Garden) -> None:
        goal = garden.goal()
        first, second = (logged(garden, parent=goal) for _ in range(2))
        assert [number(first), number(second)] == [1, 2]
        other = garden.store.projects.add(f"{garden.project.path}-other")
        alone = garden.store.reasoning.log_decision(None, draft(), PERSON, other.id)
        assert number(alone) == 1
        changed = garden.store.graph.update(
            second.id, NodeChanges(details=DecisionDetails(("x/**",), number=77), title="HTTP client")
        )
        assert (number(changed), changed.details) == (2, DecisionDetails(("x/**",), (), 2))
        with pytest.raises(apsw.ConstraintError, match="never changes"):
            garden.store.db.execute("UPDATE nodes SET number = 9 WHERE id = :id", {"id": second.id})

    def test_number_that_a_row_brings_is_kept_where_it_is_free(self, garden: Garden) -> None:
        first = logged(garden)
        for identifier, brought in (("os-aaaaaaaa", 7), ("os-bbbbbbbb", 1), ("os-cccccccc", None)):
            garden.store.db.execute(
                "INSERT INTO nodes (id, project_id, node_type, title, status, created_at, number) "
                "VALUES (:id, :project, 'decision', 'd', 'decided', '2026-01-01T00:00:00.000000Z', :number)",
                {"id": identifier, "project": garden.project.id, "number": brought},
            )
        found = [garden.store.graph.get(NodeId(f"os-{letter * 8}")) for letter in "abc"]
        assert [number(one) for one in (first, *found)] == [1, 7, 8, 9]

    def test_decisions_of_an_older_database_are_numbered_by_their_time(self) -> None:
        old = apsw.Connection(":memory:")
        scripts = sorted(migrations().items())
        for version, sql in scripts:
            if version < 5:
                old.execute(sql)
        old.execute("INSERT INTO projects VALUES ('p', 'p', '/p', '2026'), ('q', 'q', '/q', '2026')")
        for identifier, project, at, status, completed in (
            ("os-1", "p", "2026-02", "decided", "2026-02"),
            ("os-2", "p", "2026-01", "pending", None),
            ("os-3", "q", "2026-03", "decided", "2026-03"),
            ("os-4", "p", "2026-02", "superseded", None),
            ("os-5", "p", "2026-03", "superseded", "2026-03"),
        ):
            old.execute(
                "INSERT INTO nodes (id, project_id, node_type, title, status, created_at, completed_at) "
                "VALUES (?, ?, 'decision', 'd', ?, ?, ?)",
                (identifier, project, status, at, completed),
            )
        for version, sql in scripts:
            if version >= 5:
                old.execute(sql)
        assert list(old.execute("SELECT id, number, decided_by FROM nodes ORDER BY id")) == [
            ("os-1", 2, "person"),
            ("os-2", 1, None),
            ("os-3", 1, "person"),
            ("os-4", 3, None),
            ("os-5", 4, "person"),
        ]
        assert list(old.execute("SELECT * FROM decision_numbers ORDER BY 1")) == [("p", 4), ("q", 1)]


class TestWhatIsForbidden:
    @pytest.mark.parametrize(
        ("details", "words"),
        [
            (DecisionDetails(("../x",)), "leads out of the project"),
            (DecisionDetails(("/etc",)), "leads out of the project"),
            (DecisionDetails(("**",)), "covers every file"),
            (DecisionDetails((" ",)), "is empty"),
            (DecisionDetails(("a\nb",)), "control characters"),
            (DecisionDetails((), ("requests>=2",)), "write the name of one package"),
            (DecisionDetails((), ("a b",)), "write the name of one package"),
            (DecisionDetails((), ("",)), "write the name of one package"),
        ],
    )
    def test_what_cannot_be_forbidden_is_refused_on_every_way_in(
        self, garden: Garden, details: DecisionDetails, words: str
    ) -> None:
        decision = garden.add(NodeType.DECISION, "d")
        more = {"forbids_paths": details.forbids_paths, "forbids_dependencies": details.forbids_dependencies}
        before = garden.seq()
        for way in (
            lambda: garden.store.graph.update(decision.id, NodeChanges(details=details)),
            lambda: garden.store.graph.add_node(garden.project.id, NewNode(NodeType.DECISION, "d", details=details)),
            lambda: garden.store.reasoning.log_decision(None, draft(**more), PERSON, garden.project.id),
        ):
            with pytest.raises(RuleError, match=words):
                way()
        assert garden.seq() == before

    def test_it_is_forbidden_once_decided_by_whomever(self, garden: Garden) -> None:
        undecided = logged(garden, chosen=None)
        assert forbidding(garden) == []
        garden.store.reasoning.choose_option(undecided.id, "httpx", "fast", AGENT)
        by_hand = garden.add(NodeType.DECISION, "d")
        garden.store.graph.update(by_hand.id, NodeChanges(details=DecisionDetails(("vendor",))))
        garden.store.graph.set_status(by_hand.id, Status.DECIDED)
        logged(garden, forbids_dependencies=())
        assert forbidding(garden) == [undecided.id, by_hand.id]
        garden.store.graph.update(by_hand.id, NodeChanges(details=DecisionDetails()))
        assert forbidding(garden) == [undecided.id]

    def test_another_project_and_a_goal_given_up_forbid_nothing(self, garden: Garden) -> None:
        goal = garden.goal()
        logged(garden, parent=goal)
        other = garden.store.projects.add(f"{garden.project.path}-other")
        assert garden.store.decisions.prohibitions(other.id) == []
        garden.store.graph.set_status(goal.id, Status.CANCELLED)
        assert forbidding(garden) == []


class TestWhoLiftsIt:
    """A model may log, choose, open and supersede: it never frees itself."""

    def test_agent_that_opens_a_decision_again_lifts_nothing(self, garden: Garden) -> None:
        decision = logged(garden)
        outcome = garden.store.reasoning.record_outcome(decision.id, "slow", "it was slow", False, AGENT)
        garden.store.reasoning.revisit(outcome.id, "too slow", None, AGENT)
        assert garden.status(decision) == ["active"]
        assert forbidding(garden) == [decision.id]
        garden.store.reasoning.choose_option(decision.id, "requests", "easier", AGENT)
        assert forbidding(garden) == [decision.id]

    def test_person_who_opens_it_again_lifts_it_even_after_an_agent_did(self, garden: Garden) -> None:
        decision = logged(garden)
        garden.store.reasoning.revisit(decision.id, "times change")
        assert (garden.status(decision), forbidding(garden)) == (["active"], [])
        garden.store.reasoning.choose_option(decision.id, "httpx", "again")
        outcome = garden.store.reasoning.record_outcome(decision.id, "slow", "", False, AGENT)
        garden.store.reasoning.revisit(outcome.id, "too slow", None, AGENT)
        assert forbidding(garden) == [decision.id]
        garden.store.reasoning.revisit(decision.id, "so be it")
        assert forbidding(garden) == []

    def test_superseding_decision_of_an_agent_lifts_it_only_when_a_person_agrees(self, garden: Garden) -> None:
        old = logged(garden)
        new = logged(
            garden, AGENT, title="HTTP again", chosen="requests", forbids_dependencies=(), supersedes=(old.id,)
        )
        assert garden.status(old, new) == ["superseded", "decided"]
        assert (standing(garden, old), forbidding(garden)) == (Standing.UNACCEPTED, [old.id])
        with pytest.raises(RuleError, match="has chosen"):
            garden.store.reasoning.choose_option(new.id, "httpx", None)
        assert forbidding(garden) == [old.id]
        garden.store.reasoning.choose_option(new.id, "requests", "agreed")
        assert (standing(garden, old), forbidding(garden)) == (Standing.SUPERSEDED, [])
        assert garden.store.decisions.record(new.id).accepted

    def test_what_a_person_has_agreed_to_stays_so_whatever_an_agent_does_to_it(self, garden: Garden) -> None:
        old = logged(garden)
        new = logged(garden, forbids_dependencies=(), supersedes=(old.id,))
        outcome = garden.store.reasoning.record_outcome(new.id, "slow", "", False, AGENT)
        garden.store.reasoning.revisit(outcome.id, "too slow", None, AGENT)
        assert forbidding(garden) == []
        garden.store.reasoning.choose_option(new.id, "requests", "faster", AGENT)
        assert (forbidding(garden), garden.store.decisions.record(new.id).accepted) == ([], True)
        # A person who opens it again takes their word back: what it superseded is forbidden until they decide.
        garden.store.reasoning.revisit(new.id, "not so sure")
        assert forbidding(garden) == [old.id]

    def test_agents_chain_of_decisions_lifts_nothing_until_its_last_is_accepted(self, garden: Garden) -> None:
        goal = garden.goal()
        first = logged(garden, parent=goal)
        outcome = garden.store.reasoning.record_outcome(first.id, "slow", "", False, AGENT)
        garden.store.reasoning.revisit(outcome.id, "pivot", "second", AGENT)
        garden.store.reasoning.revisit(outcome.id, "pivot again", "third", AGENT)
        third = garden.store.decisions.records(garden.project.id)[-1].node
        assert [r.node.title for r in garden.store.decisions.records(garden.project.id)] == ["HTTP", "second", "third"]
        assert forbidding(garden) == [first.id]
        garden.store.graph.set_status(third.id, Status.DECIDED, actor=AGENT)
        assert forbidding(garden) == [first.id]
        garden.store.graph.set_status(third.id, Status.ACTIVE)
        garden.store.graph.set_status(third.id, Status.DECIDED)
        assert forbidding(garden) == []

    def test_undecided_superseder_lifts_it_when_it_is_decided_by_a_person(self, garden: Garden) -> None:
        old, new = logged(garden), logged(garden, chosen=None, forbids_dependencies=())
        garden.store.reasoning.supersede(old.id, new.id)
        assert forbidding(garden) == [old.id]
        garden.store.reasoning.choose_option(new.id, "requests", "yes")
        assert forbidding(garden) == []

    def test_accepted_plan_lifts_it(self, garden: Garden) -> None:
        old, goal = logged(garden), garden.goal()
        new = draft("HTTP anew", "requests", forbids_dependencies=(), supersedes=(old.id,))
        plan = PlanDraft("p", (TaskDraft("a", "A", judge=True),), (new,), (ObservationDraft("o"),))
        garden.store.plans.save_draft(goal.id, plan, AGENT)
        assert forbidding(garden) == [old.id]
        garden.store.plans.accept(goal.id)
        assert forbidding(garden) == []


class TestSuperseding:
    def test_it_takes_the_place_and_once_more_changes_nothing(self, garden: Garden) -> None:
        old, new = logged(garden), logged(garden)
        assert garden.store.reasoning.supersede(old.id, new.id).id == new.id
        before = garden.seq()
        garden.store.reasoning.supersede(old.id, new.id)
        assert garden.seq() == before
        record = garden.store.decisions.record(old.id)
        assert [node.id for node in record.superseded_by] == [new.id]
        assert record.node.completed_at == old.completed_at

    def test_wrong_ones_are_refused_with_what_to_do(self, garden: Garden) -> None:
        a, b, c = (logged(garden) for _ in range(3))
        task = garden.add(NodeType.TASK, "t")
        reasoning = garden.store.reasoning
        reasoning.supersede(a.id, b.id)
        before = garden.seq()
        for old, new, words in (
            (a.id, c.id, f"{a.id} is superseded by {b.id} already: supersede {b.id} instead"),
            (c.id, a.id, f"{a.id} is superseded by {b.id}: name one that holds"),
            (c.id, c.id, "cannot have a supersedes edge to itself"),
            (c.id, task.id, f"{task.id} is a task, not a decision"),
            (task.id, c.id, f"{task.id} is a task, not a decision"),
        ):
            with pytest.raises(RuleError, match=words):
                reasoning.supersede(old, new)
        with pytest.raises(NotFoundError):
            reasoning.supersede(NodeId("os-ffffffff"), c.id)
        with pytest.raises(RuleError, match=f"would close a cycle: {a.id} → {b.id} → {a.id}"):
            garden.store.graph.link(a.id, EdgeType.SUPERSEDES, b.id)
        reasoning.supersede(b.id, c.id)
        with pytest.raises(RuleError, match="would close a cycle"):
            garden.store.graph.link(a.id, EdgeType.SUPERSEDES, c.id)
        assert garden.seq() > before

    def test_nothing_is_left_when_a_logged_decision_cannot_supersede(self, garden: Garden) -> None:
        goal, before = garden.goal(), garden.seq() + 2
        with pytest.raises(NotFoundError):
            logged(garden, parent=goal, supersedes=("os-ffffffff",))
        assert garden.store.graph.descendants(goal.id) == []
        assert garden.seq() <= before

    def test_revisit_of_what_is_superseded_is_about_what_stands_in_its_place(self, garden: Garden) -> None:
        a, b = logged(garden), logged(garden)
        garden.store.reasoning.supersede(a.id, b.id)
        garden.store.reasoning.revisit(a.id, "again")
        assert garden.status(a, b) == ["superseded", "active"]
        with pytest.raises(RuleError, match="not an outcome or a decision"):
            garden.store.reasoning.revisit(garden.add(NodeType.TASK, "t").id, "no")


class TestRecords:
    def test_everything_that_belongs_to_it_is_there(self, garden: Garden) -> None:
        origin = garden.add(NodeType.TASK, "origin")
        decision = garden.store.reasoning.log_decision(origin.id, draft())
        garden.store.reasoning.reject_option(decision.id, "requests", "it blocks")
        waits = garden.add(NodeType.TASK, "waits")
        garden.store.graph.link(waits.id, EdgeType.DEPENDS_ON, decision.id)
        part = garden.add(NodeType.TASK, "part", decision)
        nested = garden.store.reasoning.log_decision(decision.id, draft("nested"))
        garden.store.reasoning.record_outcome(nested.id, "nested's", "", True)
        ours = garden.store.reasoning.record_outcome(part.id, "went well", "", True)
        record = garden.store.decisions.record(decision.id)
        assert [(o.node.title, str(o.node.status), o.reason) for o in record.options] == [
            ("httpx", "chosen", "fast"),
            ("requests", "rejected", "it blocks"),
        ]
        assert record.chosen is record.options[0]
        assert [(relation, task.id) for relation, task in record.tasks] == [
            (Relation.ORIGIN, origin.id),
            (Relation.WAITS, waits.id),
            (Relation.PART, part.id),
        ]
        assert [node.id for node in record.outcomes] == [ours.id]
        assert (record.standing, record.accepted, record.in_force) == (Standing.HOLDS, True, True)
        with pytest.raises(UsageError, match="is a task, not a decision"):
            garden.store.decisions.record(part.id)

    def test_history_tells_who_did_what_and_why(self, garden: Garden) -> None:
        old = logged(garden)
        garden.store.graph.update(old.id, NodeChanges(title="HTTP client"))
        outcome = garden.store.reasoning.record_outcome(old.id, "slow", "", False, AGENT)
        revisit = garden.store.reasoning.revisit(outcome.id, "too slow", "HTTP anew", AGENT)
        new = garden.store.decisions.records(garden.project.id)[1].node
        garden.store.graph.set_status(new.id, Status.DECIDED)
        unrelated = logged(garden)
        option = garden.store.decisions.record(old.id).options[0].node
        for wanted in (old.id, new.id):
            moments, named = garden.store.decisions.history(garden.project.id, wanted)
            assert [(m.decision, m.what, m.by, m.other, m.reason) for m in moments] == [
                (old.id, "logged", "person", None, ""),
                (old.id, "chosen", "person", option.id, "fast"),
                (old.id, "changed", "person", None, "title"),
                (new.id, "revisited", "agent:coder", revisit.id, "too slow"),
                (new.id, "logged", "agent:coder", None, ""),
                (old.id, "superseded", "agent:coder", new.id, ""),
                (new.id, "decided", "person", None, ""),
            ]
            assert named[option.id].title == "httpx"
        whole, _ = garden.store.decisions.history(garden.project.id)
        assert {m.decision for m in whole} == {old.id, new.id, unrelated.id}

    def test_history_outlives_the_events(self, garden: Garden) -> None:
        old, new = logged(garden), logged(garden)
        garden.store.reasoning.supersede(old.id, new.id)
        garden.store.db.execute("DELETE FROM events")
        moments, _ = garden.store.decisions.history(garden.project.id, old.id)
        assert sorted((m.decision, m.what, m.reason) for m in moments) == sorted(
            [
                (old.id, "logged", ""),
                (old.id, "chosen", "fast"),
                (old.id, "superseded", ""),
                (new.id, "logged", ""),
                (new.id, "chosen", "fast"),
            ]
        )
