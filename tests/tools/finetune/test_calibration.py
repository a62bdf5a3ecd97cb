"""The short measurement of this machine: kept, used by plans, and beaten by a real run."""

from __future__ import annotations

from datetime import date

from knowdo.knowledge.catalog import model
from knowdo.knowledge.schema import TrainingConfig
from knowdo.knowledge.throughput import flops_per_token
from knowdo.tools.finetune.calibration import calibrate, calibration_of
from knowdo.tools.finetune.hardware import Hardware
from knowdo.tools.finetune.speed import OF_CALIBRATION, expected_speed, remember_speed

HERE = Hardware("cpu", "2 CPU cores", 8.0, 2, False)
SMALL, CONFIG = model("SmolLM2-135M"), TrainingConfig("lora")


def test_a_measurement_is_kept_and_only_for_its_device() -> None:
    assert calibration_of(HERE) is None
    found = calibrate(HERE, seconds=0.1)
    assert found.flops_per_second > 1e9
    assert (found.arithmetic, found.measured_on) == ("float32", date.today())
    assert calibration_of(HERE) == found
    assert calibration_of(Hardware("cpu", "64 CPU cores", 8.0, 64, False)) is None


def test_plans_take_the_measurement_instead_of_a_rule_of_thumb() -> None:
    assert "rule of thumb" in expected_speed(SMALL, CONFIG, HERE).basis
    found = calibrate(HERE, seconds=0.1)
    speed = expected_speed(SMALL, CONFIG, HERE)
    assert "calibrated on this machine" in speed.basis
    wanted = found.flops_per_second * OF_CALIBRATION / flops_per_token(SMALL, CONFIG)
    assert speed.training.expected == wanted


def test_a_run_of_the_model_itself_wins_over_the_measurement() -> None:
    calibrate(HERE, seconds=0.1)
    remember_speed(SMALL.name, "lora", HERE, training=300.0, generating=90.0)
    assert "last run" in expected_speed(SMALL, CONFIG, HERE).basis
