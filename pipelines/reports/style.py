"""How every workbook looks: one set of fonts, sheets that print on A4 landscape, row heights that fit wrapped Chinese text.

XlsxWriter does not measure text, so heights are computed here from the rule that a Han character is as wide as the font is high and other
characters are half that. Every cell is written as text: what departments deliver must never become a formula.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import lru_cache
from math import ceil
from pathlib import Path
from typing import Any

import xlsxwriter

from pipelines.workspace import atomic_path

FONT = "宋体"
HEADING_FONT = "黑体"
SIZE = 9
_HALF = 6.3  # pixels of a half-width character at 9 pt, with some room for substitute fonts
_LINE = 13.0  # points of a line at 9 pt
_PADDING = 8  # pixels a cell keeps left and right
_TALLEST = 30  # lines; Excel draws no row taller than 409 points
_A4 = 9
INK, LINE, HEAD, FILL_HEAD = "#1F2933", "#9AA5B1", "#E4E7EB", "#DCEBF7"
GRADE_FILLS = {"red": "#F8D7DA", "orange": "#FFE5CC", "yellow": "#FFF6CC"}

Cell = str | int | None


@dataclass(frozen=True)
class Column:
    """A column of a sheet: its heading, width in pixels, and style (`text`, `centre`, `number`, `fill` to be filled in by hand)."""

    title: str
    pixels: int
    style: str = "text"
    hidden: bool = False


@dataclass(frozen=True)
class Head:
    """What stands above a sheet's table and around its pages; texts are plain, `&` included."""

    title: str
    notes: tuple[str, ...] = ()
    page_left: str = ""
    page_right: str = ""
    foot_left: str = ""
    foot_right: str = ""


@lru_cache(maxsize=4096)  # most cells of a list say what others say
def lines_needed(text: str, pixels: int) -> int:
    """How many lines `text` takes in a cell `pixels` wide, wrapped."""
    total = 0
    for part in text.split("\n"):
        halves = len(part) + (len(part.encode("utf-8", "replace")) - len(part)) // 2
        total += max(1, ceil(halves * _HALF / max(1, pixels - _PADDING)))
    return total


def fitted(text: str, pixels: int, more: str) -> str:
    """`text` cut at a paragraph to what the tallest row can show, with the sentence `more` where something was left out."""
    if lines_needed(text, pixels) <= _TALLEST:
        return text
    kept: list[str] = []
    used = 1
    for part in text.split("\n"):
        used += lines_needed(part, pixels)
        if used > _TALLEST:
            break
        kept.append(part)
    return "\n".join([*kept, more])


class Book:
    """A workbook being written, with its formats. Made by `open_book`."""

    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        self.workbook = workbook
        self._formats: dict[tuple[tuple[str, object], ...], Any] = {}
        self._cell_formats: dict[tuple[str, str | None], Any] = {}

    def format(self, **properties: object) -> Any:
        """The format with these properties over the house font; each is made once."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            base = {"font_name": FONT, "font_size": SIZE, "font_color": INK, "valign": "vcenter", "text_wrap": True}
            self._formats[key] = self.workbook.add_format({**base, **properties})
        return self._formats[key]

    def cell_format(self, style: str, fill: str | None = None) -> Any:
        """The format of a body cell in a column of this style, on a coloured ground where `fill` names one."""
        if (style, fill) not in self._cell_formats:
            self._cell_formats[style, fill] = self._cell_format(style, fill)
        return self._cell_formats[style, fill]

    def _cell_format(self, style: str, fill: str | None) -> Any:
        properties: dict[str, object] = {"border": 1, "border_color": LINE}
        if style in ("centre", "fill", "day"):
            properties["align"] = "center"
        if style == "number":
            properties |= {"align": "right", "num_format": "#,##0"}
        if style in ("fill", "note", "day"):
            properties |= {"locked": False}
        if style == "day":
            properties["num_format"] = "yyyy-mm-dd"
        if fill:
            properties |= {"bg_color": fill, "bold": True}
        return self.format(**properties)

    def sheet(self, name: str, columns: Sequence[Column], head: Head, *, freeze_columns: int = 0) -> Sheet:
        """A new sheet with its title, notes, headings and page set-up, ready for rows."""
        return Sheet(self, name, columns, head, freeze_columns)


class Sheet:
    """A table on a sheet: call `row` for each row, then `finish`."""

    def __init__(self, book: Book, name: str, columns: Sequence[Column], head: Head, freeze_columns: int) -> None:
        self.book = book
        self.columns = tuple(columns)
        self.page = book.workbook.add_worksheet(name)
        self._shown = [column for column in columns if not column.hidden]
        self._next = self._write_head(head)
        self.header_row = self._next - 1
        self.page.freeze_panes(self._next, freeze_columns)
        self._formats = [book.cell_format(column.style) for column in columns]
        self._set_up_page(head)

    @property
    def first_row(self) -> int:
        return self.header_row + 1

    @property
    def last_row(self) -> int:
        return max(self._next - 1, self.first_row)

    def _write_head(self, head: Head) -> int:
        last = len(self._shown) - 1
        width = sum(column.pixels for column in self._shown)
        for index, column in enumerate(self.columns):
            self.page.set_column_pixels(index, index, column.pixels, None, {"hidden": column.hidden})
        row = 0
        title = self.book.format(font_name=HEADING_FONT, font_size=15, bold=True, align="center")
        self._across(row, last, head.title, title)
        self.page.set_row(row, 28)
        for note in head.notes:
            row += 1
            self._across(row, last, note, self.book.format(align="left"))
            self.page.set_row(row, lines_needed(note, width) * _LINE + 4)
        row += 1
        for index, column in enumerate(self.columns):
            ground = FILL_HEAD if column.style in ("fill", "note", "day") else HEAD
            heading = self.book.format(font_name=HEADING_FONT, align="center", bold=True, bg_color=ground, border=1, border_color=LINE)
            self.page.write_string(row, index, column.title, heading)
        self.page.set_row(row, max(lines_needed(column.title, column.pixels) for column in self._shown) * _LINE + 6)
        return row + 1

    def _across(self, row: int, last: int, text: str, cell_format: Any) -> None:
        if last > 0:
            self.page.merge_range(row, 0, row, last, "", cell_format)
        self.page.write_string(row, 0, text, cell_format)

    def _set_up_page(self, head: Head) -> None:
        page = self.page
        page.set_landscape()
        page.set_paper(_A4)
        page.set_margins(left=0.3, right=0.3, top=0.55, bottom=0.55)
        page.fit_to_pages(1, 0)
        page.repeat_rows(self.header_row)
        page.center_horizontally()
        page.hide_gridlines(2)
        page.set_header(f'&L&"{FONT}"&8 {_plain(head.page_left)}&R&"{FONT}"&8 {_plain(head.page_right)}')
        page.set_footer(f'&L&"{FONT}"&8 {_plain(head.foot_left)}&C&"{FONT}"&8 第 &P 页 共 &N 页&R&"{FONT}"&8 {_plain(head.foot_right)}')

    def row(self, cells: Sequence[Cell], *, fills: dict[int, str] | None = None, least_lines: int = 1) -> None:
        """Writes one row; `fills` colours single cells by column, `least_lines` leaves room for handwriting."""
        row = self._next
        tallest = least_lines
        for index, (cell, column, style) in enumerate(zip(cells, self.columns, self._formats, strict=True)):
            if fills and index in fills:
                style = self.book.cell_format(column.style, fills[index])  # noqa: PLW2901  # the column's own format is the default
            if cell is None or cell == "":
                self.page.write_blank(row, index, None, style)
            elif isinstance(cell, int):
                self.page.write_number(row, index, cell, style)
            else:
                self.page.write_string(row, index, cell, style)
                if not column.hidden:
                    tallest = max(tallest, lines_needed(cell, column.pixels))
        self.page.set_row(row, min(tallest, _TALLEST + 1) * _LINE + 4)
        self._next += 1

    def message(self, text: str) -> None:
        """One row across the table that says why it is empty."""
        last = len(self._shown) - 1
        self._across(self._next, last, text, self.book.format(align="center", border=1, border_color=LINE, italic=True))
        self.page.set_row(self._next, 28)
        self._next += 1

    def finish(self, *, filtered: bool = True) -> None:
        """Sets the print area and, over rows, the filter; to be called once after the last row."""
        self.page.print_area(0, 0, self.last_row, len(self._shown) - 1)
        if filtered and self._next > self.first_row:
            self.page.autofilter(self.header_row, 0, self.last_row, len(self._shown) - 1)


def _plain(text: str) -> str:
    return text.replace("&", "&&")


@contextmanager
def open_book(path: Path, *, title: str, as_of: date, constant_memory: bool = False) -> Iterator[Book]:
    """A workbook at `path`, written beside and renamed when the block ends well. The same content gives the same bytes."""
    with atomic_path(path) as beside:
        memory = {"constant_memory": constant_memory, "in_memory": not constant_memory}  # without files beside it: removing them takes longest
        options = {**memory, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        workbook = xlsxwriter.Workbook(str(beside), options)
        workbook.set_properties({"title": title, "author": "Doudi", "created": datetime.combine(as_of, time())})
        workbook.set_size(2400, 1350)
        yield Book(workbook)
        workbook.close()
