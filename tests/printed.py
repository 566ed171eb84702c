"""What stands on paper, read back."""

from __future__ import annotations

from io import BytesIO

from pypdf import PdfReader


def text_of(pdf: bytes) -> str:
    """Return a PDF's text with its white space evened out."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())
