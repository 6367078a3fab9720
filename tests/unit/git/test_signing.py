"""Commits are signed as the person's own git configuration says, and nothing waits for a passphrase."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

from ostinato.git.checkouts import Place
from ostinato.git.goal_branch import GitGoalBranch
from ostinato.git.signing import SigningError
from tests.programs import need
from tests.unit.git.conftest import Person
from tests.unit.sandbox.processes import gone


def ssh_key(person: Person, passphrase: str = "") -> Path:
    need("ssh-keygen")
    key = person.root / "home" / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", key], check=True)
    allowed = person.root / "allowed"
    allowed.write_text(f"pat@example.org {key.with_suffix('.pub').read_text()}")
    person.git("config", "--global", "gpg.format", "ssh")
    person.git("config", "--global", "gpg.ssh.allowedSignersFile", str(allowed))
    person.git("config", "--global", "user.signingKey", str(key))
    person.git("config", "--global", "commit.gpgSign", "true")
    return key


async def committed(person: Person, place: Place) -> str:
    """Make one commit as the loop does."""
    branch = GitGoalBranch(person.repository()).using(place.workshop)
    head = person.repository().head()
    return await branch.prepare_commit(person.repository().tree(head), head, "Signed?\n")


async def test_an_ssh_signature_of_the_persons_verifies(person: Person, place: Place) -> None:
    ssh_key(person)
    commit = await committed(person, place)
    person.git("verify-commit", commit)
    assert person.git("log", "-1", "--format=%G? %GS", commit) == "G pat@example.org"


def test_an_openpgp_signature_of_the_persons_verifies(
    person: Person, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("gpg")
    # A short path: gpg's agent listens on a socket in it.
    home = Path("/tmp") / f"g{os.getpid()}"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    try:
        made = [
            "gpg",
            "--batch",
            "--quiet",
            "--passphrase",
            "",
            "--quick-gen-key",
            "Pat Person <pat@example.org>",
            "ed25519",
        ]
        subprocess.run([*made, "sign", "never"], check=True, capture_output=True)
        person.git("config", "--global", "commit.gpgSign", "yes")
        commit = asyncio.run(committed(person, place))
        assert person.git("log", "-1", "--format=%G?", commit) in {"G", "U"}
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], check=False)
        shutil.rmtree(home, ignore_errors=True)


async def test_the_repository_cannot_make_us_sign_or_name_the_program(person: Person, place: Place) -> None:
    trap = str(person.run_trap())
    for key, value in {"commit.gpgSign": "true", "gpg.program": trap, "gpg.ssh.program": trap}.items():
        person.git("config", key, value)
    assert person.git("log", "-1", "--format=%G?", await committed(person, place)) == "N"
    ssh_key(person)
    person.git("config", "gpg.format", "openpgp")
    commit = await committed(person, place)
    person.git("config", "--unset", "gpg.format")
    person.git("config", "--unset", "gpg.ssh.program")
    assert person.git("log", "-1", "--format=%G?", commit) == "G"
    assert person.trapped() == ""


async def test_a_locked_key_fails_at_once_with_what_to_do(
    person: Person, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks = person.root / "askpass"
    asks.write_text(f"#!/bin/sh\ntouch {person.root}/asked\nsleep 600\n")
    asks.chmod(0o755)
    for name, value in {"SSH_ASKPASS": str(asks), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    ssh_key(person, passphrase="secret")
    refs = person.git("for-each-ref")
    for attempt in (committed(person, place), checked(person, place)):
        with pytest.raises(SigningError, match=r"cannot be signed \(.*\): unlock the key .*ssh-add") as caught:
            await attempt
        assert "\n" not in caught.value.message
        assert caught.value.exit_code == 8
    assert not (person.root / "asked").exists()
    assert person.git("for-each-ref") == refs


async def checked(person: Person, place: Place) -> None:
    GitGoalBranch(person.repository()).using(place.workshop).committer().require_signing()


async def test_a_key_that_is_there_is_seen_before_any_work(person: Person, place: Place) -> None:
    await checked(person, place)
    ssh_key(person)
    await checked(person, place)
    assert person.git("fsck", "--no-dangling", "--unreachable") == ""


def test_a_program_that_hangs_is_ended(person: Person, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ostinato.git.commits.SIGNING_TIMEOUT", 1)
    ssh_key(person)
    seconds = f"600.{uuid.uuid4().int % 10**12:012}"
    hangs = person.root / "hangs"
    hangs.write_text(f"#!/bin/sh\nexec sleep {seconds}\n")
    hangs.chmod(0o755)
    person.git("config", "--global", "gpg.ssh.program", str(hangs))
    with pytest.raises(SigningError, match="no answer within"):
        asyncio.run(committed(person, place))
    assert gone(seconds)
