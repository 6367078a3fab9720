"""Names of packages, so that one package has one name: as a manifest says it, as code imports it, as a person types it.

Pure text. A distribution and its module may have different names (`scikit-learn`, `sklearn`): whoever means both says
both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_RUNS = re.compile(r"[-_.]+")
_PYTHON = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")
_ARCHIVE = re.compile(r"([A-Za-z0-9._]+?)-\d[^/]*\.(?:whl|zip|tar\.\w+|tgz)$")
_WORD = re.compile(r"@?\w[\w.+/:-]*", re.ASCII)


def normal(name: str) -> str:
    """Return a name in the one spelling that is compared: lower case, runs of `-`, `_` and `.` as one `-`."""
    return _RUNS.sub("-", name.strip().lower())


def normals(names: Iterable[str]) -> frozenset[str]:
    """Return several names in that spelling, blank ones left out."""
    return frozenset(filter(None, map(normal, names)))


def covers(forbidden: str, found: str) -> bool:
    """Tell whether one normal name is the other, or a package or scope that contains it (`lodash`, `lodash/fp`)."""
    return found == forbidden or found.startswith(f"{forbidden}/")


def python_requirement(line: str) -> Iterable[str]:
    """Yield the name that one line of a requirements file or one entry of a list asks for (PEP 508, URL, VCS)."""
    text = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
    if text.startswith("-"):
        editable = re.match(r"(?:-e|--editable)[\s=]+(.+)", text)
        text = editable[1].strip() if editable else ""
    if "://" in text and not re.match(r"[\w.-]+\s*(?:\[[^]]*\]\s*)?@", text):
        yield from _named_by_url(text)
    elif (found := _PYTHON.match(text)) is not None:
        yield found[1]


def java_coordinates(group: str, artifact: str) -> Iterable[str]:
    """Yield the names by which a Java library is known: its group, its artifact, and both."""
    yield from (group, artifact, f"{group}:{artifact}")


def words(text: str) -> frozenset[str]:
    """Return all that may be a name in a manifest that cannot be parsed: rather one too many than one missed."""
    return normals(_WORD.findall(text))


def _named_by_url(url: str) -> Iterable[str]:
    address, _, fragment = url.partition("#")
    if egg := re.search(r"(?:^|&)egg=([\w.-]+)", fragment):
        yield egg[1]
    last = address.split("?", 1)[0].rstrip("/").rpartition("/")[2]
    archive = _ARCHIVE.match(last)
    yield archive[1] if archive else last.split("@", 1)[0].removesuffix(".git")
