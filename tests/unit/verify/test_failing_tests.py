"""Names of failing tests, from what real runners print."""

from __future__ import annotations

import pytest

from ostinato.verify.failing_tests import failing_tests

PYTEST = """\
=================================== FAILURES ===================================
E       assert 1 == 2
=========================== short test summary info ============================
FAILED tests/test_a.py::test_one - assert 1 == 2
FAILED tests/test_a.py::TestB::test_two[x y] - ValueError: no
ERROR tests/test_c.py
2 failed, 1 error in 0.03s
"""
UNITTEST = """\
======================================================================
FAIL: test_rounding (tests.test_money.MoneyTest.test_rounding)
----------------------------------------------------------------------
Traceback (most recent call last):
AssertionError: 1 != 2
"""
GO = "--- FAIL: TestSum (0.00s)\n    sum_test.go:9: got 3\n    --- FAIL: TestSum/negative (0.00s)\nFAIL\n"
CARGO = "test tests::adds ... FAILED\ntest tests::ok ... ok\n"
TAP = "ok 1 - fine\nnot ok 2 - rounds half up\n"
NODE = "✔ fine (0.5ms)\n✖ rounds half up (1.2ms)\n"


@pytest.mark.parametrize(
    ("output", "names"),
    [
        (PYTEST, ("tests/test_a.py::TestB::test_two[x y]", "tests/test_a.py::test_one", "tests/test_c.py")),
        (UNITTEST, ("test_rounding (tests.test_money.MoneyTest.test_rounding)",)),
        (GO, ("TestSum", "TestSum/negative")),
        (CARGO, ("tests::adds",)),
        (TAP, ("rounds half up",)),
        (NODE, ("rounds half up",)),
        ("all is well\n", ()),
    ],
)
def test_names_are_found_when_the_runner_reports_tests(output: str, names: tuple[str, ...]) -> None:
    assert failing_tests(output) == names
