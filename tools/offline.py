"""What libraries read when they are loaded: no usage reports, no model hub, no spinning."""

from __future__ import annotations

import os

_QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "ANONYMIZED_TELEMETRY": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # OpenMP threads that spin while they wait slow a busy machine down: 49 to 14 tokens/s.
    "OMP_WAIT_POLICY": "PASSIVE",
}


# Tracing sends every message away; a variable left over from another program must not turn it on.
_NEVER = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2")


def stay_offline() -> None:
    """Set the switches that a person has not set; call it before the libraries are imported."""
    os.environ.update(dict.fromkeys(_NEVER, "false"))
    for name, setting in _QUIET.items():
        os.environ.setdefault(name, setting)
