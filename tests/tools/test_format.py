"""Figures as people read them."""

from __future__ import annotations

import pytest

from knowdo.tools.format import duration, duration_range, gib_range, size, usd, usd_range


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "1 s"), (45, "45 s"), (89, "89 s"), (180, "3 min"), (7800, "2 h 10 min"), (7200, "2 h")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_money_keeps_cents_only_where_they_matter() -> None:
    assert [usd(0), usd(0.4), usd(1250.4)] == ["$0", "$0.40", "$1,250"]


def test_ranges_collapse_when_they_are_points() -> None:
    assert usd_range({"low": 0, "expected": 0, "high": 0}) == "$0"
    assert duration_range({"low": 60, "expected": 180, "high": 300}) == "3 min (60 s to 5 min)"
    assert gib_range({"low": 1, "expected": 2, "high": 3}) == "2.0 GiB (1.0 to 3.0)"


def test_sizes() -> None:
    assert [size(12), size(3_400_000)] == ["12 B", "3.4 MB"]
