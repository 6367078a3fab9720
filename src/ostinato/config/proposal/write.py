"""Writes a proposal as the text of `.ostinato/config.toml`, each command with its reason. It touches no file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from ostinato.config.proposal.found import Line, shown
from ostinato.config.proposal.propose import Proposal

_HEAD = (
    "# Proposed by `ostinato init` from what this repository says. Change it as you like;",
    "# `ostinato config explain` lists every setting, `ostinato init --check` tries these commands out.",
)
_NOTHING_SETUP = ('# commands = ["make deps"]', '# inputs = ["Makefile"]')
_NOTHING_VERIFY = ('# commands = ["make test"]',)


def as_toml(proposal: Proposal, providers: Iterable[str]) -> str:
    """Return the text; `providers` are the models' providers whose keys are set, for a hint."""
    lines = [*_HEAD, "", "[setup]", "# Run once in each fresh checkout, in order, with network."]
    setup, checks = proposal.setup(), proposal.checks()
    lines += _commands(setup) if setup else _NOTHING_SETUP
    if setup and proposal.inputs():
        lines += ["# Setup runs again when one of these changes.", f"inputs = {_list(proposal.inputs())}"]
    lines += ["", "[verify]", "# Each must exit 0 before a commit. They run at the top, without network."]
    lines += _commands(checks) if checks else _NOTHING_VERIFY
    lines += ["", "# [models]", *_models(list(providers))]
    if proposal.undecided:
        lines += ["", "# What could not be decided:", *(f"# - {shown(one)}" for one in proposal.undecided)]
    return "\n".join(lines) + "\n"


def _commands(lines: list[Line]) -> Iterator[str]:
    yield "commands = ["
    for line in lines:
        yield f"    # {shown(line.why)}"
        yield f"    {_text(line.command)},"
    yield "]"


def _models(providers: list[str]) -> Iterator[str]:
    for provider in providers:
        yield f'# default = "{provider}:NAME"'
    if not providers:
        yield '# default = "PROVIDER:NAME"   # or set OSTINATO_MODEL'


def _list(texts: list[str]) -> str:
    one_line = f"[{', '.join(map(_text, texts))}]"
    if len(one_line) <= 100:
        return one_line
    return "[\n" + "".join(f"    {_text(text)},\n" for text in texts) + "]"


def _text(text: str) -> str:
    """Return a TOML string: JSON's escapes are TOML's, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
