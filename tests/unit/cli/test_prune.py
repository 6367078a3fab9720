"""`ostinato prune`: it asks first, says what goes, and what went is told where somebody looks for it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ostinato.store.store import Store
from ostinato.testing.typist import Typist
from tests.unit.cli.conftest import Nights, Shell


def test_nothing_goes_without_a_yes(shell: Shell, nights: Nights, store: Store) -> None:
    night = nights()
    for arguments in (["--older-than", "0s"], ["--older-than", "0s", "--json"]):
        ran = shell.run("prune", *arguments)
        assert ran.code == 2
        assert "--yes" in ran.err
    shown = shell.json("prune", "--older-than", "0s", "--dry-run")
    assert (shown["due"]["transcripts"]["count"], shown["taken"]["bytes"]) == (4, 0)
    assert "This would go:" in shell.ok("prune", "--older-than", "0s", "--dry-run").out
    assert store.iterations.transcript(night.first) != []


def test_what_went_is_told_where_somebody_looks_for_it(shell: Shell, nights: Nights) -> None:
    night = nights()
    out = shell.ok("prune", "--older-than", "0s", "--yes").out
    assert "4 conversations" in out and "1 attempt's change and output" in out
    shown = shell.ok("show", night.first).out
    assert "it was kept for its time and is gone" in shown
    assert "`git show c0ffeec0ffee` shows it" in shown
    assert "what the checks printed was kept for its time" in shown
    document = shell.json("show", night.first)
    assert document["transcript"] == [] and document["transcript_gone_at"] and document["evidence_gone_at"]
    assert "Nothing is older" in shell.ok("prune", "--older-than", "0s", "--yes").out


def test_what_is_young_stays_by_default_and_compacting_needs_no_question(shell: Shell, nights: Nights) -> None:
    night = nights()
    document = shell.json("prune", "--compact")
    assert (document["due"]["bytes"], document["compacted"]) == (0, True)
    assert "first I think" in shell.ok("show", night.first, "--full").out


def test_the_persons_settings_hold_and_a_projects_are_refused(
    shell: Shell, nights: Nights, tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository must not be able to have the traces of its own work thrown away."""
    nights()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    mine = tmp_path / "config" / "ostinato" / "config.toml"
    mine.parent.mkdir(parents=True)
    mine.write_text("[retention]\ntranscripts_days = 0.000000001\nevidence_days = 0\nevents_days = 0\n")
    due = shell.json("prune", "--dry-run")["due"]
    assert (due["transcripts"]["count"], due["evidence"]["count"], due["events"]["count"]) == (4, 0, 0)
    (repository / ".ostinato").mkdir()
    (repository / ".ostinato" / "config.toml").write_text("[retention]\ntranscripts_days = 1\n")
    ran = shell.run("prune", "--dry-run")
    assert ran.code == 2
    assert "retention.transcripts_days cannot be set by a project" in ran.err


def test_a_person_is_shown_what_goes_and_asked(shell: Shell, nights: Nights, tmp_path: Path, repository: Path) -> None:
    night = nights()
    environment = {**os.environ, "OSTINATO_DB": str(shell.database), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    command = [sys.executable, "-m", "ostinato", "prune", "--older-than", "0s"]
    for answer, code, left in (("n", 2, 4), ("y", 0, 0)):
        with Typist(command, cwd=repository, environment=environment) as typist:
            typist.sees("Throw this away for ever?")
            assert "4 conversations" in typist.said
            typist.types(answer)
            assert typist.ends() == code
        assert shell.json("prune", "--older-than", "0s", "--dry-run")["due"]["transcripts"]["count"] == left
    assert shell.json("show", night.first)["transcript"] == []
