"""Tells whether a function is a placeholder or holds one: no body, only an error, a constant for every argument.

The rules are for what a hurried author leaves, and stay silent where an author says why there is nothing to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ostinato.verify.gates.functions import FUNCTIONS, Function, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_ABSTRACT = re.compile(r"\b(ABC|ABCMeta|Protocol|Interface|abstract)\b|abstractmethod|\boverload\b")
_ABSTRACT_NAME = re.compile(r"(^_?(Abstract|Base)|(Base|Abstract|Interface|Mixin|Protocol|Port)$)")
_NO_OP_NAME = re.compile(r"(?i)(^|_)(no_?op|null|dummy|fake|stub|mock|silent|empty)|Null|No_?op")
_SAID = re.compile(
    r"(?i)\b(no-?op|noop|nothing|no need|not needed|ignor\w*|unused|intentional\w*|deliberate\w*|on purpose|by design"
    r"|null|default\w*|hook|swallow\w*|discard\w*|drop\w*|never|does not|do not|silence\w*|subclass\w*|overrid\w*"
    r"|abstract|always|(have|has|needs?) no)\b"
)
_LATER = re.compile(
    r"(?i)\b(TODO|FIXME|XXX|HACK|placeholder|stub(bed)?|not (yet )?implemented|unimplemented"
    r"|implement (me|this|later|it)|to be implemented|for now|real (implementation|logic)|coming soon"
    r"|will be (added|implemented)|fill (this )?in)\b"
)
_UNSUPPORTED = re.compile(
    r"(?i)subclass|overrid|abstract|must (be )?implement|(not|un|n't) ?support|read-?only|immutable|cannot|\bonly\b"
    r"|not available|should be"
)
_RAISES_NOT = re.compile(
    r"^raise\s+NotImplementedError\b|^raise\s+\w*(Error|Exception)\(\s*[rbfu]*[\"'](TODO|[Nn]ot (yet )?implemented)"
)
_THROWS_NOT = re.compile(
    r"(?i)^throw\s+(new\s+)?\w*(Error|Exception)\(\s*[\"'`]"
    r"(TODO|.{0,60}?\bnot (yet )?implemented|unimplemented|implement me)"
    r"|^throw\s+new\s+NotImplemented"
)
_NONE_ADMITTED = re.compile(
    r"\b(None|Optional|Any|object|NoReturn|Never|void|undefined|null|never|any|unknown|asserts)\b"
)
_PROMISES = re.compile(
    r"^_*(get|compute|calculate|calc|parse|build|make|create|load|fetch|read|convert|format|render|count|sum|total|"
    r"find|search|to|is|has|encode|decode|merge|sort|filter|select|resolve|extract|generate|transform)(_|[A-Z])"
)
_CONSTANTS = frozenset(
    {
        *("integer", "float", "string", "true", "false", "none", "concatenated_string"),
        *("number", "null", "undefined", "template_string"),
    }
)
_HOLDERS = frozenset(
    {"list", "dictionary", "tuple", "set", "array", "object", "pair", "unary_operator", "unary_expression"}
)
_NOTHING = frozenset({"pass_statement", "empty_statement"})
_TRIVIAL = frozenset(
    {"None", "null", "undefined", "True", "False", "true", "false", "0", "1", "-1", "0.0", '""', "''", "[]", "{}", "()"}
)


def placeholder(function: Function, wanted: str) -> str | None:
    """Return what makes the function a placeholder, or None. `wanted` is the text of the task: a constant that it names
    is what it asks for."""
    if not function.name:
        return None
    body = _Body(function)
    if body.told_later():
        return f"is a placeholder: {_clipped(function.remarks) or 'its text'} says that the work is not done"
    if _is_abstract(function):
        return None
    if _named_no_op(function):
        return None
    if body.raises() and not _UNSUPPORTED.search(body.code):
        return f"is a placeholder: its body only {'raises' if function.source.python else 'throws'} {body.error()}"
    if _says_why(function):
        return None
    if body.empty():
        return _empty(function, body)
    return _constant(function, body, wanted)


def unfinished(function: Function) -> Iterator[tuple[int, str]]:
    """Yield (line, words) for each place in a function with other statements that raises “not implemented”."""
    if len(function.parts) < 2 and not (function.parts and function.parts[0].named_child_count > 1):
        return
    pattern = r"(?i)[\"'`].{0,80}?\b(not (yet )?implemented|unimplemented|TODO|implement me)\b"
    for node in _within(function.node, frozenset({"raise_statement", "throw_statement"})):
        said = text_of(node)
        if re.search(pattern, said) and not _UNSUPPORTED.search(said):
            yield node.start_point.row + 1, "leaves a case undone: it only raises “not implemented”"


class _Body:
    """What the few statements of a function come to."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.parts = function.parts
        self.code = "\n".join(text_of(part) for part in self.parts[:4])

    def empty(self) -> bool:
        return all(part.type in _NOTHING or _is_ellipsis(part) for part in self.parts)

    def raises(self) -> bool:
        pattern = _RAISES_NOT if self.function.source.python else _THROWS_NOT
        return len(self.parts) == 1 and bool(pattern.search(self.code))

    def error(self) -> str:
        return re.sub(r"^(raise|throw\s+new|throw)\s+", "", _clipped(self.code))

    def returned(self) -> Node | None:
        """The expression that is all the body: of its only return, or of an arrow."""
        if len(self.parts) != 1:
            return None
        (part,) = self.parts
        if part.type == "return_statement":
            return part.named_children[0] if part.named_children else part
        return part if self.function.node.type == "arrow_function" and not part.type.endswith("_statement") else None

    def told_later(self) -> bool:
        """A body of nothing, an error, a constant or a line of output, with words that the work is still to do."""
        if len(self.parts) > 2 or self.function.node.end_point.row - self.function.node.start_point.row > 15:
            return False
        comments = [
            line for line in self.function.remarks.splitlines() if line.lstrip().startswith(("#", "//", "/*", "*"))
        ]
        prints = [text_of(p) for p in self.parts if re.match(r"(print|console\.\w+|log\w*\.\w+)\(", text_of(p))]
        said = [line for line in [*comments, *prints] if _LATER.search(line)]
        if not said:
            return False
        rest = [part for part in self.parts if text_of(part) not in prints]
        return all(_is_nothing(part) for part in rest)


def _is_nothing(part: Node) -> bool:
    if part.type in _NOTHING or _is_ellipsis(part):
        return True
    if part.type == "return_statement":
        return (
            not part.named_children
            or _is_constant(part.named_children[0])
            or part.named_children[0].type == "identifier"
        )
    return part.type in ("raise_statement", "throw_statement")


def _is_ellipsis(part: Node) -> bool:
    return part.type == "expression_statement" and text_of(part) in ("...", "…")


def _is_constant(node: Node) -> bool:
    if node.type in _CONSTANTS or text_of(node) == "undefined":
        return not _within_any(node, frozenset({"interpolation", "template_substitution"}))
    if node.type == "parenthesized_expression" and node.named_child_count == 1:
        return _is_constant(node.named_children[0])
    if len(node.text or b"") > 200:
        return False
    return node.type in _HOLDERS and all(
        _is_constant(child) or child.type == "property_identifier" for child in node.named_children
    )


def _is_abstract(function: Function) -> bool:
    return bool(
        _ABSTRACT.search(function.decorators)
        or _ABSTRACT.search(function.bases)
        or _ABSTRACT_NAME.search(function.owner)
        # A class that another in the same file builds on is a base.
        or (function.owner and function.owner in function.source.built_on)
    )


def _named_no_op(function: Function) -> bool:
    return bool(_NO_OP_NAME.search(function.name) or _NO_OP_NAME.search(function.owner))


def _says_why(function: Function) -> bool:
    return bool(_SAID.search(function.remarks))


def _empty(function: Function, body: _Body) -> str | None:
    what = "is empty" if not body.parts else f"is only {_clipped(body.code)}"
    if function.returns and not _NONE_ADMITTED.search(function.returns):
        return f"is a placeholder: its body {what} and it promises {_clipped(function.returns)}"
    if function.name.startswith("__") or function.name == "constructor" or _is_test(function):
        return None
    if (
        function.bases
        or function.decorators
        or re.match(r"_?(on|handle|visit|did|will)(_|[A-Z])|log_message", function.name)
    ):
        return None  # one that fills a hook, or that something else makes into what it is
    if function.place.parent == "pair":
        return None
    if function.parameters and all(name.startswith("_") for name in function.parameters):
        return None  # it says that it uses none
    if not function.source.python and not function.parameters and function.node.type != "method_definition":
        return None if function.node.type == "arrow_function" else f"is a placeholder: its body {what}"
    return f"is a placeholder: its body {what}"


def _is_test(function: Function) -> bool:
    return function.name.startswith("test")


def _constant(function: Function, body: _Body, wanted: str) -> str | None:
    value = body.returned()
    if value is None:
        return None
    said = text_of(value)
    none = said in ("None", "null", "undefined", "return", "return;")
    if none:
        promised = function.returns and not _NONE_ADMITTED.search(function.returns)
        named = not function.returns and _PROMISES.search(function.name) and not function.bases
        nothing = said.startswith("return")
        if (promised or named) and not _is_wanted("None" if nothing else said, wanted):
            return f"is a placeholder: it only returns {'nothing' if nothing else said}"
        return None
    used = [name for name in function.parameters if name not in ("self", "cls", "this") and not name.startswith("_")]
    if not used or not _is_constant(value) or function.bases or function.decorators or function.name.startswith("__"):
        return None
    if function.place.parent == "pair":
        return None
    if _is_wanted(said, wanted):
        return None
    return f"is a placeholder: it returns {_clipped(said)} whatever its arguments ({', '.join(used[:4])}) are"


def _is_wanted(literal: str, wanted: str) -> bool:
    """Tell whether the task's text names this constant; a trivial one only where it is said to be the answer."""
    plain = literal.strip("\"'`() ")
    if literal in _TRIVIAL or not plain:
        return bool(
            re.search(
                rf"(?i)\b(returns?|returning|always|answers?|gives?|is|be|==?)\b[\s`'\"]*{re.escape(literal)}", wanted
            )
            or re.search(rf"==\s*{re.escape(literal)}", wanted)
        )
    return bool(re.search(rf"(?<!\w){re.escape(plain)}(?!\w)", wanted))


def _within(node: Node, types: frozenset[str]) -> Iterator[Node]:
    """Yield the nodes of these types in a function, those of functions inside it left out."""
    waiting = list(node.children)
    while waiting:
        one = waiting.pop()
        if one.type in types:
            yield one
        if one.type not in FUNCTIONS:
            waiting.extend(one.children)


def _within_any(node: Node, types: frozenset[str]) -> bool:
    return next(_within(node, types), None) is not None


def _clipped(text: str) -> str:
    return " ".join(text.split())[:80]
