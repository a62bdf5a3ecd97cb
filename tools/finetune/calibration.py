"""A short measurement of this machine: what a transformer block reaches in LoRA training.

Offered by `knowdo doctor --calibrate` and kept; plans then need no rule of thumb before the first
run of a model. A measured run of the model itself still wins over it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from knowdo.tools.finetune.hardware import Hardware, wait_without_spinning
from knowdo.tools.home import home, read_json, write_json

# A block of a small model, large enough to keep every core or the card busy.
HIDDEN, FFN, HEADS, TOKENS = 1024, 2816, 16, 1024
SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """Useful operations per second of forward and backward passes through frozen weights."""

    device: str
    flops_per_second: float
    arithmetic: str
    measured_on: date


def calibration_of(hardware: Hardware) -> Calibration | None:
    """The measurement of this device, when there is one."""
    stored = _known().get(_key(hardware))
    if not stored:
        return None
    return Calibration(
        hardware.name,
        float(stored["flops_per_second"]),
        stored["arithmetic"],
        date.fromisoformat(stored["measured_on"]),
    )


def calibrate(hardware: Hardware, seconds: float = SECONDS) -> Calibration:
    """Measure this device for about that long, and keep the figure. Nothing is downloaded."""
    wait_without_spinning()
    flops, arithmetic = _measured(hardware, seconds)
    found = Calibration(hardware.name, flops, arithmetic, date.today())
    known = _known()
    known[_key(hardware)] = {
        "flops_per_second": flops,
        "arithmetic": arithmetic,
        "measured_on": found.measured_on.isoformat(),
    }
    write_json(_file(), known)
    return found


def _measured(hardware: Hardware, seconds: float) -> tuple[float, str]:
    import torch
    from torch.nn import functional

    device = torch.device(hardware.device)
    halves = torch.float16 if hardware.device == "cuda" else torch.float32
    dtype = torch.bfloat16 if hardware.fast_bf16 else halves
    make = torch.Generator().manual_seed(0)

    def weight(rows: int, columns: int) -> torch.Tensor:
        drawn: torch.Tensor = torch.randn(rows, columns, generator=make) / rows**0.5
        return drawn.to(device=device, dtype=dtype)

    attention = [weight(HIDDEN, HIDDEN) for _ in range(4)]
    gate, up, down = weight(HIDDEN, FFN), weight(HIDDEN, FFN), weight(FFN, HIDDEN)

    def step() -> None:
        x = weight(TOKENS, HIDDEN).requires_grad_()
        q, k, v = ((x @ w).view(1, TOKENS, HEADS, -1).transpose(1, 2) for w in attention[:3])
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        y = x + mixed.transpose(1, 2).reshape(TOKENS, HIDDEN) @ attention[3]
        y = y + (functional.silu(y @ gate) * (y @ up)) @ down
        y.float().square().mean().backward()  # type: ignore[no-untyped-call]
        if hardware.device == "cuda":
            torch.cuda.synchronize()

    step()  # the first one chooses kernels
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < seconds or steps < 3:
        step()
        steps += 1
    parameters = 4 * HIDDEN**2 + 3 * HIDDEN * FFN
    # Forward, and backward to the input: two passes of 2 operations a parameter and token.
    done = steps * 2 * (2 * parameters * TOKENS + 2 * HIDDEN * TOKENS**2)
    return done / (time.perf_counter() - began), str(dtype).removeprefix("torch.")


def _file() -> Path:
    return home() / "calibration.json"


def _known() -> dict[str, dict[str, Any]]:
    return dict(read_json(_file())) if _file().is_file() else {}


def _key(hardware: Hardware) -> str:
    return f"{hardware.device}:{hardware.name}"
