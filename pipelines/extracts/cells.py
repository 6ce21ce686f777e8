"""Delivered cells as text in Arrow: blocks of rows, normalisation, and how numbers and dates of typed formats are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute

# The type stubs describe an older pyarrow, whose arrays were generic and whose functions took fewer types.
Column: TypeAlias = Any
pc: Any = pyarrow.compute

_ASCII_END = 128
_LAST_BLANK = 0x20
TOO_MANY_CELLS = "more cells than the header"
OPEN_QUOTE = "a quotation mark that is not closed"


@dataclass(frozen=True)
class Block:
    """Some rows of a file. `columns` are string arrays in the file's order, `lines` the rows' lines (int64), `problems` what is wrong with a row's
    form (string, mostly null), `numeric` the cells that the format stores as numbers, as boolean arrays by column position."""

    columns: list[Column]
    lines: Column
    problems: Column
    numeric: Mapping[int, Column] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lines)

    def filter(self, mask: Column) -> Block:
        """The rows where `mask` is true."""
        numeric = {position: flags.filter(mask) for position, flags in self.numeric.items()}
        return Block([column.filter(mask) for column in self.columns], self.lines.filter(mask), self.problems.filter(mask), numeric)

    def slice(self, start: int, stop: int) -> Block:
        """The rows from `start` to before `stop`."""
        length = stop - start
        numeric = {position: flags.slice(start, length) for position, flags in self.numeric.items()}
        columns = [column.slice(start, length) for column in self.columns]
        return Block(columns, self.lines.slice(start, length), self.problems.slice(start, length), numeric)

    def row(self, index: int) -> list[str | None]:
        """The cells of one row."""
        return [column[index].as_py() for column in self.columns]


def block_of_rows(rows: list[list[str | None]], lines: list[int], problems: list[str | None], width: int) -> Block:
    """A block from rows of cells; cells beyond `width` are left out, missing ones are null."""
    padded = [row[:width] + [None] * (width - len(row)) for row in rows]
    columns = [pa.array([row[position] for row in padded], pa.string()) for position in range(width)]
    return Block(columns, pa.array(lines, pa.int64()), pa.array(problems, pa.string()))


def clean(values: Column) -> Column:
    """Text as every later stage may rely on it: NFKC, without characters of Unicode category Cf, trimmed, and null for empty."""
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if len(values) == 0 or values.null_count == len(values):
        return values
    ends, text = _buffers(values)
    if text.size == 0:
        return pa.nulls(len(values), pa.string())
    if int(np.max(text)) < _ASCII_END:
        return _trimmed_ascii(values, ends, text)
    encoded = pc.dictionary_encode(values)
    distinct = encoded.dictionary
    if pc.any(pc.match_substring_regex(distinct, r"\p{Cf}")).as_py():
        distinct = pc.replace_substring_regex(distinct, r"\p{Cf}", "")
    distinct = pc.call_function("utf8_normalize", [distinct], pc.Utf8NormalizeOptions("NFKC"))  # last: what a Cf character parted may now compose
    return _trimmed(distinct).take(encoded.indices)


def _trimmed(values: Column) -> Column:
    trimmed = pc.utf8_trim_whitespace(values)
    return pc.if_else(pc.equal(trimmed, pa.scalar("")), pa.scalar(None, pa.string()), trimmed)


def _trimmed_ascii(values: Column, ends: Any, text: Any) -> Column:
    """`_trimmed`, which copies every cell, spared where no cell begins or ends with a blank."""
    filled = ends[1:] > ends[:-1]
    outermost = np.minimum(text[ends[:-1][filled]], text[ends[1:][filled] - 1])
    if int(np.min(outermost)) <= _LAST_BLANK:
        return _trimmed(values)
    return values if filled.all() else pc.if_else(pa.array(filled), values, pa.scalar(None, pa.string()))


def _buffers(values: Column) -> tuple[Any, Any]:
    """Where cells end in the bytes of a string array, the first beginning at 0, and these bytes."""
    _, offsets, data = values.buffers()
    ends = np.frombuffer(offsets, np.int32, count=len(values) + 1, offset=values.offset * 4)
    text = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]] if data is not None else np.empty(0, np.uint8)
    return ends - ends[0], text


def cell_text(value: Any) -> str | None:
    """A typed cell as text: dates as YYYY-MM-DD, whole numbers without a fraction, others with at most 15 significant digits and no exponent."""
    match value:
        case None | str():
            text = value
        case bool():
            text = "1" if value else "0"
        case float():
            text = _number_text(value)
        case Decimal():
            text = f"{value.normalize():f}"
        case datetime():
            text = value.date().isoformat()
        case date():
            text = value.isoformat()
        case _:
            text = str(value)
    return text


def _number_text(value: float) -> str | None:
    if not np.isfinite(value):
        return None
    return f"{Decimal(f'{value or 0.0:.15g}'):f}"  # no minus zero


def is_numeric(value: Any) -> bool:
    """Whether a typed cell holds something else than text, which ruins an identity number."""
    return value is not None and not isinstance(value, str | bytes)
