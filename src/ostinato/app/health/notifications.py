"""Looks at notifications: which ways are set, and with `--notify` sends a test by each of them."""

from __future__ import annotations

from collections.abc import Iterator

from ostinato.app.health.finding import Finding, Situation, State
from ostinato.base.errors import OstinatoError


def ways(situation: Situation) -> Iterator[Finding]:
    """Return the ways that are set, without using them."""
    if situation.loaded is None:
        return
    from ostinato.app.notify import ways_of

    try:
        names = [way.name for way in ways_of(situation.loaded.settings.notify, situation.environ)]
    except OstinatoError as error:
        yield Finding("notify", State.WARN, error.message, "nobody would be told: correct that setting")
        return
    said = f"{', '.join(names)} set; `ostinato doctor --notify` sends a test" if names else "no way is set"
    yield Finding("notify", State.OK, said)


def sent_test(situation: Situation) -> Iterator[Finding]:
    """Send a test by each way that is set."""
    if situation.loaded is None:
        return
    from ostinato.app.notify import send_test

    try:
        sent = send_test(situation.loaded.settings.notify, situation.environ)
    except OstinatoError as error:
        yield Finding("notify", State.WARN, error.message, "nobody would be told: correct that setting")
        return
    for way, problem in sent:
        if problem:
            yield Finding("notify", State.WARN, f"{way}: {problem}", f"mend notify.{way} in your own configuration")
        else:
            yield Finding("notify", State.OK, f"{way}: a test was sent")
    if not sent:
        fix = "set notify.command, notify.desktop or notify.webhook in your own configuration"
        yield Finding("notify", State.WARN, "no way is set, so nothing was sent", fix)
