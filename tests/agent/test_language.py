"""The language of a message: right where it is sure, silent where it is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage
from openai_server import calls, says, serving

from knowdo.agent.conversation import Conversations
from knowdo.agent.embedded.language import language_of
from knowdo.agent.embedded.view import look_at
from knowdo.agent.settings import Settings
from knowdo.tools.home import home

MESSAGES = Path(__file__).parent.parent / "data" / "message-languages.tsv"


def rows() -> list[tuple[str, str]]:
    lines = MESSAGES.read_text(encoding="utf-8").splitlines()
    pairs = [line.split("\t") for line in lines if not line.startswith("#")]
    return [(language, text) for language, text in pairs]


def conversation(*messages: str) -> str:
    return look_at([HumanMessage(text) for text in messages]).language


def test_nearly_all_messages_are_told_apart_and_hardly_one_is_taken_for_another() -> None:
    found = [(language, language_of(text) or "-") for language, text in rows()]
    right = sum(wanted == told for wanted, told in found)
    wrong = sum(told not in ("-", wanted) for wanted, told in found)
    assert right >= 0.93 * len(found)
    assert wrong <= 0.02 * len(found)


@pytest.mark.parametrize("text", ["", "ok", "7B?", "rank 8", "300", "👍", "LoRA", "./a/b.jsonl"])
def test_a_message_that_could_be_any_language_is_none(text: str) -> None:
    assert language_of(text) is None


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Der Bot soll `the customer is always right` nicht sagen", "de"),
        ('Il répond toujours "I am not able to help you with that" à nos clients', "fr"),
        ("Our bot should answer “你好” with a greeting", "en"),
        ("用 prompt engineering 还是 fine-tuning？", "zh"),
        ("Siehe https://example.com/the/docs/for/this und sag, was fehlt", "de"),
    ],
)
def test_code_links_and_quotations_do_not_decide(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "Il nostro bot dà risposte sbagliate sui resi.",
        "Nosso chatbot responde errado sobre devoluções.",
        "Наш бот неправильно отвечает на вопросы.",
        "私たちのボットは間違った答えを返します",
    ],
)
def test_languages_without_replies_of_their_own_get_english(text: str) -> None:
    assert language_of(text) == "en"


def test_a_conversation_keeps_its_language_until_another_is_sure() -> None:
    german = "Unser Chatbot gibt falsche Antworten zu Rückgaben."
    assert conversation("7B?") == "en"
    assert conversation(german, "7B?") == "de"
    assert conversation(german, "rank 8", "What would that cost us?") == "en"
    assert conversation("What would that cost us?", "¿y con 7B?") == "es"


def test_attached_files_do_not_decide() -> None:
    assert conversation("Was kostet das?\n[file] /data/the/answers for you.jsonl") == "de"


GERMAN = "Unser Bot soll aus 400 Handbüchern antworten, die sich wöchentlich ändern."


def test_the_offline_model_answers_in_the_language_of_the_message() -> None:
    conversations = Conversations(Settings(), home() / "chats.sqlite")
    list(conversations.send("a", GERMAN).events())
    list(conversations.send("a", "7B?").events())
    shown = conversations.transcript("a")[1].text
    assert shown.startswith("**Nehmen Sie Retrieval (RAG)") and "wöchentlich" in shown
    list(conversations.send("a", "Thanks!").events())
    assert conversations.transcript("a")[-1].text.startswith("You're welcome")


def test_a_model_behind_an_endpoint_gets_the_decision_in_the_persons_language() -> None:
    script = [calls("recommend_approach", language="en"), says("Retrieval.")]
    with serving(script) as server:
        settings = Settings("scripted", server.url, "key")
        conversations = Conversations(settings, home() / "chats.sqlite")
        list(conversations.send("a", GERMAN).events())
    result = json.loads(server.requests[1]["messages"][-1]["content"])
    assert result["language"] == "de"
    assert result["recommendation"]["label"] == "rag"
