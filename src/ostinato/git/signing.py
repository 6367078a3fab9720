"""How the person signs commits, from their own git configuration alone. It signs nothing itself.

The repository's configuration is not asked: it could name a program. Nothing ever waits for a passphrase: a key that
needs one must be in its agent (ssh-agent, gpg-agent) already.
"""

from __future__ import annotations

from dataclasses import dataclass

from ostinato.base.errors import MachineError
from ostinato.base.text import clip, one_line
from ostinato.git.run import PERSONS, Git, Setting, configuration

SIGNING_TIMEOUT = 60.0
_WANTED = "commit.gpgsign"
_SETTINGS = ("user.signingkey", "gpg.")
# Without a terminal and a display no program can ask; one that tries fails at once.
NOBODY_TO_ASK = {
    "GPG_TTY": "",
    "DISPLAY": "",
    "WAYLAND_DISPLAY": "",
    "SSH_ASKPASS_REQUIRE": "never",
}


class SigningError(MachineError):
    """The person's git signs commits, and that failed. Nothing was written."""

    kind = "signing"

    def __init__(self, said: str) -> None:
        lines = [line for line in said.splitlines() if line.strip() and not line.startswith("fatal: failed to write")]
        why = clip(one_line(" | ".join(lines)), 200) or "no reason was given"
        super().__init__(
            f"the commit cannot be signed ({why}): unlock the key for its agent first (ssh-add, or sign anything with "
            "gpg), or mend commit.gpgSign, gpg.format and user.signingKey in your own git configuration; "
            "nothing is lost"
        )


@dataclass(frozen=True, slots=True)
class Signing:
    """Whether commits are signed, and the settings that say how."""

    wanted: bool = False
    settings: tuple[Setting, ...] = ()


def signing_of_person(git: Git) -> Signing:
    """Return what the person's configuration says; `git` must read it (`own_config`)."""
    wanted = False
    settings: dict[str, str] = {}
    for scope, key, value in configuration(git):
        if scope not in PERSONS:
            continue
        if key == _WANTED:
            wanted = _is_true(value)
        elif key.startswith(_SETTINGS) and value is not None:
            settings[key] = value
    return Signing(wanted, tuple(settings.items()) if wanted else ())


def _is_true(value: str | None) -> bool:
    """Read a boolean as git does: a bare key is true."""
    return value is None or value.lower() in {"true", "yes", "on", "1"}
