"""The engine behind Ibis: opening it, reading and writing Parquet."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import ibis
import ibis.expr.types as ir

from pipelines.errors import SettingsError
from pipelines.workspace import atomic_path


class Engine:
    """One open engine. Tables it gives are lazy Ibis expressions of this connection.

    `kind` is `duckdb` or `spark`. `scratch` is a folder where DuckDB may spill.
    """

    def __init__(self, connection: ibis.BaseBackend, kind: str) -> None:
        self.connection = connection
        self.kind = kind

    def read(self, paths: Iterable[Path]) -> ir.Table:
        """The rows of Parquet files that share one schema, as a lazy table."""
        names = [str(path) for path in sorted(paths)]
        return self.connection.read_parquet(names)

    def write(self, table: ir.Table, target: Path, order_by: Iterable[str] = ()) -> Path:
        """Writes `table`, ordered, to one Parquet file at `target`, atomically; returns `target`."""
        ordered = table.order_by(list(order_by)) if order_by else table
        with atomic_path(target) as beside:
            self.connection.to_parquet(ordered, beside, compression="zstd")
        return target

    def close(self) -> None:
        """Ends the engine and frees its memory."""
        self.connection.disconnect()


def open_engine(name: str = "duckdb", *, memory: str = "", threads: int = 0, scratch: Path | None = None) -> Engine:
    """An engine by its name: `duckdb`, or a Spark master such as `spark://host:7077`.

    Raises SettingsError for any other name.
    """
    if name == "duckdb":
        connection = ibis.duckdb.connect()
        if memory:
            connection.raw_sql(f"SET memory_limit='{memory}'")
        if threads:
            connection.raw_sql(f"SET threads={threads}")
        if scratch is not None:
            scratch.mkdir(parents=True, exist_ok=True)
            connection.raw_sql(f"SET temp_directory='{scratch}'")
        connection.raw_sql("SET preserve_insertion_order=false")
        return Engine(connection, "duckdb")
    raise SettingsError(f"The engine {name!r} is not known; use duckdb or spark://host:port.")
