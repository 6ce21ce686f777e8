"""Bulk transport from Arrow into PostgreSQL: COPY in its binary format, which takes the server the least work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from pgpq import ArrowToPostgresBinaryEncoder
from pgpq.encoders import StringEncoderBuilder
from pgpq.schema import Jsonb
from sqlalchemy import Connection, text

_CHUNK = 20_000
_JSONB = "jsonb"
_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(), _JSONB: pa.string(), "bytea": pa.binary(), "date": pa.date32(), "bool": pa.bool_(), "int2": pa.int16(), "int4": pa.int32(),
    "int8": pa.int64(), "float8": pa.float64(),
}  # fmt: skip
_Item = TypeVar("_Item")


def copy(connection: Connection, target: str, table: pa.Table) -> None:
    """Appends `table` to the table `target`, column by column of the same names. Dates may be given as numbers yyyymmdd."""
    copy_parts(connection, target, table.column_names, [table])


def copy_parts(connection: Connection, target: str, columns: Sequence[str], parts: Iterable[pa.Table]) -> None:
    """As `copy`, for a table in parts, which are made while the server takes in those before them."""
    kinds = _kinds(connection, target)
    schema = pa.schema([(name, _TYPES[kinds[name]]) for name in columns])
    encoder = ArrowToPostgresBinaryEncoder.new_with_encoders(schema, {field.name: _encoder(field, kinds[field.name]) for field in schema})
    pieces = (part.slice(start, _CHUNK) for part in parts for start in range(0, part.num_rows, _CHUNK))
    rows = (encoder.write_batch(_batch(piece, schema)) for piece in pieces)
    raw = connection.connection.driver_connection
    assert raw is not None
    names = ", ".join(f'"{name}"' for name in columns)
    with raw.cursor().copy(f"COPY {target} ({names}) FROM STDIN (FORMAT binary)") as stream:
        stream.write(encoder.write_header())
        for some in _ahead(rows):
            stream.write(some)
        stream.write(encoder.finish())


def _kinds(connection: Connection, target: str) -> dict[str, str]:
    """The type of every column."""
    told = """SELECT attname, typname FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
        WHERE attrelid = CAST(:target AS regclass) AND attnum > 0 AND NOT attisdropped"""
    return {row.attname: row.typname for row in connection.execute(text(told), {"target": target})}


def _encoder(field: pa.Field[Any], kind: str) -> Any:
    return StringEncoderBuilder.new_with_output(field, Jsonb()) if kind == _JSONB else ArrowToPostgresBinaryEncoder.infer_encoder(field)


def _batch(piece: pa.Table, schema: pa.Schema) -> pa.RecordBatch:
    """The columns of `schema` in one batch."""
    columns: list[Any] = [piece[field.name].combine_chunks() for field in schema]
    typed = [_dates(column) if pa.types.is_date(field.type) else column for column, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays([column.cast(field.type) for column, field in zip(typed, schema, strict=True)], schema=schema)


def _dates(values: Any) -> Any:
    """Dates, also those that are given as numbers."""
    if not pa.types.is_integer(values.type):
        return values
    coded = values.dictionary_encode()
    return pc.strptime(coded.dictionary.cast(pa.string()), format="%Y%m%d", unit="s").cast(pa.date32()).take(coded.indices)


def _ahead(items: Iterable[_Item]) -> Iterator[_Item]:
    """The items, each made in a thread while the one before it is used."""
    each = ([item] for item in items)
    with ThreadPoolExecutor(1) as thread:
        following = thread.submit(next, each, None)
        while (found := following.result()) is not None:
            following = thread.submit(next, each, None)
            yield found[0]
