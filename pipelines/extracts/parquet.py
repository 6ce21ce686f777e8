"""Reading Parquet deliveries: their typed columns as the text that other formats would hold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import DeliveryError
from pipelines.extracts.cells import Block, Column, cell_text, pc
from pipelines.extracts.grid import Grid
from pipelines.extracts.header import Header, PreviewRow

BLOCK_ROWS = 100_000
_DAMAGE = (pa.ArrowException, OSError, ValueError, MemoryError)  # what a damaged file makes the library raise, names that are no text included
_TEXT_KINDS = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_null,
)


def open_parquet(path: Path) -> list[Grid]:
    """A Parquet file as a grid whose header stands in line 0, so that its first row is line 1.

    Raises DeliveryError when it is damaged, here or while the blocks are read.
    """
    try:
        names = list(pq.ParquetFile(path).schema_arrow.names)
    except _DAMAGE as error:
        raise _damaged() from error
    return [Grid(path.name, [PreviewRow(0, 0, names)], partial(_blocks, path))]


def _damaged() -> DeliveryError:
    return DeliveryError("it is no Parquet file or a damaged one; have it delivered again.")


def _blocks(path: Path, header: Header) -> Iterator[Block]:
    line = 1
    try:
        for batch in pq.ParquetFile(path).iter_batches(BLOCK_ROWS):
            batch.validate(full=True)  # also that its text is text
            columns = batch.columns[: header.width]
            rows = batch.num_rows
            lines = pa.array(range(line, line + rows), pa.int64())
            numeric = {position: pc.is_valid(column) for position, column in enumerate(columns) if not _is_text(column.type)}
            yield Block([_text(column) for column in columns], lines, pa.nulls(rows, pa.string()), numeric)
            line += rows
    except _DAMAGE as error:
        raise _damaged() from error


def _value_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if isinstance(kind, pa.DictionaryType) else kind


def _is_text(kind: pa.DataType) -> bool:
    value = _value_type(kind)
    return any(is_kind(value) for is_kind in _TEXT_KINDS)


def _text(column: Column) -> Column:
    """A column as strings, written as `cell_text` writes them."""
    kind = _value_type(column.type)
    if _is_text(kind) or pa.types.is_integer(kind):
        return column.cast(kind).cast(pa.string())
    if pa.types.is_nested(kind):
        return pa.nulls(len(column), pa.string())  # no cell of a table
    return pa.array([cell_text(value) for value in column.to_pylist()], pa.string())
