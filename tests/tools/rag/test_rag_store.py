"""Indexes on disk: found by id or name, searched, deleted only on confirmation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from knowdo.knowledge.errors import InputError, OperationError
from knowdo.tools.rag.chunking import Chunk
from knowdo.tools.rag.embedding import DIMENSION, EMBEDDING_MODEL
from knowdo.tools.rag.store import (
    IndexedFile,
    IndexInfo,
    OpenIndex,
    alone,
    delete_index,
    find_index,
    folder_of,
    list_indexes,
    open_index,
    write_info,
)

CREATED = datetime(2026, 1, 1, tzinfo=UTC)


def saved(index_id: str, **changes: object) -> IndexInfo:
    folder = folder_of(index_id)
    folder.mkdir(parents=True)
    info = IndexInfo(
        index_id, "docs", "ready", CREATED, EMBEDDING_MODEL, DIMENSION, 0, 0, "index-1", str(folder)
    )
    return write_info(replace(info, **changes), [IndexedFile("a.txt", "/a.txt", "0" * 64)])  # type: ignore[arg-type]


def chunk(number: int, text: str, file: str = "a.txt") -> Chunk:
    return Chunk(f"id{number}", text, file, f"line {number}", number, "Title")


def axis(*numbers: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    vectors = np.zeros((len(numbers), DIMENSION), dtype=np.float32)
    vectors[range(len(numbers)), numbers] = 1
    return vectors


@pytest.fixture
def filled() -> Iterator[OpenIndex]:
    with OpenIndex(saved("docs-1")) as index:
        chunks = [
            chunk(1, "Cats sleep deeply."),
            chunk(2, "Dogs bark."),
            chunk(3, "Birds", "b.txt"),
        ]
        index.add(chunks, axis(1, 2, 3))
        yield index


def test_an_index_is_read_back_as_it_was_written() -> None:
    info = saved("docs-1")
    assert list_indexes() == [info]
    assert info.files == 1


def test_of_several_indexes_with_one_name_the_newest_ready_one_is_found() -> None:
    saved("docs-1")
    saved("docs-2", created=CREATED + timedelta(days=1))
    saved("docs-3", created=CREATED + timedelta(days=2), state="building")
    assert find_index("docs").index_id == "docs-2"
    assert find_index("docs-1").index_id == "docs-1"


def test_an_unknown_index_is_explained_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="no index yet"):
        find_index("docs")
    saved("docs-1")
    with pytest.raises(InputError, match=r"Unknown index 'dosc-1'.*docs-1"):
        find_index("dosc-1")


def test_an_unfinished_index_says_how_to_finish_it() -> None:
    saved("docs-1", state="failed", error="disk full")
    with pytest.raises(InputError, match=r"failed: disk full.*Build plan index-1 again"):
        open_index("docs-1")


@pytest.mark.parametrize("change", [{"embedding_model": "other"}, {"dimension": 768}])
def test_another_embedding_model_is_an_explanation_and_no_crash(change: dict[str, object]) -> None:
    saved("docs-1", **change)
    with pytest.raises(OperationError, match="do not compare"):
        open_index("docs-1")


def test_a_damaged_description_names_its_file() -> None:
    (Path(saved("docs-1").folder) / "meta.json").write_text("{")
    with pytest.raises(OperationError, match=r"meta\.json.*damaged"):
        list_indexes()


def test_chunks_come_back_nearest_first_and_whole(filled: OpenIndex) -> None:
    query = 0.9 * axis(2)[0] + 0.4 * axis(1)[0]
    assert filled.nearest(query, 2) == ["id2", "id1"]
    chunks, vectors = filled.fetch(["id3"])
    assert chunks == [chunk(3, "Birds", "b.txt")]
    assert np.allclose(vectors, axis(3))


def test_only_what_is_not_stored_yet_is_missing(filled: OpenIndex) -> None:
    new = chunk(9, "New")
    assert filled.missing([chunk(1, "Cats sleep deeply."), new]) == [new]


def test_old_chunks_of_a_changed_file_go_and_other_files_stay(filled: OpenIndex) -> None:
    filled.keep_only("a.txt", {"id2"})
    assert filled.count() == 2
    assert filled.keywords.known(["id1", "id2", "id3"]) == {"id2", "id3"}


def test_words_match_in_any_form_and_rare_ones_weigh_more(filled: OpenIndex) -> None:
    filled.add([chunk(4, "Dogs and cats")], axis(4))
    assert filled.keywords.best("Is a cat sleeping?", 2) == ["id1", "id4"]
    covered = filled.keywords.coverage("Why is my cat sleeping?", ["id1", "id2", "id4"])
    assert covered["id1"] == 1.0
    assert covered["id2"] == 0.0
    assert 0.0 < covered["id4"] < 0.5


@pytest.mark.parametrize("question", ["what is it?", "…", '"unbalanced OR (', "NOT NEAR * ^"])
def test_odd_questions_do_not_upset_the_word_index(filled: OpenIndex, question: str) -> None:
    assert filled.keywords.coverage(question, ["id1"])["id1"] == 0.0
    assert filled.keywords.best(question, 5) == []


def test_deleting_needs_the_id_as_confirmation() -> None:
    info = saved("docs-1")
    with pytest.raises(InputError, match="needs its id as confirmation"):
        delete_index("docs-1", confirm="yes")
    assert Path(info.folder).is_dir()
    delete_index("docs-1", confirm="docs-1")
    assert not Path(info.folder).exists()
    with pytest.raises(InputError, match="Unknown index"):
        delete_index("docs-1", confirm="docs-1")


def test_an_index_that_is_being_built_is_not_deleted() -> None:
    info = saved("docs-1")
    with alone(Path(info.folder), "docs"), pytest.raises(OperationError, match="being built"):
        delete_index("docs-1", confirm="docs-1")
    assert json.loads((Path(info.folder) / "meta.json").read_text())["name"] == "docs"


@pytest.mark.parametrize("index_id", ["../outside", "", "a/b", "UPPER"])
def test_an_id_cannot_lead_out_of_the_folder_of_indexes(index_id: str) -> None:
    with pytest.raises(InputError, match="not the id"):
        folder_of(index_id)
