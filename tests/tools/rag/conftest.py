"""Files that the tests make: PDF from bytes, DOCX from its library."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import docx
import pytest

MakePdf = Callable[[str, list[str]], Path]


def pdf_bytes(pages: list[str]) -> bytes:
    """A small valid PDF in Helvetica with one line of text a page; an empty string is a blank."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1"]
    objects[2] += " /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    for text in pages:
        stream = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET" if text else ""
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {len(objects) + 2} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects[1] = f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>"
    data, offsets = b"%PDF-1.4\n", list[int]()
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    trailer = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>"
    return data + f"{trailer}\nstartxref\n{len(data)}\n%%EOF\n".encode()


@pytest.fixture
def make_pdf(tmp_path: Path) -> MakePdf:
    def make(name: str, pages: list[str]) -> Path:
        path = tmp_path / name
        path.write_bytes(pdf_bytes(pages))
        return path

    return make


@pytest.fixture
def handbook(tmp_path: Path) -> Path:
    """A folder as a small company has it: a leave policy in DOCX, an FAQ in Markdown, prices."""
    folder = tmp_path / "handbook"
    folder.mkdir()
    document = docx.Document()
    document.add_heading("Leave policy", 1)
    document.add_paragraph("Every employee has 27 days of paid leave a year.")
    document.add_heading("Sick leave", 2)
    document.add_paragraph("From the third day on, a doctor's note is needed for sick leave.")
    document.save(str(folder / "leave.docx"))
    (folder / "faq.md").write_text(
        "# VPN\n\nConnect to vpn.example.org with your badge number.\n\n"
        "# Printer\n\nThe printer on the second floor jams when the paper is damp.\n",
        encoding="utf-8",
    )
    (folder / "prices.csv").write_text(
        "part;name;euro\nKX-4711;hinge;3,20\nKX-4712;door handle;14,90\n", encoding="cp1252"
    )
    return folder
