"""Runs the hand-written night: `python -m benchmarks.floor DATA WORK` reads DATA/inbox and writes WORK/clean, quarantine, warnings and found.

All the work is in the SQL files beside this one. DuckDB reads neither GB18030 nor workbooks without extensions from the network, so those files are
brought to CSV in UTF-8 here first, by the standard library and python-calamine; it counts as part of the floor.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import python_calamine

from benchmarks.floor.files import FILES, REQUIRED

BLOCK = 8 << 20
HERE = Path(__file__).parent
MACROS = HERE / "macros.sql"
LINE = "split_part(line::VARCHAR, '#', 1)::BIGINT"
NO_FOOTER = "(county IS NOT NULL OR id_number IS NOT NULL)"
SCRIPTS = ("facts", "rules", "checks", "evidence")


def main(data: Path, work: Path) -> None:
    """The whole night; says on the standard output which part begins."""
    for name in ("text", "clean", "quarantine", "warnings", "found"):
        (work / name).mkdir(parents=True, exist_ok=True)
    os.chdir(work)
    Path("inbox").symlink_to(data / "inbox")
    begin("recode")
    recode(Path("inbox"), Path("text"))
    begin("clean")
    connection = duckdb.connect()
    connection.execute(MACROS.read_text(encoding="utf-8"))
    for dataset in FILES:
        clean(connection, dataset)
    evaluate(connection)


def recode(inbox: Path, text: Path) -> None:
    """GB18030 files and workbooks of the inbox as UTF-8 CSV in `text`; a number in a workbook becomes text in scientific notation."""
    for file in (file for files in FILES.values() for file in files.values()):
        source, target = inbox / file.path, text / Path(file.path).name
        if file.path.endswith(".xlsx"):
            rows = python_calamine.load_workbook(str(source)).get_sheet_by_index(0).to_python()
            with target.with_suffix(".csv").open("w", encoding="utf-8", newline="") as out:
                csv.writer(out).writerows(_cells(rows))
        elif file.gb18030:
            with source.open(encoding="gb18030", newline="") as read, target.open("w", encoding="utf-8", newline="") as out:
                while block := read.read(BLOCK):
                    out.write(block)


def _cells(rows: list[list[Any]]) -> Iterator[list[str]]:
    for row in rows:
        yield [cell if isinstance(cell, str) else f"{cell:.5E}" for cell in row]


def clean(connection: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """One dataset's files to typed rows, quarantine and warnings, each with the lines that they stand on.

    What is read becomes a table first, whose rows are numbered as they stood, and which all cores then work on, as a gzipped file is not.
    """
    connection.execute("SET preserve_insertion_order = true")
    for name, file in FILES[dataset].items():
        connection.execute(f"CREATE OR REPLACE TEMP TABLE landed_{name} AS FROM {file.reader}")
        connection.execute(f"CREATE OR REPLACE TEMP VIEW text_{name} AS SELECT rowid + {file.first_line} AS line, * FROM landed_{name}")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute((HERE / "clean" / f"{dataset}.sql").read_text(encoding="utf-8"))
    faults = " ".join(f"WHEN {column} IS NULL THEN '{column}'" for column in REQUIRED[dataset])
    rows = f"SELECT *, CASE {faults} END AS fault FROM numbered WHERE {NO_FOOTER}"
    connection.execute(f"COPY ({rows}) TO 'clean/{dataset}.parquet' (COMPRESSION zstd)")
    keep_faults(connection, dataset)
    for name in FILES[dataset]:
        connection.execute(f"DROP TABLE landed_{name}")


def keep_faults(connection: duckdb.DuckDBPyConnection, dataset: str) -> None:
    """The delivered rows that lack a required value, with the line and the column; and the lines of values that could not be read."""
    rows = f"FROM 'clean/{dataset}.parquet'"
    for name, file in FILES[dataset].items():
        faulty = f"SELECT line AS place, {LINE} AS line, fault {rows} WHERE fault IS NOT NULL AND file = '{file.name}'"
        found = f"SELECT '{file.name}' AS file, * FROM ({faulty}) JOIN text_{name} USING (line) ORDER BY line"
        connection.execute(f"COPY ({found}) TO 'quarantine/{name}.parquet'")
    unread = f"SELECT file, line, unnest(string_split(unread, ' ')) AS \"column\" {rows} WHERE fault IS NULL AND unread <> '' ORDER BY ALL"
    connection.execute(f"COPY ({unread}) TO 'warnings/{dataset}.parquet'")


def evaluate(connection: duckdb.DuckDBPyConnection) -> None:
    """Facts, rules, checks and evidence over clean/."""
    for name in SCRIPTS:
        begin(name)
        connection.execute((HERE / f"{name}.sql").read_text(encoding="utf-8"))


def begin(part: str) -> None:
    """Says that a part begins."""
    print(f"part: {part}", flush=True)  # noqa: T201  # the benchmark reads it


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
