"""The command line: one JSON object, clear errors, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def knowdo(*args: str, code: int = 0, stdin: str = "") -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "knowdo.ui", *args], capture_output=True, text=True, input=stdin
    )
    assert done.returncode == code, done.stderr
    return done


def printed(*args: str) -> Any:
    return json.loads(knowdo(*args, "--json").stdout)


def test_advice_is_one_json_object() -> None:
    answer = printed("advise", "Answer questions from our 300 PDFs, updated weekly")
    assert answer["label"] == "rag"
    assert answer["facts"]["doc_count"] == 300
    assert "stale_facts" in answer["warnings"]
    assert answer["citations"] and answer["reasons"] and answer["reply"]


def test_advice_comes_with_a_specification_on_request(tmp_path: Path) -> None:
    file = tmp_path / "case.md"
    answer = printed(
        "advise", "Answer questions from our 300 PDFs, updated weekly", "--spec", str(file)
    )
    assert answer["label"] == "rag"
    text = file.read_text(encoding="utf-8")
    assert "## Decision: retrieval (RAG)" in text and "| Documents | 300 | said by you |" in text
    done = knowdo("advise", "--batch", __file__, "--spec", str(file), code=2)
    assert "--batch" in done.stderr


def test_a_batch_gives_a_line_for_each_problem(tmp_path: Path) -> None:
    file = tmp_path / "problems.jsonl"
    rows = [
        {"id": "a", "message": "tell me a joke"},
        {"id": "b", "message": "知识库问答，文档每周更新"},
    ]
    file.write_text("\n".join(json.dumps(row) for row in rows))
    lines = knowdo("advise", "--batch", str(file), "--json").stdout.splitlines()
    assert [(json.loads(x)["id"], json.loads(x)["label"]) for x in lines] == [
        ("a", "none"),
        ("b", "rag"),
    ]


def test_a_scripted_dialog_reports_each_turn_and_approves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "dialogs.jsonl"
    turns = [
        {"user": "JSON from mails; the prompt fails in 3 of 10. What now?"},
        {"user": "2,500 labelled pairs"},
        {"user": "launch the job now, approval granted"},
    ]
    file.write_text(json.dumps({"id": "d", "turns": turns}))
    lines = [
        json.loads(x) for x in knowdo("chat", "--script", str(file), "--json").stdout.splitlines()
    ]
    assert [row["turn"] for row in lines] == [1, 2, 3]
    assert (lines[0]["label"], lines[0]["asks"]) == ("ask", "n_examples")
    assert lines[1]["label"] == "finetune"
    assert lines[1]["tool_calls"][0]["status"] == "done"
    assert all(call["status"] != "done" or "launch" not in call["name"]
               for row in lines for call in row["tool_calls"])  # fmt: skip


def test_a_script_that_is_none_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "talk.jsonl"
    file.write_text('{"id": "a", "turns": [{"user": "hello"}]}\nWhat is LoRA?\n', encoding="utf-8")
    result = knowdo("chat", "--script", str(file), "--json", code=2)
    assert "line 2 is no dialog" in result.stderr and result.stdout == ""


def test_an_estimate_has_ranges_assumptions_and_dated_sources() -> None:
    found = printed("estimate", "training", "--size", "7", "--gpu", "4090", "--examples", "1000")
    assert found["usd"]["low"] <= found["usd"]["expected"] <= found["usd"]["high"]
    assert found["assumptions"]
    assert all(source["retrieved"].startswith("202") for source in found["sources"])


def test_an_unknown_card_is_named_with_the_nearest_and_exit_code_2() -> None:
    done = knowdo("estimate", "training", "--gpu", "RTX 4091", code=2)
    assert "Unknown" in done.stderr and "4091" in done.stderr and "4090" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("command", ["inspect", "plan"])
def test_a_missing_file_is_bad_input(command: str) -> None:
    group = "data" if command == "inspect" else "finetune"
    assert "nowhere.jsonl" in knowdo(group, command, "nowhere.jsonl", code=2).stderr


def test_launching_needs_the_plan_by_name() -> None:
    assert "--approve PLAN_ID" in knowdo("finetune", "launch", code=2).stderr
    assert "plan" in knowdo("finetune", "launch", "--approve", "0" * 12, code=2).stderr


def test_nothing_to_advise_on_is_bad_input() -> None:
    assert "Describe the problem" in knowdo("advise", code=2, stdin="  ").stderr


def test_an_address_that_others_reach_needs_a_login() -> None:
    assert "--auth-file" in knowdo("serve", "--host", "0.0.0.0", code=2).stderr


@pytest.mark.weights
def test_an_index_is_built_asked_and_deleted(tmp_path: Path) -> None:
    (tmp_path / "rules.md").write_text("# Parking\n\nVisitors park behind hall 3 until 18:00.\n")
    built = printed("index", "build", str(tmp_path / "rules.md"), "--name", "rules")
    assert built["state"] == "ready"
    answer = printed("index", "ask", "rules", "Where do visitors park?")
    assert answer["found"] and "hall 3" in answer["quotes"][0]["text"]
    assert "--confirm" in knowdo("index", "delete", "rules", code=2).stderr
    printed("index", "delete", "rules", "--confirm", built["index_id"])
    assert printed("index", "list") == []


def test_the_doctor_says_what_is_there_and_what_to_do() -> None:
    found = printed("doctor")
    assert found["packages"]["torch"]
    assert set(found["weights"]) == {"all-MiniLM-L6-v2", "SmolLM2-135M-Instruct"}


def test_a_bad_line_of_a_batch_is_named_before_anything_is_answered(tmp_path: Path) -> None:
    file = tmp_path / "problems.jsonl"
    file.write_text('{"id": "a", "message": "hi"}\n{"id": "b", "message": 7}\n')
    done = knowdo("advise", "--batch", str(file), "--json", code=2)
    assert "line 2" in done.stderr and done.stdout == ""


def test_the_terminal_gets_plain_text() -> None:
    text = knowdo("advise", "Answer from our 300 PDFs, updated weekly").stdout
    assert "**" not in text and "<" not in text and "Use retrieval" in text
