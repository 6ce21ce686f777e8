"""Reading delimited text in blocks, with the line of every row, in memory that does not grow with the file.

A block is parsed by Arrow. Where that is not plainly one row a line (a quoted line break, too few or too many cells) the block is parsed again row by
row, which knows exact lines. Blocks may be cut and recoded as bytes, because no byte of a GB18030 character is a line feed, comma, tab or quote.
"""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from pipelines.errors import DeliveryError
from pipelines.extracts.cells import OPEN_QUOTE, TOO_MANY_CELLS, Block, Column, block_of_rows
from pipelines.extracts.files import too_big
from pipelines.extracts.grid import Grid
from pipelines.extracts.header import TITLE_ROWS, Header, PreviewRow

UTF8, GB18030 = "utf-8", "gb18030"
DELIMITERS = (",", "\t")
BLOCK_BYTES = 8 << 20
LONGEST_LINE = 32 << 20
LONGEST_RECORD = 50  # lines; a quote open for longer was never meant as one
_PREVIEW_LINES = 200
_CHINESE_BY_CHANCE = 3  # Chinese characters that GB18030 may show when read as UTF-8
_OPEN = "unexpected end of data"  # how Python's strict reader calls a quote that is open at the end
_UTF8_MARK = b"\xef\xbb\xbf"
_LONE_RETURN = re.compile(rb"\r(?!\n)")


def open_text(path: Path, gzipped: bool, encoding: str, max_bytes: int) -> list[Grid]:
    """A text file as one grid per delimiter that it may use.

    Raises UnicodeDecodeError when a byte does not fit the encoding, here or while the blocks are read; DeliveryError when the file is no text,
    is damaged, or unpacks to more than `max_bytes`.
    """
    first = next(_lines(path, gzipped, max_bytes), None)
    if first is None:
        return []
    lines = [f"{line}\n" for line in first[1].decode(encoding).split("\n")[:_PREVIEW_LINES]]
    return [
        Grid(
            title="",
            preview=_preview(lines, delimiter),
            blocks=partial(_blocks, path, gzipped, encoding, max_bytes, delimiter),
        )
        for delimiter in DELIMITERS
    ]


def _preview(lines: list[str], delimiter: str) -> list[PreviewRow]:
    rows: list[PreviewRow] = []
    reader = csv.reader(lines, delimiter=delimiter)
    first_line = 1
    for cells in _until_damage(reader):
        if any(cell.strip() for cell in cells):
            rows.append(PreviewRow(first_line, reader.line_num, cells))
        if len(rows) > TITLE_ROWS + 1:
            break
        first_line = reader.line_num + 1
    return rows


def _lines(path: Path, gzipped: bool, max_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Blocks of whole lines as bytes, each with the number of its first line; lines end in a line feed."""
    try:
        with gzip.open(path) if gzipped else path.open("rb") as stream:
            yield from _whole_lines(stream, max_bytes)  # type: ignore[arg-type]  # both are binary streams
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DeliveryError("it is damaged or cut off (gzip); have it delivered again.") from error


def _whole_lines(stream: BinaryIO, max_bytes: int) -> Iterator[tuple[int, bytes]]:
    number, rest, total = 1, b"", 0
    returns_only = False
    while chunk := stream.read(BLOCK_BYTES):
        if total == 0:
            chunk = chunk.removeprefix(_UTF8_MARK)
            returns_only = b"\r" in chunk and b"\n" not in chunk
        total += len(chunk)
        if total > max_bytes:
            raise too_big(max_bytes)
        if b"\0" in chunk:
            raise DeliveryError("it is no text in UTF-8 or GB18030 (it holds zero bytes, as UTF-16 or a binary file does); save it as UTF-8.")
        if returns_only:
            chunk = chunk.replace(b"\r", b"\n")
        data = rest + chunk
        cut = data.rfind(b"\n") + 1
        rest = data[cut:]
        if len(rest) > LONGEST_LINE:
            last = number + data.count(b"\n", 0, cut) - 1
            raise DeliveryError(f"what follows its line {last} has more than {LONGEST_LINE} bytes without a line break; it is no table of text.")
        if cut:
            yield number, data[:cut]
            number += data.count(b"\n", 0, cut)
    if rest:
        yield number, rest + b"\n"


def _blocks(path: Path, gzipped: bool, encoding: str, max_bytes: int, delimiter: str, header: Header) -> Iterator[Block]:
    skip, waiting = header.row.last_line, b""
    chinese = not "".join(header.row.cells).isascii()  # whether such characters were read already
    for number, data in _lines(path, gzipped, max_bytes):
        below = data.split(b"\n", skip)[skip] if skip else data
        text = _decoded(below, encoding, chinese)  # also the proof that it is in this encoding
        chinese = chinese or not text.isascii()
        utf8 = waiting + _LONE_RETURN.sub(b" ", below if encoding == UTF8 else text.encode())
        first_line = number + skip - waiting.count(b"\n")
        skip, waiting = 0, b""
        block = _arrow_block(utf8, first_line, delimiter, header.width)
        if block is None:
            block, waiting = _exact_block(utf8, first_line, delimiter, header.width, last=False)
        yield block
        last_line = number + data.count(b"\n")
    if waiting:
        yield _exact_block(waiting, last_line - waiting.count(b"\n"), delimiter, header.width, last=True)[0]


def _decoded(data: bytes, encoding: str, chinese: bool) -> str:
    """`data` as text. Where Chinese was read as UTF-8 before, a stray byte is damage, not another encoding: as GB18030 all names would be garbled."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding)
        if encoding == UTF8 and (chinese or sum("\u4e00" <= char <= "\u9fff" for char in before[-1000:]) > _CHINESE_BY_CHANCE):
            raise DeliveryError("it is in UTF-8 but damaged or cut off within a character; have it delivered again.") from error
        raise


def _arrow_block(data: bytes, first_line: int, delimiter: str, width: int) -> Block | None:
    """The rows of a block where each is plainly one line with as many cells as the header, else None."""
    lines = data.count(b"\n")
    if lines == 0 or data.count(b'"') % 2:
        return None
    names = [str(position) for position in range(width)]
    try:
        table = pa_csv.read_csv(
            BytesIO(data),
            read_options=pa_csv.ReadOptions(column_names=names, block_size=len(data) + 1),
            parse_options=pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=False, ignore_empty_lines=False),
            convert_options=pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False),
        )
    except pa.ArrowInvalid:
        return None
    if table.num_rows != lines:
        return None
    columns: list[Column] = [column.combine_chunks() for column in table.columns]
    if any(column[-1].as_py().endswith("\n") for column in columns):
        return None  # a quote is open at the end
    return Block(columns, pa.array(np.arange(first_line, first_line + lines)), pa.nulls(lines, pa.string()))


def _exact_block(data: bytes, first_line: int, delimiter: str, width: int, last: bool) -> tuple[Block, bytes]:
    """The rows of a block by Python's parser, and the lines that must wait for the next block because a quote is still open in them."""
    lines = [f"{line}\n" for line in data.decode().removesuffix("\n").split("\n")]
    rows: list[list[str | None]] = []
    numbers: list[int] = []
    problems: list[str | None] = []
    waiting = b""
    for start, cells, problem in _records(lines, delimiter, width, last):
        if cells is None:
            waiting = "".join(lines[start:]).encode()
        else:
            rows.append([*cells])
            numbers.append(first_line + start)
            problems.append(problem)
    return block_of_rows(rows, numbers, problems, width), waiting


def _records(lines: list[str], delimiter: str, width: int, last: bool) -> Iterator[tuple[int, list[str] | None, str | None]]:
    """Rows as (index of the first line, cells, what is wrong with its form); cells are None where an open quote needs the lines that follow.

    A quote that is closed too late, or not where the row would be complete, was not meant as one: its line alone is a damaged row, and reading goes
    on below it, so that no row disappears into a cell.
    """
    start = 0
    while start < len(lines):
        base = start
        reader = csv.reader((lines[index] for index in range(base, len(lines))), delimiter=delimiter)
        for cells in _until_damage(reader):
            end = base + reader.line_num
            surplus = any(cell.strip() for cell in cells[width:])
            spans = end - start > 1
            fault = _fault(lines[start:end], delimiter) if spans or end == len(lines) else ""
            if fault == _OPEN and not last and end - start <= LONGEST_RECORD:
                yield start, None, None
                return
            if fault == _OPEN or (spans and (fault or surplus or len(cells) < width or end - start > LONGEST_RECORD)):
                break
            yield start, cells, TOO_MANY_CELLS if surplus else None
            start = end
        if start < len(lines):
            yield start, lines[start].rstrip("\r\n").split(delimiter), OPEN_QUOTE
            start += 1


def _until_damage(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    with suppress(csv.Error):  # a cell beyond Python's limit: a quote that never closes
        yield from reader


def _fault(lines: list[str], delimiter: str) -> str:
    """What a strict reader finds wrong with a row's quotes; empty for nothing."""
    try:
        for _ in csv.reader(lines, delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return str(error)
    return ""
