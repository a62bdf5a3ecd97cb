"""Prices age: what was read long ago is said to be stale, with the day."""

from __future__ import annotations

from datetime import date

from knowdo.knowledge.catalog import gpu
from knowdo.knowledge.cost import gpu_training_cost
from knowdo.knowledge.price_age import stale_notes
from knowdo.knowledge.schema import Range, Source
from knowdo.knowledge.wording import LANGUAGES

OLD, NEW = Source("old", date(2026, 6, 1)), Source("new", date(2026, 9, 1))
TODAY = date(2026, 9, 15)


def test_a_price_of_this_season_is_not_stale() -> None:
    assert stale_notes([NEW], TODAY) == ()
    assert stale_notes([], TODAY) == ()


def test_the_ninetieth_day_is_still_fresh() -> None:
    assert stale_notes([OLD], date(2026, 8, 30)) == ()
    assert stale_notes([OLD], date(2026, 8, 31)) != ()


def test_old_prices_are_counted_with_the_oldest_day() -> None:
    for language in LANGUAGES:
        assert "2026-06-01" in stale_notes([OLD], TODAY)[0].text(language)
        text = stale_notes([OLD, NEW], TODAY)[0].text(language)
        assert "2026-06-01" in text and "1" in text and "2" in text


def test_a_rented_card_says_that_its_prices_are_old() -> None:
    hours = Range(1, 1, 1)
    later = gpu_training_cost(hours, gpu("A100"), day=date(2028, 1, 1))
    assert any(note.key == "money.some_stale" for note in later.notes)
    assert gpu_training_cost(hours, gpu("A100"), 2.0, day=date(2028, 1, 1)).notes == ()
