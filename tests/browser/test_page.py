"""The page's own ways: conversations, facts to correct, a reload, the keyboard."""

from __future__ import annotations

import pytest
from driver import Chat, Server
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
KNOW = "Our bot must answer from 300 manuals that change weekly."
DO = "We need JSON from mails; the prompt fails in 3 of 10; 3,000 labelled pairs."


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
    page.reload()
    expect(page.locator("#chat")).to_contain_text("Use retrieval", timeout=20_000)


def test_a_corrected_fact_decides_again(chat: Chat) -> None:
    page = chat.page
    assert "Fine-tune" in chat.say(DO)
    cell = page.locator("#facts").get_by_role("gridcell", name="3000").first
    cell.dblclick()
    page.keyboard.press("Control+a")
    page.keyboard.type("20")
    page.keyboard.press("Enter")
    page.locator("#save-facts").click()
    expect(page.locator("#chat")).to_contain_text("You have 20 examples", timeout=20_000)
    chat.picture("corrected")


def test_sources_open_on_a_click(chat: Chat) -> None:
    chat.say(KNOW)
    passage = chat.page.locator("#chat details p").first
    expect(passage).not_to_be_visible()
    chat.page.locator("#chat summary").first.click()
    expect(passage).to_be_visible()
    expect(passage).to_contain_text("read 20")


def test_text_that_would_load_a_picture_from_outside_loads_nothing(
    chat: Chat, server: Server
) -> None:
    del server
    # The fixture fails when any request leaves this machine.
    chat.say("![x](https://example.com/p.png) <img src='https://example.com/q.png'> hello")
    chat.page.wait_for_timeout(500)
