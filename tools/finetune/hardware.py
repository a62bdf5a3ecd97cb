"""What this machine can train on: the card, else the processor, and how much memory is free."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

GIB = 2**30
Device = Literal["cuda", "cpu"]


@dataclass(frozen=True, slots=True)
class Hardware:
    """The device a run would use; memory is what is free now, in GiB."""

    device: Device
    name: str
    free_memory_gib: float
    cores: int
    # Matrix instructions for bf16 (AMX, AVX512-BF16): without them a processor is far slower.
    fast_bf16: bool


def detect_hardware() -> Hardware:
    """This machine's card with the most free memory, else its processor."""
    import psutil

    cores = usable_cores()
    if _has_nvidia_driver():
        card = _cuda_card(cores)
        if card is not None:
            return card
    free = psutil.virtual_memory().available / GIB
    return Hardware("cpu", f"{cores} CPU cores", round(free, 1), cores, _has_fast_bf16())


def usable_cores() -> int:
    """Cores this process may use: affinity, container quota and OMP_NUM_THREADS considered."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    limits = [cores or 1]
    quota = Path("/sys/fs/cgroup/cpu.max")
    if quota.is_file():
        allowed, period = quota.read_text().split()
        if allowed != "max":
            limits.append(max(1, int(allowed) // int(period)))
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    if wanted.isdigit() and int(wanted) > 0:
        limits.append(int(wanted))
    return min(limits)


def wait_without_spinning() -> None:
    """Let idle OpenMP threads sleep; call it before torch is imported.

    By default they spin at each barrier, and where other work holds a core, everything waits for
    it: with one of two cores busy, generation fell from 49 to 14 tokens per second.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _has_nvidia_driver() -> bool:
    """Cheap to ask; importing torch only to hear that there is no card takes seconds."""
    return Path("/dev/nvidiactl").exists() or shutil.which("nvidia-smi") is not None


def _cuda_card(cores: int) -> Hardware | None:
    import torch

    if not torch.cuda.is_available():
        return None
    free = [torch.cuda.mem_get_info(i)[0] for i in range(torch.cuda.device_count())]
    best = free.index(max(free))
    name = torch.cuda.get_device_name(best)
    bf16 = torch.cuda.is_bf16_supported(including_emulation=False)
    return Hardware("cuda", name, round(free[best] / GIB, 1), cores, bf16)


def _has_fast_bf16() -> bool:
    info = Path("/proc/cpuinfo")
    if not info.is_file():
        return False
    flags = info.read_text(errors="replace")
    return "amx_bf16" in flags or "avx512_bf16" in flags
