"""The decision rule, one sentence a test."""

from __future__ import annotations

from dataclasses import replace

import pytest

from knowdo.knowledge.decision import recommend
from knowdo.knowledge.passages import passages
from knowdo.knowledge.schema import UseCase

KNOW = UseCase(task_type="knowledge_qa", needs_knowledge=True, doc_count=400)
DO = UseCase(
    task_type="format",
    needs_behaviour=True,
    prompt_tried=True,
    prompt_fell_short=True,
    n_examples=2000,
)


def codes(case: UseCase) -> set[str]:
    return {caution.code for caution in recommend(case).cautions}


def test_facts_are_looked_up() -> None:
    assert recommend(KNOW).label == "rag"


def test_a_behaviour_that_prompting_missed_is_trained() -> None:
    assert recommend(DO).label == "finetune"


def test_both_needs_get_both() -> None:
    assert recommend(replace(DO, needs_knowledge=True)).label == "both"


def test_prompting_comes_first() -> None:
    advice = recommend(replace(DO, prompt_tried=False))
    assert advice.label == "prompt"
    assert "no_prompt_baseline" in {c.code for c in advice.cautions}


def test_too_few_examples_are_not_trained_on_and_both_numbers_are_named() -> None:
    advice = recommend(replace(DO, n_examples=20))
    assert advice.label == "prompt"
    assert "20 examples" in advice.reasons[0].text
    assert "200" in advice.reasons[0].text
    assert "few_examples" in {c.code for c in advice.cautions}


def test_classes_multiply_the_minimum() -> None:
    case = replace(DO, task_type="classification", n_classes=30, n_examples=900)
    assert recommend(case).label == "prompt"
    assert recommend(replace(case, n_examples=1500)).label == "finetune"


@pytest.mark.parametrize(
    ("case", "fact"),
    [
        (UseCase(), "task"),
        (replace(DO, n_examples=None), "n_examples"),
        (replace(DO, prompt_tried=None), "prompt_tried"),
        (replace(DO, task_type="classification", n_examples=600), "n_classes"),
    ],
)
def test_the_one_missing_fact_is_asked_for(case: UseCase, fact: str) -> None:
    advice = recommend(case)
    assert (advice.label, advice.key_fact) == ("ask", fact)
    assert advice.question and advice.question.endswith("?")


def test_a_fact_that_changes_nothing_is_not_asked_for() -> None:
    assert recommend(replace(KNOW, n_examples=None, prompt_tried=None)).label == "rag"


def test_a_small_volume_stays_with_the_prompt() -> None:
    advice = recommend(replace(DO, monthly_requests=80))
    assert advice.label == "prompt"
    assert "low_volume_cost" in {c.code for c in advice.cautions}


@pytest.mark.parametrize(
    "kind", ["speech", "images", "live_data", "pretraining", "training_bug", "something new"]
)
def test_what_is_no_matter_of_adapting_a_model_is_said_so(kind: str) -> None:
    assert recommend(replace(DO, out_of_scope=kind)).label == "none"


def test_wishing_for_training_does_not_put_facts_into_weights() -> None:
    case = replace(KNOW, signals=frozenset({"knowledge_injection"}), n_examples=50_000)
    assert recommend(case).label == "rag"
    assert "knowledge_injection" in codes(case)


def test_an_order_in_the_text_changes_no_label() -> None:
    case = replace(KNOW, signals=frozenset({"prompt_injection"}))
    assert recommend(case).label == "rag"
    assert "prompt_injection" in codes(case)


def test_a_card_that_cannot_hold_the_weights_is_named() -> None:
    assert "gpu_insufficient" in codes(replace(DO, model_size_b=70, gpu_vram_gb=24))
    assert "gpu_insufficient" not in codes(replace(DO, model_size_b=7, gpu_vram_gb=24))


def test_health_data_and_changing_facts_raise_their_warnings() -> None:
    assert "phi_compliance" in codes(replace(DO, privacy="phi"))
    assert "stale_facts" in codes(replace(KNOW, update_frequency="weekly"))
    assert "stale_facts" not in codes(replace(KNOW, update_frequency="static"))


@pytest.mark.parametrize("case", [KNOW, DO, UseCase(), replace(DO, needs_knowledge=True)])
def test_every_citation_exists(case: UseCase) -> None:
    cited = recommend(case).citations()
    assert cited
    assert set(cited) <= set(passages())


def test_terms_go_into_a_glossary_before_anything_is_trained() -> None:
    terms = replace(DO, task_type="vocabulary", prompt_tried=False)
    advice = recommend(terms)
    assert advice.label == "prompt"
    assert "glossary" in advice.headline
    assert "500 examples" in advice.would_change
    assert "glossary" not in recommend(replace(terms, task_type="style")).headline
