"""Everything that a provider can do wrong, injected by exact turn into a real server, through every wire."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import time
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from ostinato.agent.ports import ContextTooLong, ProviderDown, ProviderRefused, ProviderUnsteady
from ostinato.chat.messages import Request, UserMessage
from ostinato.testing.chat_server import Answer, Call, ChatServer, Fault, in_turn
from ostinato.testing.fake_clock import FakeClock
from tests.programs import need

KEY = "sk-test-0123456789"
ASK = Request("Be brief.", (UserMessage("hello"),))
OK = Answer(text="ok")


def failing(status: int, message: str = "no", **error: Any) -> Answer:
    return Answer(status=status, error={"message": message, **error})


class Waits:
    """What `on_retry` was told."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.seconds: list[float] = []

    def __call__(self, why: str, seconds: float) -> None:
        self.reasons.append(why)
        self.seconds.append(seconds)


async def test_call_is_repeated_with_backoff_when_rate_limited_without_a_hint(open_model, clock: FakeClock) -> None:
    waits = Waits()
    with ChatServer(in_turn(failing(429), failing(429), failing(429), OK)) as server:
        reply = await open_model(server.url).reply(ASK, waits)
    assert reply.message.text == "ok"
    assert waits.seconds == clock.slept == [0.25, 0.5, 1.0]
    assert "429" in waits.reasons[0]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after-ms": "1500", "Retry-After": "9"}, 1.5),
        ({"Retry-After": "soon"}, 0.25),
    ],
)
async def test_servers_hint_is_honoured_when_it_gives_one(
    open_model, clock: FakeClock, headers: dict[str, str], seconds: float
) -> None:
    limited = Answer(status=429, error={"message": "slow down"}, headers=headers)
    with ChatServer(in_turn(limited, OK)) as server:
        await open_model(server.url).reply(ASK)
    assert clock.slept == [seconds]


async def test_servers_hint_is_honoured_when_it_is_a_date(open_model, clock: FakeClock) -> None:
    date = format_datetime(clock.now() + timedelta(seconds=90), usegmt=True)
    with ChatServer(in_turn(Answer(status=503, headers={"Retry-After": date}), OK)) as server:
        await open_model(server.url).reply(ASK)
    assert clock.slept == [pytest.approx(90.0, abs=1.0)]


@pytest.mark.parametrize("status", [408, 409, 425, 500, 502, 504])
async def test_call_is_repeated_when_the_server_stumbles(open_model, status: int) -> None:
    with ChatServer(in_turn(failing(status), OK)) as server:
        assert (await open_model(server.url).reply(ASK)).message.text == "ok"
    assert len(server.requests) == 2


async def test_iteration_gets_an_unsteady_provider_when_500s_go_on(open_model) -> None:
    with ChatServer(in_turn(failing(500, "boom"))) as server:
        with pytest.raises(ProviderUnsteady, match="500: boom") as caught:
            await open_model(server.url, retries=6).reply(ASK)
        assert len(server.requests) == 7
    assert (caught.value.status, caught.value.exit_code) == (500, 7)


async def test_reply_comes_when_503_happens_three_times(open_model) -> None:
    with ChatServer(in_turn(failing(503), failing(503), failing(503), OK)) as server:
        assert (await open_model(server.url, retries=1).reply(ASK)).message.text == "ok"


async def test_reply_comes_when_529_happens_twenty_times_within_patience(open_model) -> None:
    with ChatServer(in_turn(*[failing(529)] * 20, OK)) as server:
        assert (await open_model(server.url).reply(ASK)).message.text == "ok"
    assert len(server.requests) == 21


async def test_reply_comes_when_an_outage_of_thirty_minutes_is_within_patience(open_model, clock: FakeClock) -> None:
    def down(body: dict[str, Any]) -> Answer:
        return failing(503, "maintenance") if clock.monotonic() < 1800 else OK

    with ChatServer(down) as server:
        assert (await open_model(server.url, patience=3600.0).reply(ASK)).message.text == "ok"
    assert 1800 <= clock.monotonic() < 1900
    assert len(server.requests) < 80


async def test_session_stops_when_an_outage_outlasts_patience(open_model, clock: FakeClock) -> None:
    with ChatServer(in_turn(failing(503, "maintenance"))) as server, pytest.raises(ProviderDown, match="maintenance"):
        await open_model(server.url, patience=600.0).reply(ASK)
    assert 600 <= clock.monotonic() <= 660


async def test_call_is_repeated_at_least_the_configured_times_when_patience_is_short(open_model) -> None:
    with ChatServer(in_turn(failing(429))) as server:
        with pytest.raises(ProviderDown):
            await open_model(server.url, retries=6, patience=0.0).reply(ASK)
        assert len(server.requests) == 7


async def test_call_is_not_repeated_when_the_server_asks_so(open_model) -> None:
    stop = Answer(status=503, headers={"x-should-retry": "false"})
    with ChatServer(in_turn(stop, OK)) as server:
        with pytest.raises(ProviderDown):
            await open_model(server.url).reply(ASK)
        assert len(server.requests) == 1


async def test_hint_is_bounded_when_it_goes_beyond_patience(open_model, clock: FakeClock) -> None:
    tomorrow = Answer(status=429, headers={"Retry-After": "86400"})
    with ChatServer(in_turn(tomorrow)) as server, pytest.raises(ProviderDown):
        await open_model(server.url, retries=2, patience=600.0).reply(ASK)
    assert clock.slept == [600.0, 60.0]


async def test_session_stops_when_nobody_listens(open_model, clock: FakeClock) -> None:
    with ChatServer(in_turn(OK)) as server:
        url = server.url
    waits = Waits()
    with pytest.raises(ProviderDown, match=r"[Cc]onnect"):
        await open_model(url, patience=600.0).reply(ASK, waits)
    assert clock.monotonic() >= 600
    assert waits.reasons[0].startswith("cannot reach http://127.0.0.1:")


async def test_name_that_does_not_resolve_is_an_outage(open_model) -> None:
    with pytest.raises(ProviderDown, match=r"cannot reach http://no-such-host\.invalid"):
        await open_model("http://no-such-host.invalid/v1", retries=1, patience=0.0).reply(ASK)


async def test_one_clear_line_names_the_proxy_when_it_refuses(open_model, monkeypatch: pytest.MonkeyPatch) -> None:
    # This server knows no CONNECT, so it refuses the tunnel as a misconfigured proxy does.
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with ChatServer(in_turn(OK)) as server:
        monkeypatch.setenv("https_proxy", server.url.removesuffix("/v1"))
        with pytest.raises(ProviderDown, match="the proxy in HTTPS_PROXY or HTTP_PROXY failed: 501") as caught:
            await open_model("https://provider.example/v1", retries=1, patience=0.0).reply(ASK)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("variable", ["https_proxy", "all_proxy"])
async def test_the_proxy_is_named_without_its_password_when_nobody_is_there(
    open_chat, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for name in ("NO_PROXY", "no_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with ChatServer(in_turn(OK)) as server:
        place = server.url.removeprefix("http://").removesuffix("/v1")
    monkeypatch.setenv(variable, f"http://me:secret@{place}")
    said = rf"through the proxy http://{place} \({variable.upper()}\): Connection refused"
    with pytest.raises(ProviderDown, match=said) as caught:
        await open_chat("https://provider.example/v1", retries=1, patience=0.0).reply(ASK)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("https_proxy", "nonsense://proxy:1", "check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and SSL_CERT_FILE"),
        ("all_proxy", "socks5://127.0.0.1:1", "pip install socksio"),
        ("SSL_CERT_FILE", "/no/such/file", "check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and SSL_CERT_FILE"),
    ],
)
async def test_variables_are_named_when_they_make_no_sense(
    open_model, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ProviderRefused, match=says):
        await open_model("https://provider.example/v1").reply(ASK)


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    """Return the TLS set-up of a server whose certificate nobody trusts."""
    need("openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    openssl = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*openssl, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def test_one_clear_line_says_so_when_the_certificate_is_not_trusted(
    open_chat, self_signed: ssl.SSLContext
) -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0, ssl=self_signed)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ProviderRefused, match=r"not trusted here.*set SSL_CERT_FILE") as caught:
            await open_chat(f"https://127.0.0.1:{port}/v1").reply(ASK)
    assert "\n" not in str(caught.value)


BROKEN = {
    "reset": Answer(fault=Fault.RESET),
    "garbage": Answer(text="x", fault=Fault.GARBAGE),
    "a page": Answer(body=b"<html>Sign in</html>", content_type="text/html"),
    "no JSON in a JSON answer": Answer(body=b"{", content_type="application/json"),
    "no choices": Answer(body=b'{"id": "1"}', content_type="application/json"),
    "nothing": Answer(body=b"", content_type="text/event-stream"),
    "204": Answer(status=204, body=b""),
    "cut": Answer(text="many words here, and more of them", fault=Fault.CUT),
    "cut in the middle of a line": Answer(text="many words", fault=Fault.CUT_IN_EVENT),
    "transfer broken": Answer(text="many words", fault=Fault.BROKEN),
    "error in the stream": Answer(events=({"error": {"message": "oops", "type": "server_error"}},)),
    "vLLM's error in the stream": Answer(events=({"object": "error", "message": "oops", "code": 500},)),
}


@pytest.mark.parametrize("kind", BROKEN)
async def test_call_is_repeated_when_the_answer_is_broken(open_model, kind: str) -> None:
    waits = Waits()
    with ChatServer(in_turn(BROKEN[kind], BROKEN[kind], OK)) as server:
        reply = await open_model(server.url).reply(ASK, waits)
    assert reply.message.text == "ok"
    assert len(server.requests) == 3
    assert all(len(reason) < 600 and "\n" not in reason for reason in waits.reasons)


@pytest.mark.parametrize("kind", BROKEN)
async def test_provider_is_unsteady_when_every_answer_is_broken(open_model, kind: str) -> None:
    with ChatServer(in_turn(BROKEN[kind])) as server:
        with pytest.raises(ProviderUnsteady):
            await open_model(server.url, retries=2).reply(ASK)
        assert len(server.requests) == 3


async def test_nothing_of_a_cut_call_is_kept_when_the_stream_breaks_in_its_middle(open_model) -> None:
    cut = Answer(tool_calls=(Call("run_command", {"command": "rm -rf build && make all"}, "a"),), fault=Fault.CUT)
    whole = Answer(tool_calls=(Call("run_command", {"command": "make"}, "b"),))
    with ChatServer(in_turn(cut, whole)) as server:
        reply = await open_model(server.url).reply(ASK)
    assert [(call.id, call.arguments) for call in reply.message.tool_calls] == [("b", '{"command": "make"}')]


TIMEOUTS = {
    "no header": (Fault.HANG, "sent no byte within 0.2 s"),
    "no body": (Fault.HANG_IN_BODY, "sent no byte within 0.2 s"),
    "silence": (Fault.SILENCE, "fell silent for 0.2 s"),
}


@pytest.mark.parametrize("kind", TIMEOUTS)
async def test_call_is_repeated_when_the_server_hangs(open_model, kind: str) -> None:
    fault, message = TIMEOUTS[kind]
    waits = Waits()
    with ChatServer(in_turn(Answer(text="never seen", fault=fault), OK)) as server:
        reply = await open_model(server.url, first_byte=0.2, silence=0.2).reply(ASK, waits)
    assert reply.message.text == "ok"
    assert message in waits.reasons[0]


async def test_outage_is_named_when_no_connection_comes_about(open_model) -> None:
    # A listener whose backlog is full never completes a connection.
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        with pytest.raises(ProviderDown, match=r"no connection to http://127.0.0.1:\d+/v1 within 0.2 s"):
            await open_model(f"http://127.0.0.1:{address[1]}/v1", connect=0.2, retries=1, patience=0.0).reply(ASK)
        for filler in fillers:
            filler.close()


async def test_connection_closes_at_once_when_the_call_is_cancelled(open_model) -> None:
    with ChatServer(in_turn(Answer(text="words", fault=Fault.SILENCE))) as server:
        task = asyncio.create_task(open_model(server.url, silence=60.0).reply(ASK))
        assert await asyncio.to_thread(server.arrived.wait, 5)
        task.cancel()
        started = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - started < 2


REFUSALS = [
    (failing(401, f"Incorrect API key provided: {KEY}"), r"does not accept the key \(401\): check OPENAI_API_KEY"),
    (failing(403, f"{KEY} may not"), r"403.*OPENAI_API_KEY.*test-model: \[key\] may not"),
    (failing(404, "no model"), r"does not know openai-chat:test-model \(404\).*name.*OPENAI_BASE_URL"),
    (failing(400, "bad\x1b[31m field\n" + "x" * 1000), r"\(400\): bad\\x1b\[31m field x{300,399}…$"),
    (failing(422, "unprocessable"), "422.*unprocessable"),
    (failing(402, "pay"), "quota or credit"),
    (failing(429, "quota", code="insufficient_quota"), "quota or credit is used up"),
    (Answer(status=422, body=b'{"detail": [{"msg": "field required"}]}', content_type="application/json"), "required"),
    (Answer(status=308, headers={"Location": "https://elsewhere/v1"}), "redirects.*OPENAI_BASE_URL"),
    (Answer(events=({"error": {"message": "bad key", "code": 401}},)), "check OPENAI_API_KEY"),
    (Answer(events=({"error": {"message": "q", "type": "insufficient_quota"}},)), "quota"),
]


@pytest.mark.parametrize(("answer", "message"), REFUSALS)
async def test_session_stops_at_once_when_the_provider_refuses(
    open_model, vendor, answer: Answer, message: str
) -> None:
    message = message.replace("openai-chat", vendor.provider).replace("OPENAI_API_KEY", vendor.key_variable)
    message = message.replace("OPENAI_BASE_URL", vendor.address_variable)
    with ChatServer(in_turn(answer)) as server:
        with pytest.raises(ProviderRefused, match=message) as caught:
            await open_model(server.url).reply(ASK)
        assert len(server.requests) == 1
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)


TOO_LONG = [
    failing(400, "too much", code="context_length_exceeded"),
    failing(400, "This model's maximum context length is 8192 tokens. However, you requested 9000."),
    failing(400, "request (4390 tokens) exceeds the available context size (4096 tokens), try increasing it"),
    failing(500, "the request does not fit", type="exceed_context_size_error"),
    Answer(status=413, body=b"<html>too large</html>", content_type="text/html"),
    Answer(events=({"error": {"message": "x", "code": "context_length_exceeded"}},)),
    Answer(body=b'{"error": {"code": 400, "type": "exceed_context_size_error"}}', content_type="application/json"),
]


@pytest.mark.parametrize("answer", TOO_LONG)
async def test_context_is_too_long_when_the_provider_says_so(open_model, answer: Answer) -> None:
    with ChatServer(in_turn(answer)) as server:
        with pytest.raises(ContextTooLong):
            await open_model(server.url).reply(ASK)
        assert len(server.requests) == 1


async def test_words_decide_nothing_when_the_status_is_another(open_model) -> None:
    with ChatServer(in_turn(failing(500, "maximum context length, insufficient_quota, unauthorized"), OK)) as server:
        assert (await open_model(server.url).reply(ASK)).message.text == "ok"


async def test_refused_calls_cost_nothing(open_model) -> None:
    with ChatServer(in_turn(failing(429), OK)) as server:
        assert (await open_model(server.url).reply(ASK)).spending.calls == 1


async def test_one_clear_line_says_so_when_tls_is_spoken_to_a_plain_server(open_model) -> None:
    with (
        ChatServer(in_turn(OK)) as server,
        pytest.raises(ProviderRefused, match=r"TLS: https://127\.0\.0\.1:.*http://"),
    ):
        await open_model(server.url.replace("http:", "https:")).reply(ASK)
