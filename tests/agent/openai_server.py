"""A small real server that speaks the OpenAI chat protocol and answers from a script."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def says(text: str) -> dict[str, Any]:
    """A reply."""
    return {"role": "assistant", "content": text}


def calls(name: str, **args: Any) -> dict[str, Any]:
    """A tool call."""
    call = {
        "index": 0,
        "id": f"call_{name}",
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(args)},
    }
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def fails(status: int, message: str) -> dict[str, Any]:
    """An error instead of an answer."""
    return {"status": status, "error": {"message": message, "type": "error", "code": None}}


class ScriptedServer:
    """Answers one message of the script after the other and keeps the requests."""

    def __init__(self, script: list[dict[str, Any]]) -> None:
        self.script = list(script)
        self.requests: list[dict[str, Any]] = []
        self.url = ""


@contextmanager
def serving(script: list[dict[str, Any]]) -> Iterator[ScriptedServer]:
    """The server on a free port of loopback."""
    state = ScriptedServer(script)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.requests.append(json.loads(body))
            message = state.script.pop(0)
            if "error" in message:
                self._refuse(message)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for chunk in (_chunk(message, None), _chunk({}, "stop")):
                self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.write(b"data: [DONE]\n\n")

        def _refuse(self, message: dict[str, Any]) -> None:
            body = json.dumps({"error": message["error"]}).encode()
            self.send_response(message["status"])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def _chunk(delta: dict[str, Any], finish: str | None) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "scripted",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
