"""The page's own ways: conversations, facts to correct, citations, a reload, the keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from driver import Chat, Server
from orders import write_orders
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.browser
KNOW = "Our bot must answer from 300 manuals that change weekly."
DO = "We need JSON from mails; the prompt fails in 3 of 10; 3,000 labelled pairs."
PHONE_WIDTH = 390


def row(chat: Chat, fact: str) -> Locator:
    """The row of a fact in the case panel."""
    name = chat.page.get_by_role("rowheader", name=fact, exact=True)
    return chat.page.locator("#facts tr").filter(has=name)


def edit(chat: Chat, fact: str, value: str) -> None:
    """Give a fact of the table another value, with the keyboard."""
    row(chat, fact).get_by_role("button", name=f"Edit {fact}").press("Enter")
    box = chat.page.locator("#fact-text textarea")
    expect(box).to_be_focused()
    box.fill(value)
    box.press("Enter")


def test_conversations_are_listed_and_opened_again(chat: Chat) -> None:
    page = chat.page
    chat.say(KNOW)
    page.locator("#new").click()
    expect(page.locator("#chat")).not_to_contain_text("retrieval")
    chat.say(DO)
    page.locator("#history input").click()
    page.get_by_role("option", name=KNOW[:30]).click()
    expect(page.locator("#chat")).to_contain_text("Use retrieval", timeout=10_000)
    expect(page.locator("#facts")).to_contain_text("300")
    chat.wait_for_reply()  # a reload in the middle of a stream would cut it off
    page.reload()
    expect(page.locator("#chat")).to_contain_text("Use retrieval", timeout=20_000)


def test_a_corrected_fact_decides_again_when_the_person_asks(chat: Chat) -> None:
    page = chat.page
    assert "Fine-tune" in chat.say(DO)
    edit(chat, "Examples", "minus two")
    expect(page.locator(".toast-body")).to_contain_text("'Examples' is 'minus two'")
    expect(page.locator("#fact-text textarea")).to_have_value("minus two")
    page.locator("#fact-text textarea").fill("20")
    page.locator("#save-fact").click()
    expect(row(chat, "Examples")).to_contain_text("edited by you")
    expect(page.locator("#chat")).not_to_contain_text("You have 20 examples")
    page.locator("#decide-again").click()
    expect(page.locator("#chat")).to_contain_text("You have 20 examples", timeout=20_000)
    chat.wait_for_reply()
    chat.picture("corrected")


def test_facts_are_added_and_removed_and_stay_so_after_a_restart(
    chat: Chat, server: Server
) -> None:
    page = chat.page
    chat.say(KNOW)
    page.locator("#fact-name input").click()
    page.get_by_role("option", name="Privacy").click()
    page.locator("#fact-choice input").click()
    page.get_by_role("option", name="health data").click()
    page.locator("#save-fact").click()
    expect(row(chat, "Privacy")).to_contain_text("health data")
    row(chat, "Documents").get_by_role("button", name="Remove Documents").click()
    expect(row(chat, "Documents")).to_have_count(0)
    page.goto("about:blank")
    server.kill()
    server.start()
    chat.open(server.url)
    expect(row(chat, "Privacy")).to_contain_text("edited by you", timeout=30_000)
    expect(row(chat, "Documents")).to_have_count(0)
    chat.say("The answers must come within 800 ms.")
    expect(row(chat, "Privacy")).to_contain_text("health data")
    expect(row(chat, "Documents")).to_have_count(0)


def test_starting_over_asks_first(chat: Chat) -> None:
    page = chat.page
    chat.say(DO)
    page.locator("#start-over").click()
    expect(page.locator("#case-question")).to_contain_text("Forget all facts")
    page.locator("#case-no").click()
    expect(page.locator("#case-question")).to_be_hidden()
    expect(row(chat, "Examples")).to_contain_text("3,000")
    page.locator("#start-over").click()
    page.locator("#case-yes").click()
    expect(page.locator("#facts")).to_contain_text("Nothing is known yet")
    page.reload()
    expect(page.locator("#chat")).to_contain_text("Fine-tune", timeout=20_000)
    expect(page.locator("#facts")).to_contain_text("Nothing is known yet")


def test_the_case_is_downloaded_as_one_page(chat: Chat, tmp_path: Path) -> None:
    chat.say(DO)
    with chat.page.expect_download() as download:
        chat.page.locator("#export-case").click()
    download.value.save_as(tmp_path / "case.md")
    text = (tmp_path / "case.md").read_text(encoding="utf-8")
    assert text.startswith("# Use case: We need JSON from mails")
    assert "| Examples | 3,000 | said by you |" in text
    assert "[^1]" in text


@pytest.mark.weights
def test_an_approval_card_outlives_an_edited_fact(chat: Chat, tmp_path: Path) -> None:
    page = chat.page
    chat.say(DO)
    chat.say("train on this", [write_orders(tmp_path / "orders.jsonl", 160)])
    card = page.locator("#approval")
    expect(card).to_be_visible()
    edit(chat, "Examples", "2,500")
    expect(row(chat, "Examples")).to_contain_text("2,500")
    expect(card).to_be_visible()
    page.locator("#decide-again").click()
    expect(page.locator("#case-question")).to_contain_text("puts its card away")
    chat.picture("card-and-question")
    page.locator("#case-no").click()
    expect(page.locator("#case-question")).to_be_hidden()
    page.reload()
    expect(card).to_be_visible(timeout=20_000)
    expect(row(chat, "Examples")).to_contain_text("2,500")
    page.locator("#decide-again").click()
    page.locator("#case-yes").click()
    expect(card).to_be_hidden()
    assert "2,500" in chat.wait_for_reply()


def test_sources_open_on_a_click(chat: Chat) -> None:
    chat.say(KNOW)
    passage = chat.page.locator("#chat details p").first
    expect(passage).not_to_be_visible()
    chat.page.locator("#chat summary").first.click()
    expect(passage).to_be_visible()
    expect(passage).to_contain_text("read 20")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_mark_opens_its_passage_over_the_chat_by_keyboard_too(chat: Chat, scheme: str) -> None:
    page = chat.page
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    chat.say(DO)
    chat.say("What is QLoRA, and when is it worth it?")
    mark = page.locator("#chat a", has_text="[1]").first
    mark.scroll_into_view_if_needed()
    place = mark.bounding_box()
    mark.press("Enter")
    passage = page.locator("#passage")
    expect(passage).to_contain_text("How many examples training takes")
    expect(passage).to_contain_text("read 20")
    assert passage.get_by_role("link").first.get_attribute("href", timeout=5_000)
    chat.picture(f"passage-{scheme}")
    page.keyboard.press("Escape")
    expect(passage).to_be_hidden()
    expect(mark).to_be_focused()
    assert mark.bounding_box() == place


def test_the_page_fits_a_phone(chat: Chat) -> None:
    page = chat.page
    page.set_viewport_size({"width": PHONE_WIDTH, "height": 844})
    chat.say(DO)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE_WIDTH
    for part in ("#new", "#history", "#facts", "#chat", "#decide-again"):
        box = page.locator(part).bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= PHONE_WIDTH
    chat.picture("phone")


def test_text_that_would_load_a_picture_from_outside_loads_nothing(
    chat: Chat, server: Server
) -> None:
    del server
    # The fixture fails when any request leaves this machine.
    chat.say("![x](https://example.com/p.png) <img src='https://example.com/q.png'> hello")
    chat.page.wait_for_timeout(500)
