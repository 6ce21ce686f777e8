"""A little inbox to land from, and its rows as people would write them."""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import xlwt

from pipelines.contracts import load_contracts
from pipelines.extracts.land import Landing, land
from pipelines.policy import load_policy
from pipelines.workspace import DEFAULT_POLICY, PROJECT, Workspace

CONTRACTS = load_contracts(PROJECT / "schemas")
REGION = load_policy(DEFAULT_POLICY).region
AS_OF = date(2020, 7, 31)
HEADER = ["家庭编号", "姓名", "身份证号", "救助类型", "起始保障年月"]
ROWS = [["F1", "马·明", "64019919900101001X", "农村低保", "202001"], ["F2", "李秀英", "640199195505050024", "02", "201912"]]
COUNTY_FILE = "dibao_640323_20200731.csv"

Cells = Sequence[Sequence[Any]]


class Inbox:
    """A workspace whose inbox holds what a test delivers."""

    def __init__(self, root: Path, dataset: str = "dibao") -> None:
        self.workspace = Workspace(root)
        self.dataset = dataset
        self.folder = self.workspace.inbox / dataset
        self.folder.mkdir(parents=True)

    def deliver(self, name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    def land(self, as_of: date = AS_OF) -> dict[str, Landing]:
        return {landing.file: landing for landing in land(self.workspace, CONTRACTS[self.dataset], as_of, REGION)}

    def land_one(self, name: str, content: str | bytes, encoding: str = "utf-8") -> Landing:
        self.deliver(name, content, encoding)
        return self.land()[name]

    def refusal(self, name: str, content: str | bytes) -> str:
        landing = self.land_one(name, content)
        assert landing.status == "refused"
        assert landing.landed_path is None
        assert landing.error
        assert landing.error.startswith(f"{self.dataset}/{name} is refused: ")
        return landing.error


def rows_of(landing: Landing, *names: str) -> list[tuple[Any, ...]]:
    """Chosen columns of the landed rows, and `line` as people cite it."""
    assert landing.status == "landed", landing.error
    assert landing.landed_path
    rows = pq.read_table(landing.landed_path).to_pylist()
    assert len(rows) == landing.rows
    for row in rows:
        row["line"] = f"{row['line_no']}#{row['member_no']}" if row["member_no"] else f"{row['line_no']}"
    return [tuple(row[name] for name in names) for row in rows]


def csv_text(rows: Cells, delimiter: str = ",") -> str:
    return "".join(delimiter.join(str(cell) for cell in row) + "\n" for row in rows)


def xlsx(rows: Cells, merged: Sequence[str] = ()) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    for cells in merged:
        sheet.merge_cells(cells)
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def xls(rows: Cells) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet1")
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            sheet.write(row, column, cell)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def parquet(rows: Cells) -> bytes:
    header, *body = rows
    stream = io.BytesIO()
    pq.write_table(pa.table({str(name): [row[position] for row in body] for position, name in enumerate(header)}), stream)
    return stream.getvalue()


def gzipped(text: str, encoding: str = "utf-8") -> bytes:
    return gzip.compress(text.encode(encoding), mtime=0)
