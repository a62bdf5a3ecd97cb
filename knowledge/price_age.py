"""How old prices are: what was read more than 90 days ago is said to be stale."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from knowdo.knowledge.schema import Source
from knowdo.knowledge.wording import Line

STALE_AFTER_DAYS = 90


def stale_notes(sources: Iterable[Source], day: date | None = None) -> tuple[Line, ...]:
    """A note when one of the prices was read more than 90 days before `day`; without one, none."""
    if day is None:
        return ()
    read = [source.retrieved for source in sources]
    old = [when for when in read if (day - when).days > STALE_AFTER_DAYS]
    if not old:
        return ()
    if len(read) == 1:
        return (Line("money.stale", {"day": old[0].isoformat()}),)
    values = {"old": len(old), "n": len(read), "day": min(old).isoformat()}
    return (Line("money.some_stale", values),)
