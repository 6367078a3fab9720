"""Small rules of what the eye needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ostinato.base.spending import Spending
from ostinato.cli.screen import ago, bar, clipped, length, money, paragraphs, shortened, spent_by_kind, wrapped


@pytest.mark.parametrize(
    ("done", "of", "filled"), [(0, 0, 0), (0, 9, 0), (1, 1000, 1), (5, 10, 10), (999, 1000, 19), (7, 7, 20)]
)
def test_a_bar_is_full_only_when_all_is_done_and_empty_only_when_nothing_is(done: int, of: int, filled: int) -> None:
    assert bar(done, of) == "█" * filled + "░" * (20 - filled)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.01, "< 0.1 s"),
        (0.44, "0.4 s"),
        (7, "7 s"),
        (95, "95 s"),
        (600, "10 min"),
        (3 * 3600 + 600, "3 h 10 min"),
        (30 * 3600, "30 h"),
        (4 * 86400, "4 days"),
    ],
)
def test_lengths_of_time_are_told_in_the_fitting_unit(seconds: float, said: str) -> None:
    assert length(seconds) == said


def test_a_moment_of_now_and_of_a_clock_that_ran_ahead_is_just_now() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert ago(now, now) == ago(now + timedelta(hours=1), now) == "just now"
    assert ago(now - timedelta(minutes=5), now) == "5 min ago"


def test_costs_say_when_they_are_not_known() -> None:
    assert (money(None), money(0.0), money(0.004), money(12.345)) == ("cost unknown", "$0.00", "$0.0040", "$12.35")
    told = spent_by_kind(Spending(1000, 400, 100, 200, 50, 2, None))
    assert told == "1,000 in (400 from the cache, 100 written to it), 200 out (50 reasoning), cost unknown"


def test_lines_that_go_on_are_joined_and_lists_stay_apart() -> None:
    text = "One sentence\nover two lines.\n\n- a\n- b\n  deeper\nNew text\ngoes on"
    assert list(paragraphs(text)) == ["One sentence over two lines.", "", "- a", "- b", "deeper", "New text goes on"]
    assert list(paragraphs("")) == []


def test_long_lists_and_lines_are_cut_and_say_so() -> None:
    lines = [f"line {n}" for n in range(10)]
    assert list(clipped(lines, 3, 80, " (--full)")) == ["line 0", "line 1", "line 2", "… 7 more lines (--full)"]
    # One line more costs no more room than saying that it is missing.
    assert list(clipped(lines[:4], 3, 80, "")) == lines[:4]
    assert list(clipped(["x" * 20], 3, 10, "")) == ["xxxxxxxxx…"]


def test_commands_in_reasons_are_cut_so_that_what_they_said_is_seen() -> None:
    said = shortened(f"`{'x' * 100}` exit 1: boom")
    assert said.endswith("…` exit 1: boom")
    assert len(said) < 60
    assert shortened("`make test` exit 1") == "`make test` exit 1"


def test_wrapped_lines_keep_their_beginning_and_never_get_lost() -> None:
    assert list(wrapped("one two three", "  · ", columns=10)) == ["  · one", "    two", "    three"]
    assert list(wrapped("", "  · ", columns=10)) == ["  ·"]
    assert "".join(line.strip() for line in wrapped("x" * 100, "", columns=30)) == "x" * 100
