"""What people do by mistake: the page says what is wrong, the server stays up, nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from driver import Chat
from orders import write_orders
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.weights]


def test_an_empty_message_is_not_sent(chat: Chat) -> None:
    chat.page.locator("#message textarea").fill("   ")
    chat.page.keyboard.press("Enter")
    expect(chat.page.get_by_text("Your message is empty")).to_be_visible(timeout=10_000)
    assert "Use retrieval" in chat.say("Our bot must know 300 manuals that change weekly.")


def test_a_megabyte_of_text_is_refused_and_stays_in_the_box(chat: Chat) -> None:
    box = chat.page.locator("#message textarea")
    box.fill("word " * 210_000)
    chat.page.keyboard.press("Enter")
    expect(chat.page.get_by_text("Attach the text as a file")).to_be_visible(timeout=30_000)
    assert len(box.input_value()) > 1_000_000
    box.fill("")
    assert "Hello" in chat.say("hello")


def test_files_of_the_wrong_kind_are_named_with_the_reason(chat: Chat, tmp_path: Path) -> None:
    picture = tmp_path / "photo.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 64)
    reply = chat.say("index this", [picture])
    assert "photo.png" in reply and "not supported" in reply and "PDF, DOCX" in reply
    fake = tmp_path / "data.jsonl"
    fake.write_bytes(b"%PDF-1.7\n" + b"\0" * 64)
    assert "data.jsonl" in chat.say("train on this", [fake])


def test_a_broken_line_is_named(chat: Chat, tmp_path: Path) -> None:
    file = write_orders(tmp_path / "orders.jsonl", 80)
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[11] = lines[11][:-12]
    file.write_text("\n".join(lines), encoding="utf-8")
    reply = chat.say("check this file", [file])
    chat.picture("broken-line")
    assert "line 12" in reply
    assert "79 usable examples" in reply


def test_a_file_that_is_not_there_is_named(chat: Chat, tmp_path: Path) -> None:
    assert "nothing-here.jsonl" in chat.say(f"train on {tmp_path}/nothing-here.jsonl")
