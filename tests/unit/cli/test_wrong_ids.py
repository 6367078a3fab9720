from __future__ import annotations

import pytest

from tests.unit.cli.conftest import Shell


@pytest.mark.parametrize(
    ("line", "kind", "words"),
    [
        (("sessions", "end", "sess-00000000"), "not_found", "no session sess-00000000: list them with"),
        (("sessions", "show", "sess-0"), "not_found", "no session sess-0"),
        (("sessions", "start", "--goal", "os-0"), "not_found", "no node os-0: `ostinato search`"),
        (("sessions", "start", "--goal", "TASK"), "usage", "TASK is a task, not a goal"),
        (("sessions", "list", "--goal", "TASK"), "usage", "TASK is a task, not a goal"),
        (("sessions", "latest", "--goal", "os-0"), "not_found", "no node os-0"),
        (("notes", "--goal", "os-0"), "not_found", "no node os-0"),
        (("notes", "--goal", "TASK"), "usage", "TASK is a task, not a goal"),
        (("events", "--goal", "os-0"), "not_found", "no node os-0"),
        (("events", "--kind", "foo"), "usage", "there are no events of the kind foo: node.created,"),
        (("events", "--after", "x"), "usage", "'x' is not a whole number"),
        (("approvals", "--goal", "os-0"), "not_found", "no node os-0"),
        (("node", "edges", "os-0"), "not_found", "no node os-0"),
        (("node", "unlink", "e-0"), "not_found", "no edge e-0: `ostinato node show`"),
        (("decisions", "show", "TASK"), "usage", "TASK is a task"),
    ],
)
def test_a_wrong_id_is_named_with_the_rule_and_what_to_do(
    shell: Shell, line: tuple[str, ...], kind: str, words: str
) -> None:
    task = shell.add("task", "T", "--parent", shell.add("goal", "G"))
    ran = shell.run(*(word.replace("TASK", task) for word in line), "--json")
    assert (ran.code, ran.out) == (2, "")
    assert words.replace("TASK", task) in ran.error["message"]
    assert ran.error["kind"] == kind
