"""How claims are kept in the database; what they mean is in tests/contract."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ostinato.base.errors import NotFoundError, RuleError
from ostinato.base.ids import NodeId, SessionId
from ostinato.base.process import ProcessIdentity
from ostinato.graph.iterations import Claim
from ostinato.graph.types import Node, Status
from ostinato.store.store import Store
from ostinato.testing.fake_clock import FakeClock
from tests.unit.store.garden import Garden

PROCESS = ProcessIdentity("host", "boot", 1, "then")


def claim_next(store: Store, goal: Node, lease_seconds: float = 60) -> tuple[Claim, Node] | None:
    return store.tasks.claim_next(
        goal.id, "coder", session_id=SessionId("sess-1"), lease_seconds=lease_seconds, process=PROCESS
    )


def test_task_is_given_once_when_it_is_claimed_by_hand(garden: Garden, store: Store) -> None:
    task = garden.task()
    claimed = store.tasks.claim("me")
    assert claimed == garden.now(task)
    assert (claimed.status, claimed.assigned_to) == (Status.CLAIMED, "me")
    assert store.tasks.claim("you") is None
    with pytest.raises(RuleError, match=f"{task.id} is claimed by me"):
        store.tasks.claim("me", task_id=task.id)
    (row,) = store.db.execute("SELECT * FROM claims")
    assert (row["token"], row["lease_until"], row["pid"], row["agent"]) == (None, None, None, "me")


def test_claim_says_why_when_the_task_is_not_ready(garden: Garden, store: Store) -> None:
    first = garden.task("first")
    second = garden.task("second", depends_on=(first.id,))
    with pytest.raises(RuleError, match=f"cannot become claimed: it waits for {first.id} .pending"):
        store.tasks.claim("me", task_id=second.id)
    with pytest.raises(RuleError, match="never claimed"):
        store.tasks.claim("me", task_id=garden.goal().id)
    with pytest.raises(RuleError, match="name of an agent"):
        store.tasks.claim(" ", task_id=first.id)
    with pytest.raises(NotFoundError):
        store.tasks.claim("me", task_id=NodeId("os-none"))
    assert store.db.execute("SELECT * FROM claims") == []


def test_claim_of_the_loop_carries_token_and_lease_when_it_is_made(
    garden: Garden, store: Store, clock: FakeClock
) -> None:
    goal = garden.goal()
    task = garden.task("t", goal)
    found = claim_next(store, goal)
    assert found is not None
    claim, node = found
    assert node == garden.now(task)
    assert (claim.task_id, claim.agent) == (task.id, "coder")
    assert claim.lease_until is not None
    assert timedelta(seconds=59) < claim.lease_until - clock.now() <= timedelta(seconds=60)
    (row,) = store.db.execute("SELECT token, host, boot, pid, started, session_id FROM claims")
    assert tuple(row.values()) == (claim.token, "host", "boot", 1, "then", "sess-1")
    assert store.events.after(store.events.last_seq() - 1)[0].payload["by"] == "loop"
    assert claim_next(store, goal) is None


def test_token_is_never_given_twice_when_a_task_is_claimed_again(garden: Garden, store: Store) -> None:
    goal = garden.goal()
    garden.task("t", goal)
    tokens = []
    for _ in range(3):
        found = claim_next(store, goal)
        assert found is not None
        tokens.append(found[0].token)
        store.tasks.release(found[0].task_id)
        store.db.execute("DELETE FROM claim_tokens")
    assert tokens == sorted(set(tokens))


def test_task_is_ready_again_when_it_is_released(garden: Garden, store: Store) -> None:
    task = garden.task()
    store.tasks.claim("me")
    released = store.tasks.release(task.id)
    assert (released.status, released.assigned_to) == (Status.READY, None)
    assert store.db.execute("SELECT * FROM claims") == []
    with pytest.raises(RuleError, match="only a claimed or in_progress task"):
        store.tasks.release(task.id)
