"""One copy of a letter as a tagged PDF (PDF/UA-1). The only place that imports WeasyPrint, and only when it is needed.

Nothing is read from the network or from the disk while rendering: pictures travel inside the letter as `data:`. The same
context gives the same bytes, so that an approval of a digest is an approval of what is sent.
"""

from __future__ import annotations

import atexit
import base64
import gc
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from workflows import clock
from workflows.delivery.contents import LetterContext

FONTS = Path(__file__).parent / "fonts"

_MISSING = (
    "Letters cannot be printed: {what} is missing on this machine. On Debian or Ubuntu: "
    "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
)


class PrintingUnavailable(RuntimeError):
    """A system library or package for printing is missing; the message says which, and how to install it."""


class LetterFault(RuntimeError):
    """The printer warned about something (a glyph, a style, an address to fetch): no such letter goes out."""


class UnknownSign(LetterFault):
    """No font on this machine knows a sign. The message is for the page and not for a log: it quotes the line, which may be a name."""


@dataclass(frozen=True, slots=True)
class _Press:
    """What all letters of a process share: building it costs more than a page (docs/benchmarks.md)."""

    html: Any
    fetcher: Any
    fonts: Any
    sheet: Any
    images: dict[str, Any]
    refusal: type[BaseException]
    signs: set[str]
    """Signs that some font was found to know."""


_lock = threading.Lock()
_press: _Press | None = None


class _Warnings(logging.Handler):
    """Collects what the printer complains about on this thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.thread = threading.get_ident()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self.thread:
            self.found.append(record.getMessage())


def press() -> _Press:
    """Return what printing needs, loaded once per process.

    Raises:
        PrintingUnavailable: pango or WeasyPrint is not there.
    """
    global _press
    if _press is None:
        with _lock:
            if _press is None:
                _press = _load()
                atexit.register(_forget)
    return _press


def _forget() -> None:
    """Let go of the press while the interpreter still stands, so that the fonts' temporary folder is removed."""
    global _press
    _press = None


def _load() -> _Press:
    try:
        import weasyprint
        from weasyprint.text.ffi import ffi
        from weasyprint.text.fonts import FontConfiguration
    except ModuleNotFoundError as error:
        raise PrintingUnavailable(_MISSING.format(what=f"the package {error.name}")) from error
    except OSError as error:
        raise PrintingUnavailable(_MISSING.format(what="pango or a library beside it")) from error
    ffi.cdef("int pango_layout_get_unknown_glyphs_count(PangoLayout *layout);", override=True)
    fetcher, refusal = _fetcher()
    fonts = FontConfiguration()
    css = render_to_string("workflows/letters/letter.css")
    sheet = weasyprint.CSS(string=_faces() + css, font_config=fonts, url_fetcher=fetcher)
    return _Press(weasyprint.HTML, fetcher, fonts, sheet, {}, refusal, set())


def _faces() -> str:
    """Return the letters' own font as CSS, with the font inside: the same letter on every host (see fonts/README.md)."""
    rules = []
    for weight, name in ((400, "regular"), (700, "bold")):
        data = base64.b64encode((FONTS / f"letter-{name}.ttf").read_bytes()).decode()
        rules.append(f'@font-face {{ font-family: "Letter"; font-weight: {weight}; src: url(data:font/ttf;base64,{data}) }}\n')
    return "".join(rules)


def _fetcher() -> tuple[Any, type[BaseException]]:
    """Return what fetches addresses inside a letter (`data:` and nothing else), and what it raises for another one."""
    from weasyprint import urls

    if hasattr(urls, "URLFetcher"):
        return urls.URLFetcher(allowed_protocols={"data"}, allow_redirects=False, fail_on_errors=True), urls.FatalURLFetchingError

    def data_only(url: str, *args: Any, **kwargs: Any) -> Any:  # before WeasyPrint 67: a refusal is a warning, hence a LetterFault
        if not url.lower().startswith("data:"):
            raise ValueError(f"not inside the letter: {url}")
        return urls.default_url_fetcher(url, *args, **kwargs)

    return data_only, LetterFault


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let Python's collector of cycles rest: looking through the boxes of a page again and again takes a tenth of the time of
    printing, and finds hardly anything (4 MB for ten forms).
    """
    rests = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if rests:
            gc.enable()


def html(context: LetterContext) -> str:
    """Return the letter as HTML, without its style sheet. Always Dutch: that text is the binding one."""
    with translation.override("nl"), clock.school_time():
        return render_to_string(
            f"workflows/letters/{context.kind}.html",
            {"l": context, "f": context.facts, "v": context.voice, "s": context.sender},
        )


def render(context: LetterContext) -> bytes:
    """Print one copy.

    Args:
        context: a complete copy (`contents.missing` is empty).

    Returns:
        The PDF's bytes: tagged, PDF/UA-1, Dutch, fonts embedded, the same for the same context.

    Raises:
        PrintingUnavailable: pango or WeasyPrint is not there.
        LetterFault: the printer warned about something.
    """
    return print_html(html(context))


def _refuse_unknown_signs(document: Any, known: set[str]) -> None:
    """Refuse a document with a sign that no font knows: WeasyPrint prints a box and warns, and before 67 leaves the sign out and does not.

    Raises:
        UnknownSign: as it says.
    """
    from weasyprint.text.ffi import pango

    def unknown(text: str) -> bool:
        line.pango_layout.set_text(text)
        return bool(pango.pango_layout_get_unknown_glyphs_count(line.pango_layout.layout))

    for line in (box for page in document.pages for box in page._page_box.descendants() if hasattr(box, "pango_layout")):
        if known.issuperset(line.text):
            continue
        line.pango_layout.reactivate(line.style)
        if unknown(line.text):
            sign = next((sign for sign in line.text if unknown(sign)), line.text)
            said = _(
                "No font on this computer knows the sign %(code)s in “%(text)s”. Write it in another way where it stands in the data. "
                "Or have a font installed that knows it, for example fonts-noto on Debian or Ubuntu."
            )
            raise UnknownSign(said % {"code": f"U+{ord(sign[0]):04X}", "text": line.text.strip()})
        known.update(line.text)


_NO_TEXT = re.compile(rb"(<[0-9a-f]{4}>) <>")


def _finished(document: Any, pdf: Any, known: set[str], finish: Callable[[Any, Any], object] | None) -> None:
    """Give each sign without a text of its own, as a vowel sign that stands with its letter, a word joiner: none at all is no PDF/UA."""
    _refuse_unknown_signs(document, known)
    for one in pdf.objects:
        stream = getattr(one, "stream", ())
        if any(piece == b"begincmap" for piece in stream[:3]):
            one.stream = [_NO_TEXT.sub(rb"\1 <2060>", piece) if isinstance(piece, bytes) else piece for piece in stream]
    if finish is not None:
        finish(document, pdf)


def print_html(text: str, finish: Callable[[Any, Any], object] | None = None) -> bytes:
    """Print HTML in the letters' style; see `render`. Also used for a register or a case file on paper.

    Args:
        finish: is given the document and its PDF (a `pydyf.PDF`) just before that is written.
    """
    tools = press()
    warnings = _Warnings()
    logger = logging.getLogger("weasyprint")
    logger.addHandler(warnings)
    try:
        with _uncollected():
            document = tools.html(string=text, url_fetcher=tools.fetcher, base_url=None)
            pdf: bytes = document.write_pdf(
                finisher=lambda done, written: _finished(done, written, tools.signs, finish), stylesheets=[tools.sheet], font_config=tools.fonts,
                cache=tools.images, pdf_variant="pdf/ua-1",
            )  # fmt: skip
    except OSError as error:
        raise PrintingUnavailable(_MISSING.format(what="pango or a library beside it")) from error
    except LetterFault:
        raise
    except tools.refusal as error:
        raise LetterFault(str(error)) from error
    finally:
        logger.removeHandler(warnings)
        if len(tools.images) > 64:
            tools.images.clear()
    if warnings.found:
        raise LetterFault("; ".join(dict.fromkeys(warnings.found)))
    return pdf
