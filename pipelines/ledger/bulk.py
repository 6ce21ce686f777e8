"""Bulk transport between Arrow and PostgreSQL: COPY of CSV that Arrow writes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
from sqlalchemy import Connection

_CHUNK = 50_000
_OPTIONS = pacsv.WriteOptions(include_header=False)


def copy(connection: Connection, target: str, table: pa.Table) -> None:
    """Appends `table` to the table `target`, column by column of the same names. Bytes are given as text, `\\x` and hexadecimal digits."""
    columns = ", ".join(f'"{name}"' for name in table.column_names)
    raw = connection.connection.driver_connection
    assert raw is not None
    with raw.cursor().copy(f"COPY {target} ({columns}) FROM STDIN (FORMAT csv)") as stream:
        for start in range(0, table.num_rows, _CHUNK):
            buffer = io.BytesIO()
            pacsv.write_csv(table.slice(start, _CHUNK), buffer, _OPTIONS)
            stream.write(buffer.getbuffer())


def hexadecimal(values: Sequence[bytes | None]) -> pa.Array[Any]:
    """Bytes as the text that PostgreSQL reads as bytea."""
    return pa.array([None if value is None else "\\x" + value.hex() for value in values], pa.string())
