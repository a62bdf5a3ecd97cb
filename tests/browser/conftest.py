"""A real server and a real browser for the page's tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from driver import CHROMIUM_ARGS, Chat, Server, free_port
from playwright.sync_api import Browser, Request, sync_playwright

ARTIFACTS = Path(__file__).parent.parent.parent / "test-artifacts"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "home", free_port())
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine; install it to run the page's tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture
def chat(browser: Browser, server: Server, request: pytest.FixtureRequest) -> Iterator[Chat]:
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    outside: list[str] = []
    errors: list[str] = []
    page.on("requestfinished", lambda r: outside.append(r.url) if leaves(r.url) else None)
    page.on("requestfailed", lambda r: outside.append(r.url) if went_out(r) else None)
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    chat = Chat(page, ARTIFACTS / request.node.name)
    chat.open(server.url)
    yield chat
    chat.picture("end")
    context.close()
    assert outside == []
    expected = ("ERR_CONNECTION_REFUSED", "WebSocket", "Content Security Policy")
    assert [e for e in errors if not any(part in e for part in expected)] == []


def went_out(request: Request) -> bool:
    """Whether a failed request was tried at all: the page's policy blocks what leaves."""
    return leaves(request.url) and "csp" not in (request.failure or "")


def leaves(url: str) -> bool:
    """Whether a request goes to another machine."""
    return not url.startswith(("http://127.0.0.1", "data:", "blob:"))
