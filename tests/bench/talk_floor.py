"""The floor of `bench_talk`: the same task by the standard library alone, with nothing kept, checked or walled off."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import urllib.parse

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "run_command",
            "description": "Run a shell command.",
            "parameters": {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
        },
    }
]


def main() -> None:
    """Talk until the model calls no tool."""
    url = urllib.parse.urlsplit(os.environ["OPENAI_BASE_URL"])
    connection = http.client.HTTPConnection(url.hostname or "", url.port)
    system = "You are a coding agent. " * 140
    messages = [{"role": "system", "content": system}, {"role": "user", "content": "Run the commands."}]
    while True:
        body = {"model": "m", "messages": messages, "tools": TOOLS, "stream": True}
        headers = {"content-type": "application/json"}
        connection.request("POST", f"{url.path}/chat/completions", json.dumps(body), headers)
        lines = connection.getresponse().read().decode().splitlines()
        message = json.loads(lines[0].removeprefix("data: "))["choices"][0]["delta"]
        messages.append(message)
        for call in message.get("tool_calls") or ():
            command = json.loads(call["function"]["arguments"])["command"]
            ran = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": ran.stdout + ran.stderr})
        if not message.get("tool_calls"):
            return


if __name__ == "__main__":
    main()
