"""`ostinato replay`: a recorded night again, offline, and where it goes another way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ostinato.base.text import many
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.output import answer, clean, clean_block

if TYPE_CHECKING:
    from ostinato.app.replay import Replayed


@click.command(
    cls=Command,
    examples=[
        "ostinato ralph --record night.jsonl",
        "ostinato replay night.jsonl",
        "ostinato replay night.jsonl --until 3",
        "ostinato replay night.jsonl --profiles-now",
        "ostinato --json replay night.jsonl",
    ],
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--until", type=click.IntRange(min=1), metavar="N", help="Stop after iteration N.")
@click.option("--profiles-now", is_flag=True, help="Take the profiles as they are here now, not as recorded.")
@pass_invocation
def replay(invocation: Invocation, file: Path, until: int | None, profiles_now: bool) -> int:
    """Run what FILE recorded again, offline, and say whether it goes the same way.

    FILE comes from `--record` of `ralph` or `run`, and is all that is needed: no model, no network, no repository.
    Models, clocks, ids, files, commands and checks answer as they did; briefings, decisions and the graph are made
    anew, in a database that goes away. Each request to a model and the graph after each iteration must be equal.
    The first difference is shown as a diff, such as the effect of another prompt: of the program, or with
    --profiles-now of a profile. Nothing of yours is changed. A plan session in FILE is passed over.

    Exit codes: 0 all equal, 1 a difference, 2 no readable recording.
    """
    import asyncio

    from ostinato.app.replay import library_here, replay_file

    library = library_here() if profiles_now else None
    found = asyncio.run(replay_file(file, until, library))
    answer(invocation, [_document(one) for one in found], _lines(found))
    return 1 if any(one.apart is not None for one in found) else 0


def _document(one: Replayed) -> dict[str, Any]:
    apart = one.apart
    return {
        "goal_id": one.goal,
        "equal": apart is None,
        "iterations": one.iterations,
        "requests": one.requests,
        "complete": one.whole,
        "stopped": one.stopped or None,
        "changed_prompts": list(one.changed_prompts),
        "difference": None
        if apart is None
        else {"what": apart.what, "iteration": apart.iteration, "step": apart.step or None, "diff": apart.text},
    }


def _lines(found: list[Replayed]) -> Iterator[str]:
    for one in found:
        counts = f"{many(one.iterations, 'iteration')}, {many(one.requests, 'request')}"
        if one.changed_prompts:
            yield clean(f"other prompts than in the recording: {', '.join(one.changed_prompts)}")
        if one.apart is None:
            yield clean(f"{one.goal}: equal ({counts})")
            if not one.whole:
                yield "  the recording stops here: its run was killed"
            continue
        where = f"iteration {one.apart.iteration}" + (f", step {one.apart.step}" if one.apart.step else "")
        yield clean(f"{one.goal}: differs in {where}: the {one.apart.what} (equal before: {counts})")
        yield from clean_block(one.apart.text)
