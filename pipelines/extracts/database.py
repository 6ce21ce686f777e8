"""Pulling a dataset from a department's database: the result of a query becomes a delivery in the inbox like any other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from pipelines.contracts import Contract
from pipelines.errors import ContractError, DeliveryError, SettingsError
from pipelines.extracts.cells import cell_text
from pipelines.workspace import Workspace, atomic_path

BATCH_ROWS = 50_000


def pull(workspace: Workspace, contract: Contract, url: str, snapshot: date) -> Path:
    """Runs the contract's query on the database at a SQLAlchemy `url` and writes its rows as the dataset's region-wide Parquet delivery dated
    `snapshot`; returns its path.

    Columns are named as a file's headers would be; values become text as in other formats, exactly, because a database rounds no whole number.
    The rows stream in batches. Raises ContractError when the contract names no database, SettingsError for a URL that cannot be used, DeliveryError
    when the database cannot be reached or refuses the query; none repeats the URL, which may hold a password, nor a value.
    """
    if contract.source is None:
        raise ContractError(f"{contract.dataset} is not pulled from a database; name connection and query under servers in its contract.")
    target = workspace.inbox / contract.dataset / f"{contract.dataset}_{snapshot:%Y%m%d}.parquet"
    try:
        engine = create_engine(url)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise SettingsError(f"The connection for {contract.dataset} is no usable database URL; write it as dialect://user@host/name.") from error
    try:
        with engine.connect().execution_options(stream_results=True, max_row_buffer=BATCH_ROWS) as connection:
            result = connection.execute(text(contract.source.query))
            names = list(result.keys())
            schema = pa.schema([(name, pa.string()) for name in names])
            with atomic_path(target) as beside, pq.ParquetWriter(beside, schema, compression="zstd") as writer:
                while rows := result.fetchmany(BATCH_ROWS):
                    writer.write_batch(_batch(rows, schema))
    except SQLAlchemyError as error:
        kind = type(error).__name__
        raise DeliveryError(f"The query for {contract.dataset} failed ({kind}); check its connection and statement, then pull again.") from error
    finally:
        engine.dispose()
    return target


def _batch(rows: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.RecordBatch:
    columns = [pa.array([cell_text(row[position]) for row in rows], pa.string()) for position in range(len(schema))]
    return pa.record_batch(columns, schema=schema)
