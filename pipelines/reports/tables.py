"""The night's tables for other systems, as Parquet: tokens and masked values only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.identity.numbers import number_of
from pipelines.identity.tokens import Tokens
from pipelines.workspace import atomic_path

FLAGS = (
    "flag_id", "rule", "family", "subject_kind", "subject", "name", "token", "household_dataset", "household_token", "county_code", "township",
    "village", "grade", "state", "checked", "link_basis", "partial", "first_seen", "last_seen", "due_date", "due_provisional", "clause", "action",
    "case_id", "policy_version",
)  # fmt: skip
MISMATCHES = (
    "mismatch_id", "check", "subject", "token", "person", "county_code", "datasets", "detail", "grade", "state", "checked", "first_seen", "last_seen",
    "policy_version",
)  # fmt: skip
LINKS = ("dataset", "file", "line", "token", "link_basis", "probability")
_DATES, _TRUTHS = ("first_seen", "last_seen", "due_date"), ("checked", "partial", "due_provisional")


def write_findings(frame: pd.DataFrame, columns: Sequence[str], target: Path) -> Path:
    """Writes the ledger's masked flags or mismatches (`columns` FLAGS or MISMATCHES) to `target`, which it returns, under one fixed schema."""
    arrays = [pa.array(frame[name].tolist(), _type(name)) for name in columns]
    with atomic_path(target) as beside:
        pq.write_table(pa.Table.from_arrays(arrays, names=list(columns)), beside, compression="zstd")
    return target


def _type(column: str) -> pa.DataType:
    return pa.date32() if column in _DATES else pa.bool_() if column in _TRUTHS else pa.string()


def write_links(links: Path, target: Path, tokens: Tokens) -> Path:
    """Writes the night's links with the person's token in place of the person and without natural keys, which may hold names; returns `target`.

    A person without a valid number bears the token of its first record, in the order of the night's links (identity/links.py).
    """
    rows = pq.read_table(links)
    known: dict[int, str] = {}
    named: list[str] = []
    for person, dataset, key in zip(*(rows[name].to_pylist() for name in ("person", "dataset", "natural_key")), strict=True):
        if person not in known:
            known[person] = tokens.of_number(number_of(person)) if person > 0 else tokens.of_record(dataset, key)
        named.append(known[person])
    named_rows = rows.append_column("token", pa.array(named, pa.string()))
    with atomic_path(target) as beside:
        pq.write_table(named_rows.select(list(LINKS)), beside, compression="zstd")
    return target
