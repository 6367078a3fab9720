"""What a coder's every request carries: its rules and its tools, in the bytes that each protocol sends."""

from __future__ import annotations

import json
from pathlib import Path

from ostinato.agent.profiles import CODER, prompt_of
from ostinato.chat.messages import Request, UserMessage
from ostinato.testing.chat_server import Answer, ChatServer
from ostinato.tools.on_demand import MORE, ON_DEMAND
from ostinato.tools.toolbox import Toolbox
from tests.unit.tools.test_toolbox import offered
from tests.wire.conftest import OpenModel

MOST = 5_632
"""Bytes: half a kilobyte below the limit of 6 KiB, for what other work adds."""


async def test_the_fixed_part_of_a_coders_request_stays_small_on_every_wire(
    open_every: OpenModel, tmp_path: Path
) -> None:
    tools = offered(tmp_path)
    specs = Toolbox((tools[name] for name in CODER.tools), ON_DEMAND).specs()
    with ChatServer(lambda _: Answer(text="ok")) as server:
        model = open_every(server.url)
        await model.reply(Request(prompt_of(CODER), (UserMessage("go"),), specs))
        await model.reply(Request("", (UserMessage("go"),)))
    whole, bare = (request.raw for request in server.requests)
    sent = json.loads(whole)
    assert len(whole) - len(bare) <= MOST, f"{len(whole) - len(bare)} bytes"
    assert MORE in json.dumps(sent["tools"])
    assert '"log_decision"' not in json.dumps(sent["tools"])
