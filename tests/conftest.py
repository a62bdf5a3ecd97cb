"""Every test has its own KNOWDO_HOME; model weights are shared, read-only."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from knowdo.tools.offline import stay_offline

stay_offline()
MODELS = Path(
    os.environ.get("KNOWDO_MODELS")
    or Path(os.environ.get("KNOWDO_HOME") or Path.home() / ".knowdo") / "models"
)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh state folder, and no endpoint or key of the person who runs the tests."""
    home = tmp_path / "home"
    monkeypatch.setenv("KNOWDO_HOME", str(home))
    monkeypatch.setenv("KNOWDO_MODELS", str(MODELS))
    for name in ("KNOWDO_MODEL", "OPENAI_API_KEY", "OPENAI_BASE_URL", "KNOWDO_USD_PER_HOUR"):
        monkeypatch.delenv(name, raising=False)
    return home


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that need weights are skipped, with the way out, where the weights are missing."""
    missing = [
        name
        for name in ("all-MiniLM-L6-v2", "SmolLM2-135M-Instruct")
        if not (MODELS / name / "config.json").is_file()
    ]
    if not missing:
        return
    skip = pytest.mark.skip(reason=f"{', '.join(missing)} not in {MODELS}; run: make weights")
    for item in items:
        if item.get_closest_marker("weights"):
            item.add_marker(skip)
