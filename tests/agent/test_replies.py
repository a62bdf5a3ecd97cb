"""Replies as the person reads them: in their language, with their figures, and short."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from knowdo.agent.embedded import replies
from knowdo.agent.embedded.policy import intent_of
from knowdo.agent.embedded.results import ToolResult
from knowdo.agent.embedded.say import SENTENCES, say
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.schema import UseCase
from knowdo.knowledge.wording import LANGUAGES, Language, number
from knowdo.tools.advise import advise, recommend_approach
from knowdo.tools.estimate import estimate_cost, estimate_data_needs
from knowdo.tools.tool import to_plain

FEW = UseCase(
    task_type="format",
    needs_behaviour=True,
    prompt_tried=True,
    prompt_fell_short=True,
    n_examples=20,
)
MANY = replace(
    FEW,
    n_examples=3217,
    privacy="phi",
    latency_ms=1500,
    signals=frozenset({"high_stakes", "noisy_data", "eval_missing"}),
)
RANGE = {"low": 60, "expected": 180, "high": 7800}
PLAN = {
    "method": "qlora",
    "base_model": "SmolLM2-135M",
    "data": {"train_examples": 1234, "test_examples": 56},
    "seconds": RANGE,
    "cost_usd": {"low": 0, "expected": 1250, "high": 2000},
    "reasons": {"method": ""},
    "warnings": [],
    "blockers": [],
}
JOB = {
    "job_id": "j1",
    "state": "running",
    "message": "trains",
    "progress": 0.42,
    "eta_seconds": 7800,
    "last_loss": 1.2345,
    "next_actions": ["cancel"],
}
EVALUATION = {
    "summary": "Training helped: rouge l 0.41 before, 0.58 after.",
    "verdict": "helped",
    "metric": "rouge_l",
    "examples": 120,
    "base": 0.41,
    "tuned": 0.58,
    "difference": {"low": 0.1, "expected": 0.17, "high": 0.24},
    "improved": 70,
    "worsened": 9,
    "flips": [{"question": "q", "expected": "e", "base": "b", "tuned": "t"}],
}
DATASET = {
    "path": "/x/orders.jsonl",
    "usable": 1500,
    "format": "messages",
    "task": "json",
    "tokens": {"mean": 312.4},
    "bad_line_count": 11,
    "bad_lines": [
        {"line": n, "field": "messages", "problem": "missing", "suggestion": "Add it."}
        for n in range(9)
    ],
    "notices": [],
    "blockers": [],
}
INDEX = {
    "name": "manuals",
    "chunks": 4200,
    "chunks_are_exact": False,
    "accepted_count": 400,
    "accepted": [],
    "expected_seconds": 300,
    "refused": [],
    "refused_count": 0,
    "files": 400,
}
QUOTES = [{"text": "Within 30 days.", "file": "a.md", "location": "line 3"}]
ANSWER = {"found": True, "text": "The documents say:", "quotes": QUOTES}
RESULTS: dict[str, tuple[Any, list[float | str]]] = {
    "plan_finetune": (PLAN, [1234, 56, 1250]),
    "launch_finetune": (JOB, [42]),
    "evaluate_model": (EVALUATION, [120, 70, 9, 0.58]),
    "inspect_dataset": (DATASET, [1500, 312, 11]),
    "plan_index": (INDEX, [4200, 400]),
    "build_index": (INDEX, [4200, 400]),
    "ask_index": (ANSWER, ["Within 30 days"]),
    "estimate_cost": (to_plain(estimate_cost(model_size_b=7, n_examples=2000)), ["QLoRA"]),
    "estimate_data_needs": (to_plain(estimate_data_needs("format")), [200, 1000]),
    "chat_with_model": ({"base": "one", "tuned": "two"}, ["one", "two"]),
    "search_guidance": ([], ["RAG"]),
}


def told(case: UseCase, language: Language) -> str:
    return replies.recommend(to_plain(advise(case, language)))


def words(text: str) -> str:
    """The reply without what tools write in English: sources and figures."""
    return re.sub(r"<details>.*", "", text, flags=re.S)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tool", RESULTS)
def test_every_reply_is_written_in_every_language_with_its_figures(
    tool: str, language: Language
) -> None:
    data, figures = RESULTS[tool]
    reply = replies.reply_to(ToolResult(tool, {}, data, None), language)
    for figure in figures:
        shown = figure if isinstance(figure, str) else number(language, figure)
        if tool != "search_guidance":
            assert shown in reply, reply
    english = replies.reply_to(ToolResult(tool, {}, data, None), "en")
    assert language == "en" or words(reply) != words(english)
    assert "{" not in reply


@pytest.mark.parametrize(
    ("language", "phrases"),
    [
        ("en", ["You have 20 examples", "at least 200", "**Next:**", "180 more"]),
        ("de", ["Sie haben 20 Beispiele", "mindestens 200", "**Nächster Schritt:**", "noch 180"]),
        ("es", ["Tienes 20 ejemplos", "al menos 200", "**Siguiente paso:**", "180 más"]),
        ("fr", ["Vous avez 20 exemples", "au moins 200", "encore 180"]),
        ("zh", ["你有 20 个样本", "至少需要 200 个", "**下一步**：", "180 个"]),
    ],
)
def test_the_decision_is_told_in_the_persons_language(
    language: Language, phrases: list[str]
) -> None:
    reply = told(FEW, language)
    assert all(phrase in reply for phrase in phrases), reply


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_warnings_are_told_in_full_and_the_others_in_one_line(language: Language) -> None:
    reply = words(told(MANY, language))
    assert len(re.findall(r"^- ", reply, re.M)) == 2
    also = say(language, "advice.also", items="|").split("|")[0]
    assert reply.count(also) == 1
    line = next(part for part in reply.splitlines() if part.startswith(also))
    assert len(re.split("[,、]", line)) == 3


def test_what_the_reasons_say_is_not_repeated_as_a_warning() -> None:
    reply = words(told(FEW, "en"))
    assert "Keep in mind" not in reply
    assert {c.code for c in advise(FEW).recommendation.cautions} == {"few_examples"}


def test_beside_a_question_there_is_one_warning() -> None:
    reply = words(told(replace(MANY, n_examples=None), "en"))
    assert len(re.findall(r"^- ", reply, re.M)) == 1
    assert "Next" not in reply and "What would change" not in reply


def test_why_follows_the_language_of_now_and_names_the_facts() -> None:
    stored = to_plain(advise(FEW, "en"))
    reply = replies.why(stored, "de")
    assert "Sie haben 20 Beispiele" in reply
    assert "Angaben zu Ihrem Fall: 20 Beispiele" in reply
    assert "You have" not in reply.split("[1] **")[0]


def test_the_tool_takes_a_language_and_refuses_an_unknown_one() -> None:
    made = recommend_approach(task_type="format", n_examples=20, prompt_tried=True, language="fr")
    assert "Vous avez 20 exemples" in made.recommendation.reasons[0].text
    assert "language" not in made.facts
    with pytest.raises(InputError, match="klingon"):
        recommend_approach(language="klingon")


def test_a_rejected_launch_is_told_with_its_reason() -> None:
    error = "Error: User rejected the tool call for `launch_finetune` with reason: zu teuer"
    reply = replies.failed(ToolResult("launch_finetune", {}, None, error), "de")
    assert reply.startswith("Nicht gestartet: zu teuer.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_that_a_reply_offers_is_understood(language: Language) -> None:
    offered = {
        "cancel": "training.cancel",
        "resume": "training.resume",
        "evaluate": "training.evaluate",
        "compare": "training.chat",
        "build": "documents.offer",
        "train": "training.offer_plan",
        "status": "training.launched",
    }
    for intent, key in offered.items():
        command = re.search(r"`([^`]+)`", SENTENCES.say(language, key))
        assert command, key
        assert intent_of(command[1]) == intent, (key, command[1])
    for key in ("training.offer_launch", "talk.not_started"):
        command = re.search(r"`([^`]+)`", SENTENCES.say(language, key))
        assert command and intent_of(command[1]) == "train", (key, command and command[1])


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "300 examples, 7B, 24 GB card, data: confidential, no prompt tried yet"),
        ("de", "300 Beispiele, 7B, Karte mit 24 GB, Daten: vertraulich, noch kein Prompt"),
        ("es", "300 ejemplos, 7B, tarjeta de 24 GB, datos: confidenciales, aún sin probar"),
        ("fr", "300 exemples, 7B, carte de 24 Go, données\xa0: confidentielles, pas encore"),
        ("zh", "300 个样本、7B、24 GB 显卡、数据：机密、还没试过 Prompt"),
    ],
)
def test_facts_are_told_in_plain_words(language: Language, line: str) -> None:
    facts = UseCase(
        n_examples=300, model_size_b=7, gpu_vram_gb=24, privacy="confidential", prompt_tried=False
    ).known()
    assert replies.fact_line(language, facts).startswith(line)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_fact_of_a_case_has_words(language: Language) -> None:
    case = UseCase(
        task_type="style", needs_knowledge=True, needs_behaviour=False, out_of_scope="speech",
        prompt_tried=True, prompt_fell_short=False, large_model_suffices=True, place_open=True,
        open_fact="privacy",
        n_examples=1, n_classes=2, tokens_per_example=3, model_size_b=1.5, gpu_name="L4",
        gpu_vram_gb=24, budget_usd=4, monthly_requests=5, monthly_tokens=6, doc_count=7,
        update_frequency="daily", privacy="none", latency_ms=8, languages=("de",),
        signals=frozenset({"high_stakes"}),
    )  # fmt: skip
    facts = case.known()
    assert set(facts) == set(UseCase.__dataclass_fields__)
    line = replies.fact_line(language, facts)
    assert "1.5B" in line and "high_stakes" not in line
    assert len(re.split("[,、] ?", line)) >= len(facts)
    assert all(replies.fact_name(language, name) for name in facts)


def test_a_correction_names_the_new_and_the_old() -> None:
    changed = replies.changed
    assert changed("en", "n_examples", 300, 3000) == "Noted: 300 examples instead of 3,000."
    assert changed("de", "n_examples", 300, 3000) == "Notiert: 300 Beispiele statt 3.000."
    assert changed("en", "privacy", "phi", "pii") == "Noted: data: health data instead of personal."
    assert changed("en", "model_size_b", 7, 13) == "Noted: 7B instead of 13B."
    assert changed("en", "budget_usd", 300, 200) == "Noted: budget $300 instead of $200."
    assert replies.what_if("en", "n_examples", 5000, 300) == "With 5,000 examples instead of 300:"
    assert replies.what_if("en", "n_examples", 5000) == "With 5,000 examples:"


@pytest.mark.parametrize("language", LANGUAGES)
def test_pressure_is_answered_with_the_fact_that_would_change_it(language: Language) -> None:
    few = to_plain(advise(FEW, language))["recommendation"]
    assert number(language, 200) in replies.pressure(language, few)
    unknown = to_plain(advise(replace(FEW, n_examples=None), language))["recommendation"]
    assert unknown["question"][5:] in replies.pressure(language, unknown)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_returning_person_reads_their_case_and_the_open_step(language: Language) -> None:
    line = replies.welcome_back(language, {"n_examples": 300}, "JSONL?")
    assert "300" in line and "jsonl?" in line.lower()
    assert "300" in replies.noted(language, {"n_examples": 300})
    assert replies.not_clear_which(language, ["plan a", "plan b"]).count("plan") == 2
    assert replies.welcome_back(language, {}, "JSONL?") != line
