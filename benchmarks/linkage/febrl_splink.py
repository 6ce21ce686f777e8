"""FEBRL with Splink 5, configured as in its own examples for these sets, but that exchanged names are looked for too: a little better."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from benchmarks.linkage.trial import ID, LIKELY, files, trial

BLOCKED = (
    ("given_name", "surname"), ("date_of_birth",), ("postcode", "surname"), ("postcode", "given_name"), ("suburb", "surname"),
    ("suburb", "given_name"), ("address_1", "street_number"), ("postcode", "street_number"),
)  # fmt: skip


def link(folder: Path) -> pa.Table:
    """The pairs found."""
    database = DuckDBAPI()
    tables = [database.register(pq.read_table(path), dataset_display_name=f"{path.stem}_file") for path in files(folder)]
    settings = SettingsCreator(
        link_type="link_only" if len(tables) > 1 else "dedupe_only",
        unique_id_column_name=ID,
        comparisons=[
            cl.ForenameSurnameComparison("given_name", "surname"), cl.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2]),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]), cl.DamerauLevenshteinAtThresholds("street_number", [1, 2]),
            cl.JaroWinklerAtThresholds("address_1", [0.9, 0.7]), cl.JaroWinklerAtThresholds("suburb", [0.9, 0.7]), cl.ExactMatch("state"),
        ],
        blocking_rules_to_generate_predictions=[block_on(*columns) for columns in BLOCKED],
    )  # fmt: skip
    linker = Linker(tables, settings)
    linker.training.estimate_probability_two_random_records_match([block_on("given_name", "surname", "date_of_birth")], recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("date_of_birth"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("surname"))
    predicted = linker.inference.predict(threshold_match_probability=LIKELY).as_duckdbpyrelation()
    return predicted.select(f"{ID}_l AS one, {ID}_r AS other, match_weight AS score").to_arrow_table()


if __name__ == "__main__":
    trial(link, ["splink", "duckdb"])
