"""Reading workbooks with calamine, cell by cell as stored: a number in an identity column must stay visible as one."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from pipelines.errors import DeliveryError
from pipelines.extracts.cells import Block, Column, cell_text, is_numeric
from pipelines.extracts.files import too_big
from pipelines.extracts.grid import Grid
from pipelines.extracts.header import TITLE_ROWS, Header, PreviewRow

BLOCK_ROWS = 50_000
MOST_CELLS = 120_000_000  # as wide as a table may be at Excel's most rows: 100 columns
_SCAN_BYTES = 4 << 20
_LONGEST_TAG = 400
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_ROW = re.compile(rb' r="[A-Z]{0,3}([0-9]{1,7})"')
_WIDTHS = (26, 104, 702, 16384)  # columns up to Z, CZ, ZZ, and all
_WIDER = [re.compile(rb' r="' + letters + rb'[0-9]{1,7}"[^>/]*>') for letters in (rb"[A-Z]{2,3}", rb"(?:[D-Z][A-Z]|[A-Z]{3})", rb"[A-Z]{3}")]



def open_workbook(path: Path, max_bytes: int) -> list[Grid]:
    """The visible sheets of an .xlsx or .xls workbook that hold anything, in its order.

    Raises DeliveryError when it is no workbook, is damaged, protected by a password, or unpacks to more than `max_bytes`.
    """
    data = path.read_bytes()
    with _refusing_damage():
        if data.startswith(b"PK"):
            with zipfile.ZipFile(BytesIO(data)) as archive:
                if sum(item.file_size for item in archive.infolist()) > max_bytes:
                    raise too_big(max_bytes)
                _refuse_sprawl(archive)
        workbook = CalamineWorkbook.from_filelike(BytesIO(data))
        sheets = [
            workbook.get_sheet_by_name(meta.name)
            for meta in workbook.sheets_metadata
            if meta.visible == SheetVisibleEnum.Visible and meta.typ == SheetTypeEnum.WorkSheet
        ]
    return [Grid(sheet.name, _preview(sheet), partial(_blocks, sheet)) for sheet in sheets if sheet.start is not None]


def _refuse_sprawl(archive: zipfile.ZipFile) -> None:
    """Refuses a workbook with a stray value so far out that the reader, which holds every cell up to it, would end the whole program."""
    for item in archive.infolist():
        if not _SHEET.fullmatch(item.filename):
            continue
        wider, last_row, tail = 0, 0, b""
        with archive.open(item) as stream:
            while chunk := stream.read(_SCAN_BYTES):
                text = tail + chunk
                while wider < len(_WIDER) and _WIDER[wider].search(text):  # a cell with a value beyond what was seen so far
                    wider += 1
                row = _ROW.match(text, max(text.rfind(b' r="'), 0))
                last_row = int(row.group(1)) if row else last_row
                tail = text[-_LONGEST_TAG:]
        columns = _WIDTHS[wider]
        if columns * last_row > MOST_CELLS:
            raise DeliveryError(f"it has a sheet of about {last_row} rows by {columns} columns, mostly empty; delete the stray cells.")


@contextmanager
def _refusing_damage() -> Iterator[None]:
    try:
        yield
    except PasswordError as error:
        raise DeliveryError("it is protected by a password; have it delivered without one.") from error
    except (CalamineError, zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError) as error:
        raise DeliveryError("it is no workbook or a damaged one; have it delivered again.") from error
    except BaseException as error:  # a panic of the reader is no Exception, but means the same
        if type(error).__name__ != "PanicException":
            raise
        raise DeliveryError("it is a damaged workbook; have it delivered again.") from error


def _rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[Any]]]:
    """The lines of a sheet, from 1, with their cells."""
    with _refusing_damage():
        yield from enumerate(sheet.iter_rows(), start=1)


def _preview(sheet: CalamineSheet) -> list[PreviewRow]:
    rows: list[PreviewRow] = []
    for line, values in _rows(sheet):
        cells = [cell_text(value) or "" for value in values]
        if any(cell.strip() for cell in cells):
            rows.append(PreviewRow(line, line, cells))
        if len(rows) > TITLE_ROWS + 1:
            break
    return rows


def _blocks(sheet: CalamineSheet, header: Header) -> Iterator[Block]:
    rows: list[list[Any]] = []
    first_line = header.row.last_line + 1
    merged = _merged_down(sheet, first_line)
    above: dict[int, Any] = dict.fromkeys({position for positions in merged.values() for position in positions})
    line = 0
    for line, values in _rows(sheet):
        if line < first_line:
            continue
        if above:
            _fill_down(values, merged.get(line, ()), above)
        rows.append(values)
        if len(rows) == BLOCK_ROWS:
            yield _block(rows, line - len(rows) + 1, header.width)
            rows = []
    if rows:
        yield _block(rows, line - len(rows) + 1, header.width)


def _merged_down(sheet: CalamineSheet, first_line: int) -> dict[int, list[int]]:
    """By line, the positions whose cell is merged with the one above it: it shows, and so has, the same value."""
    left = sheet.start[1] if sheet.start else 0
    merged: dict[int, list[int]] = {}
    for (top, column), (bottom, _) in sheet.merged_cell_ranges or ():
        if top + 1 >= first_line:  # rows count from 0, lines from 1
            for row in range(top + 1, bottom + 1):
                merged.setdefault(row + 1, []).append(column - left)
    return merged


def _fill_down(values: list[Any], merged: Sequence[int], above: dict[int, Any]) -> None:
    """Gives merged cells of a row that holds anything else the value from above, and remembers the row's own values for the rows below."""
    if any(value != "" for value in values):
        for position in merged:
            if position < len(values):
                values[position] = above[position]
    for position in above:
        if position not in merged and position < len(values):
            above[position] = values[position]


def _block(rows: Sequence[Sequence[Any]], first_line: int, width: int) -> Block:
    columns: list[Column] = []
    numeric: dict[int, Column] = {}
    for position, values in enumerate(islice(zip(*rows, strict=True), width)):
        columns.append(pa.array([value if isinstance(value, str) else cell_text(value) for value in values], pa.string()))
        flags = [is_numeric(value) for value in values]
        if any(flags):
            numeric[position] = pa.array(flags)
    lines = pa.array(range(first_line, first_line + len(rows)), pa.int64())
    return Block(columns, lines, pa.nulls(len(rows), pa.string()), numeric)
