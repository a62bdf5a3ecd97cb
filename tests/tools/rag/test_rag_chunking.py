"""Passages fit the embedding model, keep their place and have stable ids."""

from __future__ import annotations

from knowdo.tools.rag.chunking import CHUNK_TOKENS, Chunk, chunk_document, estimate_tokens
from knowdo.tools.rag.sections import Document, Section


def chunks_of(*sections: Section, file: str = "manuals/coffee_machine.pdf") -> list[Chunk]:
    return chunk_document(Document("text", sections), file, estimate_tokens)


def test_a_short_section_is_one_chunk_under_the_name_of_its_file() -> None:
    (chunk,) = chunks_of(Section("Descale it every month.", "page 3"))
    assert (chunk.file, chunk.location, chunk.position) == (
        "manuals/coffee_machine.pdf",
        "page 3",
        0,
    )
    assert chunk.to_embed() == "coffee machine\nDescale it every month."


def test_no_chunk_is_longer_than_the_model_reads() -> None:
    prose = " ".join(f"Sentence number {n} says something of its own." for n in range(400))
    chunks = chunks_of(Section(prose, "page 1", "A heading"), Section("one", "page 2"))
    assert len(chunks) > 10
    assert max(estimate_tokens(chunk.to_embed()) for chunk in chunks) <= CHUNK_TOKENS + 1
    assert [chunk.position for chunk in chunks] == list(range(len(chunks)))


def test_neighbouring_chunks_overlap_so_that_no_sentence_is_lost_at_a_cut() -> None:
    prose = " ".join(f"Fact {n} is here." for n in range(300))
    first, second = chunks_of(Section(prose, "page 1"))[:2]
    assert first.text.split(". ")[-1].rstrip(".") in second.text


def test_a_word_without_end_is_cut_too() -> None:
    chunks = chunk_document(
        Document("text", (Section("x" * 50_000, "line 1"),)), "a.txt", lambda text: 1
    )
    assert max(len(chunk.text) for chunk in chunks) <= CHUNK_TOKENS * 8


def test_an_overlong_heading_leaves_room_for_the_text() -> None:
    (chunk,) = chunks_of(Section("Short text.", "page 1", "Very long heading " * 100))
    assert estimate_tokens(chunk.heading) <= 60


def test_ids_follow_the_content_and_not_the_order() -> None:
    a, b = Section("First rule.", "row 2"), Section("Second rule.", "row 3")
    ids = [chunk.chunk_id for chunk in chunks_of(a, b)]
    assert [chunk.chunk_id for chunk in chunks_of(b, a)] == ids[::-1]
    assert chunks_of(Section("First rule.", "row 4"))[0].chunk_id not in ids


def test_equal_passages_at_one_place_are_kept_once() -> None:
    section = Section("Same words here.", "section 'X'")
    assert len(chunks_of(section, section)) == 1
