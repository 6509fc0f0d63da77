"""Pages as PDF in pure Python, with whatever Chinese font the machine has; none is shipped.

The libraries for it take a third of a second to import, so each is imported when the first page is made.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from bot.reach.model import ReachError

# Where systems keep fonts, and the names of Chinese ones, best first.
_FOLDERS = (
    "~/.local/share/fonts",
    "~/.fonts",
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "C:/Windows/Fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
)
_NAMES = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.ttf",
    "NotoSansSC-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "SourceHanSansCN-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "simhei.ttf",
    "Deng.ttf",
    "simsun.ttc",
    "msyh.ttc",
    "STHeiti Light.ttc",
)
FAMILY = "cjk"
_SUFFIXES = (".ttf", ".ttc", ".otf", ".otc")


def find_font(given: Path | None = None) -> Path:
    """The font that the settings name, else a Chinese one of the machine; ReachError `no_font`."""
    if given is not None:
        if given.is_file():
            return given
        raise ReachError("font_missing", path=str(given))
    found = find_named(_NAMES)
    if found is None:
        raise ReachError("no_font")
    return found


def find_named(names: Iterable[str]) -> Path | None:
    """The first of these font files that the machine has; None when it has none."""
    there = _installed()
    return next((there[n.lower()] for n in names if n.lower() in there), None)


@lru_cache(maxsize=1)
def _installed() -> Mapping[str, Path]:
    folders = [f for f in (Path(name).expanduser() for name in _FOLDERS) if f.is_dir()]
    found = (p for folder in reversed(folders) for p in folder.rglob("*.*") if p.suffix.lower() in _SUFFIXES)
    return {p.name.lower(): p for p in found}


@lru_cache(maxsize=8)
def face(path: Path) -> int:
    """Which font of a collection is the simplified one; 0 in a file of one font."""
    if path.suffix.lower() != ".ttc":
        return 0
    from fontTools.ttLib import TTCollection

    with TTCollection(str(path), lazy=True) as collection:
        names = [str(font["name"].getDebugName(4) or "") for font in collection.fonts]
    return next((n for n, name in enumerate(names) if " SC" in name), 0)


class Page:
    """A document on A4, written from top to bottom; sizes in points, distances in millimetres."""

    def __init__(self, font: Path) -> None:
        from fpdf import FPDF

        self._pdf = FPDF(format="A4")
        self._pdf.set_margins(22, 22, 22)
        self._pdf.set_auto_page_break(auto=True, margin=20)
        self._pdf.add_font(FAMILY, "", str(font), collection_font_number=face(font))
        self._pdf.add_page()

    def line(self, text: str, size: float = 11, *, align: str = "L", height: float = 1.65) -> Page:
        """A paragraph; broken anywhere, as Chinese is."""
        from fpdf.enums import WrapMode, XPos, YPos

        self._pdf.set_font(FAMILY, size=size)
        self._pdf.multi_cell(
            0, size * 0.3528 * height, text, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT, wrapmode=WrapMode.CHAR
        )
        return self

    def lines(self, texts: Iterable[str], size: float = 11) -> Page:
        """Paragraphs."""
        for text in texts:
            self.line(text, size)
        return self

    def gap(self, millimetres: float = 4) -> Page:
        """Empty space."""
        self._pdf.ln(millimetres)
        return self

    def code(self, text: str, side: float = 45) -> Page:
        """A QR code, in the middle."""
        x = (self._pdf.w - side) / 2
        self._pdf.image(io.BytesIO(qr_png(text)), x=x, y=self._pdf.get_y(), w=side, h=side)
        self._pdf.set_y(self._pdf.get_y() + side)
        return self

    def rule(self) -> Page:
        """A thin line across."""
        y = self._pdf.get_y() + 2
        self._pdf.line(self._pdf.l_margin, y, self._pdf.w - self._pdf.r_margin, y)
        self._pdf.set_y(y + 3)
        return self

    def break_page(self) -> Page:
        """A new page."""
        self._pdf.add_page()
        return self

    def content(self) -> bytes:
        """The finished document."""
        return bytes(self._pdf.output())


def qr_png(text: str) -> bytes:
    """A QR code as PNG, with enough redundancy for a creased sheet of paper."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="q", micro=False).save(out, kind="png", scale=8, border=4)
    return out.getvalue()
