"""What each verdict says: the person's own figures, a concrete next step, in five languages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from knowdo.knowledge import verdicts
from knowdo.knowledge.cautions import cautions_for
from knowdo.knowledge.decision import recommend
from knowdo.knowledge.passages import passages
from knowdo.knowledge.schema import Recommendation, UseCase
from knowdo.knowledge.verdicts import Verdict
from knowdo.knowledge.wording import LANGUAGES, WORDS, Language, number

DO = UseCase(
    task_type="format",
    needs_behaviour=True,
    prompt_tried=True,
    prompt_fell_short=True,
    n_examples=3217,
)
LABELS = replace(DO, task_type="classification", n_classes=30, n_examples=1613)
KNOW = UseCase(task_type="knowledge_qa", needs_knowledge=True, doc_count=4321)
ALL = {
    "train": verdicts.train(DO, 200),
    "train classes": verdicts.train(LABELS, 1500),
    "small model": verdicts.small_model(replace(DO, model_size_b=7), 200),
    "too few": verdicts.too_few(replace(DO, n_examples=20), 200),
    "none": verdicts.too_few(replace(DO, n_examples=0), 200),
    "too few classes": verdicts.too_few(replace(LABELS, n_examples=900), 1500),
    "too little use": verdicts.too_little_use(replace(DO, monthly_requests=80)),
    "prompt first": verdicts.prompt_first(DO),
    "prompt suffices": verdicts.prompt_suffices(DO),
    "retrieve": verdicts.retrieve(replace(KNOW, update_frequency="weekly", privacy="pii")),
    "mend": verdicts.mend_retrieval(KNOW),
    "split": verdicts.split_context(DO),
    "glossary": verdicts.glossary(DO),
    "injected": verdicts.injected(UseCase()),
    "ask task": verdicts.ask_task(),
    "ask failure": verdicts.ask_failure(DO),
    "ask prompt": verdicts.ask_prompt(DO),
    "ask examples": verdicts.ask_examples(DO, 200),
    "ask examples untried": verdicts.ask_examples(replace(DO, prompt_tried=None), 200),
    "ask examples classes": verdicts.ask_examples(LABELS, 1500),
    "ask classes": verdicts.ask_classes(replace(LABELS, n_classes=None)),
    "ask place": verdicts.ask_place(DO),
    "both": verdicts.with_knowledge(verdicts.train(DO, 200), replace(DO, doc_count=4321)),
    "rag then ask": verdicts.with_knowledge(verdicts.ask_prompt(DO), KNOW),
    "rag and prompt": verdicts.with_knowledge(verdicts.prompt_first(DO), KNOW),
}
KINDS = (
    "speech", "images", "classic_machine_learning", "robotics", "live_data", "pretraining",
    "training_bug", "serving", "search_only", "unrelated", "injection_only",
)  # fmt: skip


def said(verdict: Verdict, language: Language = "en") -> Recommendation:
    return verdict.said(UseCase(), language)


def reasons(verdict: Verdict, language: Language = "en") -> str:
    return " ".join(reason.text for reason in said(verdict, language).reasons)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ALL)
def test_every_verdict_can_be_said_in_every_language(name: str, language: Language) -> None:
    advice = said(ALL[name], language)
    parts = [advice.headline, advice.next_step, advice.would_change, advice.question or "?"]
    assert all(parts) and not any("{" in part for part in parts)
    assert advice.reasons
    assert set(advice.citations()) <= set(passages())
    assert (advice.question is None) == (advice.label != "ask")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("train", (3217, 200)),
        ("train classes", (1613, 30, 1500)),
        ("too few", (20, 200)),
        ("too few classes", (900, 30, 1500)),
        ("too little use", (80,)),
        ("retrieve", (4321,)),
        ("mend", (4321,)),
        ("ask prompt", (3217,)),
        ("ask place", (3217,)),
        ("both", (3217, 4321)),
    ],
)
def test_the_reasons_name_the_persons_own_figures(
    name: str, figures: tuple[int, ...], language: Language
) -> None:
    text = reasons(ALL[name], language)
    assert all(number(language, figure) in text for figure in figures), text


def test_the_figures_come_before_the_rule() -> None:
    for name in ("train", "too few", "retrieve", "both"):
        first = said(ALL[name]).reasons[0].text
        assert any(character.isdigit() for character in first), first


@pytest.mark.parametrize(
    ("documents", "words"),
    [
        (10_000, "fits on a laptop"),
        (10_001, "go into one index"),
        (1_000_000, "go into one index"),
        (5_000_000, "needs a server"),
    ],
)
def test_the_size_of_an_index_is_told_as_it_is(documents: int, words: str) -> None:
    assert words in reasons(verdicts.retrieve(replace(KNOW, doc_count=documents)))


def test_what_is_stated_of_a_run_is_named() -> None:
    case = replace(DO, model_size_b=7, gpu_vram_gb=24, budget_usd=300, monthly_requests=2_000_000)
    text = reasons(verdicts.train(case, 200))
    assert "7B" in text and "3.4 of your 24 GB" in text and "2,000,000 calls" in text
    assert "$300" in reasons(verdicts.train(replace(DO, budget_usd=300), 200))
    assert "7B" in reasons(ALL["small model"])


def test_just_enough_examples_are_told_what_is_usual() -> None:
    assert "500 to 1,000" in reasons(verdicts.train(replace(DO, n_examples=250), 200))
    assert "500 to 1,000" not in reasons(ALL["train"])


def test_the_next_step_counts_what_is_missing() -> None:
    assert "180 more" in said(ALL["too few"]).next_step
    assert "30 questions" in said(ALL["mend"]).next_step
    assert "recall@10" in said(ALL["mend"]).next_step


def test_a_question_on_examples_asks_for_the_prompt_when_nothing_was_said_of_it() -> None:
    asked = said(ALL["ask examples untried"]).question or ""
    assert "examples" in asked and "prompt" in asked
    assert "prompt" not in (said(ALL["ask examples"]).question or "")


def test_retrieval_is_not_held_up_by_a_question_on_training() -> None:
    advice = said(ALL["rag then ask"])
    assert advice.label == "rag" and advice.question is None
    assert advice.would_change.endswith("today?")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_other_request_is_called_by_its_name(language: Language) -> None:
    headlines = {
        recommend(UseCase(out_of_scope=kind), language).headline for kind in (*KINDS, "whatever")
    }
    assert len(headlines) == len(KINDS) + 1
    assert {recommend(UseCase(out_of_scope=kind)).label for kind in KINDS} == {"none"}


def test_orders_alone_start_nothing_and_it_is_said_so() -> None:
    advice = recommend(UseCase(out_of_scope="injection_only"))
    assert "nothing was started" in advice.reasons[0].text
    assert advice.citations() == ("prompt-injection",)


def test_a_poem_gets_no_warnings_on_the_case_before_it() -> None:
    case = replace(KNOW, update_frequency="weekly", out_of_scope="unrelated")
    assert recommend(case).cautions == ()
    ordered = replace(case, signals=frozenset({"prompt_injection", "high_stakes"}))
    assert {c.code for c in recommend(ordered).cautions} == {"prompt_injection"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_warning_has_a_sentence_and_a_name(language: Language) -> None:
    case = replace(
        DO,
        n_examples=20,
        model_size_b=70,
        gpu_vram_gb=24,
        privacy="phi",
        monthly_requests=80,
        latency_ms=1500,
        signals=frozenset(
            key.removeprefix("caution_names.")
            for key in WORDS.entries("en")
            if key.startswith("caution_names.")
        ),
    )
    cautions = cautions_for(case, "finetune", language)
    assert {c.code for c in cautions} == case.signals
    assert all(WORDS.has(f"caution_names.{c.code}") for c in cautions)
    text = " ".join(c.text for c in cautions)
    assert number(language, 1500) in text and "70B" in text and "80" in text


def test_the_language_changes_the_words_and_not_the_decision() -> None:
    for case in (DO, KNOW, LABELS, UseCase(), replace(DO, n_examples=None)):
        made = {recommend(case, language) for language in LANGUAGES}
        assert len({(a.label, a.key_fact, a.citations()) for a in made}) == 1
        assert len({a.headline for a in made}) == len(LANGUAGES)
