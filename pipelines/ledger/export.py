"""Exports of a night: flags, mismatches, links and coverage as CSV, Parquet or a workbook (outputs.md, "The command line").

Revealed CSV is the machine interface and has its columns and no others. Everything else holds what people look for too; masked unless revealed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
from stdnum.iso7064 import mod_11_2

from pipelines.errors import LedgerError, SettingsError
from pipelines.ledger import queries, states
from pipelines.ledger.access_log import Reveal
from pipelines.ledger.database import Ledger
from pipelines.workspace import Workspace, atomic_path

FLAG_COLUMNS = ("rule", "subject", "county_code", "township", "grade", "state", "link_basis", "first_seen", "due_date")
MISMATCH_COLUMNS = ("check", "subject", "county_code", "datasets", "state")
FORMATS = ("csv", "parquet", "xlsx")
_MORE_FLAG = ("flag_id", *FLAG_COLUMNS, "name", "village", "checked", "last_seen", "partial", "clause", "case_id", "policy_version")
_MORE_MISMATCH = ("mismatch_id", *MISMATCH_COLUMNS, "detail", "grade", "checked", "first_seen", "last_seen", "policy_version")
_TYPES: dict[str, pa.DataType] = {
    **dict.fromkeys(("first_seen", "last_seen", "due_date", "snapshot"), pa.date32()),
    **dict.fromkeys(("checked", "partial", "fresh", "passed", "covered", "complete", "late"), pa.bool_()),
    **dict.fromkeys(("age_days", "rows", "quarantined"), pa.int64()),
    "probability": pa.float64(),
}
_XLSX_ROWS = 1_048_575


def flags_frame(ledger: Ledger, as_of: date, *, all_states: bool = False, reveal: Reveal | None = None, machine: bool = False) -> pd.DataFrame:
    """The flags of a night for an export, sorted by rule, subject and county; `machine` keeps the columns of the machine interface."""
    frame = queries.flags(ledger, as_of, wanted=states.STATES if all_states else states.WAITING, reveal=reveal).rename(columns={"due": "due_date"})
    return frame[list(FLAG_COLUMNS if machine else _MORE_FLAG)].sort_values(["rule", "subject", "county_code"], kind="stable", ignore_index=True)


def mismatches_frame(ledger: Ledger, as_of: date, *, all_states: bool = False, reveal: Reveal | None = None, machine: bool = False) -> pd.DataFrame:
    """As `flags_frame`, for mismatches."""
    frame = queries.mismatches(ledger, as_of, wanted=states.STATES if all_states else states.WAITING, reveal=reveal)
    columns = list(MISMATCH_COLUMNS if machine else _MORE_MISMATCH)
    return frame[columns].sort_values(["check", "subject", "county_code"], kind="stable", ignore_index=True)


def links_frame(workspace: Workspace, as_of: date, datasets: Sequence[str], *, reveal: Reveal | None = None) -> pd.DataFrame:
    """Whom every record without a valid ID number links to: `dataset`, `file`, `line`, `subject`, `link_basis`, `probability`.

    `datasets` in the order of the contracts, which says what a person's first record is. Raises LedgerError for a night that was not linked.
    """
    path = workspace.night(as_of) / "links.parquet"
    if not path.is_file():
        raise LedgerError(f"The night of {as_of} has no links.parquet; run doudi run --as-of {as_of} first.")
    frame = pq.read_table(path, columns=["dataset", "file", "line", "person", "link_basis", "probability"]).to_pandas()
    parts = frame["line"].str.extract(r"^(\d+)(?:#(\d+))?$")
    frame["_rank"] = frame["dataset"].map({name: rank for rank, name in enumerate(datasets)})
    frame["_line"], frame["_member"] = pd.to_numeric(parts[0]), pd.to_numeric(parts[1]).fillna(0)
    frame = frame.sort_values(["_rank", "file", "_line", "_member"], kind="stable", ignore_index=True)
    record = "record:" + frame["dataset"] + ":" + frame["file"] + ":" + frame["line"]
    first = record.groupby(frame["person"]).transform("first") if len(frame) else record
    subjects = [_subject(int(person), own) for person, own in zip(frame["person"], first, strict=True)]
    frame["subject"] = subjects if reveal else [queries.mask_subject(subject) for subject in subjects]
    return frame[["dataset", "file", "line", "subject", "link_basis", "probability"]]


def write(frame: pd.DataFrame, target: Path, fmt: str) -> Path:
    """Writes a frame as `fmt` (csv in UTF-8, parquet, xlsx), atomically, dates as YYYY-MM-DD.

    Raises SettingsError for another format, or a workbook of more rows than a sheet holds.
    """
    if fmt not in FORMATS:
        raise SettingsError(f"{fmt} is no format of exports; choose {', '.join(FORMATS)}.")
    with atomic_path(target) as beside:
        if fmt == "csv":
            frame.to_csv(beside, index=False, encoding="utf-8", lineterminator="\n")
        elif fmt == "parquet":
            columns = {name: pa.array(list(frame[name]), _TYPES.get(name, pa.string()), from_pandas=True) for name in frame.columns}
            pq.write_table(pa.table(columns), beside, compression="zstd")
        else:
            _workbook(frame, beside)
    return target


def _workbook(frame: pd.DataFrame, target: Path) -> None:
    if len(frame) > _XLSX_ROWS:
        raise SettingsError(f"The export has {len(frame)} rows, more than a sheet holds; choose csv or parquet.")
    texts_stay = dict.fromkeys(("strings_to_formulas", "strings_to_urls", "strings_to_numbers"), False)
    with xlsxwriter.Workbook(str(target), {**texts_stay, "constant_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        page = book.add_worksheet("doudi")
        page.freeze_panes(1, 0)
        page.set_column(0, len(frame.columns) - 1, 18)
        page.autofilter(0, 0, len(frame), len(frame.columns) - 1)
        page.write_row(0, 0, frame.columns, book.add_format({"bold": True}))
        for number, row in enumerate(frame.itertuples(index=False), 1):
            for column, value in enumerate(row):
                if not pd.isna(value):
                    page.write(number, column, value)


def _subject(person: int, record: str) -> str:
    digits = str(person)
    return f"person:{digits}{mod_11_2.calc_check_digit(digits)}" if person > 0 else record
