"""The list of tools, written out."""

from __future__ import annotations

from typing import Any

from knowdo.tools.advise import recommend_approach
from knowdo.tools.estimate import estimate_cost, estimate_data_needs
from knowdo.tools.guidance import search_guidance
from knowdo.tools.indexing import ask_index, build_index, list_indexes, plan_index
from knowdo.tools.tool import Tool
from knowdo.tools.training import (
    cancel_job,
    chat_with_model,
    evaluate_model,
    inspect_dataset,
    job_status,
    launch_finetune,
    list_jobs,
    plan_finetune,
    resume_job,
)

TOOLS: tuple[Tool[Any, Any], ...] = (
    recommend_approach,
    search_guidance,
    estimate_cost,
    estimate_data_needs,
    inspect_dataset,
    plan_index,
    build_index,
    list_indexes,
    ask_index,
    plan_finetune,
    launch_finetune,
    list_jobs,
    job_status,
    cancel_job,
    resume_job,
    evaluate_model,
    chat_with_model,
)
