"""Prompting, retrieval and managed training in dollars, against arithmetic done by hand."""

from __future__ import annotations

import math
import subprocess
import sys
from datetime import date

import pytest

from knowdo.knowledge.catalog import providers
from knowdo.knowledge.errors import InputError
from knowdo.knowledge.inference_prices import inference_price, known_items
from knowdo.knowledge.managed_cost import managed_offers, managed_training_cost
from knowdo.knowledge.prompting_cost import prompting_cost
from knowdo.knowledge.rag_cost import RagRequest, embedding_cost, rag_cost


def test_a_month_of_prompts_is_tokens_times_price() -> None:
    # gpt-4.1: 2 dollars in, 8 out, 0.50 cached; 1 and 4 in a batch (per million tokens).
    usd = prompting_cost("gpt-4.1", 1000, 1_000_000, 100_000).values
    assert usd["usd_per_request"].expected == pytest.approx(2.8)
    assert usd["usd_per_month"].expected == pytest.approx(2800)
    cached = prompting_cost("gpt-4.1", 1, 1_000_000, 0, cached_share=0.5).values
    assert cached["usd_per_request"].expected == pytest.approx(1.25)
    batch = prompting_cost("gpt-4.1", 1, 1_000_000, 100_000, batch=True).values
    assert batch["usd_per_request"].expected == pytest.approx(1.4)


def test_prices_have_a_day_and_an_address() -> None:
    price = inference_price("gpt-4.1")
    assert price.source.url.startswith("https://") and "genai-prices" in price.source.title
    assert date(2026, 1, 1) < price.source.retrieved <= date.today()
    assert len(known_items()) > 500


def test_an_unknown_model_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"gpt-4\.1"):
        inference_price("gpt-4.1-minni")


def test_the_price_table_is_read_only_when_a_price_is_asked_for() -> None:
    code = (
        "import sys, knowdo.knowledge.break_even, knowdo.knowledge.rag_cost;"
        "assert 'genai_prices' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_not_known_of_a_price_is_said() -> None:
    bare = next(i for i in known_items() if inference_price(i).usd_cached is None)
    notes = prompting_cost(bare, 1, 10, 10, cached_share=0.5, batch=True).notes
    assert any("counts in full" in note.text("en") for note in notes)


def test_retrieval_embeds_stores_and_answers() -> None:
    request = RagRequest(
        10_000_000, 1000, embedder="text-embedding-3-small", answerer="gpt-4.1",
        changed_share=0.1, dimension=1536,
    )  # fmt: skip
    values = rag_cost(request).values
    assert values["usd_once"].expected == pytest.approx(0.20)
    # 50 + 5 x 250 tokens in at 2 dollars, 200 out at 8, and a tenth embedded anew.
    answer = (1300 * 2 + 200 * 8) / 1e6
    assert values["usd_per_month"].expected == pytest.approx(answer * 1000 + 0.02)
    assert values["storage_gib"].expected == pytest.approx(40_000 * (1536 * 4 + 1500) / 2**30)


def test_models_on_the_own_machine_cost_nothing_per_token() -> None:
    values = rag_cost(RagRequest(1e6, 1000)).values
    assert values["usd_once"].expected == values["usd_per_month"].expected == 0


def test_embedding_once() -> None:
    assert embedding_cost(1e6, "text-embedding-3-small").values["usd"].expected == 0.02
    with pytest.raises(InputError, match="embedding model"):
        embedding_cost(1e6, "ada-9")


def test_padding_is_billed_where_packing_is_off() -> None:
    # Together bills rows x max_seq_length when packing is off, and validation tokens.
    packed = managed_training_cost("together", "LoRA SFT up to 16B", 20e6, 2).values["usd"]
    padded = managed_training_cost(
        "together", "LoRA SFT up to 16B", 20e6, 2, packing=False, n_examples=20_000,
        max_length=2048, validation_tokens=1e6,
    )  # fmt: skip
    assert packed.low == pytest.approx(20e6 * 2 / 1e6 * 0.48)
    assert padded.values["usd"].low == pytest.approx((20_000 * 2048 + 1e6) * 2 / 1e6 * 0.48)
    assert "bills as 2,048 tokens" in padded.assumptions[0].text("en")
    with pytest.raises(InputError, match="turn packing on"):
        managed_training_cost("together", "LoRA SFT up to 16B", 20e6, 2, packing=False)


def test_an_old_price_is_marked() -> None:
    def notes(day: date) -> list[str]:
        found = managed_training_cost("openai", "gpt-4.1", 1e6, 1, day=day)
        return [note.key for note in found.notes]

    assert "money.stale" in notes(date(2027, 3, 1)) and "money.closing" in notes(date(2027, 3, 1))
    assert "money.stale" not in notes(date(2026, 8, 2))


@pytest.mark.parametrize("number", [-1, math.nan, math.inf])
def test_nonsense_is_refused(number: float) -> None:
    with pytest.raises(InputError):
        prompting_cost("gpt-4.1", number, 1, 1)
    with pytest.raises(InputError):
        prompting_cost("gpt-4.1", 1, 1, 1, cached_share=number)
    with pytest.raises(InputError):
        rag_cost(RagRequest(number, 1))


def test_services_offer_a_run_on_an_open_model_by_its_size() -> None:
    offers = managed_offers(8, 1.5e6, date(2026, 12, 1))
    prices_usd = {offer.provider: offer.usd.expected for offer in offers}
    # 1.5 million tokens at 0.50 USD, at 0.46 USD, and below Together's least of 4 USD a job.
    assert prices_usd["Fireworks"] == pytest.approx(0.75)
    assert prices_usd["Ori"] == pytest.approx(0.69)
    assert prices_usd["Together"] == 4.0
    assert [o.usd.expected for o in offers] == sorted(o.usd.expected for o in offers)


def test_a_large_model_is_offered_by_those_that_take_it_at_their_price() -> None:
    offers = {o.provider: o for o in managed_offers(70.554, 1e7, date(2026, 12, 1))}
    assert "Ori" not in offers
    assert offers["Together"].usd.expected == pytest.approx(29.0)
    assert offers["Fireworks"].usd.expected == pytest.approx(30.0)


def test_a_service_that_has_closed_offers_nothing() -> None:
    closed = {p.name for p in providers() if p.status_on(date(2026, 12, 1)) == "closed"}
    assert closed
    assert not closed & {o.provider for o in managed_offers(8, 1e6, date(2026, 12, 1))}
