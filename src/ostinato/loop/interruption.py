"""Ctrl-C as a value: asked to stop once (after the step) or now. It installs no signal handler."""

from __future__ import annotations


class Interruption:
    """Shared by the signal handler, which sets it, and the loop, which reads it between steps."""

    def __init__(self) -> None:
        self.asked = False

    def ask(self) -> None:
        """Ask for a clean end after the present step."""
        self.asked = True
