"""Runs the night by Polars and DuckDB: `python -m benchmarks.polars_night DATA WORK` reads DATA/inbox and writes what the floor writes.

Polars reads and cleans; over what it cleans run the floor's own facts, rules, checks and evidence, for nothing joins faster here than DuckDB.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import duckdb
import polars as pl

from benchmarks.floor import __main__ as floor
from benchmarks.floor.files import FILES, REQUIRED, File
from benchmarks.polars_night.datasets import DATASETS


def main(data: Path, work: Path) -> None:
    """The whole night; says on the standard output which part begins."""
    for name in ("text", "clean", "quarantine", "warnings", "found"):
        (work / name).mkdir(parents=True, exist_ok=True)
    os.chdir(work)
    Path("inbox").symlink_to(data / "inbox")
    floor.begin("recode")
    floor.recode(Path("inbox"), Path("text"))
    floor.begin("clean")
    for dataset in DATASETS:
        clean(dataset)
    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = false")
    connection.execute(floor.MACROS.read_text(encoding="utf-8"))
    floor.evaluate(connection)


def clean(dataset: str) -> None:
    """One dataset's files to typed rows, quarantine and warnings, each with the lines that they stand on."""
    landed = {name: read(file) for name, file in FILES[dataset].items()}
    missing = pl.coalesce(pl.when(pl.col(column).is_null()).then(pl.lit(column)) for column in REQUIRED[dataset])
    footer = pl.col("county").is_null() & pl.col("id_number").is_null()
    rows = DATASETS[dataset](landed).filter(~footer).with_columns(fault=missing)
    rows.write_parquet(f"clean/{dataset}.parquet", compression="zstd", statistics=True)
    line = pl.col("line").cast(pl.String).str.split("#").list.first().cast(pl.Int64)
    faults = rows.filter(pl.col("fault").is_not_null()).select("file", "fault", place="line", line=line)
    for name, file in FILES[dataset].items():
        faulty = landed[name].join(faults.filter(pl.col("file") == file.name), on="line").sort("line")
        faulty.write_parquet(f"quarantine/{name}.parquet")
    unread = rows.filter(pl.col("fault").is_null(), pl.col("unread") != "").select("file", "line", column=pl.col("unread").str.split(" "))
    unread.explode("column").sort(pl.all()).write_parquet(f"warnings/{dataset}.parquet")


def read(file: File) -> pl.DataFrame:
    """A delivered file as text, with the lines that its rows stand on."""
    if file.path.endswith(".parquet"):
        return pl.read_parquet(file.readable).with_row_index("line", file.first_line).with_columns(pl.col("line").cast(pl.Int64))
    rows = pl.read_csv(
        file.readable, infer_schema=False, skip_lines=file.titles, separator=file.separator, row_index_name="line", row_index_offset=file.first_line
    )
    return rows.with_columns(pl.col("line").cast(pl.Int64))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
