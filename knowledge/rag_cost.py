"""What retrieval costs in US dollars: embedding, storing vectors, and answering with passages."""

from __future__ import annotations

from dataclasses import dataclass

from knowdo.knowledge.catalog import prices
from knowdo.knowledge.cost import check_number
from knowdo.knowledge.errors import InputError, unknown_name
from knowdo.knowledge.inference_prices import inference_price
from knowdo.knowledge.prompting_cost import usd_per_request
from knowdo.knowledge.schema import Estimate, Price, Range, Source
from knowdo.knowledge.wording import Line

GIB = 2**30
BYTES_PER_NUMBER = 4
# Text, file name and place kept beside each vector.
METADATA_BYTES = 1_500
# Tokens of a passage, and how many go into a prompt, where the person does not say.
PASSAGE_TOKENS, PASSAGES = 250, 5


@dataclass(frozen=True, slots=True)
class RagRequest:
    """An index and its use in a month. `embedder` and `answerer` None: models on the own machine.

    `changed_share` is the part of the documents that is embedded anew each month.
    """

    corpus_tokens: float
    requests_per_month: float
    question_tokens: float = 50
    answer_tokens: float = 200
    passage_tokens: float = PASSAGE_TOKENS
    passages: int = PASSAGES
    dimension: int = 384
    changed_share: float = 0.0
    embedder: str | None = None
    answerer: str | None = None


def rag_cost(request: RagRequest) -> Estimate:
    """Dollars of an index; `values` holds usd_once, usd_per_month and storage_gib.

    Raises InputError on unknown models and on numbers that make no sense.
    """
    _check(request)
    chunks = request.corpus_tokens / request.passage_tokens
    stored = chunks * (request.dimension * BYTES_PER_NUMBER + METADATA_BYTES) / GIB
    once, sources = _embedding(request)
    monthly = once * request.changed_share
    lines = [
        Line("rag_cost.corpus", {"tokens": request.corpus_tokens, "chunks": round(chunks)}),
        Line("rag_cost.stored", {"dimension": request.dimension}),
    ]
    if request.answerer:
        price = inference_price(request.answerer)
        read = request.question_tokens + request.passages * request.passage_tokens
        usd = usd_per_request(price, read, request.answer_tokens)
        monthly += usd * request.requests_per_month
        sources = (*sources, price.source)
        values = {"n": request.passages, "tokens": read, "item": price.item}
        lines.append(Line("rag_cost.answers", values))
    else:
        lines.append(Line("rag_cost.own_model"))
    return Estimate(
        values={
            "usd_once": Range(once, once, once),
            # What a question takes varies as in any prompt.
            "usd_per_month": Range(monthly * 0.75, monthly, monthly * 1.5),
            "storage_gib": Range(stored * 0.8, stored, stored * 1.5),
        },
        assumptions=tuple(lines),
        sources=sources,
    )


def embedding_cost(tokens: float, item: str) -> Estimate:
    """Dollars to embed that many tokens once through an embedding API; `values` holds usd.

    Raises InputError on an unknown model and on numbers that make no sense.
    """
    check_number("tokens", tokens, allow_zero=True)
    price = _embedder(item)
    total = (price.usd or 0.0) * tokens / 1e6
    values = {"tokens": tokens, "item": price.item, "provider": price.provider, "unit": price.unit}
    return Estimate(
        values={"usd": Range(total, total, total)},
        assumptions=(Line("rag_cost.embedded", values),),
        sources=(price.source,),
    )


def _embedding(request: RagRequest) -> tuple[float, tuple[Source, ...]]:
    """Dollars to embed everything once; nothing on the own machine."""
    if request.embedder is None:
        return 0.0, ()
    cost = embedding_cost(request.corpus_tokens, request.embedder)
    return cost.values["usd"].expected, cost.sources


def _embedder(item: str) -> Price:
    """The embedding price of that name. Raises InputError when there is none or several fit."""
    offered = [p for p in prices() if p.kind == "embed" and p.usd is not None]
    wanted = item.strip().lower()
    exact = [p for p in offered if p.item.lower() == wanted]
    near = exact or [p for p in offered if wanted and wanted in p.item.lower()]
    if len(near) == 1:
        return near[0]
    if near:
        names = ", ".join(p.item for p in near)
        raise InputError(f"'{item[:80]}' fits several items: {names}. Name one of them.")
    raise unknown_name("embedding model", item, [p.item for p in offered])


def _check(r: RagRequest) -> None:
    for name in ("corpus_tokens", "requests_per_month", "question_tokens", "answer_tokens"):
        check_number(name, getattr(r, name), allow_zero=True)
    for name in ("passage_tokens", "passages", "dimension"):
        check_number(name, getattr(r, name))
    if not 0 <= r.changed_share <= 1:
        raise InputError(f"changed_share is {r.changed_share}; it must lie between 0 and 1.")
