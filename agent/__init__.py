"""How KnowDo talks: the agent graph, the chat models, the offline model."""
