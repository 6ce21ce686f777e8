"""FEBRL with recordlinkage as its documentation goes: blocks, Jaro-Winkler at 0.85 for words, equality for the rest, the ECM classifier."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import recordlinkage

from benchmarks.linkage.trial import ID, LIKELY, files, trial

WORDS = ("given_name", "surname", "address_1", "suburb")
NUMBERS = ("street_number", "postcode", "state", "date_of_birth")


def link(folder: Path) -> pa.Table:
    """The pairs found."""
    tables = [pd.read_parquet(path).set_index(ID) for path in files(folder)]
    index = recordlinkage.Index()
    for name in ("given_name", "surname", "date_of_birth", "postcode"):
        index.block(name)
    comparer = recordlinkage.Compare()
    for name in WORDS:
        comparer.string(name, name, method="jarowinkler", threshold=0.85, label=name)
    for name in NUMBERS:
        comparer.exact(name, name, label=name)
    vectors = comparer.compute(index.index(*tables), *tables)
    return classified(vectors)


def classified(vectors: pd.DataFrame) -> pa.Table:
    """The pairs of comparison vectors that the ECM classifier, not told who is who, takes for one person."""
    classifier = recordlinkage.ECMClassifier()
    classifier.fit(vectors)
    chance = classifier.prob(vectors)
    found = chance.index[chance >= LIKELY]
    return pa.table({"one": list(found.get_level_values(0)), "other": list(found.get_level_values(1)), "score": np.asarray(chance.loc[found])})


if __name__ == "__main__":
    trial(link, ["recordlinkage", "pandas"])
