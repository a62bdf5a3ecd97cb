"""From sentences to facts."""

from __future__ import annotations

import pytest

from knowdo.agent.embedded.understanding import merge, understand


@pytest.mark.parametrize(
    ("message", "facts"),
    [
        ("We have 800 labelled tickets in 12 categories.", {"n_examples": 800, "n_classes": 12}),
        ("Intent detection, 50 per class, 20 classes", {"n_examples": 1000, "n_classes": 20}),
        ("about 300 calls a day", {"monthly_requests": 9000}),
        ("Wir haben 1.500 Beispiele und 200 Anfragen pro Tag", {"n_examples": 1500}),
        ("a 24 gig card and a 7B", {"gpu_vram_gb": 24.0, "model_size_b": 7.0}),
        ("one RTX 4090", {"gpu_name": "RTX 4090"}),
        ("budget is $300", {"budget_usd": 300.0}),
        ("tenemos 350 ejemplos", {"n_examples": 350}),
        ("nous avons 850 réponses validées", {"n_examples": 850}),
        ("我们有2000条标注数据", {"n_examples": 2000}),
        ("must answer within 500 ms", {"latency_ms": 500}),
        ("each around 700 tokens each", {"tokens_per_example": 700}),
        ("We haven't tried few-shot yet", {"prompt_tried": False}),
        (
            "We prompted for weeks with examples and it still drifts after two turns",
            {"prompt_tried": True, "prompt_fell_short": True},
        ),
        ("patient notes", {"privacy": "phi"}),
        ("the catalogue changes every week", {"update_frequency": "weekly"}),
    ],
)
def test_stated_facts_are_understood(message: str, facts: dict[str, object]) -> None:
    known = understand(message).known()
    assert {name: known.get(name) for name in facts} == facts


def test_a_price_per_month_is_no_budget() -> None:
    assert understand("GPT costs us $1,100 a month").budget_usd is None


def test_a_correction_replaces_and_signals_add_up() -> None:
    told = "3,000 manuals; each answer must name its source page. The boss wants it trained in."
    case = merge(understand(told), understand("no, 300 manuals"))
    assert case.doc_count == 300
    assert "citations_required" in case.signals


def test_an_endless_message_is_read_from_its_start() -> None:
    assert understand("We have 400 examples. " + "word " * 300_000).n_examples == 400


def test_no_case_is_made_of_noise() -> None:
    known = understand("asdf qwer zxcv").known()
    assert set(known) <= {"task_type", "out_of_scope"}
    assert known.get("task_type", "other") == "other"


@pytest.mark.parametrize(
    "message",
    [
        "The bot must answer in German.",
        "Answer in the house style.",
    ],
)
def test_ordinary_words_raise_no_warning(message: str) -> None:
    assert understand(message).signals == frozenset()


def test_a_prompt_that_suffices_has_not_fallen_short() -> None:
    case = understand("The prompt works 95% of the time and that is good enough")
    assert (case.prompt_tried, case.prompt_fell_short) == (True, False)


def test_an_adjective_counts_nothing() -> None:
    assert understand("a 120-page formulary").doc_count is None


def test_none_is_a_number_of_examples() -> None:
    assert understand("No examples yet. Prompting failed.").n_examples == 0


@pytest.mark.parametrize(
    "message",
    [
        "Our prompt is not good enough, 2,000 labelled pairs",
        "Der Prompt reicht nicht, 2.000 Paare",
        "We tried many prompts with examples, it is right in only 60 % of the mails",
    ],
)
def test_a_prompt_that_does_not_suffice_is_not_taken_for_one_that_does(message: str) -> None:
    assert understand(message).prompt_fell_short is not False


def test_words_inside_other_words_state_nothing() -> None:
    case = understand("Our manuals for the hospitality trade never change")
    assert case.update_frequency == "static"
    assert case.privacy is None


def test_an_absurd_number_is_left_out() -> None:
    assert understand(f"We have {'9' * 400} examples").n_examples is None
    assert understand("We have 5,000 emails and no labels").n_classes is None


@pytest.mark.parametrize(
    ("text", "raised"),
    [
        ("Full fine-tuning of Llama 8B on our RTX 3090, 4,000 examples.", True),
        ("We want to train all weights of a 7B, the card has 24 GB of VRAM.", True),
        ("7B全参微调，单张4090，数据5000条", True),
        ("Full fine-tuning of a 0.5B on an RTX 3090, 4,000 examples.", False),
        ("LoRA for Llama 8B on our RTX 3090, 4,000 examples.", False),
        ("Full fine-tuning of Llama 8B on 8x A100 80GB, 4,000 examples.", False),
    ],
)
def test_a_card_too_small_for_all_weights_is_said(text: str, raised: bool) -> None:
    assert ("gpu_insufficient" in understand(text).signals) is raised
