"""Tells a person by their own ways while a run goes on. Without `[notify]` settings it does and costs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ostinato.cli.output import remark

if TYPE_CHECKING:
    from ostinato.app.job import Job
    from ostinato.cli.context import Invocation


@contextmanager
def notifying(invocation: Invocation, job: Job) -> Iterator[None]:
    """Tell what `job` needs and comes to while the block runs; leaving it waits, bounded, for the last message.

    Raises UsageError at once for settings that cannot work.
    """
    if not job.notify.anyone:
        yield
        return
    # Late: most runs tell nobody.
    from ostinato.app.notify import Notifier

    notifier = Notifier(job.notify, job.project, job.reader, lambda text: remark(invocation, f"! {text}"))
    notifier.start()
    try:
        yield
    finally:
        notifier.stop()
