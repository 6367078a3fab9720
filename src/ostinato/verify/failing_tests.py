"""Finds the names of failing tests in what test runners print. Pure; a runner that is not known gives no names.

Formats: pytest's short summary, unittest's FAIL/ERROR headers, go test, cargo test, TAP and node's spec reporter, Jest
and Vitest.
"""

from __future__ import annotations

import re

_PATTERNS = (
    re.compile(r"^(?:FAILED|ERROR) (\S+?::\S.*?|\S+\.py)(?: - .*)?$", re.MULTILINE),  # pytest
    re.compile(r"^(?:FAIL|ERROR): (\w+ \([\w.]+\))", re.MULTILINE),  # unittest
    re.compile(r"^\s*--- FAIL: (\S+)", re.MULTILINE),  # go test
    re.compile(r"^test (\S+) \.\.\. FAILED$", re.MULTILINE),  # cargo test
    re.compile(r"^\s*not ok \d+ -? ?(.+?)(?: # .*)?$", re.MULTILINE),  # TAP
    re.compile(r"^\s*✖ (.+?)(?: \([\d.]+ms\))?$", re.MULTILINE),  # node --test
    re.compile(r"^\s*● (.+ › .+)$", re.MULTILINE),  # Jest
    re.compile(r"^ (?:FAIL|×) {1,2}(\S+ > .+)$", re.MULTILINE),  # Vitest
)
_MOST = 500


def failing_tests(output: str) -> tuple[str, ...]:
    """Return the names of failing tests, sorted, each once; empty when none can be told."""
    names = {name.strip() for pattern in _PATTERNS for name in pattern.findall(output)}
    return tuple(sorted(names)[:_MOST])
