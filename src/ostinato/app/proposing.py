"""`init` without its face: reads the repository, makes the proposal, writes it where nothing is overwritten unasked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ostinato.base.errors import ConfigError, MachineError
from ostinato.config.load import load_settings, settings_in
from ostinato.config.paths import project_config_file, user_config_file
from ostinato.config.proposal.found import Tree
from ostinato.config.proposal.propose import Proposal, propose
from ostinato.config.proposal.write import as_toml
from ostinato.config.settings import Settings
from ostinato.git.repository import Objects, Repository

_PROVIDERS = {"ANTHROPIC_API_KEY": "anthropic", "OPENAI_API_KEY": "openai"}
_TOLD_OF = ("package-lock.json", "pnpm-lock.yaml", "yarn.lock", "uv.lock", "poetry.lock", "Cargo.lock", "go.sum")


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal for one repository. `present` is the text of the file that is there already, `fault` what ails it."""

    repository: Repository
    proposal: Proposal
    text: str
    path: Path
    present: str | None
    fault: str

    @property
    def says_the_same(self) -> bool:
        """True when the file that is there gives the same settings as the proposal."""
        if self.present is None or self.fault:
            return False
        return settings_in(self.present, self.path) == settings_in(self.text, self.path)


def propose_for(start: Path, environ: Mapping[str, str]) -> Proposed:
    """Return the proposal for the repository that contains `start`, as it is at HEAD. Raises UsageError."""
    repository = Repository.find(start)
    objects = Objects(repository.git)
    files = objects.files("HEAD")
    tree = Tree(files, lambda name: objects.text("HEAD", name), lambda name: shutil.which(name) is not None)
    proposal = propose(tree)
    uncommitted = tuple(
        f"{name} is in your checkout but not committed: runs start from HEAD and do not see it"
        for name in _TOLD_OF
        if name not in files and (repository.top / name).is_file()
    )
    proposal = Proposal(proposal.parts, (*uncommitted, *proposal.undecided))
    path = project_config_file(repository.top)
    present, fault = _present(path)
    return Proposed(repository, proposal, as_toml(proposal, _providers(environ)), path, present, fault)


def write(proposed: Proposed, text: str) -> Path | None:
    """Write `text` as the project's configuration; return where the file that was there is kept, None without one.

    Raises ConfigError for a text that is no configuration, MachineError when the file cannot be written.
    """
    settings_in(text, proposed.path)
    try:
        if proposed.path.is_symlink() or proposed.path.parent.is_symlink():
            raise ConfigError(f"{proposed.path} is a link: replace it by a file first")
        proposed.path.parent.mkdir(exist_ok=True)
        backup = _kept(proposed.path)
        draft = proposed.path.with_name(f".config.toml.{os.getpid()}")
        draft.write_text(text, "utf-8")
        draft.replace(proposed.path)
    except OSError as error:
        raise MachineError(f"cannot write {proposed.path}: {error.strerror}: check its permissions") from error
    return backup


def settings_of(proposed: Proposed, text: str, environ: Mapping[str, str]) -> Settings:
    """Return the settings that would hold with `text` as the project's file."""
    from dataclasses import replace

    own = settings_in(text, proposed.path)
    person = load_settings(None, user_config_file(environ), environ).settings
    sandbox = replace(
        person.sandbox,
        read_only=own.sandbox.read_only or person.sandbox.read_only,
        env=own.sandbox.env or person.sandbox.env,
    )
    return replace(person, setup=own.setup, verify=own.verify, sandbox=sandbox)


def _present(path: Path) -> tuple[str | None, str]:
    """Return the text of the file that is there (None without one), and one line on what is wrong with it."""
    try:
        text = path.read_text("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None, ""
    except (OSError, UnicodeDecodeError) as error:
        return "", f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}"
    try:
        settings_in(text, path)
    except ConfigError as error:
        return text, error.message
    return text, ""


def _kept(path: Path) -> Path | None:
    """Copy the file that is there beside itself, under a name that nothing has; return the name."""
    if not path.exists():
        return None
    number = 1
    while (kept := path.with_name(f"config.toml.bak{'' if number == 1 else number}")).exists():
        number += 1
    shutil.copyfile(path, kept)
    return kept


def _providers(environ: Mapping[str, str]) -> list[str]:
    return [provider for variable, provider in _PROVIDERS.items() if environ.get(variable)]
