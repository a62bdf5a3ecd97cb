"""The two kinds of error that people see; each names the thing, the cause and the way out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class KnowDoError(Exception):
    """A failure that is explained to the person; `str(error)` is what they read."""


class InputError(KnowDoError):
    """What the person gave cannot be used as it is. The CLI exits with 2."""


class OperationError(KnowDoError):
    """The work itself failed, through no fault of the input. The CLI exits with 1."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> InputError:
    """An error for a name that is not in a catalogue, with the nearest known names."""
    names = sorted(known)
    near = difflib.get_close_matches(name.lower(), [n.lower() for n in names], n=3, cutoff=0.5)
    shown = [n for n in names if n.lower() in near] or names[:8]
    hint = "Did you mean" if near else "Known are"
    more = f" and {len(names) - len(shown)} more" if not near and len(names) > len(shown) else ""
    return InputError(f"Unknown {kind} '{name[:80]}'. {hint}: {', '.join(shown)}{more}.")
