"""Ostinato: a coding agent that plans a goal as a work graph and proves it task by task."""

__version__ = "0.1.0"
