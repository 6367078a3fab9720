"""Keeps the files of the work graph up to date where the configuration asks for it. What replaces what is decided in
`app.graph_files`; here stands when, and that nothing of it ever stops the work.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from ostinato.base.errors import OstinatoError, machine_error

if TYPE_CHECKING:
    from ostinato.graph.projects import Project
    from ostinato.store.store import Store


def shares(project_path: str) -> bool:
    """Tell whether a project's files are to be kept up to date. Raises ConfigError."""
    from ostinato.config.paths import user_config_path

    files = (os.path.join(project_path, ".ostinato", "config.toml"), user_config_path(os.environ))
    if not any(map(_speaks_of_it, files)):
        return False
    # Late: reading the settings is dear, and most people have said nothing of this.
    from pathlib import Path

    from ostinato.config.load import load_settings
    from ostinato.config.paths import user_config_file

    return load_settings(Path(project_path), user_config_file(os.environ), os.environ).settings.graph.auto_export


def share(store: Store, project: Project) -> tuple[str, ...]:
    """Bring the project's files up to date if they are to be, and return what a person should know, one line each.

    Call it outside of any transaction. It raises nothing: the work goes on, and the next time catches up.
    """
    try:
        if not shares(project.path):
            return ()
        from ostinato.app.graph_files import export_behind

        return tuple(f"not exported: {said}" for said in export_behind(store, project).refused)
    except OstinatoError as error:
        return (f"the files of the graph were not exported: {error.message}",)
    except OSError as error:
        return (f"the files of the graph were not exported: {machine_error(error).message}",)


def _speaks_of_it(file: str) -> bool:
    try:
        # A repository may have laid a pipe or an endless device there, and every command asks this.
        if not stat.S_ISREG(os.stat(file).st_mode):
            return False
        with open(file, "rb") as opened:
            return b"auto_export" in opened.read()
    except OSError:
        return False
