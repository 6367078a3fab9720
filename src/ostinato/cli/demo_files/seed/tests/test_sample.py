"""The sample is what the other tests rely on: a whole year, in order."""

from __future__ import annotations

import unittest
from datetime import date, timedelta
from pathlib import Path

SAMPLE = Path(__file__).parent.parent / "data" / "tidewick-2024.csv"


class SampleTest(unittest.TestCase):
    def test_holds_each_day_of_the_year_once(self) -> None:
        lines = SAMPLE.read_text(encoding="utf-8").splitlines()[2:]
        expected = [date(2024, 1, 1) + timedelta(days) for days in range(366)]
        self.assertEqual([line.split(",")[0] for line in lines], [day.isoformat() for day in expected])
