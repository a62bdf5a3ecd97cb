"""The reading process: limits hold, and one bad file does not spoil the next."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from knowdo.knowledge.errors import InputError
from knowdo.tools.rag.reader import DocumentReader

MakePdf = Callable[[str, list[str]], Path]


def test_one_process_reads_many_files(make_pdf: MakePdf, handbook: Path) -> None:
    with DocumentReader() as reader:
        assert reader.read(make_pdf("a.pdf", ["Hello there"])).sections[0].text == "Hello there"
        document = reader.read(handbook / "faq.md")
    assert [section.location for section in document.sections] == [
        "section 'VPN'",
        "section 'Printer'",
    ]


def test_a_refused_file_leaves_the_reader_usable(tmp_path: Path, handbook: Path) -> None:
    (tmp_path / "empty.txt").touch()
    with DocumentReader() as reader:
        with pytest.raises(InputError, match="empty file"):
            reader.read(tmp_path / "empty.txt")
        assert reader.read(handbook / "prices.csv").kind == "csv"


def test_reading_ends_at_the_limit_of_time(handbook: Path) -> None:
    # Not even the process starts within a millisecond.
    limit = pytest.raises(InputError, match=r"more than 0\.001 seconds")
    with DocumentReader(seconds_per_file=0.001) as reader, limit:
        reader.read(handbook / "faq.md")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits address space")
def test_reading_ends_at_the_limit_of_memory_and_the_next_file_is_read(
    tmp_path: Path, handbook: Path
) -> None:
    (tmp_path / "tags.html").write_text("<html><body>" + "<b>x</b>" * 500_000)
    with DocumentReader(memory_bytes=200 << 20) as reader:
        with pytest.raises(InputError, match="more than 200 MiB of memory"):
            reader.read(tmp_path / "tags.html")
        assert reader.read(handbook / "faq.md").kind == "markdown"
