"""knowdo serve: the page."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=7860, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--auth-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of user:password lines; needed when others can reach the address.",
)
@click.option("--open", "open_browser", is_flag=True, help="Open the page in the browser.")
def serve(host: str, port: int, auth_file: Path | None, open_browser: bool) -> None:
    """Serve the page on this machine."""
    from knowdo.ui.server import serve_page

    serve_page(host, port, auth_file, open_browser)
