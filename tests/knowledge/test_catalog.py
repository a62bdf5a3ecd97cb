"""The catalogues: every row has a source and a date, shapes add up, names are found."""

from __future__ import annotations

from datetime import date

import pytest

from knowdo.knowledge.catalog import (
    checked_rows,
    closest_model_by_size,
    data_need_rows,
    gpu,
    gpu_prices,
    gpus,
    model,
    models,
    prices,
    provider,
    providers,
)
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.model_config import count_parameters
from knowdo.knowledge.schema import ModelSpec, Source


def test_every_fact_has_a_source_and_a_date() -> None:
    sources = [row.source for rows in (models(), gpus(), prices(), providers()) for row in rows]
    sources += [source for row in data_need_rows() for source in row.sources]
    assert len(sources) > 150
    for source in sources:
        assert isinstance(source, Source)
        assert source.title
        assert date(2025, 1, 1) <= source.retrieved <= date(2026, 12, 31)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ('name = "x"\nretrieved = 2026-11-24', r"gpu 1 \(x\) has no source"),
        ('name = "x"\nsource = "s"', "no date `retrieved`"),
        ('name = "x"\nsource = "s"\nretrieved = "2026-11-24"', "no date `retrieved`"),
        ('name = "x"\nsource = "s"\nretrieved = 2026-11-24T10:00:00Z', "no date `retrieved`"),
    ],
)
def test_a_row_without_source_or_date_is_refused(row: str, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        checked_rows(f"[[gpu]]\n{row}\n", "gpus", "gpu")


@pytest.mark.parametrize("spec", models(), ids=lambda spec: spec.name)
def test_the_shape_of_a_model_accounts_for_its_parameters(spec: ModelSpec) -> None:
    counted, active = count_parameters(spec)
    assert counted / 1e9 == pytest.approx(spec.parameters_b, rel=0.002)
    assert active / 1e9 == pytest.approx(spec.active_parameters_b or spec.parameters_b, rel=0.002)


def test_the_catalogue_reaches_from_phones_to_clusters() -> None:
    assert len(models()) >= 40
    assert models()[0].parameters_b < 0.2
    assert models()[-1].parameters_b > 400
    assert {"nvidia", "amd", "apple", "cpu"} == {gpu.kind for gpu in gpus()}
    assert sum(gpu.kind == "nvidia" for gpu in gpus()) >= 25


def test_a_size_is_stood_in_for_by_a_dense_model_of_today() -> None:
    for size in (1, 7, 13, 34, 70):
        found = closest_model_by_size(size)
        assert not found.experts and not found.superseded


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("4090", "RTX4090-24GB"),
        ("RTX 4090", "RTX4090-24GB"),
        ("nvidia a100", "A100-80GB"),
        ("a100 40gb", "A100-40GB"),
        ("H100", "H100-80GB"),
        ("T4", "T4-16GB"),
        ("l40s-48gb", "L40S-48GB"),
    ],
)
def test_a_card_is_found_by_the_names_people_use(asked: str, found: str) -> None:
    assert gpu(asked).name == found


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("smollm2-135m-instruct", "SmolLM2-135M"),
        ("HuggingFaceTB/SmolLM2-135M", "SmolLM2-135M"),
        ("meta-llama/Llama-3.1-8B-Instruct", "Llama-3.1-8B"),
        ("mistral 7b", "Mistral-7B-v0.3"),
    ],
)
def test_a_model_is_found_by_the_names_people_use(asked: str, found: str) -> None:
    assert model(asked).name == found


def test_an_unknown_card_or_model_is_explained() -> None:
    with pytest.raises(InputError, match="Unknown GPU 'h900'"):
        gpu("h900")
    with pytest.raises(InputError, match=r"Unknown model 'Qwen2\.5-7\.5B'.*Qwen2\.5-7B"):
        model("Qwen2.5-7.5B")


def test_the_closest_model_is_near_in_size() -> None:
    assert closest_model_by_size(0.1).name == "SmolLM2-135M"
    assert closest_model_by_size(8).parameters_b == pytest.approx(8.03)
    assert closest_model_by_size(500).name == "Llama-3.1-405B"


@pytest.mark.parametrize("size", [0, -7, float("nan"), float("inf")])
def test_a_model_size_that_makes_no_sense_is_refused(size: float) -> None:
    with pytest.raises(InputError, match="makes no sense"):
        closest_model_by_size(size)


def test_an_unknown_price_stays_unknown() -> None:
    row = next(p for p in prices() if p.item.startswith("Gemini 3.5 Flash /"))
    assert row.usd is None
    assert "not found" in row.note


def test_a_date_without_a_day_says_so() -> None:
    row = next(p for p in prices() if p.item == "gpt-6-luna")
    assert row.source.retrieved == date(2026, 11, 1)
    assert "day not known" in row.note


def test_prices_of_a_card_come_cheapest_first() -> None:
    found = [price.usd for price in gpu_prices("a100") if price.usd is not None]
    assert found == sorted(found)
    assert found[0] == 1.19
    assert gpu_prices("RTX3060-12GB") == ()


def test_a_closing_provider_is_closed_after_its_last_day() -> None:
    openai = provider("openai")
    assert openai.status_on(date(2027, 1, 6)) == "closing"
    assert openai.status_on(date(2027, 1, 7)) == "closed"
    assert openai.serving_until == date(2027, 1, 14)


def test_services_without_tuning_are_known_as_closed() -> None:
    closed = {service.name for service in providers() if service.status == "closed"}
    assert closed == {"Cohere", "Claude API", "Gemini API / AI Studio"}
    assert provider("Bedrock").status_on(date(2026, 11, 24)) == "open"
