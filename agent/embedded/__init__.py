"""The offline chat model: understanding, policy and replies, without any language model."""
