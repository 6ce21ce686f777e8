"""`links.parquet` for other systems: who each record without a valid ID number is, as tokens."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from stdnum.iso7064 import mod_11_2

from pipelines.identity.tokens import Tokens
from pipelines.workspace import atomic_path

COLUMNS = ["dataset", "file", "line", "token", "link_basis", "probability"]


def write_links(links: Path, target: Path, tokens: Tokens) -> Path:
    """Writes the night's links with the person's token in place of the person and without natural keys, which may hold names; returns `target`.

    A person without a valid number bears the token of its first record, in the order of the night's links (identity/links.py).
    """
    rows = pq.read_table(links)
    known: dict[int, str] = {}
    named: list[str] = []
    for person, dataset, key in zip(*(rows[name].to_pylist() for name in ("person", "dataset", "natural_key")), strict=True):
        if person not in known:
            known[person] = tokens.of_number(_number(person)) if person > 0 else tokens.of_record(dataset, key)
        named.append(known[person])
    named_rows = rows.append_column("token", pa.array(named, pa.string()))
    with atomic_path(target) as beside:
        pq.write_table(named_rows.select(COLUMNS), beside, compression="zstd")
    return target


def _number(person: int) -> str:
    """The 18 characters of a person known by 17 digits (GB 11643)."""
    digits = f"{person:017d}"
    return digits + mod_11_2.calc_check_digit(digits)
