"""Lists in replies: jobs, indexes, the sources behind a figure."""

from __future__ import annotations

from typing import Any

from knowdo.agent.embedded.markdown import literal, source
from knowdo.agent.embedded.say import say
from knowdo.knowledge import wording
from knowdo.knowledge.wording import Language

SHOWN = 8


def listed(language: Language, items: list[str]) -> str:
    """Items in one line."""
    return wording.say(language, "time.comma").join(items)


def jobs(data: list[dict[str, Any]], language: Language) -> str:
    """The jobs there are, newest first, with their states."""
    if not data:
        return say(language, "dialog.no_jobs")
    rows = [f"{n}. {_job(job, language)}" for n, job in enumerate(data[:SHOWN], 1)]
    return "\n".join([say(language, "dialog.jobs"), "", *rows, *_more(data, language)])


def _job(job: dict[str, Any], language: Language) -> str:
    state = say(language, f"states.{job['state']}")
    return f"`{job['job_id']}` {literal(job['name'])}: **{state}**"


def indexes(data: list[dict[str, Any]], language: Language) -> str:
    """The indexes there are, newest first; where questions go from now on."""
    if not data:
        return say(language, "dialog.no_indexes")
    rows = [f"{n}. {_index(index, language)}" for n, index in enumerate(data[:SHOWN], 1)]
    after = say(language, "dialog.one_index" if len(data) == 1 else "dialog.more_indexes")
    return "\n".join(
        [say(language, "dialog.indexes"), "", *rows, *_more(data, language), "", after]
    )


def _index(index: dict[str, Any], language: Language) -> str:
    return say(
        language,
        "dialog.index_row",
        name=literal(index["name"]),
        chunks=index["chunks"],
        count=index["files"],
    )


def _more(data: list[dict[str, Any]], language: Language) -> list[str]:
    left = len(data) - SHOWN
    return [f"- {say(language, 'documents.more', count=left)}"] if left > 0 else []


def sources_of(data: dict[str, Any], language: Language) -> str:
    """What an estimate rests on, in the open."""
    rows = [f"- {item}" for item in data.get("assumptions", [])]
    sources = folded_sources(data["sources"], language)
    return "\n".join([f"{say(language, 'advice.basis')}:", "", *rows, "", sources])


def folded_sources(sources: list[dict[str, Any]], language: Language) -> str:
    """Sources as a block that opens on a click."""
    rows = "".join(f"<p><i>{source(s, language)}</i></p>" for s in sources)
    title = say(language, "advice.sources", count=len(sources))
    return f"<details><summary>{title}</summary>{rows}</details>"
