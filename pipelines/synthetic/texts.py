"""Columns of text, made from arrays of numbers without a loop per row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    Texts: TypeAlias = pa.Array[Any]
else:
    Texts = pa.Array

_compute: Any = pc
"""The compute functions' stubs know neither scalars beside arrays nor arrays made from NumPy."""


def texts(values: Sequence[str | None] | np.ndarray) -> Texts:
    """A column of the given texts; None is null."""
    return pa.array(values, pa.string())


def take(source: Texts, places: np.ndarray, nothing: np.ndarray | None = None) -> Texts:
    """The text at each place; null where `nothing` is true."""
    column: Texts = _compute.take(source, pa.array(places, mask=nothing))
    return column


def join(*parts: Texts | str, between: str = "") -> Texts:
    """Parts put together row by row; null where a part is."""
    column: Texts = _compute.binary_join_element_wise(*parts, between)
    return column


def lines(columns: list[Texts], separator: str) -> Texts:
    """Columns as delimited lines, each with its end; nulls are empty."""
    cells = _compute.binary_join_element_wise(*columns, separator, null_handling="replace", null_replacement="")
    return join(cells, "", between="\r\n")


def choose(where: np.ndarray, yes: Texts | str | None, no: Texts) -> Texts:
    """The one text or the other, row by row."""
    if not where.any():
        return no
    column: Texts = _compute.if_else(pa.array(where), pa.scalar(yes, pa.string()) if yes is None or isinstance(yes, str) else yes, no)
    return column


def whole(values: np.ndarray, nothing: np.ndarray | None = None) -> Texts:
    """Whole numbers as text; null where `nothing` is true."""
    column: Texts = _compute.cast(pa.array(values, mask=nothing), pa.string())
    return column


def padded(column: Texts, width: int) -> Texts:
    """Leading zeros up to a width."""
    column = _compute.utf8_lpad(column, width=width, padding="0")
    return column


def replaced(column: Texts, old: str, new: str) -> Texts:
    """A text in place of another."""
    column = _compute.replace_substring(column, old, new)
    return column


def quoted(column: Texts, separator: str) -> Texts:
    """Cells that hold the separator put into quotation marks."""
    holds = _compute.fill_null(_compute.match_substring(column, separator), False)
    column = _compute.if_else(holds, join('"', column, '"'), column)
    return column


def put(column: Texts, rows: np.ndarray, values: Sequence[str | None]) -> Texts:
    """The column with other values at some rows."""
    if not len(rows):
        return column
    places = np.arange(len(column))
    places[rows] = len(column) + np.arange(len(rows))
    return take(pa.concat_arrays([column, texts(values)]), places)


def named(place: np.ndarray, names: Sequence[str]) -> Texts:
    """A dictionary column: the name at each place."""
    column: Texts = pa.DictionaryArray.from_arrays(pa.array(place.astype(np.int8), pa.int8()), texts(names))
    return column


def content(column: Texts) -> memoryview:
    """The bytes of all texts one after another, UTF-8."""
    buffers: Any = column.buffers()
    offsets = np.frombuffer(buffers[1], np.int32)[column.offset : column.offset + len(column) + 1]
    return memoryview(buffers[2])[int(offsets[0]) : int(offsets[-1])]
