"""The double itself, where its own conduct decides whether other tests can be trusted."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from ostinato.testing.chat_server import Answer, ChatServer, in_turn


def test_a_request_that_its_client_never_finished_breaks_no_rule() -> None:
    """A client that is killed while it sends must not look like one that sends nonsense."""
    with ChatServer(in_turn(Answer(text="ok"))) as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname or "", address.port or 0)) as client:
            client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{}")
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b""
        assert (server.problems, server.requests) == ([], [])
