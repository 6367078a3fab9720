"""A real checkout with all file tools on it, called as a model calls them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from ostinato.agent.ports import ToolResult
from ostinato.chat.messages import ToolCall
from ostinato.tools.files import FileTools
from ostinato.tools.paths import Checkout
from ostinato.tools.search import search_tool
from ostinato.tools.toolbox import Toolbox

Call = Callable[..., Awaitable[ToolResult]]


def calling(box: Toolbox) -> Call:
    """Return a function that calls a tool by name."""

    async def call(name: str, **arguments: Any) -> ToolResult:
        return await box.run(ToolCall("1", name, json.dumps(arguments)))

    return call


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The checkout's top, with something beside it that is not to be reached."""
    (tmp_path / "secret.txt").write_text("secret")
    top = tmp_path / "checkout"
    top.mkdir()
    return top


@pytest.fixture
def files(root: Path) -> FileTools:
    return FileTools(Checkout(root))


@pytest.fixture
def call(root: Path, files: FileTools) -> Call:
    return calling(Toolbox([*files.reading(), *files.conventions(), *files.writing(), search_tool(Checkout(root))]))
