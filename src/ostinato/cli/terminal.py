"""The person at the terminal: asks for text on stderr, with line editing where the terminal can do it.

Enter sends, Alt+Enter starts a new line, a paste of many lines stays one answer. What was typed is in the history,
also when the person leaves. It knows nothing of plans, and prints nothing but the prompt and what is typed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ostinato.cli.layout import is_dumb, terminal_size
from ostinato.config.paths import state_directory
from ostinato.loop.plan import Left

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.data_structures import Size
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    from ostinato.loop.interruption import Interruption

PROMPT = "> "


class Terminal:
    """Asks the person, one thing at a time. Signals mean leaving while a question is open."""

    def __init__(self, interruption: Interruption) -> None:
        self._interruption = interruption
        self._dumb = is_dumb()

    async def read(self, history: str | None = None, options: Sequence[str] = ()) -> str:
        """Return what the person typed, without the blanks around it; it may be empty.

        `history` names what earlier answers the arrow keys bring back; with `options` they bring those instead.
        Raises Left when the person leaves: by Ctrl-C, by Ctrl-D on an empty line, or because the terminal is gone.
        """
        text = await (self._line() if self._dumb else self._edited(history, options))
        # Bytes that are no UTF-8 come as halves of surrogate pairs, which nothing could keep, and so it is with NUL.
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\0", "").strip()

    def forget_typed(self) -> None:
        """Drop what was typed before anything was asked: it answers no question that the person has seen."""
        import termios

        with suppress(termios.error):  # the terminal is gone: the next question finds that out
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)

    async def _edited(self, history: str | None, options: Sequence[str]) -> str:
        session = _session(history, options)

        def leave() -> None:
            if session.app.is_running and not session.app.is_done:
                session.app.exit(exception=KeyboardInterrupt())

        with self._leaving(leave):
            try:
                text: str = await session.prompt_async(PROMPT, handle_sigint=False)
            except (KeyboardInterrupt, EOFError, OSError):  # OSError: the terminal is gone
                typed = session.default_buffer.text
                if typed.strip():
                    session.history.store_string(typed)
                raise Left from None
        return text

    async def _line(self) -> str:
        """Read one line without any editing of ours: the terminal can do none."""
        print(PROMPT, end="", file=sys.stderr, flush=True)
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[bytes] = loop.create_future()

        def settle(data: bytes) -> None:
            if not answered.done():
                answered.set_result(data)

        loop.add_reader(sys.stdin.fileno(), lambda: settle(_read_line()))
        try:
            with self._leaving(lambda: settle(b"")):
                data = await answered
        finally:
            loop.remove_reader(sys.stdin.fileno())
        if not data:
            print(file=sys.stderr)
            raise Left
        return data.decode("utf-8", "surrogateescape")

    @contextmanager
    def _leaving(self, leave: Callable[[], None]) -> Iterator[None]:
        """Let Ctrl-C, SIGTERM and a closed terminal call `leave` while a question is open."""
        loop = asyncio.get_running_loop()
        hang_up = signal.getsignal(signal.SIGHUP) == signal.SIG_DFL  # under nohup it is ignored, and stays so
        if hang_up:
            loop.add_signal_handler(signal.SIGHUP, leave)
        try:
            with self._interruption.instead(leave):
                yield
        finally:
            if hang_up:
                loop.remove_signal_handler(signal.SIGHUP)


def _read_line() -> bytes:
    try:
        return os.read(sys.stdin.fileno(), 65536)
    except OSError:  # the terminal is gone
        return b""


def _session(history: str | None, options: Sequence[str]) -> PromptSession[str]:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import InMemoryHistory
    from prompt_toolkit.input import create_input
    from prompt_toolkit.output.vt100 import Vt100_Output

    from ostinato.cli.prompt_history import PromptHistory

    kept = InMemoryHistory() if history is None else PromptHistory(state_directory(os.environ) / "history" / history)
    return PromptSession(
        history=kept,
        key_bindings=_keys(options),
        multiline=True,
        prompt_continuation=" " * len(PROMPT),
        enable_suspend=True,
        input=create_input(sys.stdin),
        # Asked for the cursor's place, some terminals answer late or never, and the answer ends in the person's text.
        output=Vt100_Output(sys.stderr, _size, term=os.environ.get("TERM"), enable_cpr=False),
    )


def _size() -> Size:
    from prompt_toolkit.data_structures import Size

    lines, columns = terminal_size(sys.stderr)
    return Size(lines, columns)


def _keys(options: Sequence[str]) -> KeyBindings:
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()

    @keys.add("enter")
    def _send(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    if options:
        keys.add("down")(_chooser(options, 1))
        keys.add("up")(_chooser(options, -1))
    return keys


def _chooser(options: Sequence[str], step: int) -> Callable[[KeyPressEvent], Any]:
    """Return what an arrow key does: put the next (or previous) option on the line, where it can be edited."""

    def choose(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        at = options.index(buffer.text) if buffer.text in options else -1 if step > 0 else 0
        buffer.text = options[(at + step) % len(options)]
        buffer.cursor_position = len(buffer.text)

    return choose
