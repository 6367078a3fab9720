"""`ostinato schema`: what each verb prints with `--json`, as JSON Schemas. The schemas stand in `cli/schemas`."""

from __future__ import annotations

import click

from ostinato.base.errors import NotFoundError
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.output import answer, columns, exact


@click.command(
    cls=Command,
    examples=("ostinato schema", "ostinato schema tasks next", "ostinato schema error > error.schema.json"),
)
@click.argument("words", metavar="[VERB]", nargs=-1)
@pass_invocation
def schema(invocation: Invocation, words: tuple[str, ...]) -> None:
    """Print the JSON Schema (draft 2020-12) of what VERB prints with --json.

    Without VERB it lists the verbs; `error` stands for what each of them prints on stderr when it fails.
    """
    # Late: only this command describes what the others print.
    from ostinato.cli.schemas.published import published
    from ostinato.cli.schemas.verbs import VERBS

    verb = " ".join(" ".join(words).split())
    if not verb:
        listed = [{"verb": name, "stream": one.stream, "about": one.note} for name, one in VERBS.items()]
        kinds = {True: "one document a line", False: "one document"}
        answer(invocation, listed, columns([(one["verb"], kinds[bool(one["stream"])], one["about"]) for one in listed]))
        return
    if verb not in VERBS:
        raise NotFoundError(_unknown(verb, list(VERBS)))
    found = published(verb)
    if invocation.json:
        answer(invocation, found, ())
    else:
        import json

        exact(json.dumps(found, ensure_ascii=False, indent=2) + "\n")


def _unknown(verb: str, verbs: list[str]) -> str:
    inside = [name for name in verbs if name.startswith(f"{verb} ")]
    if inside:
        return f"{verb} has verbs of its own: {', '.join(inside)}"
    from difflib import get_close_matches

    near = get_close_matches(verb, verbs, n=3)
    meant = f"; near are {', '.join(near)}" if near else ""
    return f"no verb {verb!r}{meant}: `ostinato schema` lists them"
