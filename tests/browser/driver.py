"""Drives the real page in Debian's Chromium, as a person would: types, clicks, waits, looks."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, expect

# Chromium must not look for Google's servers at start; everything here is on loopback.
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_SECONDS = 60
TURN_MS = 180_000


def free_port() -> int:
    """A port on loopback that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """`knowdo serve` in its own process, with its own home."""

    home: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        environment = {**os.environ, "KNOWDO_HOME": str(self.home)}
        log = (self.home.parent / "server.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "knowdo.ui", "serve", "--port", str(self.port)],
            env=environment,
            stdout=log,
            stderr=log,
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(self.url, timeout=2).close()
                return
            except OSError:
                time.sleep(0.2)
        raise AssertionError((self.home.parent / "server.log").read_text())

    def kill(self) -> None:
        """End the server without a warning, as a crash would."""
        if self.process:
            self.process.kill()
            self.process.wait()


class Chat:
    """The page's chat."""

    def __init__(self, page: Page, artifacts: Path) -> None:
        self.page = page
        self.artifacts = artifacts

    def open(self, url: str) -> None:
        self.page.goto(url)
        expect(self.page.locator("#message textarea")).to_be_visible(timeout=30_000)

    def say(self, text: str, files: list[Path] | None = None) -> str:
        """Send a message and wait for the whole reply; returns the text of the last reply."""
        if files:
            self.page.locator("#message input[type=file]").first.set_input_files(files)
            thumbnails = self.page.locator("#message").get_by_role("listitem")
            expect(thumbnails).to_have_count(len(files), timeout=30_000)
        self.page.locator("#message textarea").fill(text)
        before = self.page.locator("#chat .message.user, #chat .user.message").count()
        self.page.keyboard.press("Enter")
        self.page.wait_for_function(
            "n => document.querySelectorAll('#chat .user.message, #chat .message.user').length > n",
            arg=before,
            timeout=30_000,
        )
        return self.wait_for_reply()

    def wait_for_reply(self) -> str:
        expect(self.page.locator("#turn [data-turn]")).to_have_attribute(
            "data-turn", "ready", timeout=TURN_MS
        )
        # The page paints the last words a moment after it is told that the turn is over.
        reply = self.last_reply()
        while True:
            self.page.wait_for_timeout(300)
            if (now := self.last_reply()) == reply:
                return reply
            reply = now

    def last_reply(self) -> str:
        return self.page.locator("#chat .bot.message, #chat .message.bot").last.inner_text()

    def transcript(self) -> str:
        return self.page.locator("#chat").inner_text()

    def picture(self, name: str) -> None:
        """A screenshot of the station, for people to look at."""
        self.artifacts.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.artifacts / f"{name}.png", full_page=True)

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()
