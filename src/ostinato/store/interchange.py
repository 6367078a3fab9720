"""Files of the graph against the database: what differs, bringing them in, and which files it has seen.

Reading parts for files is `store.filing`, comparing is `graph.comparing`; no file is opened here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ostinato.base.errors import RuleError, UsageError
from ostinato.base.ids import NodeId, ProjectId, natural_key, random_hex
from ostinato.base.text import clip
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.comparing import Comparison, Difference, Side, Strategy, compare, held_back
from ostinato.graph.details import DecisionDetails
from ostinato.graph.edges import EdgeType
from ostinato.graph.joining import NamedFile, join
from ostinato.graph.records import EdgeRecord, NodeRecord
from ostinato.graph.renaming import Known, Renaming, rename
from ostinato.graph.shared_ids import SharedIds
from ostinato.graph.toml_format import GraphFile, home_of
from ostinato.graph.types import NodeType
from ostinato.store.database import Database, queries
from ostinato.store.events import EventStore
from ostinato.store.file_marks import FileMarks
from ostinato.store.filing import edges_at, filed_records, goal_ids, read_file
from ostinato.store.loading import first_free_number, load
from ostinato.store.overwriting import Overwriter
from ostinato.store.rows import encode_json


@dataclass(frozen=True, slots=True)
class Meeting:
    """Files and database side by side. `skipped` are edges to nodes that neither has; `kept` is the database's side,
    `file` the files' with the ids of the database."""

    comparison: Comparison
    renaming: Renaming
    skipped: tuple[EdgeRecord, ...]
    kept: Side
    file: Side
    shared: SharedIds

    @property
    def same(self) -> bool:
        """True when a file that was written now would say the same."""
        called = all(self.shared.shared(here) == there for there, here in self.renaming.ids.items())
        return self.comparison.same and called and not self.skipped


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """What an import did, or would do. Differences are those that it met; who won is the strategy's."""

    strategy: Strategy
    added_nodes: tuple[NodeRecord, ...]
    added_edges: tuple[EdgeRecord, ...]
    removed_edges: tuple[EdgeRecord, ...]
    differences: tuple[Difference, ...]
    skipped: tuple[EdgeRecord, ...]
    renumbered: dict[NodeId, NodeId]
    collisions: tuple[NodeId, ...]
    unchanged: int

    @property
    def settled(self) -> bool:
        """True when all that the files say is in the database now, or was decided against."""
        decided = self.strategy is not Strategy.MERGE or not self.differences
        return self.strategy is Strategy.OURS or (decided and not self.skipped)


class InterchangeStore:
    """The graph as files. Every method is one transaction or one consistent read."""

    def __init__(self, db: Database, events: EventStore) -> None:
        self._db = db
        self._events = events
        self._sql = queries("interchange")
        self._marks = FileMarks(db)

    def goals(self, project_id: ProjectId) -> list[NodeId]:
        """Return the goals of a project in natural order."""
        return goal_ids(self._db, project_id)

    def shared_goals(self, project_id: ProjectId) -> set[NodeId]:
        """Return how files call the goals of a project."""
        return set(map(self._shared_ids(project_id).shared, self.goals(project_id)))

    def inside(self, project_id: ProjectId, goal_id: NodeId) -> list[NodeId]:
        """Return a goal and the goals inside it, in natural order. Raises NotFoundError, UsageError."""
        whole = read_file(self._db, project_id, goal_id, whole=True)
        found = (node.id for node in whole.nodes if node.node_type is NodeType.GOAL)
        return sorted(found, key=natural_key)

    def read(self, project_id: ProjectId, goal_id: NodeId | None, *, whole: bool = False) -> GraphFile:
        """Return what the file of a goal (None: of what lies in no goal) says now; see `filing.read_file`."""
        with self._db.reading():
            return self._shared_ids(project_id).file(read_file(self._db, project_id, goal_id, whole=whole))

    def meet(self, project_id: ProjectId, files: Sequence[NamedFile]) -> Meeting:
        """Return how the files differ from the database. Raises UsageError for files that contradict each other, and
        for nodes that another project of this database has."""
        with self._db.reading():
            told = join(files)
            shared = self._shared_ids(project_id)
            renaming = self._renaming(project_id, told, shared)
            nodes = [renaming.node(node) for node in told.nodes.values()]
            known, skipped = self._with_known_ends(project_id, told, renaming, shared)
            file = Side.of(nodes, known)
            kept = self._kept_side(project_id, files, file, renaming, shared)
            return Meeting(compare(kept, file), renaming, skipped, kept, file, shared)

    def bring_in(
        self,
        project_id: ProjectId,
        files: Sequence[NamedFile],
        strategy: Strategy,
        *,
        renumber: bool = False,
        actor: Actor = PERSON,
    ) -> BroughtIn:
        """Bring files into a project, all or nothing, and say what was done.

        New nodes and edges are added by every strategy. Raises UsageError and RuleError, and RuleError for ids that
        another node has unless `renumber`. Nothing is left then.
        """
        with self._db.transaction():
            met = self.meet(project_id, files)
            if met.renaming.collisions and not renumber:
                raise self._collision(met)
            held = dict.fromkeys(() if strategy is Strategy.THEIRS else held_back(met.comparison))
            gone = self._gone(project_id, files, met) if strategy is Strategy.THEIRS else ()
            done = BroughtIn(
                strategy=strategy,
                added_nodes=met.comparison.new_nodes,
                added_edges=tuple(edge for edge in met.comparison.new_edges if edge not in held),
                removed_edges=gone,
                differences=(*met.comparison.differences, *(Difference(str(e), "edge", None, e.label) for e in held)),
                skipped=met.skipped,
                renumbered=met.renaming.renumbered,
                collisions=met.renaming.collisions,
                unchanged=met.comparison.unchanged,
            )
            self._write(project_id, files, met, done, actor)
            return done

    def _write(
        self, project_id: ProjectId, files: Sequence[NamedFile], met: Meeting, done: BroughtIn, actor: Actor
    ) -> None:
        self._name(project_id, files, met)
        writer = Overwriter(self._db, self._events, project_id, actor)
        if done.strategy is Strategy.THEIRS:
            writer.overwrite(met.comparison, met.kept, met.file, done.removed_edges)
        load(self._db, self._events, project_id, done.added_nodes, done.added_edges, actor)
        if done.strategy is Strategy.THEIRS:
            writer.follow(met.comparison, met.file)
        self._note(met)
        if done.settled:
            for file in files:
                self._marks.remember(project_id, file.file.goal_id, file.digest)

    def _shared_ids(self, project_id: ProjectId) -> SharedIds:
        ids, numbers = (
            dict(self._db.tuples(self._sql[name], {"project_id": project_id}))
            for name in ("shared_ids", "shared_numbers")
        )
        return SharedIds(ids, numbers)

    def _note(self, met: Meeting) -> None:
        """Keep how the files call their nodes."""
        before, after = met.shared.noted, met.shared.after(met.renaming).noted
        for node_id in before.keys() - after.keys():
            self._db.execute(self._sql["forget_shared_id"], {"node_id": node_id})
        for node_id, shared_id in after.items():
            if before.get(node_id) != shared_id:
                self._db.execute(self._sql["note_shared_id"], {"node_id": node_id, "shared_id": shared_id})
        for node in met.file.nodes.values():
            if isinstance(node.details, DecisionDetails) and node.details.number is not None:
                self._db.execute(self._sql["forget_shared_number"], {"node_id": node.id})
                number = {"node_id": node.id, "number": node.details.number}
                self._db.execute(self._sql["note_shared_number"], number)

    def _renaming(self, project_id: ProjectId, told: Side, shared: SharedIds) -> Renaming:
        uids = encode_json([node.uid for node in told.nodes.values()])
        id_of: dict[str, NodeId] = {}
        for row in self._db.execute(self._sql["by_uid"], {"uids": uids}):
            if row["project_id"] != project_id:
                raise UsageError(
                    f"{row['id']} is kept in the project {row['project']} of this database: "
                    f"work there, or name another database by --db"
                )
            id_of[row["uid"]] = row["id"]
        known = Known(
            id_of=id_of,
            taken=self._taken,
            called=lambda node_id: (here := shared.local(node_id)) is not None and self._taken(here),
            counted=lambda parent: first_free_number(self._db, parent, default=1) - 1,
        )
        return rename(list(told.nodes.values()), known, self._new_root)

    def _taken(self, node_id: NodeId) -> bool:
        return self._db.one(self._sql["taken"], {"id": node_id}) is not None

    def _new_root(self) -> NodeId:
        while self._taken(candidate := NodeId(f"os-{random_hex()}")):
            pass
        return candidate

    def _with_known_ends(
        self, project_id: ProjectId, told: Side, renaming: Renaming, shared: SharedIds
    ) -> tuple[list[EdgeRecord], tuple[EdgeRecord, ...]]:
        """Return the edges whose ends the files or the database have, as the database calls them, and the others."""
        ids: dict[NodeId, NodeId] = dict(renaming.ids)
        ends = {end for edge in told.edges.values() for end in (edge.from_id, edge.to_id)}
        elsewhere = {here: end for end in ends - ids.keys() if (here := shared.local(end)) is not None}
        parameters = {"ids": encode_json(list(elsewhere)), "project_id": project_id}
        ids |= {elsewhere[row["id"]]: row["id"] for row in self._db.execute(self._sql["present"], parameters)}
        known = [edge for edge in told.edges.values() if edge.from_id in ids and edge.to_id in ids]
        skipped = tuple(edge for edge in told.edges.values() if not (edge.from_id in ids and edge.to_id in ids))
        return [edge._replace(from_id=ids[edge.from_id], to_id=ids[edge.to_id]) for edge in known], skipped

    def _kept_side(
        self, project_id: ProjectId, files: Sequence[NamedFile], file: Side, renaming: Renaming, shared: SharedIds
    ) -> Side:
        """Return what the database has of all that the files are about: their goals with all that lies in them."""
        told = {one.file.goal_id for one in files}
        parts = {goal and (renaming.ids.get(goal) or shared.local(goal)) for goal in told}
        parts |= {node.id for node in file.nodes.values() if node.node_type is NodeType.GOAL}
        goals = set(self.goals(project_id))
        nodes: dict[NodeId, NodeRecord] = {}
        for goal_id in parts:
            if goal_id in goals or (goal_id is None and None in told):
                part = read_file(self._db, project_id, goal_id)
                nodes.update((node.id, node) for node in part.nodes)
        missing = encode_json([node_id for node_id in file.nodes if node_id not in nodes])
        further = filed_records(self._db, self._db.execute(self._sql["several"], {"ids": missing}))
        nodes.update((node.id, node) for node in further)
        return Side.of(nodes.values(), [*edges_at(self._db, nodes), *self._kept_edges(file, nodes)])

    def _kept_edges(self, file: Side, nodes: Iterable[NodeId]) -> Iterable[EdgeRecord]:
        """Return the files' edges that the database has at nodes that the files do not have."""
        homes = set(nodes)
        others = {home for edge in file.edges.values() for home in (edge.from_id, edge.to_id) if home not in homes}
        return [edge for edge in edges_at(self._db, others) if edge.key in file.edges] if others else []

    def _collision(self, met: Meeting) -> RuleError:
        first, others = met.renaming.collisions[0], len(met.renaming.collisions) - 1
        row = self._db.one(self._sql["taken"], {"id": met.shared.local(first)})
        here, there = row["title"] if row else "", met.file.nodes[met.renaming.ids[first]].title
        also = f" (and {others} more ids)" if others else ""
        return RuleError(
            f"{first} is two nodes{also}: “{clip(here, 60)}” in the database and “{clip(there, 60)}” in the file: "
            "--renumber gives the file's node the next free id"
        )

    def _gone(self, project_id: ProjectId, files: Sequence[NamedFile], met: Meeting) -> tuple[EdgeRecord, ...]:
        """Return the edges that the files must have had and have no more: others removed them.

        What was made here after the file was last written or read is new, not gone, unless it is a choice that goes
        with a status that the file says otherwise; and what holds a child in its parent stays.
        """
        synced: dict[NodeId, str] = {}
        for _, _, file in files:
            if at := self._marks.last_seen(project_id, file.goal_id):
                synced.update((met.renaming.ids[node.id], at) for node in file.nodes)
        withdrawn = set(held_back(replace(met.comparison, new_edges=met.comparison.absent_edges)))

        def gone(edge: EdgeRecord) -> bool:
            if edge.edge_type is EdgeType.CONTAINS:
                child = met.file.nodes.get(edge.to_id)
                if child is None or child.parent_id == edge.from_id:
                    return False
            elif edge in withdrawn:
                return True
            return edge.created_at <= synced.get(home_of(edge), "")

        return tuple(edge for edge in met.comparison.absent_edges if gone(edge))

    def _name(self, project_id: ProjectId, files: Sequence[NamedFile], met: Meeting) -> None:
        """Keep what the files of new goals call their project."""
        new = {node.id for node in met.comparison.new_nodes if node.node_type is NodeType.GOAL}
        for _, _, file in files:
            goals = [goal for node in file.nodes if (goal := met.renaming.ids[node.id]) in new]
            if file.goal_id is None and not self.read(project_id, None).nodes:
                goals.append(NodeId(""))
            for goal_id in goals:
                self._db.execute(
                    self._sql["name_file"], {"project_id": project_id, "goal_id": goal_id, "name": file.project}
                )
