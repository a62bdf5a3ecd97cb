"""Starts the server of the page: on loopback unless told otherwise, never open unguarded."""

from __future__ import annotations

import logging
import socket
import threading
from ipaddress import ip_address
from pathlib import Path

import click
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from knowdo.agent.conversation import Conversations
from knowdo.agent.settings import settings_from_environment
from knowdo.knowledge.errors import InputError, OperationError
from knowdo.tools.home import home
from knowdo.tools.jobs.supervisor import reconcile

log = logging.getLogger(__name__)
# The page's own scripts are inline and its charts compile expressions; nothing comes from outside.
POLICY = (
    b"default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; frame-ancestors 'none';"
    b" form-action 'self'"
)
# How often jobs whose worker has gone are noticed, also when no page is open.
WATCH_SECONDS = 5.0


def serve_page(host: str, port: int, auth_file: Path | None, open_browser: bool) -> None:
    """Serve until interrupted.

    Raises InputError for an address that others can reach without a login, OperationError when the
    port is taken.
    """
    auth = read_logins(auth_file) if auth_file else None
    if auth is None and not _is_loopback(host):
        raise InputError(
            f"{host} can be reached by others; give them a login with --auth-file FILE"
            " (user:password lines), or leave --host out."
        )
    _require_free(host, port)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    settings = settings_from_environment()
    conversations = Conversations(settings, home() / "chats.sqlite")
    _watch_jobs()

    from knowdo.ui.app import build_page, css, theme

    page = build_page(conversations)
    page.queue(default_concurrency_limit=20, api_open=False)
    click.echo(f"KnowDo is at http://{host}:{port}  ({settings.where_messages_go()})")
    click.echo("Stop with Ctrl+C; running jobs go on and are found again.")
    page.launch(
        server_name=host,
        server_port=port,
        auth=auth,
        inbrowser=open_browser,
        quiet=True,
        show_error=True,
        theme=theme(),
        css=css(),
        footer_links=[],
        ssr_mode=False,
        enable_monitoring=False,
        app_kwargs={"middleware": [Middleware(OnlyFromHere, only_loopback=_is_loopback(host))]},
        prevent_thread_lock=True,
    )
    conversations.warm_up()
    page.block_thread()


class OnlyFromHere:
    """Tells the browser to load nothing from elsewhere, whatever a model or a document writes."""

    def __init__(self, app: ASGIApp, only_loopback: bool) -> None:
        self._app = app
        self._only_loopback = only_loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the policy to every answer; on loopback, answer to loopback names only.

        A foreign site can make its own name lead to 127.0.0.1 and would then pass for this page.
        """
        if self._only_loopback and scope["type"] in ("http", "websocket"):
            named = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
            if not _is_loopback(named.rsplit(":", 1)[0].strip("[]")):
                refusal = PlainTextResponse(f"This page does not answer to {named!r}.", 403)
                await refusal(scope, receive, send)
                return

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", []), (b"content-security-policy", POLICY)]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, send_with_policy)


def read_logins(path: Path) -> list[tuple[str, str]]:
    """Pairs of user and password. Raises InputError that names the line without giving it away."""
    logins = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        user, colon, password = line.partition(":")
        if not (user and colon and password):
            raise InputError(f"{path}, line {number}: write user:password.")
        logins.append((user.strip(), password.strip()))
    if not logins:
        raise InputError(f"{path} holds no user:password line.")
    return logins


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise OperationError(
                f"Port {port} on {host} cannot be used ({error.strerror}). Stop the other program,"
                f" or choose another port: knowdo serve --port {port + 1}"
            ) from error


def _watch_jobs() -> None:
    def watch() -> None:
        pause = threading.Event()
        while True:
            try:
                reconcile()
            except Exception:
                # One broken job folder must not end the watch over the others.
                log.exception("could not look after the jobs")
            pause.wait(WATCH_SECONDS)

    threading.Thread(target=watch, name="job-watch", daemon=True).start()
