"""The main job in a real browser: from the problem to a tuned model, across a server's death."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from driver import Chat, Server
from orders import write_orders
from playwright.sync_api import expect

DATA = Path(__file__).parent.parent / "data"
TRAINING_MS = 900_000

pytestmark = [pytest.mark.browser, pytest.mark.weights]


def test_the_whole_story(chat: Chat, server: Server, tmp_path: Path) -> None:
    page = chat.page

    reply = chat.say(
        "Our technicians ask about torque values and error codes of our pumps. The manuals change"
        " every quarter. My boss wants to fine-tune a model on them."
    )
    chat.picture("1-decision")
    assert "Use retrieval" in reply
    assert "does not store the facts" in reply
    assert "go out of date" in reply or "goes out of date" in reply
    expect(page.locator("#facts")).to_contain_text("quarterly")

    reply = chat.say(
        "index these and answer from them",
        [DATA / "pump-manual.md", DATA / "returns-policy.html"],
    )
    chat.picture("2-index")
    assert "is ready" in reply and "2 files" in reply
    reply = chat.say("What torque do the housing bolts take?")
    chat.picture("3-cited-answer")
    assert "23 Nm" in reply and "pump-manual.md" in reply
    reply = chat.say("Which colours can the pump be ordered in?")
    assert "did not find" in reply
    reply = chat.say("Who won the world cup in 1998?")
    assert "outside what I can do" in reply

    reply = chat.say("train on this", [write_orders(tmp_path / "orders.jsonl", 160)])
    card = page.locator("#approval")
    expect(card).to_be_visible()
    expect(card).to_contain_text("orders.jsonl")
    expect(card).to_contain_text("Price")
    expect(card).to_contain_text("$0")
    expect(card).to_contain_text("Time")
    first_plan = card.locator("h3").inner_text()
    page.locator("#edit").click()
    page.locator("#edit-epochs input").fill("2")
    page.locator("#replan").click()
    expect(card.locator("h3")).not_to_have_text(first_plan)
    expect(card).to_contain_text("2 epochs")
    chat.picture("4-approval")
    page.locator("#approve").click()
    expect(page.locator("#chat")).to_contain_text("It runs on its own", timeout=60_000)

    chat.tab("Jobs")
    summary = page.locator("#job-summary")
    expect(summary).to_contain_text(re.compile(r"step \d+ of \d+"), timeout=TRAINING_MS)
    expect(page.locator("#job-curve")).to_be_visible()
    chat.picture("5-curve")

    page.goto("about:blank")  # the page is closed, then the server dies
    server.kill()
    server.start()
    chat.open(server.url)
    expect(page.locator("#chat")).to_contain_text("23 Nm", timeout=30_000)
    chat.tab("Jobs")
    expect(summary.locator("[data-state]")).to_have_attribute(
        "data-state", re.compile("running|succeeded"), timeout=30_000
    )
    chat.picture("6-after-restart")
    expect(summary.locator("[data-state]")).to_have_attribute(
        "data-state", "succeeded", timeout=TRAINING_MS
    )
    expect(page.locator("#job-result")).to_contain_text("Did it help?", timeout=30_000)
    chat.picture("7-succeeded")

    reply = chat.say("compare: Please send 7 boxes of hinges to our site in Split.")
    chat.picture("8-compare")
    assert "Base" in reply and "Tuned" in reply
    assert '"goods": "hinges"' in reply
    reply = chat.say("did it help?")
    assert "Training helped" in reply
    chat.picture("9-did-it-help")

    chat.tab("Compare")
    page.locator("#compare-prompt textarea").fill("Order for Ghent: 9 boxes bolts. Thanks!")
    page.locator("#compare-run").click()
    expect(page.locator("#compare-tuned textarea")).to_have_value(
        re.compile("Ghent"), timeout=120_000
    )
    chat.picture("10-side-by-side")
