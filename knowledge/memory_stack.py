"""What decides training memory beside the settings: the training library, and fitted constants."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrainingStack:
    """What the training library decides; the defaults are TRL with PEFT and bitsandbytes."""

    # NF4 with double quantisation: 4 + 8/64 + 32/(64*256) bits (arXiv 2305.14314).
    quantised_bits: float = 4.127
    # PEFT keeps adapters, their gradients and AdamW states in fp32 (16 bytes); bf16 takes 8.
    adapter_bytes: float = 16.0
    # 4 where the stack keeps the residual stream in fp32 (prepare_model_for_kbit_training).
    residual_bytes: float = 2.0
    # Gradients stay between the micro-batches of one step.
    accumulates_gradients: bool = True
    # Autocast saves the input of a frozen 16-bit linear layer; a model that is bf16 throughout
    # (LitGPT, torchtune) needs only its weights to go backward.
    saves_frozen_inputs: bool = True
    # Bytes per token and vocabulary entry where the library's loss is none of LOGIT_BYTES.
    logit_bytes: float | None = None
    # DeepSpeed trains without autocast, so the loss never makes fp32 logits, and it keeps buckets.
    deepspeed: bool = False
    # An output head of its own even where the model ties it to the embeddings (LitGPT).
    unties_head: bool = False
    # Sharded, but frozen weights stay gathered: FSDP frees them in a hook that only fires for
    # weights with a gradient (torch before 2.2).
    keeps_frozen_gathered: bool = False
    # Blocks gathered at once: the one at work and the next.
    gathered_blocks: float = 2.0


@dataclass(frozen=True, slots=True)
class MemoryConstants:
    """The constants that were fitted to measurements; everything else is counted.

    Each is a least absolute deviations fit, rounded; `tests/benchmarks/memory.py` fits them again
    without each source in turn.
    """

    # Logits, bytes per token and vocabulary entry. A plain loss makes a bf16 tensor, its fp32
    # copy and their gradients (2 + 4 + 4 + 2); a fused one only bf16 ones; a chunk of a chunked
    # one hardly counts, and a fused linear loss never makes any.
    plain_logits: float = 12.0
    fused_logits: float = 8.0
    chunked_logits: float = 0.5
    fused_linear_logits: float = 0.0
    # LitGPT computes the head in chunks but keeps all of them until the backward pass.
    kept_chunks: float = 11.0
    # Bytes that an adapter keeps per number of its input: PEFT turns it to fp32.
    adapter_input: float = 4.0
    # Activations of a 4-bit block without checkpointing against those of a 16-bit one.
    four_bit_block: float = 1.2
    # Residuals that PEFT under FSDP keeps of a block: input and output.
    sharded_residuals: float = 2.0
    # Embedding and head trained along with adapters: as in full training in bf16.
    trained_tables: float = 10.0
    # Buckets of DeepSpeed (its usual 2e8 numbers, gathered and twice reduced), in bytes.
    deepspeed_buckets: float = 1.2e9
    # nvidia-smi against the allocator's peak; see `shown_by_nvidia_smi`.
    smi_factor: float = 1.078
    smi_logits: float = 0.75
    smi_context_gib: float = 1.5
    # What the allocator reserves against what is allocated in it.
    reserved_factor: float = 1.12


FITTED = MemoryConstants()
