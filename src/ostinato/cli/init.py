"""`ostinato init`: shows what the repository says about setup and checks, and writes it down once a person agreed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ostinato.base.errors import ConfigError, UsageError
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.init_view import check_lines, difference, document, proposal_lines
from ostinato.cli.output import answer, clean, json_line, on_stderr, remark

if TYPE_CHECKING:
    from ostinato.app.proposing import Proposed
    from ostinato.app.trial import Trial

_LACKING = 8


@click.command(
    cls=Command,
    examples=(
        "ostinato init",
        "ostinato init --check",
        "ostinato init --yes",
        "ostinato init --dry-run --json",
    ),
)
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--dry-run", is_flag=True, help="Show the proposal and write nothing.")
@click.option("--force", is_flag=True, help="Replace a configuration that is there; a copy of it is kept beside it.")
@click.option("--check", is_flag=True, help="Run setup and checks once, in a fresh checkout and in the sandbox.")
@pass_invocation
def init(invocation: Invocation, yes: bool, dry_run: bool, force: bool, check: bool) -> int:
    """Propose setup and checks for this repository, and write them to .ostinato/config.toml.

    Looked at are the files of HEAD: manifests, lock files, scripts and targets, of Python, Node, Rust, Go and Make, in
    folders below the top too. Nothing is run unless --check is given. A configuration that is there stays as it is.
    Exit code 8 when --check finds something that cannot run.
    """
    from ostinato.app.proposing import propose_for

    proposed = propose_for(_start(invocation), os.environ)
    stays = proposed.present is not None and not force
    if not invocation.json:
        answer(invocation, None, [*proposal_lines(proposed), *difference(proposed, stays=stays)])
    if yes and stays and not dry_run and not proposed.says_the_same:
        raise UsageError(f"{proposed.path} is there already and stays as it is: --force replaces it and keeps a copy")
    trial = _try(invocation, proposed, stays) if check else None
    if trial is not None and not invocation.json:
        answer(invocation, None, check_lines(trial))
    text = None
    if not dry_run and not stays:
        text = proposed.text if yes else None if invocation.json else _agreed(proposed)
    backup = None if text is None else _write(invocation, proposed, text)
    if invocation.json:
        json_line(document(proposed, text is not None, backup, trial))
    return _LACKING if trial is not None and not trial.runnable else 0


def _start(invocation: Invocation) -> Path:
    if invocation.project_name is None:
        return Path.cwd()
    return Path(invocation.required_project(invocation.reading()).path)


def _try(invocation: Invocation, proposed: Proposed, stays: bool) -> Trial:
    """Try out what holds after this command: the configuration that stays, else the proposal."""
    import asyncio

    from ostinato.app.proposing import settings_of
    from ostinato.app.trial import try_out

    text = proposed.present if stays and not proposed.fault else proposed.text
    settings = settings_of(proposed, text or "", os.environ)
    whose = "your configuration" if text == proposed.present else "the proposal"
    remark(invocation, f"trying {whose} out in a fresh checkout of HEAD")
    return asyncio.run(try_out(proposed.repository, settings, lambda what: remark(invocation, f"  … {what}")))


def _agreed(proposed: Proposed) -> str | None:
    """Return the text that the person agreed to, edited where they wished, None when they declined."""
    from ostinato.config.load import settings_in

    text = proposed.text
    while True:
        question = f"Write {clean(proposed.path)}? yes, no or edit"
        said = click.prompt(question, type=click.Choice(["y", "n", "e"]), err=True)
        if said == "n":
            click.echo("nothing was written", err=True)
            return None
        if said == "e":
            text = _edited(text)
            try:
                settings_in(text, proposed.path)
            except ConfigError as error:
                on_stderr(error.message)
                continue
        return text


def _edited(text: str) -> str:
    try:
        return click.edit(text, extension=".toml") or text
    except click.ClickException as error:
        said = error.format_message().rstrip(".")
        raise UsageError(f"{said}: nothing was written; set EDITOR to an editor that works here") from error


def _write(invocation: Invocation, proposed: Proposed, text: str) -> Path | None:
    from ostinato.app.proposing import write

    backup = write(proposed, text)
    with invocation.writing():
        pass  # who writes registers the repository
    if backup is not None:
        remark(invocation, f"the former configuration is kept as {backup}")
    remark(invocation, f"wrote {proposed.path}: commit it, so that others have it too. Next: ostinato plan")
    return backup
