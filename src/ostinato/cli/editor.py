"""Opens a file in the person's own editor and waits. It knows nothing of what is in the file."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

from ostinato.loop.interruption import Interruption

_USUAL = ("sensible-editor", "editor", "nano", "vi")


class EditorError(Exception):
    """The editor could not be used, or ended with an error; the text says which, in one line."""


def editor_command() -> str:
    """Return the person's editor as a shell command: $VISUAL, $EDITOR, git's, or a usual one. Raises EditorError.

    Git is asked for the person's own settings only: what a repository says about programs to run does not count.
    """
    for name in ("VISUAL", "EDITOR"):
        if said := os.environ.get(name, "").strip():
            return said
    try:
        asked = subprocess.run(
            ["git", "config", "--global", "--get", "core.editor"], capture_output=True, text=True, check=False
        )
    except OSError:
        said = ""
    else:
        said = asked.stdout.strip()
    found = said or next((name for name in _USUAL if shutil.which(name)), "")
    if not found:
        raise EditorError("there is no editor: say which by EDITOR, for example EDITOR=nano")
    return found


async def open_in_editor(path: Path, interruption: Interruption) -> None:
    """Let the person edit the file. Ctrl-C is the editor's own while it is open. Raises EditorError."""
    command = editor_command()
    # As git does it: an editor may be a command with arguments, `code --wait`.
    arguments = ("sh", "-c", f'{command} "$@"', command, str(path))
    # Where the output goes to a file, the editor still needs the terminal.
    out = None if sys.stdout.isatty() else sys.stderr
    with interruption.instead(lambda: None):
        editor = await asyncio.create_subprocess_exec(*arguments, stdout=out)
        code = await editor.wait()
    if code:
        what = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        raise EditorError(f"the editor ({command}) {what}")
