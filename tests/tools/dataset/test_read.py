"""Reading training files of every kind, whole and broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from knowdo.knowledge.errors import InputError
from knowdo.tools.dataset.read import read_examples

GOOD = {"messages": [{"role": "user", "content": "Q1"}, {"role": "assistant", "content": "A1"}]}


def other(number: int) -> dict[str, list[dict[str, str]]]:
    said = [{"role": "user", "content": f"Q{number}"}, {"role": "assistant", "content": "A"}]
    return {"messages": said}


def lines(path: Path, *rows: object) -> Path:
    written = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(written) + "\n", encoding="utf-8")
    return path


def test_broken_lines_are_named_with_number_field_and_remedy(tmp_path: Path) -> None:
    bad_role = {
        "messages": [{"role": "usr", "content": "Q"}, {"role": "assistant", "content": "A"}]
    }
    file = lines(tmp_path / "a.jsonl", GOOD, '{"messages": [', bad_role, other(2))
    dataset = read_examples(file)
    assert len(dataset.examples) == 2
    broken, role = dataset.problems
    assert (broken.line, role.line) == (2, 3)
    assert "is no JSON" in broken.problem
    assert role.field == "messages[0].role"
    assert "Did you mean 'user'?" in role.suggestion


def test_a_misspelt_key_is_answered_with_the_right_one(tmp_path: Path) -> None:
    file = lines(tmp_path / "a.jsonl", GOOD, {"mesages": GOOD["messages"]})
    (problem,) = read_examples(file).problems
    assert problem.field == "mesages"
    assert "'messages'" in problem.suggestion


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "is null"), (7, "is number"), ([{"text": "hi"}], "is list"), ("  ", "is empty")],
)
def test_an_answer_that_is_no_text_is_refused(tmp_path: Path, content: object, said: str) -> None:
    row = {
        "messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": content}]
    }
    (problem,) = read_examples(lines(tmp_path / "a.jsonl", GOOD, row)).problems
    assert problem.line == 2
    assert said in problem.problem


def test_roles_must_alternate_and_end_with_the_answer(tmp_path: Path) -> None:
    user, answer = GOOD["messages"]
    two_users = {"messages": [user, user, answer]}
    open_end = {"messages": [user, answer, user]}
    problems = read_examples(lines(tmp_path / "a.jsonl", GOOD, two_users, open_end)).problems
    assert "do not alternate" in problems[0].problem
    assert "ends with the user" in problems[1].problem


@pytest.mark.parametrize(
    ("row", "layout"),
    [
        ({"conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]},
         "sharegpt"),
        ({"instruction": "Q", "input": "", "output": "A"}, "alpaca"),
        ({"prompt": "Q", "completion": "A"}, "prompt-completion"),
    ],
)  # fmt: skip
def test_other_layouts_become_messages(tmp_path: Path, row: object, layout: str) -> None:
    dataset = read_examples(lines(tmp_path / "a.jsonl", row))
    assert dataset.format == layout
    assert [(m.role, m.content) for m in dataset.examples[0].messages] == [
        ("user", "Q"),
        ("assistant", "A"),
    ]


def test_a_list_spread_objects_a_bom_and_csv_are_read(tmp_path: Path) -> None:
    listed, spread = tmp_path / "a.json", tmp_path / "b.jsonl"
    listed.write_text(json.dumps([GOOD, other(2)]), encoding="utf-8-sig")
    spread.write_text("\n".join(json.dumps(r, indent=2) for r in (GOOD, other(2))))
    table = tmp_path / "c.csv"
    table.write_text('prompt,completion\r\nQ1,"A, one"\r\nQ2,A2\r\n')
    assert [len(read_examples(p).examples) for p in (listed, spread, table)] == [2, 2, 2]
    assert read_examples(table).examples[0].answer == "A, one"


def test_exact_repeats_count_once(tmp_path: Path) -> None:
    dataset = read_examples(lines(tmp_path / "a.jsonl", GOOD, other(2), GOOD))
    assert len(dataset.examples) == 2
    assert dataset.duplicates == 1


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7 ...", "is a PDF"),
        (b"\x89PNG\r\n\x1a\n", "is an image"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PK\x03\x04", "Office document"),
        (b"MZ\x00\x01", "binary"),
        (b"   \n\n", "holds no examples"),
        (b"{'messages': []}\n", "single quotes"),
        (b'{"text": "hello"}\n', "no known layout"),
        ('{"a": "\u00e4"}\n'.encode("cp1252"), "not UTF-8"),
    ],
)
def test_other_kinds_of_file_are_refused_in_words(tmp_path: Path, head: bytes, said: str) -> None:
    file = tmp_path / "upload.jsonl"
    file.write_bytes(head)
    with pytest.raises(InputError, match=said):
        read_examples(file)


def test_a_folder_and_a_missing_path_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder"):
        read_examples(tmp_path)
    with pytest.raises(InputError, match="There is no file"):
        read_examples(tmp_path / "nowhere.jsonl")
