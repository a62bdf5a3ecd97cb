"""Which managed services take fine-tuning jobs on a given day, as one sentence."""

from __future__ import annotations

import functools
import tomllib
from datetime import date
from importlib import resources
from typing import Any

from knowdo.knowledge.catalog import Provider, providers
from knowdo.knowledge.wording import Language

# Passages whose answer depends on the day they are read.
ABOUT_TODAY = frozenset({"services-today", "openai-closing", "closed-services"})


def services_on(day: date, language: Language = "en") -> str:
    """Open, closing (with the last day for jobs) and closed services of the dated catalogue."""
    names: dict[str, list[str]] = {"open": [], "closing": [], "closed": []}
    for service in providers():
        status = service.status_on(day)
        names[status].append(_until(service, language) if status == "closing" else service.name)
    comma = _wording()["comma"][language]
    lists = {status: comma.join(found) or "–" for status, found in names.items()}
    return str(_wording()[language]).format(day=day.isoformat(), **lists)


def _until(service: Provider, language: Language) -> str:
    if service.jobs_until is None:
        return service.name
    sentence = str(_wording()["until"][language])
    return sentence.format(name=service.name, day=service.jobs_until.isoformat())


@functools.cache
def _wording() -> dict[str, Any]:
    file = resources.files("knowdo.knowledge").joinpath("data", "services.toml")
    return tomllib.loads(file.read_text("utf-8"))
