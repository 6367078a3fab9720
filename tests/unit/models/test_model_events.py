"""Server-sent events, however the bytes are cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ostinato.models.sse import EventReader

STREAM = (
    ": hi\r\n\r\ndata: grüße\r\n\r\ndata: a\r\ndata:b\r\n\nevent: x\rdata: {}\r\rid: 1\n\ndata: [DONE]\n\n".encode()
)
EVENTS = ["grüße", "a\nb", "{}", "[DONE]"]


@given(st.lists(st.integers(0, len(STREAM))))
def test_events_are_the_same_when_the_bytes_come_in_any_pieces(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    reader = EventReader()
    seen = [event for start, end in pairwise(edges) for event in reader.feed(STREAM[start:end])]
    assert seen + reader.finish() == EVENTS


@given(st.binary())
def test_reader_never_fails_whatever_it_is_fed(data: bytes) -> None:
    reader = EventReader()
    assert all(isinstance(event, str) for event in (*reader.feed(data), *reader.finish()))
