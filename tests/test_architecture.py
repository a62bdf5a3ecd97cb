"""The rules of the layout: which way imports point, what waits, what is packaged."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ("knowledge", "tools", "agent", "ui")
# Imported inside the functions that use them: they take seconds.
HEAVY = (
    "torch", "transformers", "trl", "peft", "bitsandbytes", "chromadb", "sentence_transformers",
    "datasets", "accelerate", "openai", "langchain_openai", "ray", "boto3",
)  # fmt: skip


def modules() -> list[Path]:
    return [path for layer in LAYERS for path in (ROOT / layer).rglob("*.py")]


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_from_ui_to_agent_to_tools_to_knowledge(path: Path) -> None:
    layer = LAYERS.index(path.relative_to(ROOT).parts[0])
    above = {f"knowdo.{name}" for name in LAYERS[layer + 1 :]}
    used = imported(ast.parse(path.read_text(encoding="utf-8")))
    wrong = {name for name in used if ".".join(name.split(".")[:2]) in above}
    assert not wrong, f"{path.relative_to(ROOT)} imports {wrong} from a layer above"


# Trains the reader of messages; run by hand only, so it may import torch at the top.
LEARNING = ROOT / "agent" / "embedded" / "learning"


def test_nothing_at_run_time_imports_what_trains_the_reader() -> None:
    for path in modules():
        if LEARNING not in path.parents:
            used = imported(ast.parse(path.read_text(encoding="utf-8")))
            assert not {n for n in used if n.startswith("knowdo.agent.embedded.learning")}, path


@pytest.mark.parametrize(
    "path",
    [path for path in modules() if LEARNING not in path.parents],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_heavy_libraries_are_imported_inside_functions(path: Path) -> None:
    top_level = ast.Module(
        [n for n in ast.parse(path.read_text(encoding="utf-8")).body if not _is_typing_block(n)],
        [],
    )
    at_import = {
        name.split(".")[0]
        for node in top_level.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in imported(ast.Module([node], []))
    }
    assert not at_import & set(HEAVY)


def _is_typing_block(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def test_every_folder_with_code_is_packaged() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    found = {
        "knowdo." + ".".join(path.parent.relative_to(ROOT).parts)
        for path in modules()
        if path.name == "__init__.py"
    }
    assert set(listed) == found
    assert found == {"knowdo." + ".".join(p.parent.relative_to(ROOT).parts) for p in modules()}


def test_advice_on_the_command_line_imports_no_heavy_library() -> None:
    program = (
        "import sys; sys.argv = ['knowdo', 'advise', 'Our bot must know 400 manuals', '--json']\n"
        "from knowdo.ui.cli import cli\n"
        "cli(standalone_mode=False)\n"
        f"heavy = {set(HEAVY) | {'gradio', 'langchain', 'langchain_core', 'langgraph'}!r}\n"
        "loaded = sorted(set(sys.modules) & heavy)\n"
        "print(loaded, file=sys.stderr)\n"
        "sys.exit(len(loaded))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert '"label": "rag"' in done.stdout
