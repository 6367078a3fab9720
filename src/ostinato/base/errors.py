"""The errors that cross rooms, grouped by who must act.

    OstinatoError                 kind, message, exit_code
    ├── UsageError                the person: wrong words, wrong state, wrong configuration      (2)
    │   ├── NotFoundError         no such node, session, project …                               (2)
    │   ├── ConfigError           a setting or a file of ours is malformed                       (2)
    │   └── RuleError             the graph's rules refuse it; nothing was changed               (2)
    ├── MachineError              the machine: sandbox, setup, git, disk, database               (8)
    │   └── DatabaseError         locked, newer, corrupt, full                                   (8)
    ├── ProviderError             the model's provider; see `agent.ports` for the kinds          (7)
    └── ClaimLostError            the orchestrator: a late write for a claim that is gone        (1)

Anything else that escapes is a bug of ours (exit code 1). This module does not print and does not exit.
"""

from __future__ import annotations

import os


class OstinatoError(Exception):
    """An error with a stable `kind` (snake case), one line of `message` that says what to do, and an exit code."""

    kind = "error"
    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UsageError(OstinatoError):
    """The person asked for something that cannot be done as said."""

    kind = "usage"
    exit_code = 2


class NotFoundError(UsageError):
    """The named thing does not exist."""

    kind = "not_found"


class ConfigError(UsageError):
    """A configuration value, plan file or profile is malformed."""

    kind = "config"


class RuleError(UsageError):
    """A rule of the work graph refuses the change; the transaction left nothing behind."""

    kind = "rule"


class MachineError(OstinatoError):
    """The machine lacks something: sandbox, setup, git, disk."""

    kind = "environment"
    exit_code = 8


def machine_error(error: OSError) -> MachineError:
    """Return the system's own error (disk full, too many open files …) as one line that names the place."""
    where = f" ({error.filename})" if error.filename else ""
    return MachineError(f"{error.strerror or type(error).__name__}{where}: mend that and start again, nothing is lost")


def system_reason(error: BaseException) -> str:
    """Return what the system says at the bottom of an error's causes, "" where it says nothing."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            # asyncio puts the address in place of the reason; names that do not resolve have numbers of their own.
            return os.strerror(cause.errno) if cause.errno and cause.errno > 0 else cause.strerror
        cause = cause.__cause__ or cause.__context__
    return ""


class DatabaseError(MachineError):
    """The database is locked, full, corrupt, or newer than this program."""

    kind = "database"


class ClaimLostError(OstinatoError):
    """A write carried the token of a claim that no longer holds; nothing was written."""

    kind = "claim_lost"
    exit_code = 1
