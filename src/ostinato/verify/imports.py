"""Reads which packages a source file imports: Python, JavaScript and TypeScript, Go. Pure; no code is run.

Comments and, in Python, strings do not count; names that are put together at run time cannot be seen here.

The text may be anybody's: every pattern reads it in linear time.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Iterable, Iterator, Mapping

from ostinato.verify.package_names import normals

_PYTHON_LINE = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b[ \t]*\(?([\w, ]*)|import[ \t]+([\w., ]+))", re.MULTILINE
)
_DYNAMIC = frozenset({"__import__", "import_module"})
_SKIPPED = frozenset({tokenize.COMMENT, tokenize.NL, tokenize.ENCODING})
_BEGINNINGS = frozenset({tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT})
_PLAIN = re.compile(r"[rbuRBU]{0,2}(?P<q>'''|\"\"\"|'|\")(?P<text>[\w.]+)(?P=q)", re.ASCII)
_STRING_OR_COMMENT = re.compile(
    r"""("(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|`(?:\\.|[^`\\])*`?)|//[^\n]*|/\*.*?(?:\*/|\Z)""", re.DOTALL
)
_JS = re.compile(
    r"""(?:\bfrom\s*|\bimport\s*(?:\(\s*)?|\brequire\s*(?:\.\s*resolve\s*)?\(\s*)(?:"([^"\n]+)"|'([^'\n]+)'|`([^`$\n]+)`)"""
)
_GO = re.compile(r"^[ \t]*import\s*(?:\(([^)]*)|(?:[\w.]+\s+)?[\"`]([^\"`\n]+)[\"`])", re.MULTILINE)
_GO_PATH = re.compile(r"[\"`]([^\"`\n]+)[\"`]")


def imported_names(path: str, text: str) -> frozenset[str] | None:
    """Return the normal names that a file imports, by which a package could be meant; None for other kinds of files.

    `google.cloud.storage` may be of `google`, `google-cloud` or `google-cloud-storage`: all three are returned.
    """
    ending = path.lower().rpartition(".")[2]
    reader = _BY_ENDING.get(ending)
    return None if reader is None else normals(reader(text))


def _python(text: str) -> Iterable[str]:
    try:
        tokens = [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type not in _SKIPPED]
    except (tokenize.TokenError, SyntaxError, ValueError):
        return set(_python_by_lines(text))
    return set(_python_by_tokens(tokens))


def _python_by_tokens(tokens: list[tokenize.TokenInfo]) -> Iterator[str]:
    begins = True
    for place, token in enumerate(tokens):
        if begins and token.string == "import":
            yield from _modules(_words_until_end(tokens, place + 1))
        elif begins and token.string == "from":
            yield from _from(_words_until_end(tokens, place + 1))
        elif token.string in _DYNAMIC and [t.string for t in tokens[place + 1 : place + 2]] == ["("]:
            named = _PLAIN.fullmatch(tokens[place + 2].string) if place + 2 < len(tokens) else None
            yield from _prefixes(named["text"]) if named else ()
        begins = token.type in _BEGINNINGS or token.string in {";", ":"}


def _words_until_end(tokens: list[tokenize.TokenInfo], place: int) -> str:
    words = []
    for token in tokens[place:]:
        if token.type in {tokenize.NEWLINE, tokenize.ENDMARKER} or token.string == ";":
            break
        words.append(token.string)
    return " ".join(words)


def _python_by_lines(text: str) -> Iterator[str]:
    for source, names, modules in _PYTHON_LINE.findall(text):
        if modules:
            yield from _modules(modules)
        else:
            yield from _from(f"{source} import {names}")


def _modules(said: str) -> Iterator[str]:
    """Yield the names of `a.b as c, d`."""
    for module in said.split(","):
        yield from _prefixes(re.split(r"\bas\b", module)[0])


def _from(said: str) -> Iterator[str]:
    """Yield the names of `a.b import c, d`; an import from the package itself (`.a`) is nobody's."""
    source, _, names = re.sub(r"\s*\.\s*", ".", said).partition(" import")
    if source.startswith((".", "import")) or not source:
        return
    yield from _prefixes(source)
    for name in names.replace("(", " ").replace(")", " ").split(","):
        if word := name.split()[:1]:
            yield from _prefixes(f"{source}.{word[0]}")


def _prefixes(dotted: str) -> Iterator[str]:
    parts = [part for part in re.sub(r"\s+", "", dotted).split(".") if part]
    for length in range(1, min(len(parts), 4) + 1):
        yield "-".join(parts[:length])


def _javascript(text: str) -> Iterator[str]:
    plain = _STRING_OR_COMMENT.sub(lambda found: found[1] or " ", text)
    for found in _JS.findall(plain):
        name = "".join(found).removeprefix("npm:").removeprefix("jsr:")
        if not name.startswith((".", "/")) and "://" not in name:
            # `pkg@1.2` is how Deno names a version.
            yield re.sub(r"(?<=.)@[^/]*", "", name)


def _go(text: str) -> Iterator[str]:
    plain = _STRING_OR_COMMENT.sub(lambda found: found[1] or " ", text)
    for block, single in _GO.findall(plain):
        yield from (single,) if single else _GO_PATH.findall(block)


_BY_ENDING: Mapping[str, Callable[[str], Iterable[str]]] = {
    **dict.fromkeys(("py", "pyi", "pyx"), _python),
    **dict.fromkeys(("js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte"), _javascript),
    "go": _go,
}
