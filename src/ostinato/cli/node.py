"""`ostinato node`: the graph by hand. The graph's rules are the store's; here words become values.

A list option (`--check`, `--label` …) is given once per item; in `node set` it replaces the whole list. `show` is what
other programs ask most: what only making and changing need is imported by those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from ostinato.base.errors import UsageError
from ostinato.base.ids import EdgeId, NodeId
from ostinato.cli.command import Group
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.documents import edge_document, node_document
from ostinato.cli.node_lists import list_edges, list_nodes
from ostinato.cli.node_view import print_node
from ostinato.cli.output import answer, clean
from ostinato.graph.edges import Edge, EdgeType
from ostinato.graph.types import Check, Complexity, Details, Node, NodeType, Priority, Status

F = TypeVar("F", bound=Callable[..., Any])

_CLEAR = "none"


def _words(kind: Any) -> list[str]:
    return [member.value for member in kind]


_DETAILS = {
    # option's name: (node type that has it, field of its details)
    "criterion": (NodeType.TASK, "acceptance_criteria"),
    "check": (NodeType.TASK, "checks"),
    "guard": (NodeType.TASK, "checks"),
    "timeout": (NodeType.TASK, "checks"),
    "working_dir": (NodeType.TASK, "checks"),
    "scope": (NodeType.TASK, "file_scope"),
    "complexity": (NodeType.TASK, "complexity"),
    "profile": (NodeType.TASK, "profile"),
    "max_attempts": (NodeType.TASK, "max_attempts"),
    "judge": (NodeType.TASK, "judge"),
    "forbid_path": (NodeType.DECISION, "forbids_paths"),
    "forbid_dependency": (NodeType.DECISION, "forbids_dependencies"),
    "pro": (NodeType.OPTION, "pros"),
    "con": (NodeType.OPTION, "cons"),
    "success": (NodeType.OUTCOME, "success"),
    "commit": (NodeType.OUTCOME, "commit"),
    "iteration": (NodeType.OUTCOME, "iteration_id"),
    "pivot_reason": (NodeType.REVISIT, "pivot_reason"),
}
_OF_CHECKS = ("timeout", "working_dir")


def details_options(command: F) -> F:
    """Add the options for the details of every node type; those of another type are refused when run."""
    for option in reversed(
        (
            click.option("--criterion", multiple=True, metavar="TEXT", help="Task: an acceptance criterion."),
            click.option("--check", multiple=True, metavar="COMMAND", help="Task: a command that must exit 0."),
            click.option("--guard", multiple=True, metavar="COMMAND", help="Task: a check that is green already."),
            click.option("--timeout", type=float, metavar="SECONDS", help="Task: of the checks given with it."),
            click.option("--working-dir", metavar="PATH", help="Task: where the checks given with it run."),
            click.option("--scope", multiple=True, metavar="GLOB", help="Task: files that it may change."),
            click.option("--complexity", type=click.Choice([*_words(Complexity), _CLEAR]), help="Task: how large."),
            click.option("--profile", metavar="NAME", help="Task: the agent's profile."),
            click.option(
                "--max-attempts", type=click.IntRange(min=1), metavar="N", help="Task: attempts before it fails."
            ),
            click.option("--judge/--no-judge", default=None, help="Task: a person judges the result."),
            click.option(
                "--forbid-path", multiple=True, metavar="GLOB", help="Decision: files that no work may add or change."
            ),
            click.option(
                "--forbid-dependency", multiple=True, metavar="NAME", help="Decision: a package that no work may add."
            ),
            click.option("--pro", multiple=True, metavar="TEXT", help="Option: what speaks for it."),
            click.option("--con", multiple=True, metavar="TEXT", help="Option: what speaks against it."),
            click.option("--success/--no-success", default=None, help="Outcome: whether it went well."),
            click.option("--commit", metavar="ID", help="Outcome: the commit that it led to."),
            click.option("--iteration", metavar="ID", help="Outcome: the attempt that it came from."),
            click.option("--pivot-reason", metavar="TEXT", help="Revisit: why the decision is opened again."),
        )
    ):
        command = option(command)
    return command


@click.group(cls=Group, examples=("ostinato node add goal 'Faster start'", "ostinato node show os-1a2b3c4d"))
def node() -> None:
    """Add, change, list, show and link nodes of the graph."""


@node.command(
    "add",
    examples=(
        "ostinato node add goal 'Faster start'",
        "ostinato node add task 'Lazy imports' --parent os-1a2b3c4d --check 'pytest -q tests/start'",
        "ostinato node add decision 'One HTTP client' --status decided --forbid-dependency requests",
        "ostinato node add option 'click' --parent os-1a2b3c4d.1 --pro 'known' --con 'slower to import'",
    ),
)
@click.argument("node_type", metavar="TYPE", type=click.Choice(_words(NodeType)))
@click.argument("title")
@click.option("--parent", metavar="ID", help="The node that contains it; it tells the project too.")
@click.option("--description", default="", metavar="TEXT", help="What it is about, in full.")
@click.option("--status", type=click.Choice(_words(Status)), help="Another status than the type's first.")
@click.option("--priority", type=click.Choice(_words(Priority)), help="Which ready task comes first.")
@click.option("--label", multiple=True, metavar="TEXT", help="A word to find it by.")
@click.option("--depends-on", multiple=True, metavar="ID", help="What must be done before.")
@click.option("--about", multiple=True, metavar="ID", help="Of an observation: a node that it informs.")
@click.option("--metadata", multiple=True, metavar="KEY=VALUE", help="A value of your own.")
@details_options
@pass_invocation
def add(invocation: Invocation, node_type: str, title: str, **given: Any) -> None:
    """Add a node and print its id (with --json the node).

    TYPE is goal, task, decision, option, outcome, observation or revisit. An outcome under a task is what that
    task led to.
    """
    from ostinato.graph.requests import NewNode, details_for

    kind = NodeType(node_type)
    if given["about"] and kind is not NodeType.OBSERVATION:
        raise UsageError(f"--about belongs to observation nodes; this one is: {kind.value}")
    new = NewNode(
        node_type=kind,
        title=_title(title),
        description=given["description"],
        parent_id=None if given["parent"] is None else NodeId(given["parent"]),
        status=None if given["status"] is None else Status(given["status"]),
        priority=None if given["priority"] is None else Priority(given["priority"]),
        created_by="person",
        labels=given["label"],
        details=_details(kind, details_for(kind, None), given),
        metadata=_metadata(given["metadata"]),
        depends_on=tuple(NodeId(identifier) for identifier in given["depends_on"]),
    )
    with invocation.writing() as store:
        parent = None if new.parent_id is None else store.graph.get(new.parent_id)
        project_id = invocation.required_project(store).id if parent is None else parent.project_id
        made = store.graph.add_node(project_id, new)
        if kind is NodeType.OUTCOME and parent is not None and parent.node_type is NodeType.TASK:
            store.graph.link(parent.id, EdgeType.LEADS_TO, made.id)
        for about in given["about"]:
            store.graph.link(made.id, EdgeType.INFORMS, NodeId(about))
        top = store.projects.get(project_id).path
    _remark_profile(invocation, top, given["profile"])
    answer(invocation, node_document(made), [made.id])


@node.command(
    "set",
    examples=(
        "ostinato node set os-1a2b3c4d.2 --status blocked --reason 'needs the new key'",
        "ostinato node set os-1a2b3c4d.2 --priority high --metadata ticket=142",
        "ostinato node set os-1a2b3c4d.2 --check 'pytest -q tests/start' --check 'ruff check'",
    ),
)
@click.argument("identifier", metavar="ID")
@click.option("--status", type=click.Choice(_words(Status)), help="The new status, where the rules allow it.")
@click.option("--reason", metavar="TEXT", help="With --status: why (blocked, failed).")
@click.option("--agent", metavar="NAME", help="With --status claimed: who works on it.")
@click.option("--title", metavar="TEXT", help="The new title.")
@click.option("--description", metavar="TEXT", help="The new description.")
@click.option("--priority", type=click.Choice([*_words(Priority), _CLEAR]), help="The new priority.")
@click.option("--label", multiple=True, metavar="TEXT", help="The labels; --label '' clears them.")
@click.option("--metadata", multiple=True, metavar="KEY=VALUE", help="Is merged into what is there.")
@click.option("--remove-metadata", multiple=True, metavar="KEY", help="Take a value of your own away.")
@details_options
@pass_invocation
def set_(invocation: Invocation, identifier: str, **given: Any) -> None:
    """Change a node's status and fields.

    A list given replaces the old one.
    """
    from ostinato.graph.requests import NodeChanges

    if given["status"] is None and (given["reason"] is not None or given["agent"] is not None):
        raise UsageError("--reason and --agent go with --status")
    if all(value is None or value == () for value in given.values()):
        raise UsageError("nothing to change: name a field, --help lists them")
    node_id = NodeId(identifier)
    with invocation.writing() as store:
        changed = store.graph.get(node_id)
        fields = _changed_fields(changed, given)
        if fields:
            changed = store.graph.update(node_id, NodeChanges(**fields))
        if given["status"] is not None:
            status = Status(given["status"])
            changed = store.graph.set_status(node_id, status, reason=given["reason"], agent=given["agent"])
        top = store.projects.get(changed.project_id).path
    _remark_profile(invocation, top, given["profile"])
    answer(invocation, node_document(changed), [clean(f"{changed.id}: {changed.title} [{changed.status}]")])


def _remark_profile(invocation: Invocation, top: str, name: str | None) -> None:
    if name:
        from ostinato.cli.profiles import remark_unknown

        remark_unknown(invocation, top, name)


@node.command("show", examples=("ostinato node show os-1a2b3c4d.2", "ostinato node show os-1a2b3c4d.2 --history"))
@click.argument("identifier", metavar="ID")
@click.option("--history", is_flag=True, help="Also what happened to it, the oldest first.")
@pass_invocation
def show(invocation: Invocation, identifier: str, history: bool) -> None:
    """Show a node with its edges, children and attempts."""
    print_node(invocation, invocation.reading(), NodeId(identifier), history=history)


node.add_command(list_nodes)
node.add_command(list_edges)


@node.command(
    "link",
    examples=(
        "ostinato node link os-1a2b3c4d.2 depends_on os-1a2b3c4d.1",
        "ostinato node link os-1a2b3c4d.3 chosen os-1a2b3c4d.3.1 --label 'half the code'",
    ),
)
@click.argument("from_id", metavar="FROM")
@click.argument("edge_type", metavar="TYPE", type=click.Choice(_words(EdgeType)))
@click.argument("to_id", metavar="TO")
@click.option("--label", metavar="TEXT", help="Of chosen and rejected: the reason.")
@pass_invocation
def link(invocation: Invocation, from_id: str, edge_type: str, to_id: str, label: str | None) -> None:
    """Add an edge; the same edge made twice is the same edge.

    TYPE is contains (parent → child), depends_on (dependent → prerequisite), leads_to, chosen or rejected
    (decision → option), supersedes (new → old) or informs (observation → any).
    """
    with invocation.writing() as store:
        edge = store.graph.link(NodeId(from_id), EdgeType(edge_type), NodeId(to_id), label=label)
    _print_edge(invocation, edge)


@node.command("unlink", examples=("ostinato node unlink e-0123456789ab",))
@click.argument("edge_id", metavar="EDGE")
@pass_invocation
def unlink(invocation: Invocation, edge_id: str) -> None:
    """Remove an edge; `node show` names the edges of a node."""
    with invocation.writing() as store:
        edge = store.graph.unlink(EdgeId(edge_id))
    _print_edge(invocation, edge)


def _print_edge(invocation: Invocation, edge: Edge) -> None:
    label = f" ({edge.label})" if edge.label else ""
    line = f"{edge.id}: {edge.from_id} {edge.edge_type} {edge.to_id}{label}"
    answer(invocation, edge_document(edge), [clean(line)])


def _changed_fields(node: Node, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of NodeChanges for what was given."""
    from ostinato.graph.requests import details_for

    fields: dict[str, Any] = {}
    if given["title"] is not None:
        fields["title"] = _title(given["title"])
    if given["description"] is not None:
        fields["description"] = given["description"]
    if given["priority"] is not None:
        fields["priority"] = None if given["priority"] == _CLEAR else Priority(given["priority"])
    if given["label"]:
        fields["labels"] = tuple(filter(None, given["label"]))
    metadata: dict[str, str | None] = {**_metadata(given["metadata"])}
    metadata.update(dict.fromkeys(given["remove_metadata"]))
    if metadata:
        fields["metadata"] = metadata
    details = _details(node.node_type, node.details or details_for(node.node_type, None), given)
    if details != node.details:
        fields["details"] = details
    return fields


def _details(kind: NodeType, present: Details, given: Mapping[str, Any]) -> Details:
    """Return `present` with the options given. Raises UsageError for an option of another node type."""
    from dataclasses import replace

    changes: dict[str, Any] = {}
    for name, (owner, field) in _DETAILS.items():
        value = given[name]
        if value is None or value == ():
            continue
        if owner is not kind:
            raise UsageError(f"--{name.replace('_', '-')} belongs to {owner.value} nodes; this one is: {kind.value}")
        if name not in _OF_CHECKS:
            changes[field] = changes.get(field, ()) + _value(name, value, given) if isinstance(value, tuple) else value
    if any(given[name] is not None for name in _OF_CHECKS) and not changes.get("checks"):
        raise UsageError("--timeout and --working-dir say how checks run: give the checks with them, all of the task")
    if changes.get("complexity") is not None:
        changes["complexity"] = None if changes["complexity"] == _CLEAR else Complexity(changes["complexity"])
    return replace(present, **changes) if present is not None and changes else present


def _value(name: str, texts: tuple[str, ...], given: Mapping[str, Any]) -> tuple[Any, ...]:
    # An empty text alone clears the list.
    said = tuple(text for text in texts if text.strip())
    if name in {"check", "guard"}:
        timeout, working_dir = given["timeout"], given["working_dir"]
        return tuple(Check(command, timeout, working_dir, guard=name == "guard") for command in said)
    return said


def _title(text: str) -> str:
    if not text.strip():
        raise UsageError("a title cannot be empty")
    return text


def _metadata(pairs: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UsageError(f"--metadata is written KEY=VALUE, not {pair!r}")
        found[key] = value
    return found
