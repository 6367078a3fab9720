"""A Markdown PRD or checklist as tasks: `- [ ]` items, and headings of user stories with their acceptance criteria.

Headings above tasks become tasks that hold them, but for those that only announce them (`## Tasks`). All other prose is
the goal's description, so nothing of the file is lost.
"""

from __future__ import annotations

import re
import textwrap

from ostinato.graph.importing.document import only_file, stem
from ostinato.graph.importing.finish import Draft, finish
from ostinato.graph.importing.json_text import LONGEST, json_text
from ostinato.graph.importing.keys import Keys
from ostinato.graph.importing.markdown_blocks import Block, read_blocks
from ostinato.graph.importing.problems import Problems, refuse
from ostinato.graph.importing.values import Files, Format, Imported, ImportedNode
from ostinato.graph.types import NodeType, Status, TaskDetails

_ANNOUNCING = re.compile(
    r"^(?:\d+[.)]?\s*)?(?:the )?(?:tasks?|to-?do(?: list)?|todos|check-?list|task list|(?:implementation )?plan|"
    r"(?:user )?stories|requirements|functional requirements|features|backlog|milestones|work items|action items|"
    r"next steps|steps|implementation(?: tasks| steps)?)$",
    re.I,
)
_STORY = re.compile(r"^(?:(?:user )?story|task|issue)\s+#?\d|^[A-Z]{1,8}-\d+", re.I)
_MARKED = re.compile(r"^\[(.)\]\s+(.*)$")
_WRAPPED = re.compile(r"^(\*\*|__|~~)(.+)\1$")
_FRONT = re.compile(r"^([A-Za-z_][\w .-]{0,60}):\s*(.*)$")


def read_markdown(files: Files) -> Imported:
    """Return what a Markdown file holds. Raises MalformedError for a file without items or stories."""
    name, text = only_file(files)
    if len(text) > LONGEST:
        refuse(name, f"it has {len(text):,} characters, {LONGEST:,} at most")
    problems = Problems()
    if "\0" in text:
        problems.add(name, "it has NUL characters")
    metadata, lines = _front_matter(text.split("\n"))
    root = read_blocks([line.rstrip("\r") for line in lines], name, problems)
    title = _take_title(root) or metadata.get("markdown.title") or stem(name)
    reader = _Nodes()
    reader.read(root)
    if not reader.nodes:
        problems.add(
            name, "no `- [ ]` item and no user story in it; `ostinato plan --file` makes tasks of a text in prose"
        )
    draft = Draft(
        Format.MARKDOWN,
        f"{stem(name)}/{title}"[:200],
        title,
        description=reader.prose(),
        metadata=metadata,
        nodes=reader.nodes,
    )
    return finish(draft, problems)


def _front_matter(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    """Return the values between two lines of `---` at the top as metadata, and the lines behind."""
    if not lines or lines[0].strip() != "---":
        return {}, lines
    end = next((place for place, line in enumerate(lines[1:200], start=1) if line.strip() == "---"), None)
    if end is None:
        return {}, lines
    found: dict[str, list[str]] = {}
    present = found.setdefault("front_matter", [])
    for line in lines[1:end]:
        field = _FRONT.match(line)
        if field is not None:
            present = found.setdefault(field[1], [])
        present.append(field[2] if field else line.rstrip())
    texts = {f"markdown.{name}": "\n".join(parts).strip().strip("\"'") for name, parts in found.items()}
    # The lines taken away are counted, so that problems name the right ones.
    return {name: text for name, text in texts.items() if text}, [*[""] * (end + 1), *lines[end + 1 :]]


def _take_title(root: Block) -> str:
    """Return the heading of the file, whose parts then are the file's own; "" where it has none."""
    first = next(iter(root.inside), None)
    tops = [block for block in root.inside if block.level == 1]
    if len(tops) != 1 or first is not tops[0]:
        return ""
    if _STORY.match(first.title) or _ANNOUNCING.match(first.title):
        return first.title if not root.prose and len(root.inside) == 1 and _open_up(root, first) else ""
    _open_up(root, first)
    return _plain(first.title)


def _open_up(root: Block, top: Block) -> bool:
    root.prose += top.prose
    root.inside = [*top.inside, *root.inside[1:]]
    return True


class _Nodes:
    """Turns blocks into tasks; what is none is collected as prose."""

    def __init__(self) -> None:
        self.nodes: list[ImportedNode] = []
        self._keys = Keys()
        self._prose: list[str] = []

    def prose(self) -> str:
        """Return what belongs to no task, with its headings."""
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self._prose)).strip()

    def read(self, root: Block) -> None:
        """Read the file."""
        self._prose += root.prose
        for block in root.inside:
            self._block(block, None)

    def _block(self, block: Block, parent: str | None) -> None:
        if block.level is None:
            self._task(block, parent)
        elif block.is_criteria and not block.inside and not block.prose and parent is None:
            self._tell(block)
        elif _is_story(block) or (_has_tasks(block) and not _only_announces(block)):
            self._task(block, parent)
        else:
            self._tell(block)
            for inner in block.inside:
                self._block(inner, parent)

    def _tell(self, block: Block) -> None:
        """Add a heading that is no task to the prose, if it says anything."""
        says = any(line.strip() for line in block.prose) or not _has_tasks(block)
        if says:
            self._prose += ["", f"{'#' * (block.level or 1)} {block.title}", *block.prose]
            self._prose += [f"- {text}" for _, text in block.criteria]

    def _task(self, block: Block, parent: str | None) -> None:
        title, mark = _title(block)
        key = self._keys.of(title)
        place = len(self.nodes)
        status = _status(block, mark)
        own = [inner for inner in block.inside if not (inner.is_criteria and not inner.inside)]
        told: list[str] = []
        for inner in own:
            if inner.level is None or _is_story(inner) or _has_tasks(inner):
                self._block(inner, key)
            else:
                told += _as_text(inner)
        children = [node for node in self.nodes[place:] if node.parent_key == key]
        if children and block.level is not None and all(node.status is Status.COMPLETED for node in children):
            status = Status.COMPLETED
        node = ImportedNode(
            key,
            NodeType.TASK,
            title,
            status,
            parent_key=parent,
            description=_text([*block.prose, *told]),
            details=TaskDetails(acceptance_criteria=tuple(text for _, text in block.criteria if text)),
            metadata=_metadata(block, mark),
        )
        self.nodes.insert(place, node)


def _only_announces(block: Block) -> bool:
    """Tell whether a heading says no more than that tasks follow."""
    title = _plain(block.title)
    return not title or _ANNOUNCING.match(title) is not None


def _is_story(block: Block) -> bool:
    """Tell whether a heading is a task by itself: it has criteria, or is named as stories are and holds no item."""
    if block.level is None or block.is_criteria or not _plain(block.title):
        return False
    return bool(block.criteria) or (_STORY.match(_plain(block.title)) is not None and not _has_tasks(block))


def _has_tasks(block: Block) -> bool:
    """Tell whether there is a task somewhere below; headings go six deep at most."""
    return any(inner.level is None or _is_story(inner) or _has_tasks(inner) for inner in block.inside)


def _title(block: Block) -> tuple[str, str]:
    """Return the title without its markup, and the mark of its box."""
    marked = _MARKED.match(block.title)
    if marked is not None and block.level is not None:
        return _plain(marked[2]), marked[1]
    return _plain(block.title), block.mark


def _plain(title: str) -> str:
    wrapped = _WRAPPED.match(title.strip())
    inner = wrapped[2].strip() if wrapped and wrapped[1] not in wrapped[2] else ""
    return inner or title.strip()


def _status(block: Block, mark: str) -> Status:
    marks = [mark for mark, _ in block.criteria]
    if mark in {"x", "X"} or (block.level is not None and marks and set(marks) <= {"x", "X"}):
        return Status.COMPLETED
    return Status.PENDING


def _metadata(block: Block, mark: str) -> dict[str, str]:
    checked = [text for one, text in block.criteria if one in {"x", "X"}]
    found = {"markdown.checked_criteria": json_text(checked)} if checked else {}
    return found if mark in {"", " ", "x", "X"} else {**found, "markdown.mark": mark}


def _as_text(block: Block) -> list[str]:
    lines = ["", f"{'#' * (block.level or 1)} {block.title}", *block.prose]
    return [*lines, *(line for inner in block.inside for line in _as_text(inner))]


def _text(lines: list[str]) -> str:
    return textwrap.dedent("\n".join(lines)).strip()
