"""Finds tests that assert nothing, or only what is true whatever the code does."""

from __future__ import annotations

import re

from ostinato.verify.gates.functions import Function, text_of

_ASSERTS = re.compile(
    r"(?i)\bassert|expect|\braises\b|\bwarns\b|\bfail\b|check|verif|should|snapshot|approx|must|require|ensure|validate"
    r"|deprecated_call|\bt\.\w+\(|\btester\b|benchmark|match|compare|throws|refuse|\braise\b"
)
_SMOKE = re.compile(
    r"(?i)no_?(error|raise|exception|crash)|not_(raise|crash|fail|throw|hang)|never_(raise|crash)|smoke|import|no error"
    r"|without_(error|crash|raising)|(does|do)(n.?t| not) (throw|crash|fail|raise)|without (errors?|throwing|crash)"
    r"|any_text|can_be|survive|success|pass(es|ing)\b|- pass|assignab|compiles|\btyp(e|es|ed|ing)\b"
)
_WORD = r"[\w.]+"
_TRUE = re.compile(
    r"^(assert\s*\(?\s*(True|not False|1|\d+\s*(==|<=|>=)\s*\d+|[\"'][^\"']+[\"']"
    rf"|(?P<n>{_WORD})\s*(==|is)\s*(?P=n))\s*\)?\s*(,.*)?"
    rf"|self\.assertTrue\(\s*True\s*(,.*)?\)|self\.assertEqual\(\s*(?P<m>{_WORD})\s*,\s*(?P=m)\s*\)"
    r"|(await\s+)?expect\(\s*(?P<v>true|1|\d+|[\"'][^\"']*[\"'])\s*\)"
    r"\.(toBe(Truthy)?|toEqual|toStrictEqual)\(\s*((?P=v))?\s*\)"
    rf"|(await\s+)?expect\(\s*(?P<w>{_WORD})\s*\)\.(toBe|toEqual|toStrictEqual)\(\s*(?P=w)\s*\)"
    rf"|assert(\.ok)?\(\s*true\s*\)|assert\.(strict)?[eE]qual\(\s*(?P<e>{_WORD})\s*,\s*(?P=e)\s*\));?$"
)
_SKIPPED = re.compile(r"\b(skip|skipif|todo|fixture)\b")
_CALLED = re.compile(r"\b(\w+)\s*\(")


def proves_nothing(function: Function, is_test_file: bool, helpers: frozenset[str]) -> str | None:
    """Return why a test proves nothing, or None: it is none, or it asserts something.

    `helpers` are the functions of its file that assert themselves.
    """
    title = _title(function) if is_test_file and ".test-d." not in function.source.path else None
    if title is None or _SKIPPED.search(function.decorators):
        return None
    parts = [part for part in function.parts if text_of(part) not in ("pass", "...", ";")]
    if not parts:
        return f"{title} is a test that asserts nothing: it is empty"
    code = "\n".join(text_of(part) for part in function.parts)
    asserted = [text for part in function.parts if _ASSERTS.search(text := text_of(part))]
    if asserted and all(_TRUE.match(" ".join(text.split())) for text in asserted):
        return f"{title} is a test that asserts nothing: {' '.join(asserted[0].split())[:60]} is true whatever happens"
    if asserted or helpers & set(_CALLED.findall(code)) or _SMOKE.search(title) or _SMOKE.search(function.remarks):
        return None
    return f"{title} is a test that asserts nothing: it runs code and looks at no result"


def asserting(functions: list[Function]) -> frozenset[str]:
    """Return the names of the functions that assert, themselves or through others of the same file."""
    texts = {one.name: text_of(one.node) for one in functions if one.name}
    found = {name for name, text in texts.items() if _ASSERTS.search(text.partition("\n")[2] or text)}
    while more := {n for n, t in texts.items() if n not in found and found & (set(_CALLED.findall(t)) - {n})}:
        found |= more
    return frozenset(found)


def _title(function: Function) -> str | None:
    """Return what a test is called, None where the function is no test."""
    if function.source.python:
        is_method = not function.owner or function.owner.startswith("Test") or "TestCase" in function.bases
        return f"{function.name}()" if function.name.startswith("test") and is_method else None
    arguments = function.place.up
    call = arguments.up.node if arguments is not None and arguments.up is not None else None
    if (
        call is None
        or call.type != "call_expression"
        or text_of(call.child_by_field_name("function")) not in ("it", "test", "it.only", "test.only")
    ):
        return None
    listed = call.child_by_field_name("arguments")
    first = listed.named_children[0] if listed is not None and listed.named_children else None
    return text_of(first)[:80] if first is not None and first.type in ("string", "template_string") else None
