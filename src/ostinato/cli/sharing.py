"""After a command that wrote: the files of the graph are brought up to date where the configuration asks for it."""

from __future__ import annotations

import os

from ostinato.app.sharing import share, shares
from ostinato.base.errors import OstinatoError
from ostinato.cli.context import Invocation, repository_top
from ostinato.cli.output import remark


def share_changes(invocation: Invocation) -> None:
    """Export what changed in the project that the command was about; what could not be is said, and nothing fails."""
    try:
        if invocation.project_name is None:
            # Before anything is opened: most projects ask for nothing.
            top = repository_top(os.getcwd())
            if top is None or not shares(top):
                return
        store = invocation.opened()
        project = invocation.project(store)
    except (OstinatoError, OSError) as error:
        remark(invocation, f"the files of the graph were not exported: {error}")
        return
    if project is not None:
        for said in share(store, project):
            remark(invocation, said)
