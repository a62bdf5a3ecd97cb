"""The estimate panel in a real browser: it recomputes at once, by keyboard too, and says why."""

from __future__ import annotations

import pytest
from driver import Chat
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser]


def test_every_change_recomputes_and_shows_its_basis(chat: Chat) -> None:
    page = chat.page
    page.get_by_role("tab", name="Estimate").click()
    trained = page.locator("#estimate-training")
    expect(trained).to_contain_text("Llama-3.1-8B")
    before = trained.inner_text()
    page.get_by_label("Examples", exact=True).fill("20000")
    page.get_by_label("Examples", exact=True).press("Tab")
    expect(trained).not_to_have_text(before)
    trained.locator("summary").click()
    expect(trained).not_to_contain_text("at your own price")
    expect(trained).to_contain_text("20,000 examples x 500 tokens x 3 epochs")
    expect(page.locator("#estimate-command")).to_contain_text("--examples 20000")
    page.get_by_label("Your own price (USD an hour)").fill("0.5")
    page.get_by_label("Your own price (USD an hour)").press("Tab")
    expect(trained).to_contain_text("at your own price of $0.50 an hour")
    chat.picture("training")

    page.get_by_text("How it trains").click()
    page.get_by_label("Longest sample (tokens)").first.fill("16384")
    page.get_by_label("Longest sample (tokens)").first.press("Tab")
    page.get_by_label("Card", exact=True).fill("4090")
    page.get_by_label("Card", exact=True).press("Enter")
    expect(trained).to_contain_text("Any one of these makes it fit")
    expect(trained).to_contain_text("micro-batch of")
    expect(page.locator("#estimate-command")).to_contain_text("--max-length 16384")
    chat.picture("does-not-fit")

    page.get_by_text("Running it: prompt, retrieval or an own server").click()
    running = page.locator("#estimate-running")
    expect(running).to_contain_text("Do not self-host")
    page.get_by_label("Calls a month", exact=True).fill("500000")
    page.get_by_label("Calls a month", exact=True).press("Tab")
    expect(running).to_contain_text("Your own server pays off")
    expect(running.get_by_role("img")).to_be_visible()
    chat.picture("running")
    page.get_by_label("Large model behind an API").fill("gpt-nonsense")
    page.get_by_label("Large model behind an API").press("Tab")
    expect(running.get_by_role("alert")).to_contain_text("Unknown priced model")
    page.set_viewport_size({"width": 390, "height": 900})
    chat.picture("narrow")
