"""How fast this machine trains and generates: measured in earlier runs, calibrated, or guessed."""

from __future__ import annotations

from dataclasses import dataclass

from knowdo.knowledge.catalog import gpu
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.schema import Method, ModelSpec, Range, TrainingConfig
from knowdo.knowledge.throughput import (
    estimate_tokens_per_second,
    flops_per_token,
    measured_tokens_per_second,
)
from knowdo.tools.finetune.calibration import Calibration, calibration_of
from knowdo.tools.finetune.hardware import Hardware
from knowdo.tools.home import home, read_json, write_json

# Useful bf16 GFLOP/s of one core in LoRA training, measured with SmolLM2-135M: 110 with AMX; the
# figure for cores without bf16 instructions is a guess from fp32 runs.
FAST_CORE_GFLOPS = 110.0
SLOW_CORE_GFLOPS = 30.0
# NF4 on a processor against bf16 (measured: 250 and 321 tokens per CPU second).
QLORA_ON_CPU = 0.78
# What a whole training step reaches of what the calibration's block does: data, loss, optimizer and
# small matrices take the rest (SmolLM2-135M on two cores: 159 to 182 of 262 GFLOP/s).
OF_CALIBRATION = 0.65
# Tokens per second while generating in batches, as a share of the training speed.
GENERATING = 0.3


@dataclass(frozen=True, slots=True)
class Speed:
    """Trained and generated tokens per second, and where the figures come from."""

    training: Range
    generating: Range
    basis: str


def expected_speed(model: ModelSpec, config: TrainingConfig, hardware: Hardware) -> Speed:
    """The speed to plan with. A measured run on this machine wins over every rule."""
    measured = _measured().get(_key(model.name, config.method, hardware))
    if measured:
        return Speed(
            _widened(measured["training"]),
            _widened(measured["generating"]),
            "measured in the last run of this model on this machine",
        )
    calibrated = calibration_of(hardware)
    if calibrated is not None:
        return _calibrated_speed(model, config, calibrated)
    if hardware.device == "cuda":
        return _card_speed(model, config, hardware)
    core = FAST_CORE_GFLOPS if hardware.fast_bf16 else SLOW_CORE_GFLOPS
    speed = core * 1e9 * hardware.cores / flops_per_token(model, config)
    if config.method == "qlora":
        speed *= QLORA_ON_CPU
    return Speed(
        Range(speed * 0.4, speed, speed * 1.6),
        Range(speed * GENERATING * 0.4, speed * GENERATING, speed * GENERATING * 2),
        f"rule of thumb: {core:g} GFLOP/s a core on {hardware.cores} cores; other work on the"
        " machine slows it down",
    )


def _calibrated_speed(model: ModelSpec, config: TrainingConfig, known: Calibration) -> Speed:
    speed = known.flops_per_second * OF_CALIBRATION / flops_per_token(model, config)
    if config.method == "qlora":
        speed *= QLORA_ON_CPU
    return Speed(
        Range(speed * 0.6, speed, speed * 1.4),
        Range(speed * GENERATING * 0.5, speed * GENERATING, speed * GENERATING * 2),
        f"calibrated on this machine on {known.measured_on.isoformat()}"
        f" ({known.flops_per_second / 1e9:,.0f} GFLOP/s in {known.arithmetic})",
    )


def remember_speed(
    model_name: str, method: Method, hardware: Hardware, training: float, generating: float
) -> None:
    """Keep the measured tokens per second for later plans."""
    speeds = _measured()
    speeds[_key(model_name, method, hardware)] = {"training": training, "generating": generating}
    write_json(home() / "speeds.json", speeds)


def _card_speed(model: ModelSpec, config: TrainingConfig, hardware: Hardware) -> Speed:
    try:
        training = estimate_tokens_per_second(model, config, gpu(hardware.name))
        basis = f"estimated for a {hardware.name}"
    except InputError:
        training = Range(500, 3_000, 12_000)
        basis = f"a guess: {hardware.name} is not in the catalogue of cards"
    return Speed(training, training.scaled(GENERATING), basis)


def _widened(tokens_per_second: float) -> Range:
    """A shared machine varies more than the 15 % of a quiet one: half the speed is seen."""
    quiet = measured_tokens_per_second(tokens_per_second, 1.0)
    return Range(quiet.low * 0.6, quiet.expected, quiet.high * 1.2)


def _measured() -> dict[str, dict[str, float]]:
    path = home() / "speeds.json"
    return dict(read_json(path)) if path.is_file() else {}


def _key(model_name: str, method: Method, hardware: Hardware) -> str:
    return f"{model_name} {method} {hardware.name}"
