"""Secrets are cut out of text; ordinary words stay."""

from __future__ import annotations

import pytest

from ostinato.base.redaction import Redaction

ENVIRON = {"OPENAI_API_KEY": "abcdefgh12345", "DB_PASSWORD": "abcdefgh", "MY_TOKEN": "short", "HOME": "/home/pat"}


def test_values_of_credential_variables_are_cut_out_the_longest_first() -> None:
    redacted = Redaction(ENVIRON)
    assert redacted("key abcdefgh12345, password abcdefgh!") == "key [secret], password [secret]!"
    assert redacted("/home/pat is short") == "/home/pat is short"


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-0123456789abcdef",
        "ghp_0123456789abcdefghijABCDEFGHIJ",
        "AKIAIOSFODNN7EXAMPLE",
        "xoxb-123456789012-abcdef",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0123.abcdefghijklmnop",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_known_shapes_are_cut_out(secret: str) -> None:
    assert Redaction({})(f"before {secret} after") == "before [secret] after"


def test_a_password_in_an_address_is_cut_out_and_the_address_stays() -> None:
    assert Redaction({})("https://pat:hunter2@host/x https://host:80/y") == "https://[secret]@host/x https://host:80/y"
