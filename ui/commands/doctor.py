"""knowdo doctor: what is installed, what this machine can do, what is missing."""

from __future__ import annotations

import platform
import shutil
from importlib.metadata import version
from typing import Any

import click

from knowdo.tools.finetune.calibration import Calibration
from knowdo.ui.commands.output import as_json, show

_PACKAGES = ("knowdo", "torch", "transformers", "peft", "trl", "bitsandbytes", "chromadb", "gradio",
             "langchain", "langgraph", "sentence-transformers", "openai")  # fmt: skip


@click.command()
@click.option("--calibrate", is_flag=True, help="Measure how fast this machine trains (5 s).")
@as_json
def doctor(json_output: bool, calibrate: bool) -> None:
    """Check the installation and say what to do about what is missing."""
    if calibrate:
        from knowdo.tools.finetune.calibration import calibrate as measure
        from knowdo.tools.finetune.hardware import detect_hardware

        measure(detect_hardware())
    show(_findings(), json_output, _text)


def _findings() -> dict[str, Any]:
    import psutil

    from knowdo.agent.settings import settings_from_environment
    from knowdo.tools.finetune.calibration import calibration_of
    from knowdo.tools.finetune.hardware import detect_hardware
    from knowdo.tools.home import home, models_folder
    from knowdo.tools.weights import known_weights

    weights = {
        name: (models_folder() / name / "config.json").is_file()
        for name, spec in known_weights().items()
        if spec.default
    }
    missing = [name for name, there in weights.items() if not there]
    calibrated = calibration_of(detect_hardware())
    to_do = [f"knowdo models fetch {name}" for name in missing]
    if calibrated is None:
        to_do.append("knowdo doctor --calibrate")
    return {
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
        "cpu_cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "gpu": _gpu(),
        "home": str(home()),
        "free_disk_gib": round(shutil.disk_usage(home()).free / 2**30, 1),
        "weights": weights,
        "chat_model": settings_from_environment().where_messages_go(),
        "calibrated": _calibrated(calibrated) if calibrated else None,
        "to_do": to_do,
    }


def _calibrated(known: Calibration) -> str:
    rate = known.flops_per_second / 1e9
    return f"{rate:,.0f} GFLOP/s in {known.arithmetic} on {known.measured_on.isoformat()}"


def _gpu() -> str | None:
    import torch

    if not torch.cuda.is_available():
        return None
    properties = torch.cuda.get_device_properties(0)
    return f"{properties.name}, {properties.total_memory / 2**30:.1f} GiB"


def _text(found: dict[str, Any]) -> str:
    lines = [
        f"Python {found['python']}, {found['cpu_cores']} cores, {found['memory_gib']} GiB memory",
        f"GPU: {found['gpu'] or 'none; training runs on the CPU'}",
        f"Training speed: {found['calibrated'] or 'not measured'}",
        f"Home: {found['home']} ({found['free_disk_gib']} GiB free)",
        f"Chat model: {found['chat_model']}",
        "Packages: " + ", ".join(f"{n} {v}" for n, v in found["packages"].items()),
        *(f"Weights: {n} {'ready' if ok else 'MISSING'}" for n, ok in found["weights"].items()),
        *(f"To do: {step}" for step in found["to_do"]),
    ]
    return "\n".join(lines if found["to_do"] else [*lines, "All is ready."])
