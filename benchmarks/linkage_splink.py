"""Splink on FEBRL, run by benchmarks.linkage with a Python that has Splink 5: reads `left.parquet` and perhaps `right.parquet` of each folder named,
writes the pairs found (`one`, `other`) and the seconds taken to `found.json` there. Configured as Splink's own example for these sets.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq


def linked(folder: Path) -> dict[str, Any]:
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    files = [path for path in (folder / "left.parquet", folder / "right.parquet") if path.exists()]
    begun = time.monotonic()
    database = DuckDBAPI()
    tables = [database.register(pq.read_table(path), dataset_display_name=f"{path.stem}_file") for path in files]
    rules = [block_on(*columns) for columns in (
        ["given_name", "surname"], ["date_of_birth"], ["postcode", "surname"], ["postcode", "given_name"], ["suburb", "surname"],
        ["suburb", "given_name"], ["address_1", "street_number"], ["postcode", "street_number"],
    )]  # fmt: skip
    settings = SettingsCreator(
        link_type="link_only" if len(files) > 1 else "dedupe_only",
        unique_id_column_name="rec_id",
        comparisons=[
            cl.NameComparison("given_name"), cl.NameComparison("surname"), cl.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2]),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]), cl.DamerauLevenshteinAtThresholds("street_number", [1, 2]),
            cl.JaroWinklerAtThresholds("address_1", [0.9, 0.7]), cl.JaroWinklerAtThresholds("suburb", [0.9, 0.7]), cl.ExactMatch("state"),
        ],
        blocking_rules_to_generate_predictions=rules,
    )  # fmt: skip
    linker = Linker(tables, settings)
    linker.training.estimate_probability_two_random_records_match([block_on("given_name", "surname", "date_of_birth")], recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("date_of_birth"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("surname"))
    predicted = linker.inference.predict(threshold_match_probability=0.5)
    frame = predicted.as_duckdbpyrelation().select("rec_id_l, rec_id_r").fetchall()
    return {"pairs": [sorted(map(str, pair)) for pair in frame], "seconds": time.monotonic() - begun}


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        place = Path(argument)
        (place / "found.json").write_text(json.dumps(linked(place)), encoding="utf-8")
