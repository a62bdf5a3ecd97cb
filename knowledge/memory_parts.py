"""The parts of training memory on one card, in bytes: weights, states, activations, peak.

Model states follow EleutherAI, "Transformer Math 101", and ZeRO (arXiv 1910.02054); activations
Korthikanti et al. (arXiv 2205.05198); 4-bit weights Dettmers et al. (arXiv 2305.14314).
"""

from __future__ import annotations

from dataclasses import dataclass

from knowdo.knowledge.memory_stack import MemoryConstants, TrainingStack
from knowdo.knowledge.schema import ModelSpec, TrainingConfig

TARGET_NAMES = ("q", "k", "v", "o", "gate", "up", "down", "head", "embed")


@dataclass(frozen=True, slots=True)
class Parts:
    """Bytes of one run on one card."""

    weights: float
    states: float
    activations: float
    peak: float


def parts(
    model: ModelSpec, config: TrainingConfig, stack: TrainingStack, fitted: MemoryConstants
) -> Parts:
    """All parts of a run; with several cards, those of each."""
    activations = _activations(model, config, stack, fitted)
    if stack.deepspeed:
        activations += fitted.deepspeed_buckets
    if config.method == "full":
        return _full(model, config, stack, activations)
    cards = config.n_gpus if config.sharding == "full-shard" else 1
    whole = _weights(model, config, stack)
    weights = whole / cards + _gathered(model, config, stack)
    if stack.keeps_frozen_gathered and cards > 1:
        weights = whole / cards + whole
    states = stack.adapter_bytes * adapter_parameters(model, config)
    if "embed" in targets(config):
        states += fitted.trained_tables * 2 * _table(model)
    states /= cards
    return Parts(weights, states, activations, weights + states + activations)


def adapter_parameters(model: ModelSpec, config: TrainingConfig) -> float:
    """Trainable parameters of the LoRA adapters: rank x (inputs + outputs) of each target."""
    shapes = _target_shapes(model, config)
    inside = config.lora_rank * sum(d_in + d_out for d_in, d_out in shapes) * model.layers
    adapted_head = "head" in targets(config) and "embed" not in targets(config)
    return inside + (config.lora_rank * (model.hidden + model.vocabulary) if adapted_head else 0)


def targets(config: TrainingConfig) -> tuple[str, ...]:
    """The names of the adapted layers: q, k, v, o, gate, up, down, head; embed is trained whole."""
    named = {"all-linear": "q,k,v,o,gate,up,down", "attention": "q,k,v,o"}
    return tuple(named.get(config.target_modules, config.target_modules).split(","))


def _target_shapes(model: ModelSpec, config: TrainingConfig) -> list[tuple[int, int]]:
    """(inputs, outputs) of the adapted linear layers of one block."""
    query, key_value = model.heads * model.head_dim, model.kv_heads * model.head_dim
    shapes = {
        "q": (model.hidden, query), "k": (model.hidden, key_value), "v": (model.hidden, key_value),
        "o": (query, model.hidden),
    }  # fmt: skip
    # PEFT adapts linear layers; the experts of a mixture are tensors of another kind.
    if not model.experts:
        shapes |= {"up": (model.hidden, model.ffn), "down": (model.ffn, model.hidden)}
        if model.gated_mlp:
            shapes["gate"] = (model.hidden, model.ffn)
    return [shapes[name] for name in targets(config) if name in shapes]


def _full(
    model: ModelSpec, config: TrainingConfig, stack: TrainingStack, activations: float
) -> Parts:
    """Training of all weights: whichever of forward pass and optimizer step takes more.

    AdamW in pure bf16 takes 2 bytes a parameter for the weights, 2 for gradients, 4 for moments
    and 2 for the temporary of torch's step over all tensors; with fp32 weights twice as much. In
    8 bits the moments take 2 and nothing temporary; paged ones can leave the card. Fused into the
    backward pass, only the largest gradient lives.
    """
    parameters = model.parameters_b * 1e9
    width = 4 if config.master_weights else 2
    weights, gradients, temporary = (width * parameters for _ in range(3))
    moments = {"adamw": 2 * width, "adamw-8bit": 2, "paged-adamw-8bit": 0}[config.optimizer]
    states = moments * parameters
    if config.optimizer != "adamw":
        temporary = 0.0
    if config.optimizer_in_backward:
        gradients, temporary = width * float(_table(model)), 0.0
    cards = config.n_gpus if config.sharding == "full-shard" else 1
    gathered = _gathered(model, config, stack)
    kept = gradients if stack.accumulates_gradients else 0.0
    forward = (weights + states + kept) / cards + gathered + activations
    backward_end = (weights + states + gradients) / cards + gathered
    step = (weights + gradients + states + temporary) / cards
    peak = max(forward, backward_end, step)
    return Parts(weights / cards, (gradients + states) / cards, activations, peak)


def _gathered(model: ModelSpec, config: TrainingConfig, stack: TrainingStack) -> float:
    """Whole weights that a sharded run holds for a moment: tables, and the blocks at work."""
    if config.sharding != "full-shard" or config.n_gpus == 1:
        return 0.0
    bits = stack.quantised_bits if config.method == "qlora" else 16
    block = (model.parameters_b * 1e9 - _tables(model)) / model.layers * bits / 8
    gradient_too = 2 if config.method == "full" else 1
    return 2 * _table(model) * gradient_too + stack.gathered_blocks * block


def _weights(model: ModelSpec, config: TrainingConfig, stack: TrainingStack) -> float:
    """Bytes of the frozen base; embedding and output head stay in 16 bits."""
    parameters = model.parameters_b * 1e9
    untied = 2 * _table(model) if stack.unties_head and model.tied_embeddings else 0
    if config.method != "qlora":
        return 2 * parameters + untied
    tables = _tables(model)
    return (parameters - tables) * stack.quantised_bits / 8 + 2 * tables + untied


def _table(model: ModelSpec) -> int:
    """Parameters of the embedding."""
    return model.vocabulary * model.hidden


def _tables(model: ModelSpec) -> int:
    """Parameters of embedding and output head."""
    return (1 if model.tied_embeddings else 2) * _table(model)


def _activations(
    model: ModelSpec, config: TrainingConfig, stack: TrainingStack, fitted: MemoryConstants
) -> float:
    """Bytes kept for the backward pass of one micro-batch."""
    tokens = config.per_device_train_batch_size * config.max_length
    block = _block_bytes_per_token(model, config, stack, fitted)
    logits = logit_bytes(config, stack, fitted) * model.vocabulary + 6 * model.hidden
    if not config.gradient_checkpointing:
        kept = fitted.four_bit_block if config.method == "qlora" else 1.0
        return tokens * (model.layers * block * kept + logits)
    residual = stack.residual_bytes * model.layers * model.hidden
    dequantised = 2 * model.hidden * model.ffn if config.method == "qlora" else 0
    sharded_adapters = config.sharding == "full-shard" and config.method != "full"
    inside = fitted.sharded_residuals if sharded_adapters and config.n_gpus > 1 else 1.0
    return max(tokens * (residual + logits), tokens * (inside * residual + block) + dequantised)


def logit_bytes(config: TrainingConfig, stack: TrainingStack, fitted: MemoryConstants) -> float:
    """Bytes of logits kept per token and vocabulary entry."""
    if stack.logit_bytes is not None:
        return stack.logit_bytes
    if stack.deepspeed and config.loss == "full-logits":
        return fitted.fused_logits
    return {
        "full-logits": fitted.plain_logits,
        "fused-ce": fitted.fused_logits,
        "chunked-ce": fitted.chunked_logits,
        "chunked-head": fitted.chunked_logits,
        "fused-linear-ce": fitted.fused_linear_logits,
    }[config.loss]


def _block_bytes_per_token(
    model: ModelSpec, config: TrainingConfig, stack: TrainingStack, fitted: MemoryConstants
) -> float:
    """Activations of one block with flash or memory-efficient attention, else with its scores.

    Counted in bf16: two norms with their fp32 copies, queries, keys, values and what attention
    gives, both residuals, and of a gated MLP gate, up, their product and its input.
    """
    key_value = model.kv_heads * model.head_dim
    # Only the experts that a token passes through work on it.
    ffn = model.ffn * max(1, model.experts_per_token)
    adapters = config.method != "full"
    block: float
    if adapters and config.method == "lora" and not stack.saves_frozen_inputs:
        block = 16 * model.hidden + 4 * key_value + (6 if model.gated_mlp else 4) * ffn
    else:
        block = 20 * model.hidden + 4 * key_value + (8 if model.gated_mlp else 4) * ffn
    if config.attention == "eager":
        # Scores, probabilities and their dropout.
        block += 8 * model.heads * config.max_length
    if adapters:
        block += fitted.adapter_input * sum(d_in for d_in, _ in _target_shapes(model, config))
    return block
