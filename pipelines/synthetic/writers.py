"""Files as they are delivered: text streams with titles and footers, and workbooks. Each knows the line that a row comes to stand on."""

from __future__ import annotations

import datetime as dt
import gzip
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from pipelines.synthetic.texts import Texts, content, lines, quoted

_CREATED = dt.datetime.fromisoformat("2020-01-01")
"""A fixed moment, so that the same rows give the same bytes."""


class Writer(Protocol):
    """A file being delivered."""

    path: Path

    def write(self, columns: list[Texts], numeric: np.ndarray | None = None) -> int:
        """Appends rows; gives the line of the first, the file's first line being 1."""

    def close(self, received: float | None = None) -> None:
        """Writes the footer; `received` sets when the file was received."""


class TextFile:
    """A delimited text file, perhaps gzipped. Cells that hold the separator are quoted."""

    def __init__(
        self,
        path: Path,
        headers: list[str],
        titles: tuple[str, ...] = (),
        footer: tuple[str, ...] = (),
        encoding: str = "utf-8",
        separator: str = ",",
        quoted: frozenset[int] = frozenset(),
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._encoding, self._separator, self._footer, self._quoted = encoding, separator, footer, quoted
        self._file: IO[bytes] = gzip.GzipFile(path, "wb", compresslevel=1, mtime=0) if path.suffix == ".gz" else path.open("wb")  # type: ignore[assignment]
        blank = separator * (len(headers) - 1)
        top = [f"{title}{blank}" for title in titles] + [separator.join(headers)]
        self._file.write(("\r\n".join(top) + "\r\n").encode(encoding))
        self._next = len(top) + 1
        self._blank = blank

    def write(self, columns: list[Texts], numeric: np.ndarray | None = None) -> int:
        first, count = self._next, len(columns[0])
        if count:
            cells = [quoted(column, self._separator) if place in self._quoted else column for place, column in enumerate(columns)]
            rows = content(lines(cells, self._separator))
            self._file.write(rows if self._encoding.startswith("utf-8") else bytes(rows).decode("utf-8").encode(self._encoding))
            self._next += count
        return first

    def close(self, received: float | None = None) -> None:
        if self._footer:
            self._file.write("".join(f"{text}{self._blank}\r\n" for text in self._footer).encode(self._encoding.removesuffix("-sig")))
        self._file.close()
        if received is not None:
            os.utime(self.path, (received, received))


class ParquetFile:
    """A table as a database pull leaves it, every column text. It has no header line: its first row is line 1."""

    def __init__(self, path: Path, headers: list[str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._schema = pa.schema([pa.field(header, pa.string()) for header in headers])
        self._writer = pq.ParquetWriter(path, self._schema)
        self._next = 1

    def write(self, columns: list[Texts], numeric: np.ndarray | None = None) -> int:
        first, count = self._next, len(columns[0])
        if count:
            self._writer.write_table(pa.Table.from_arrays(columns, schema=self._schema))
            self._next += count
        return first

    def close(self, received: float | None = None) -> None:
        self._writer.close()
        if received is not None:
            os.utime(self.path, (received, received))


class Workbook:
    """A workbook of one sheet with merged title rows. Rows marked numeric store their `number_column` as a number, as careless
    spreadsheets do."""

    def __init__(self, path: Path, headers: list[str], titles: tuple[str, ...] = (), footer: tuple[str, ...] = (), number_column: int = -1) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_numbers": False, "strings_to_formulas": False})
        self._book.set_properties({"created": _CREATED})
        self._sheet = self._book.add_worksheet("Sheet1")
        self._footer, self._number_column = footer, number_column
        self._row = 0
        for title in titles:
            self._sheet.merge_range(self._row, 0, self._row, max(1, len(headers) - 1), title)
            self._row += 1
        self._append(headers)

    def _append(self, cells: Sequence[str | None], number_column: int = -1) -> None:
        for place, cell in enumerate(cells):
            if cell is None:
                continue
            if place == number_column:
                self._sheet.write_number(self._row, place, float(cell))
            else:
                self._sheet.write_string(self._row, place, cell)
        self._row += 1

    def write(self, columns: list[Texts], numeric: np.ndarray | None = None) -> int:
        first = self._row + 1
        marked = numeric if numeric is not None else np.zeros(len(columns[0]), bool)
        rows: Any = zip(*(column.to_pylist() for column in columns), marked, strict=True)
        for *cells, number in rows:
            self._append(cells, self._number_column if number else -1)
        return first

    def close(self, received: float | None = None) -> None:
        for text in self._footer:
            self._append([text])
        self._book.close()
        if received is not None:
            os.utime(self.path, (received, received))
