"""knowdo index: search indexes over documents."""

from __future__ import annotations

from typing import Any

import click

from knowdo.knowledge.errors import InputError
from knowdo.tools.tool import to_plain
from knowdo.ui.commands.output import as_json, plain_text, progress_on_stderr, show


@click.group()
def index() -> None:
    """Build document indexes and ask them."""


@index.command()
@click.argument("paths", nargs=-1, required=True)
@click.option("--name", default="documents", show_default=True)
@click.option("--dry-run", is_flag=True, help="Plan only: what is readable and how long it takes.")
@as_json
def build(paths: tuple[str, ...], name: str, dry_run: bool, json_output: bool) -> None:
    """Index files and folders; nothing leaves this machine."""
    from knowdo.agent.embedded import replies
    from knowdo.tools.indexing import build_index, plan_index

    with progress_on_stderr():
        plan = plan_index(list(paths), name)
        if dry_run:
            show(to_plain(plan), json_output, replies.plan_index)
            return
        if not plan.chunks:
            raise InputError(replies.plan_index(to_plain(plan)))
        built = build_index(plan.plan_id)
    if plan.refused_count and not json_output:
        click.echo(plain_text(replies.plan_index(to_plain(plan))), err=True)
    show(to_plain(built), json_output, replies.build_index)


@index.command()
@click.argument("index_name")
@click.argument("paths", nargs=-1, required=True)
@as_json
def add(index_name: str, paths: tuple[str, ...], json_output: bool) -> None:
    """Add files or folders to an index; only new passages are embedded."""
    from knowdo.agent.embedded import replies
    from knowdo.tools.rag.build import build_index
    from knowdo.tools.rag.plan import plan_index
    from knowdo.tools.rag.store import find_index

    info = find_index(index_name)
    with progress_on_stderr():
        plan = plan_index(list(paths), info.name, add_to=info.index_id)
        built = build_index(plan.plan_id)
    show(to_plain(built), json_output, replies.build_index)


@index.command()
@click.argument("index_name")
@click.argument("question")
@click.option("--top-k", default=5, show_default=True, type=click.IntRange(1, 50))
@as_json
def ask(index_name: str, question: str, top_k: int, json_output: bool) -> None:
    """Ask an index; the answer quotes the documents and says where."""
    from knowdo.agent.embedded import replies
    from knowdo.tools.rag.answer import ask as ask_documents

    show(to_plain(ask_documents(index_name, question, top_k)), json_output, replies.answer)


@index.command("list")
@as_json
def list_all(json_output: bool) -> None:
    """List the indexes."""
    from knowdo.tools.rag.store import list_indexes

    def table(rows: list[dict[str, Any]]) -> str:
        lines = [
            f"{r['index_id']}  {r['state']:9} {r['chunks']:>8,} passages {r['files']:>5,} files"
            f"  {r['name']}"
            for r in rows
        ]
        return "\n".join(lines) or "No index yet: knowdo index build PATH ..."

    show(to_plain(list_indexes()), json_output, table)


@index.command()
@click.argument("index_name")
@click.option("--confirm", help="The index's id, to show that exactly this one is meant.")
@as_json
def delete(index_name: str, confirm: str | None, json_output: bool) -> None:
    """Delete an index; the documents stay where they are."""
    from knowdo.tools.rag.store import delete_index, find_index

    info = find_index(index_name)
    if confirm != info.index_id:
        raise InputError(
            f"To delete '{info.name}' ({info.chunks:,} passages), add: --confirm {info.index_id}"
        )
    delete_index(info.index_id, confirm=confirm)
    show({"deleted": info.index_id}, json_output, lambda r: f"Deleted {r['deleted']}.")
