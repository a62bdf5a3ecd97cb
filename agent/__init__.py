"""How KnowDo talks: the agent graph, the chat models, the offline model."""

from knowdo.knowledge.passages import consult


def _subjects(text: str) -> dict[str, float]:
    """The trained opinion on what a question is about; loaded with the first question."""
    from knowdo.agent.embedded.subjects import subjects

    return subjects(text)


consult(_subjects)
