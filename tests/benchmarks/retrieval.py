"""How well questions find their documents, on a folder in BEIR layout.

Usage: python tests/benchmarks/retrieval.py FOLDER, with corpus.jsonl (`_id`, `title`, `text`),
queries.jsonl (`_id`, `text`), qrels/test.tsv, and unanswerable.jsonl where there is one. Chunks,
vectors and both searches are those of the product; a document ranks by its best chunk.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from knowdo.tools.rag.answer import FOUND_SCORE, SURE_SCORE
from knowdo.tools.rag.chunking import chunk_document
from knowdo.tools.rag.embedding import DIMENSION, EMBEDDING_MODEL, embed, token_counter, warm_up
from knowdo.tools.rag.retrieval import MAX_TOP_K, retrieve
from knowdo.tools.rag.sections import Document, Section
from knowdo.tools.rag.store import IndexInfo, OpenIndex

Ranking = dict[str, list[str]]
Judgements = dict[str, dict[str, int]]


def main(folder: Path) -> None:
    """Print progress, and one JSON line of figures at the end."""
    warm_up()
    with tempfile.TemporaryDirectory() as scratch, OpenIndex(_info(Path(scratch))) as index:
        speed = _fill(index, _rows(folder / "corpus.jsonl"))
        figures = _measure(index, folder)
    print(json.dumps({**figures, "chunks_per_second": round(speed, 1)}))


def _fill(index: OpenIndex, corpus: list[dict[str, Any]]) -> float:
    """Store every document; returns chunks embedded per second."""
    count_tokens = token_counter()
    chunks = []
    for row in corpus:
        section = Section(row["text"], "text", row.get("title", ""))
        chunks += chunk_document(Document("text", (section,)), row["_id"], count_tokens)
    print(f"{len(corpus)} documents, {len(chunks)} chunks", flush=True)
    began = time.monotonic()
    vectors = embed([chunk.to_embed() for chunk in chunks])
    speed = len(chunks) / (time.monotonic() - began)
    for start in range(0, len(chunks), 1000):
        index.add(chunks[start : start + 1000], vectors[start : start + 1000])
    return speed


def _measure(index: OpenIndex, folder: Path) -> dict[str, float | None]:
    judged = _judgements(folder / "qrels" / "test.tsv")
    fused: Ranking = {}
    dense: Ranking = {}
    bm25: Ranking = {}
    best_scores = []
    for query in _rows(folder / "queries.jsonl"):
        if query["_id"] not in judged:
            continue
        hits = retrieve(index, query["text"], MAX_TOP_K)
        best_scores.append(hits[0].score)
        fused[query["_id"]] = _distinct(hit.file for hit in hits)
        dense[query["_id"]] = _documents(index, index.nearest(embed([query["text"]])[0], 100))
        bm25[query["_id"]] = _documents(index, index.keywords.best(query["text"], 100))
    return {
        "ndcg@10": _ndcg(fused, judged),
        "recall@10": _recall(fused, judged),
        "bm25_ndcg@10": _ndcg(bm25, judged),
        "dense_ndcg@10": _ndcg(dense, judged),
        "dense_recall@10": _recall(dense, judged),
        "abstention_auc": _abstention(index, folder / "unanswerable.jsonl", best_scores),
    }


def _abstention(index: OpenIndex, path: Path, answerable: list[float]) -> float | None:
    """How often a question with an answer scores above one without; None without such questions."""
    if not path.is_file():
        return None
    without = [retrieve(index, row["text"], 1)[0].score for row in _rows(path)]
    for threshold in (FOUND_SCORE - 0.1, FOUND_SCORE, FOUND_SCORE + 0.1, SURE_SCORE):
        kept = sum(score >= threshold for score in answerable) / len(answerable)
        refused = sum(score < threshold for score in without) / len(without)
        print(f"at {threshold:.2f}: {kept:.1%} of answerable kept, {refused:.1%} of others refused")
    pairs = [(a > b) + (a == b) / 2 for a in answerable for b in without]
    return round(sum(pairs) / len(pairs), 4)


def _documents(index: OpenIndex, chunk_ids: list[str]) -> list[str]:
    """The documents of ranked chunks, in the order of the chunks."""
    file_of = {chunk.chunk_id: chunk.file for chunk in index.fetch(chunk_ids)[0]}
    return _distinct(file_of[chunk_id] for chunk_id in chunk_ids)


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _ndcg(ranking: Ranking, judged: Judgements) -> float:
    """Mean nDCG at 10 with linear gains, as trec_eval and BEIR compute it."""
    total = 0.0
    for query, documents in ranking.items():
        gains = [judged[query].get(document, 0) for document in documents[:10]]
        ideal = sorted(judged[query].values(), reverse=True)[:10]
        total += _dcg(gains) / _dcg(ideal)
    return round(total / len(ranking), 4)


def _dcg(gains: list[int]) -> float:
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains))


def _recall(ranking: Ranking, judged: Judgements) -> float:
    total = 0.0
    for query, documents in ranking.items():
        total += len(judged[query].keys() & set(documents[:10])) / len(judged[query])
    return round(total / len(ranking), 4)


def _judgements(path: Path) -> Judgements:
    judged: Judgements = {}
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        query, document, grade = line.split("\t")
        if int(grade) > 0:
            judged.setdefault(query, {})[document] = int(grade)
    return judged


def _rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def _info(folder: Path) -> IndexInfo:
    return IndexInfo(
        index_id="benchmark",
        name="benchmark",
        state="building",
        created=datetime.now(UTC),
        embedding_model=EMBEDDING_MODEL,
        dimension=DIMENSION,
        files=0,
        chunks=0,
        plan_id="",
        folder=str(folder),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
