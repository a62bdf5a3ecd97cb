"""Plans of indexes: what is read, what is refused and why, and that a plan stays what it was."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from knowdo.knowledge.errors import InputError, OperationError
from knowdo.tools.home import subfolder
from knowdo.tools.progress import progress_to
from knowdo.tools.rag.plan import (
    DEFAULT_CHUNKS_PER_SECOND,
    IndexPlan,
    chunks_per_second,
    plan_index,
    read_plan,
    remember_speed,
)
from knowdo.tools.tool import to_json


def reasons(plan: IndexPlan) -> dict[str, str]:
    return {Path(file.path).name: file.reason for file in plan.refused}


def test_a_folder_is_planned_with_counts_and_time(handbook: Path) -> None:
    plan = plan_index([str(handbook)], "Company handbook")
    assert [file.file for file in plan.accepted] == [
        "handbook/faq.md",
        "handbook/leave.docx",
        "handbook/prices.csv",
    ]
    assert (plan.accepted_count, plan.refused_count, plan.chunks) == (3, 0, 6)
    assert plan.index_id.startswith("company-handbook-")
    assert plan.expected_seconds > 0
    assert json.loads(to_json(plan))["plan_id"] == plan.plan_id


def test_the_same_files_give_the_same_plan(handbook: Path) -> None:
    assert plan_index([str(handbook)], "a") == plan_index([str(handbook)], "a")
    assert plan_index([str(handbook)], "a").plan_id != plan_index([str(handbook)], "b").plan_id


def test_unusable_files_are_listed_with_their_reasons_and_the_rest_is_planned(
    handbook: Path,
) -> None:
    (handbook / "empty.pdf").touch()
    (handbook / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    shutil.copy(handbook / "faq.md", handbook / "faq_old.md")
    plan = plan_index([str(handbook), str(handbook / "gone.pdf")], "docs")
    assert plan.accepted_count == 3
    assert "empty file" in reasons(plan)["empty.pdf"]
    assert "PNG image" in reasons(plan)["logo.png"]
    assert "same content as 'handbook/faq.md'" in reasons(plan)["faq_old.md"]
    assert "does not exist" in reasons(plan)["gone.pdf"]


def test_hidden_files_and_links_that_lead_out_are_skipped(handbook: Path) -> None:
    (handbook / ".git").mkdir()
    (handbook / ".git" / "config").write_text("hidden text")
    (handbook / ".secret").write_text("hidden text")
    outside = handbook.parent / "outside.txt"
    outside.write_text("not in the folder")
    (handbook / "link.txt").symlink_to(outside)
    (handbook / "loop").symlink_to(handbook)
    plan = plan_index([str(handbook)], "docs")
    assert (plan.accepted_count, plan.refused_count) == (3, 0)


def test_two_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "notes.txt").write_text(f"Notes in folder {folder}")
    paths = [str(tmp_path / folder / "notes.txt") for folder in ("a", "b")]
    assert [file.file for file in plan_index(paths, "docs").accepted] == paths


def test_nothing_to_index_is_refused_with_the_reasons(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    with pytest.raises(InputError, match=r"None of the files can be indexed.*empty file"):
        plan_index([str(tmp_path)], "docs")
    with pytest.raises(InputError, match="A path is empty"):
        plan_index([""], "docs")


def test_too_many_files_are_refused(handbook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowdo.tools.rag.plan.MAX_FILES", 2)
    with pytest.raises(InputError, match="more than 2 files"):
        plan_index([str(handbook)], "docs")


def test_a_plan_is_read_back_whole_and_a_changed_one_is_refused(handbook: Path) -> None:
    plan = plan_index([str(handbook)], "docs")
    stored = read_plan(plan.plan_id)
    assert (stored.index_id, stored.files, stored.chunks) == (
        plan.index_id,
        plan.accepted,
        plan.chunks,
    )
    path = subfolder("plans") / f"{plan.plan_id}.json"
    path.write_text(path.read_text().replace("faq.md", "etc/passwd"))
    with pytest.raises(OperationError, match="was changed"):
        read_plan(plan.plan_id)


@pytest.mark.parametrize("plan_id", ["index-000000000000", "../../etc/passwd", ""])
def test_an_unknown_plan_is_refused(plan_id: str) -> None:
    with pytest.raises(InputError, match="no index plan"):
        read_plan(plan_id)


def test_planning_reports_progress(handbook: Path) -> None:
    heard: list[tuple[str, float, float | None]] = []
    with progress_to(lambda *event: heard.append(event)):
        plan_index([str(handbook)], "docs")
    assert heard[1] == ("Reading handbook/leave.docx", 1, 3)


def test_the_measured_speed_replaces_the_default() -> None:
    assert chunks_per_second() == DEFAULT_CHUNKS_PER_SECOND
    remember_speed(80.04)
    remember_speed(float("inf"))
    assert chunks_per_second() == 80.0
