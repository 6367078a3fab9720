"""What a person may say to a plan and to a question, as tables."""

from __future__ import annotations

import pytest

from ostinato.cli.plan_menu import Choice, Wish, answer_of, choice_of

KEYS = ("parse", "print", "7")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("a", Choice(Wish.ACCEPT)),
        (" Accept ", Choice(Wish.ACCEPT)),
        ("r", Choice(Wish.REJECT)),
        ("l", Choice(Wish.LATER)),
        ("e", Choice(Wish.EDIT)),
        ("e all", Choice(Wish.EDIT)),
        ("edit 2", Choice(Wish.EDIT, place=1)),
        ("s parse", Choice(Wish.SHOW, place=0)),
        ("s 7", Choice(Wish.SHOW, place=2)),
        ("e 9", Choice(Wish.HELP, "there is no task '9'")),
        ("e 0", Choice(Wish.HELP, "there is no task '0'")),
        ("c", Choice(Wish.CHANGE)),
        ("c use SQLite", Choice(Wish.CHANGE, "use SQLite")),
        ("", Choice(Wish.HELP)),
        ("?", Choice(Wish.HELP)),
        ("aa", Choice(Wish.HELP)),
    ],
)
def test_commands(said: str, meant: Choice) -> None:
    assert choice_of(said, KEYS) == meant


@pytest.mark.parametrize(
    "sentence",
    [
        "use SQLite instead",
        "a smaller first task please",
        "reject empty tables",
        "no XML",
        "edit the second task to be smaller",
        "accept only UTF-8",
        "later tasks are too big",
    ],
)
def test_a_sentence_never_accepts_and_never_rejects(sentence: str) -> None:
    assert choice_of(sentence, KEYS) == Choice(Wish.CHANGE, sentence)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("1", "a file"),
        ("2.", "SQLite"),
        ("(2)", "SQLite"),
        ("SQLite", "SQLite"),
        ("3", "10"),
        ("10", "10"),
        ("4", "4"),
        ("both of them", "both of them"),
        ("", ""),
    ],
)
def test_answers(said: str, answer: str) -> None:
    assert answer_of(said, ("a file", "SQLite", "10")) == answer
