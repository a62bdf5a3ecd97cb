"""knowdo data: look at a training file before anything is trained on it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from knowdo.knowledge.errors import InputError
from knowdo.tools.tool import to_plain
from knowdo.ui.commands.output import as_json, progress_on_stderr, show


@click.group()
def data() -> None:
    """Inspect, convert and split training files."""


@data.command()
@click.argument("file")
@as_json
def inspect(file: str, json_output: bool) -> None:
    """Check FILE: format, usable examples, bad lines, lengths."""
    from knowdo.agent.embedded import replies
    from knowdo.tools.dataset.report import inspect_dataset

    with progress_on_stderr():
        report = inspect_dataset(file)
    show(to_plain(report), json_output, replies.inspect_dataset)


@data.command()
@click.argument("file")
@click.option("--out", required=True, type=click.Path(path_type=Path))
@as_json
def convert(file: str, out: Path, json_output: bool) -> None:
    """Write the usable examples of FILE as `messages` JSONL."""
    from knowdo.tools.dataset.read import read_examples

    dataset = read_examples(file)
    count = _write(out, [[m.as_dict() for m in e.messages] for e in dataset.examples])
    result = {"written": count, "out": str(out), "left_out": len(dataset.problems)}
    show(result, json_output, lambda r: f"{r['written']:,} examples in {r['out']}.")


@data.command()
@click.argument("file")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--test-fraction", default=0.1, show_default=True, type=click.FloatRange(0.05, 0.5))
@click.option("--seed", default=0, show_default=True)
@as_json
def split(file: str, out: Path, test_fraction: float, seed: int, json_output: bool) -> None:
    """Write OUT/train.jsonl and OUT/test.jsonl; no question stands in both."""
    from knowdo.tools.dataset.read import read_examples
    from knowdo.tools.dataset.split import split as split_examples

    parts = split_examples(read_examples(file).examples, seed, test_fraction)
    counts = {}
    for name, examples in (("train", parts.train), ("test", parts.test)):
        rows = [[m.as_dict() for m in e.messages] for e in examples]
        counts[name] = _write(out / f"{name}.jsonl", rows)
    show({**counts, "out": str(out)}, json_output, lambda r: f"{r['train']:,} + {r['test']:,}")


def _write(path: Path, rows: list[list[dict[str, str]]]) -> int:
    if path.exists():
        raise InputError(f"{path} exists; name another file, it is not overwritten.")
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"messages": messages}, ensure_ascii=False) for messages in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines)
