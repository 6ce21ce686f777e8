"""The million with recordlinkage as its documentation goes: several narrow blocks, exact and edited comparisons, the ECM classifier.

It is given the same columns and blocks as Splink. Its comparisons know two levels each, so a number is
compared twice: nearly equal, and its end.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import recordlinkage

from benchmarks.linkage.blocks import BLOCKED
from benchmarks.linkage.febrl_recordlinkage import classified
from benchmarks.linkage.trial import ID, files, trial

EXACT = ("name", "reading", "birth_date", "sex", "township", "village", "phone")
NEARLY = 1 - 2 / 18
"""Two edits in a number of 18 characters."""


def link(folder: Path) -> pa.Table:
    """The pairs found."""
    left, right = (_prepared(path) for path in files(folder))
    pairs = recordlinkage.Index([recordlinkage.index.Block(list(columns)) for columns in BLOCKED]).index(left, right)
    comparer = recordlinkage.Compare()
    for name in EXACT:
        comparer.exact(name, name, label=name)
    comparer.string("id_number", "id_number", method="levenshtein", threshold=NEARLY, label="id_number")
    comparer.exact("tail", "tail", label="tail")
    return classified(comparer.compute(pairs, left, right))


def _prepared(path: Path) -> pd.DataFrame:
    rows = pd.read_parquet(path).set_index(ID)
    number = rows["id_number"]
    rows["prefix"] = number.str[:14].where(number.str.match(r"[0-9]{14}", na=False))
    rows["tail"] = number.str[-4:].where(number.str.match(r".*[0-9]{3}[0-9X]$", na=False))
    rows["id_number"] = number.where(~number.str.contains("E", na=False))
    return rows


if __name__ == "__main__":
    trial(link, ["recordlinkage", "pandas"])
