"""The records that travel between the modules: frozen, typed, units in the names."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from knowdo.knowledge.wording import Line

Label = Literal["prompt", "rag", "finetune", "both", "ask", "none"]
TaskType = Literal[
    "style", "format", "vocabulary", "classification", "instruction", "knowledge_qa", "other"
]
Privacy = Literal["none", "pii", "phi", "confidential", "air_gapped"]
UpdateFrequency = Literal["realtime", "daily", "weekly", "monthly", "quarterly", "yearly", "static"]
Method = Literal["full", "lora", "qlora"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact or figure comes from, and when it was read there."""

    title: str
    retrieved: date
    url: str = ""


@dataclass(frozen=True, slots=True)
class Range:
    """An estimate with its interval; the unit stands in the name of the field that holds it."""

    low: float
    expected: float
    high: float

    def scaled(self, factor: float) -> Range:
        """The range multiplied by a non-negative factor."""
        return Range(self.low * factor, self.expected * factor, self.high * factor)


@dataclass(frozen=True, slots=True)
class UseCase:
    """What is known of the person's problem. None means that nothing was said about it."""

    task_type: TaskType | None = None
    # None: unclear; the decision asks. Both may be true.
    needs_knowledge: bool | None = None
    needs_behaviour: bool | None = None
    # A word for what is asked instead, when it is no matter of adapting a language model.
    out_of_scope: str | None = None
    prompt_tried: bool | None = None
    prompt_fell_short: bool | None = None
    # A prompt does it, but only with a large or dear model that is not the one wanted.
    large_model_suffices: bool | None = None
    # Whether the data may go to a provider or must stay is itself the open question.
    place_open: bool | None = None
    # A fact that the telling leaves open although an expert would ask for it: `n_examples`,
    # `prompt_tried`, `n_classes` or `privacy`. The decision stands and is told with the question.
    open_fact: str | None = None
    n_examples: int | None = None
    n_classes: int | None = None
    tokens_per_example: int | None = None
    model_size_b: float | None = None
    gpu_name: str | None = None
    gpu_vram_gb: float | None = None
    budget_usd: float | None = None
    monthly_requests: int | None = None
    monthly_tokens: int | None = None
    doc_count: int | None = None
    update_frequency: UpdateFrequency | None = None
    privacy: Privacy | None = None
    latency_ms: int | None = None
    languages: tuple[str, ...] = ()
    # Warning codes that the text itself gives rise to (for instance `citations_required`).
    signals: frozenset[str] = frozenset()

    def known(self) -> dict[str, Any]:
        """The facts that were stated, JSON-ready, in field order."""
        facts = {}
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if value is None or value in ((), frozenset()):
                continue
            facts[item.name] = sorted(value) if isinstance(value, frozenset | tuple) else value
        return facts


@dataclass(frozen=True, slots=True)
class Passage:
    """One piece of guidance in our own words, with where its content comes from."""

    passage_id: str
    title: str
    text: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence of the decision, and the passages behind it."""

    text: str
    passage_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Caution:
    """A warning: its code (stable, for programs), its sentence, and the passages behind it."""

    code: str
    text: str
    passage_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The decision on a use case."""

    label: Label
    headline: str
    reasons: tuple[Reason, ...]
    cautions: tuple[Caution, ...]
    next_step: str
    would_change: str
    # Only for `ask`: the fact to ask for (a field of UseCase, or `task`) and the question.
    key_fact: str | None = None
    question: str | None = None

    def citations(self) -> tuple[str, ...]:
        """The passages cited, in order of first use."""
        cited = [part.passage_ids for part in self.reasons]
        cited += [part.passage_ids for part in self.cautions]
        return tuple(dict.fromkeys(passage_id for ids in cited for passage_id in ids))


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """The shape of an open model, as far as the estimates need it."""

    name: str
    parameters_b: float
    layers: int
    hidden: int
    ffn: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    tied_embeddings: bool
    context: int
    licence: str
    source: Source
    # A mixture of experts: parameters that one token passes through, and experts of a layer.
    active_parameters_b: float | None = None
    experts: int = 0
    experts_per_token: int = 0
    # Two projections into the MLP, one of them gating the other (Llama and most since).
    gated_mlp: bool = True
    # Its makers have a newer one of that size.
    superseded: bool = False


@dataclass(frozen=True, slots=True)
class GpuSpec:
    """A card: memory, and dense bf16 (else fp16) speed with fp32 sums and without sparsity."""

    name: str
    memory_gib: float
    bf16_tflops: float
    memory_gb_per_second: float
    source: Source
    aliases: tuple[str, ...] = ()
    fp8_tflops: float | None = None
    # Without bf16 `bf16_tflops` is the fp16 rate; on a processor without either, the fp32 rate.
    has_bf16: bool = True
    kind: Literal["nvidia", "amd", "apple", "cpu"] = "nvidia"


@dataclass(frozen=True, slots=True)
class Price:
    """One dated price. `usd` is None where no source gives one: unknown stays unknown."""

    kind: str
    provider: str
    item: str
    unit: str
    usd: float | None
    source: Source
    usd_out: float | None = None
    note: str = ""
    # Open models of more than the first and up to the second size, in billions of parameters.
    sizes_b: tuple[float, float] | None = None


Loss = Literal["full-logits", "fused-ce", "chunked-ce", "chunked-head", "fused-linear-ce"]
Optimizer = Literal["adamw", "adamw-8bit", "paged-adamw-8bit"]


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """The settings that decide memory and speed of a training run."""

    method: Method
    max_length: int = 1024
    per_device_train_batch_size: int = 4
    gradient_checkpointing: bool = True
    lora_rank: int = 16
    # "all-linear" is q,k,v,o,gate,up,down and "attention" q,k,v,o; or names, joined by commas.
    # "embed" stands for embedding and head trained whole.
    target_modules: str = "all-linear"
    loss: Loss = "chunked-head"
    optimizer: Optimizer = "adamw"
    # Each weight is updated as soon as its gradient is there, so gradients don't pile up.
    optimizer_in_backward: bool = False
    # Full training with weights, gradients and moments in fp32 and arithmetic in bf16.
    master_weights: bool = False
    attention: Literal["memory-efficient", "eager"] = "memory-efficient"
    n_gpus: int = 1
    # "full-shard" is FSDP or ZeRO-3: each card holds its part of weights, gradients and states.
    sharding: Literal["none", "full-shard"] = "none"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A computed figure with everything that it rests on; its sentences wait for a language."""

    values: dict[str, Range]
    assumptions: tuple[Line, ...]
    sources: tuple[Source, ...]
    notes: tuple[Line, ...] = field(default=())
