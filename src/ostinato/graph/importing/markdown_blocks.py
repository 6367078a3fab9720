"""The parts of a Markdown file that matter to an importer: headings, checklists, criteria, and the prose between.

Lines to a tree; what becomes a node is the business of `markdown`. Not a Markdown parser: fences and comments are
respected, all other markup is text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ostinato.graph.importing.problems import Problems

_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.*)$")
_CHECK = re.compile(r"^(\s*)(?:[-*+]|\d{1,9}[.)])\s+\[(.)\](?:\s+(.*))?$")
_BULLET = re.compile(r"^(\s*)(?:[-*+]|\d{1,9}[.)])\s+(.*)$")
_FENCE = re.compile(r"^\s*(`{3,}|~{3,})")
_LABEL = re.compile(r"^\s*(?:[-*+]\s+)?(?:\*\*|__)([^*_]{1,60}?):?(?:\*\*|__)\s*:?\s*(.*)$")
_PLAIN_LABEL = re.compile(r"^\s*(?:[-*+]\s+)?([A-Za-z ]{3,40}):\s*(.*)$")
_CRITERIA = re.compile(r"^(?:the )?(?:acceptance|success|completion) criteria$|^criteria$|^definition of done$", re.I)
DEEPEST = 40
_LONG = 10_000
"""Characters of a criterion to which no more lines are added: each adding copies it."""


@dataclass(slots=True, eq=False)
class Block:
    """A heading (`level` 1 to 6; 0 the file itself) or an item of a checklist (`level` None) with what belongs to it.

    `criteria` are (mark or "", text); `mark` is what stands between the brackets, "" where there are none.
    """

    title: str
    level: int | None = None
    indent: int = -1
    mark: str = ""
    prose: list[str] = field(default_factory=list)
    criteria: list[tuple[str, str]] = field(default_factory=list)
    inside: list[Block] = field(default_factory=list)

    @property
    def is_criteria(self) -> bool:
        """Whether the heading says that criteria follow."""
        return self.level is not None and is_criteria(self.title)


def is_criteria(words: str) -> bool:
    """Tell whether these words announce acceptance criteria."""
    return _CRITERIA.match(words.strip().strip("*_: ")) is not None


def without_closing(heading: str) -> str:
    """Return the words of a heading without the `#` signs that may close it."""
    words = heading.strip()
    rest = words.rstrip("#")
    return rest.rstrip() if not rest or rest[-1].isspace() else words


def read_blocks(lines: list[str], where: str, problems: Problems) -> Block:
    """Return the file as a tree. Checklists nested without end are a problem."""
    reader = _Reader(where, problems)
    for number, line in enumerate(lines, start=1):
        reader.read(number, line.expandtabs(4))
    return reader.root


class _Reader:
    def __init__(self, where: str, problems: Problems) -> None:
        self.root = Block("", level=0)
        self._where = where
        self._problems = problems
        self._sections = [self.root]
        self._items: list[Block] = []
        self._criteria_of: Block | None = None
        self._fence = ""
        self._comment = False
        self._blank = True

    def read(self, number: int, line: str) -> None:
        if self._is_verbatim(line):
            self._prose(line)
        elif heading := _HEADING.match(line):
            self._heading(len(heading[1]), without_closing(heading[2]))
        elif not self._label(line):
            self._line(number, line)
        self._blank = not line.strip()

    def _is_verbatim(self, line: str) -> bool:
        """Tell whether a line stands in, opens or ends a fence or a comment."""
        if self._fence:
            if line.strip().startswith(self._fence) and not line.strip().strip(self._fence[0]):
                self._fence = ""
            return True
        if self._comment or line.lstrip().startswith("<!--"):
            self._comment = "-->" not in line
            return True
        if fence := _FENCE.match(line):
            self._fence = fence[1]
            return True
        return False

    def _heading(self, level: int, title: str) -> None:
        while (self._sections[-1].level or 0) >= level:
            self._sections.pop()
        section = Block(title, level=level)
        self._sections[-1].inside.append(section)
        self._sections.append(section)
        self._items.clear()
        above = self._sections[-2]
        self._criteria_of = above if section.is_criteria and above.level else None

    def _label(self, line: str) -> bool:
        """Read a line like `**Acceptance criteria:** …`; another label of that form ends the criteria."""
        bold = _LABEL.match(line)
        label = bold or _PLAIN_LABEL.match(line)
        if label is None or _CHECK.match(line):
            return False
        indent = len(line) - len(line.lstrip())
        if not is_criteria(label[1]):
            if bold is not None and self._criteria_of is not None:
                self._criteria_of = None
            return False
        self._close_items(indent)
        owner = self._items[-1] if self._items else self._sections[-1]
        if owner.level == 0:
            return False
        self._criteria_of = owner
        if label[2].strip():
            owner.criteria.append(("", label[2].strip()))
        return True

    def _line(self, number: int, line: str) -> None:
        check, bullet = _CHECK.match(line), _BULLET.match(line)
        indent = len(line) - len(line.lstrip())
        if self._criteria_of is not None and self._criterion(check, bullet, line, indent):
            return
        if check is not None:
            self._item(number, indent, check[2], (check[3] or "").strip())
        else:
            self._prose(line)

    def _criterion(self, check: re.Match[str] | None, bullet: re.Match[str] | None, line: str, indent: int) -> bool:
        """Read a line where criteria are expected; anything else ends them."""
        owner = self._criteria_of
        if owner is None or not line.strip():
            return owner is not None
        if (check or bullet) and indent > owner.indent:
            mark, text = (check[2], check[3] or "") if check else ("", bullet[2] if bullet else "")
            owner.criteria.append((mark, text.strip()))
            return True
        if owner.criteria and indent > max(owner.indent, 0) and not self._blank:
            mark, text = owner.criteria[-1]
            if len(text) > _LONG:
                mark, text = "", ""
                owner.criteria.append((mark, text))
            owner.criteria[-1] = (mark, f"{text} {line.strip()}")
            return True
        self._criteria_of = None
        return False

    def _item(self, number: int, indent: int, mark: str, title: str) -> None:
        self._close_items(indent)
        item = Block(title, indent=indent, mark=mark)
        if len(self._items) >= DEEPEST:
            self._problems.add(f"{self._where}: line {number}", f"items are nested deeper than {DEEPEST}")
            return
        if not title:
            self._problems.add(f"{self._where}: line {number}", "the item says nothing: give it a title")
        (self._items[-1] if self._items else self._sections[-1]).inside.append(item)
        self._items.append(item)

    def _close_items(self, indent: int) -> None:
        while self._items and self._items[-1].indent >= indent:
            self._items.pop()

    def _prose(self, line: str) -> None:
        if line.strip() and not self._fence:
            indent = len(line) - len(line.lstrip())
            # What follows an item without a blank line belongs to it, indented or not.
            if self._blank or _BULLET.match(line):
                self._close_items(indent)
        owner = self._items[-1] if self._items else self._sections[-1]
        owner.prose.append(line)
