"""`ostinato completion`: prints the script that makes a shell complete our words. It installs nothing."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ostinato.base.errors import UsageError
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.output import exact, json_line, remark

_PLACES = {
    "bash": "ostinato completion bash > ~/.local/share/bash-completion/completions/ostinato",
    "zsh": "ostinato completion zsh > ~/.zfunc/_ostinato  (with `fpath+=~/.zfunc` before `compinit` in ~/.zshrc)",
    "fish": "ostinato completion fish > ~/.config/fish/completions/ostinato.fish",
}


@click.command(
    cls=Command,
    examples=(
        "ostinato completion bash > ~/.local/share/bash-completion/completions/ostinato",
        "ostinato completion zsh > ~/.zfunc/_ostinato",
        "ostinato completion fish | source",
    ),
)
@click.argument("shell", metavar="[bash|zsh|fish]", required=False, type=click.Choice(list(_PLACES)))
@pass_invocation
def completion(invocation: Invocation, shell: str | None) -> None:
    """Print the script with which a shell completes commands, options, and ids from the database.

    Without a name it is for the shell of $SHELL. Bash must be 4.4 or later.
    """
    from click.shell_completion import get_completion_class

    from ostinato.cli.completing import register

    name = shell or Path(os.environ.get("SHELL", "")).name
    if name not in _PLACES:
        raise UsageError("which shell? say `ostinato completion bash`, zsh or fish")
    register()
    found = get_completion_class(name)
    if found is None:  # click has all three
        raise UsageError(f"there is no completion for {name}")
    script = found(click.get_current_context().find_root().command, {}, "ostinato", "_OSTINATO_COMPLETE").source()
    if invocation.json:
        json_line({"shell": name, "script": script, "install": _PLACES[name]})
        return
    exact(script)
    if os.isatty(1):
        remark(invocation, f"to keep it: {_PLACES[name]}")
