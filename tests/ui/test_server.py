"""The server's guard: loopback names only, and a policy that keeps the browser here."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from knowdo.knowledge.errors import InputError
from knowdo.ui.chat import keep_uploads
from knowdo.ui.server import OnlyFromHere


def client(only_loopback: bool) -> TestClient:
    guard = Middleware(OnlyFromHere, only_loopback=only_loopback)
    home = Route("/", lambda request: PlainTextResponse("here"))
    return TestClient(Starlette(routes=[home], middleware=[guard]))


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "[::1]:7860"])
def test_loopback_names_are_answered_with_the_policy(host: str) -> None:
    answer = client(only_loopback=True).get("/", headers={"host": host})
    assert answer.text == "here"
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_a_foreign_name_that_leads_here_is_refused() -> None:
    assert client(only_loopback=True).get("/", headers={"host": "evil.example"}).status_code == 403
    assert client(only_loopback=False).get("/", headers={"host": "box.lan"}).text == "here"


@pytest.mark.parametrize("name", ["../../../tmp/x", "/tmp/x", "", "ABCDEF123456"])
def test_an_id_that_the_page_did_not_make_gets_no_folder(name: str) -> None:
    with pytest.raises(InputError, match="id is not valid"):
        keep_uploads(name, [])


def test_tracing_stays_off_whatever_another_program_left_on() -> None:
    program = "import os; from knowdo.tools.offline import stay_offline; stay_offline();" \
        "print(os.environ['LANGCHAIN_TRACING_V2'], os.environ['LANGSMITH_TRACING'])"  # fmt: skip
    environment = {**os.environ, "LANGCHAIN_TRACING_V2": "true", "LANGSMITH_TRACING": "true"}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment
    )
    assert done.stdout.split() == ["false", "false"]
