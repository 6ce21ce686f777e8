"""Runs the hand-written night: `python -m benchmarks.floor DATA WORK` reads DATA/inbox and writes WORK/clean and WORK/found.

All the work is in the SQL files beside this one. DuckDB reads neither GB18030 nor workbooks without extensions from the network, so those files are
brought to CSV in UTF-8 here first, by the standard library and python-calamine; it counts as part of the floor.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import python_calamine

BLOCK = 8 << 20
GB18030 = (
    "dibao/dibao_20200731.csv",
    "dibao/dibao_640324_20200731_part1.csv",
    "dibao/dibao_640324_20200731_part2.csv",
    "temporary_assistance/temporary_assistance_20200731.txt",
    "unemployment_benefit/unemployment_benefit_20200731.tsv",
    "migrant_workers/migrant_workers_20200731.csv",
    "disability_certificates/disability_certificates_20200731.csv",
    "poverty_register/poverty_register_20200731.csv",
    "serious_illness/serious_illness_20200731.csv",
)
WORKBOOKS = ("dibao/dibao_640323_20200731.xlsx", "disability_certificates/disability_certificates_640181_20200731.xlsx")
SCRIPTS = ("macros", "clean", "facts", "rules", "checks")


def recode(inbox: Path, text: Path) -> None:
    """GB18030 files and workbooks of the inbox as UTF-8 CSV in `text`; a number in a workbook becomes text in scientific notation."""
    for name in GB18030:
        file = inbox / name
        with file.open(encoding="gb18030", newline="") as source, (text / file.name).open("w", encoding="utf-8", newline="") as target:
            while block := source.read(BLOCK):
                target.write(block)
    for name in WORKBOOKS:
        rows = python_calamine.load_workbook(str(inbox / name)).get_sheet_by_index(0).to_python()
        with (text / Path(name).with_suffix(".csv").name).open("w", encoding="utf-8", newline="") as target:
            csv.writer(target).writerows(_cells(rows))


def _cells(rows: list[list[Any]]) -> Iterator[list[str]]:
    for row in rows:
        yield [cell if isinstance(cell, str) else f"{cell:.5E}" for cell in row]


def main(data: Path, work: Path) -> None:
    """The whole night, with the seconds of each part on the standard output."""
    work.mkdir(parents=True, exist_ok=True)
    for name in ("text", "clean", "found"):
        (work / name).mkdir(exist_ok=True)
    here = Path(__file__).parent
    os.chdir(work)
    inbox = Path("inbox")
    if not inbox.is_symlink():
        inbox.symlink_to(data.resolve() / "inbox")
    begun = time.perf_counter()
    recode(inbox, Path("text"))
    print(f"recode {time.perf_counter() - begun:.2f}")  # noqa: T201  # the benchmark reads it
    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = false")
    for name in SCRIPTS:
        begun = time.perf_counter()
        connection.execute((here / f"{name}.sql").read_text(encoding="utf-8"))
        print(f"{name} {time.perf_counter() - begun:.2f}")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
