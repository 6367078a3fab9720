"""The outermost border: whatever a command raises becomes one line on stderr (or one JSON object) and an exit code.

    OstinatoError             its own kind and exit code
    OSError                   the system's: disk full, no permission …: kind `environment`, 8
    click's usage errors      kind `usage`, 2
    Ctrl-C                    130, silent; a question left without an answer: kind `usage`, 2
    anything else             a bug of ours: kind `bug`, 1; OSTINATO_DEBUG=1 shows the traceback

Stdout stays empty after an error. It decides nothing about commands.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

import click

from ostinato.base.errors import MachineError, OstinatoError, machine_error
from ostinato.cli.output import on_stderr

BROKEN_PIPE = 141
_INTERRUPTED = 130
_NOWHERE = "the present directory is gone or cannot be read: go into another"


def at_border(work: Callable[[], object], *, as_json: Callable[[], bool], debug: bool) -> int:
    """Run `work` and return the exit code: what it returned where that is an int, 0, or the error's."""
    try:
        result = work()
    except OstinatoError as error:
        return _tell(error.kind, error.message, error.exit_code, as_json())
    except click.exceptions.NoArgsIsHelpError as error:
        if as_json():
            return _tell("usage", "which command? --help lists them", 2, True)
        click.echo(error.format_message(), err=True)
        return 2
    except click.ClickException as error:
        return _tell("usage", _usage_message(error), 2, as_json())
    except click.Abort as error:
        if isinstance(error.__cause__ or error.__context__, KeyboardInterrupt):
            return _INTERRUPTED
        return _tell("usage", "the question was not answered, so nothing was done: --yes answers it", 2, as_json())
    except KeyboardInterrupt:
        return _INTERRUPTED
    except OSError as error:
        known = machine_error(error) if _stands_somewhere() else MachineError(_NOWHERE)
        if debug:
            import traceback

            traceback.print_exc()
        return _tell(known.kind, known.message, known.exit_code, as_json())
    except Exception as error:  # noqa: BLE001 - the named border of the command line
        if debug:
            import traceback

            traceback.print_exc()
        said = f"a bug in Ostinato: {type(error).__name__}: {error} (OSTINATO_DEBUG=1 shows where)"
        return _tell("bug", said, 1, as_json())
    return result if isinstance(result, int) else 0


def _stands_somewhere() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 - pathlib costs every command a tenth of its start
    except OSError:
        return False
    return True


def _tell(kind: str, message: str, code: int, as_json: bool) -> int:
    with suppress(OSError):  # nobody may listen any more: the exit code says it then
        if as_json:
            import json

            line = json.dumps({"error": {"kind": kind, "message": message}}, ensure_ascii=False)
            click.echo(line.encode("utf-8", "backslashreplace"), err=True)
        else:
            on_stderr(f"ostinato: {message}")
    return code


def _usage_message(error: click.ClickException) -> str:
    # click lists choices on lines of their own, and calls a bounded number a range.
    message = " ".join(error.format_message().split()).rstrip(".")
    message = message.replace("a valid integer range", "a whole number").replace("a valid float range", "a number")
    message = message.replace("is not in the range x>=", "is too small, the least is ")
    message = message.replace("is not in the range x>", "is too small, it must be more than ")
    context = getattr(error, "ctx", None)
    return f"{message} (see `{context.command_path} --help`)" if context is not None else message
