"""Parts of the specification: quotation, footnotes, data needed, how it will be judged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from knowdo.knowledge.data_needs import data_needs, missing_examples
from knowdo.knowledge.passages import passage
from knowdo.knowledge.schema import Source
from knowdo.knowledge.wording import counted, number
from knowdo.tools.advise import Cited, use_case_from
from knowdo.tools.dataset.split import MIN_TEST_EXAMPLES, unseen_count

# One page: a longer message is cut, and of many the first and the newest are shown.
QUOTED_CHARACTERS = 700
QUOTED_MESSAGES = 4
_TRAINED = ("style", "format", "vocabulary", "classification", "instruction")
_MEASURES = {
    "classification": "F1 for each class and its plain average",
    "format": "the share that parses and satisfies the schema, then exact match of each field",
    "style": "blind pairs: which of the two answers sounds right to people who know the style",
    "vocabulary": "the share of answers that use the right terms, checked by people of the field",
    "instruction": "a rubric, scored by a person or by a judge that was checked against people",
    "knowledge_qa": "recall of the right passage among the first ten, then answers that are right,"
    " cite it, and say so when the documents hold none",
}
_ANY_MEASURE = "a rubric that people score, with the number of cases beside every figure"


class Footnotes:
    """Numbers for passages in the order in which they are first cited."""

    def __init__(self, cited: Iterable[Cited]) -> None:
        self._cited = {c.passage_id: c for c in cited}
        self._used: dict[str, Cited] = {}

    def marks(self, passage_ids: Iterable[str]) -> str:
        """The marks after a sentence; a passage that the advice did not cite is looked up."""
        return "".join(f"[^{self._number(passage_id)}]" for passage_id in passage_ids)

    def _number(self, passage_id: str) -> int:
        if passage_id not in self._used:
            self._used[passage_id] = self._cited.get(passage_id) or _looked_up(passage_id)
        return list(self._used).index(passage_id) + 1

    def sources(self) -> list[Source]:
        """Sources of the cited passages, each once."""
        return list(dict.fromkeys(s for c in self._used.values() for s in c.sources))

    def text(self) -> str:
        """The footnotes, each with the numbers of its sources in the list of `sources`."""
        listed = self.sources()
        return "\n".join(
            f"[^{i}]: {cell(c.title)} (sources {', '.join(_numbers(c.sources, listed))})"
            for i, c in enumerate(self._used.values(), 1)
        )


def _numbers(sources: Iterable[Source], listed: list[Source]) -> list[str]:
    return [str(listed.index(source) + 1) for source in sources]


def _looked_up(passage_id: str) -> Cited:
    found = passage(passage_id)
    return Cited(found.passage_id, found.title, found.text, found.sources)


def source_line(source: Source) -> str:
    """A source with its link and the day on which it was read."""
    title = cell(source.title)
    named = f"[{title}]({source.url})" if source.url else title
    return f"{named}, read {source.retrieved.isoformat()}"


def cell(text: str) -> str:
    """Text of a person or a file as one line that is nothing but text, also in a table."""
    line = " ".join(text.split())
    escaped = re.sub(r"([\\`*_\[\]#|<>!~])", r"\\\1", line)
    return escaped.replace("&", "&amp;")


def quoted(messages: Sequence[str]) -> str:
    """The person's words as quotations; a long conversation keeps its first and newest messages."""
    if not messages:
        return "> (set by hand, without a description)"
    kept = list(messages)
    if len(kept) > QUOTED_MESSAGES:
        kept = [kept[0], *kept[1 - QUOTED_MESSAGES :]]
    return "\n>\n".join(f"> “{cell(_cut(text))}”" for text in kept)


def _cut(text: str) -> str:
    return text if len(text) <= QUOTED_CHARACTERS else text[:QUOTED_CHARACTERS].rstrip() + " …"


def data_section(case: Mapping[str, Any], label: str) -> tuple[str, tuple[Source, ...]]:
    """Examples and documents that it takes and that there are, with the sources of the figures."""
    lines: list[str] = []
    sources: tuple[Source, ...] = ()
    if label != "rag" and case.get("task_type") in _TRAINED:
        line, sources = _examples(case)
        lines.append(line)
    if label in ("rag", "both") or "doc_count" in case:
        lines.append(_documents(case))
    return "\n".join(lines) or "Nothing to collect for this decision.", sources


def _examples(case: Mapping[str, Any]) -> tuple[str, tuple[Source, ...]]:
    needs = data_needs(case["task_type"], case.get("n_classes"))
    there = case.get("n_examples")
    missing = missing_examples(use_case_from(dict(case)))
    unit = ""
    if needs.per_class and not case.get("n_classes"):
        unit = " for two classes, the fewest there can be; each further class adds its share"
    has = "not known" if there is None else number("en", there)
    lacks = f" ({number('en', missing)} missing to the minimum)" if missing else ""
    low, high = number("en", needs.recommended_low), number("en", needs.recommended_high)
    line = (
        f"- Examples: needed at least {number('en', needs.minimum)}, better {low} to {high}{unit}."
        f" There: {has}{lacks}. {needs.note}"
    )
    return line, needs.sources


def _documents(case: Mapping[str, Any]) -> str:
    count = case.get("doc_count")
    there = "number not known" if count is None else counted("en", count, "document")
    return f"- Documents to search in: {there}. They need no labels."


def evaluation_section(case: Mapping[str, Any], label: str, notes: Footnotes) -> str:
    """Two lines: what is set aside and compared, and the measure."""
    if label == "none":
        return "Not planned: nothing is adapted."
    task = "knowledge_qa" if label == "rag" else str(case.get("task_type"))
    measure = _MEASURES.get(task, _ANY_MEASURE)
    if label == "both":
        measure += f"; for the facts: {_MEASURES['knowledge_qa']}"
    return (
        f"- Set aside {_unseen(case)} that nobody looks at before the end, and run the untouched"
        f" model with the best prompt on them as the baseline.{notes.marks(['evaluation'])}\n"
        f"- Measure: {measure}; report the difference with its interval."
        f"{notes.marks(['evaluation-metrics'])}"
    )


def _unseen(case: Mapping[str, Any]) -> str:
    examples = case.get("n_examples")
    if not examples:
        return f"at least {MIN_TEST_EXAMPLES} real cases"
    return f"{counted('en', unseen_count(examples, 0.1), 'unseen_example')}"
