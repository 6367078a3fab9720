"""The commands that answer a question to a person, by its kind. Every face that shows a question shows these."""

from __future__ import annotations

from ostinato.graph.approvals import HELP, Approval


def how_to_answer(asked: Approval) -> tuple[str, ...]:
    """Return the commands that answer an open question, the usual one first."""
    if asked.kind == "question":
        return (f"ostinato approve {asked.id} --answer '…'", f"ostinato plan --goal {asked.node_id}")
    if asked.kind == HELP:
        return (f"ostinato approve {asked.id} --answer '…'", f"ostinato show {asked.node_id}")
    look = (f"ostinato plan --goal {asked.node_id}",) if asked.kind == "plan" else ()
    return (f"ostinato approve {asked.node_id}", f"ostinato reject {asked.node_id} --reason '…'", *look)
