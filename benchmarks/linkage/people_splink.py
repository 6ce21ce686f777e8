"""The million with Splink 5 on DuckDB, as its documentation recommends for two large files: several narrow blocking rules, comparisons with graded
levels, term frequencies for names, u from random pairs, m by expectation and maximisation on two blockings.

It is given each name's reading, ready made; numbers are compared by levels like ours, in SQL.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from benchmarks.linkage.blocks import BLOCKED
from benchmarks.linkage.trial import ID, LIKELY, files, trial

PREPARED = """
    SELECT *, CASE WHEN regexp_matches(id_number, '^[0-9]{14}') THEN substr(id_number, 1, 14) END AS prefix,
        CASE WHEN regexp_matches(id_number, '[0-9]{3}[0-9X]$') THEN right(id_number, 4) END AS tail,
        CASE WHEN id_number NOT LIKE '%E%' THEN id_number END AS readable
    FROM read_parquet(?)
"""


def link(folder: Path) -> pa.Table:
    """The pairs found."""
    database = DuckDBAPI()
    prepared = [duckdb.execute(PREPARED, [str(path)]).to_arrow_table() for path in files(folder)]
    tables = [database.register(rows, dataset_display_name=f"{side}_file") for rows, side in zip(prepared, ("left", "right"), strict=True)]
    settings = SettingsCreator(
        link_type="link_only",
        unique_id_column_name=ID,
        comparisons=[_names(), _numbers(), _birth_dates(), cl.ExactMatch("sex"), _places(), cl.ExactMatch("phone")],
        blocking_rules_to_generate_predictions=[block_on(*columns) for columns in BLOCKED],
    )
    linker = Linker(tables, settings)
    sure = [block_on("reading", "birth_date", "phone"), block_on("reading", "tail", "township")]
    linker.training.estimate_probability_two_random_records_match(sure, recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("reading", "birth_date"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("phone"))
    predicted = linker.inference.predict(threshold_match_probability=LIKELY).as_duckdbpyrelation()
    return predicted.select(f"{ID}_l AS one, {ID}_r AS other, match_weight AS score").to_arrow_table()


def _names() -> cl.CustomComparison:
    levels = [
        cll.NullLevel("name"),
        cll.ExactMatchLevel("name", term_frequency_adjustments=True),
        cll.ExactMatchLevel("reading", term_frequency_adjustments=True),
        cll.CustomLevel("levenshtein(name_l, name_r) <= 1", "one character"),
        cll.ElseLevel(),
    ]
    return cl.CustomComparison(output_column_name="name", comparison_levels=levels)


def _numbers() -> cl.CustomComparison:
    levels = [
        cll.NullLevel("readable"),
        cll.CustomLevel("strpos(readable_l, '*') > 0 AND regexp_matches(readable_r, '^' || replace(readable_l, '*', '.') || '$')", "visible"),
        cll.CustomLevel("levenshtein(readable_l, readable_r) <= 1", "one edit"),
        cll.CustomLevel("damerau_levenshtein(readable_l, readable_r) <= 1", "neighbours swapped"),
        cll.CustomLevel("levenshtein(readable_l, readable_r) <= 2", "two edits"),
        cll.CustomLevel("substr(readable_l, 1, 15) = substr(readable_r, 1, 15)", "first 15"),
        cll.CustomLevel("substr(readable_l, 7, 8) = substr(readable_r, 7, 8)", "birth date"),
        cll.ElseLevel(),
    ]
    return cl.CustomComparison(output_column_name="id_number", comparison_levels=levels)


def _birth_dates() -> cl.CustomComparison:
    levels = [
        cll.NullLevel("birth_date"),
        cll.ExactMatchLevel("birth_date"),
        cll.CustomLevel("damerau_levenshtein(birth_date_l, birth_date_r) <= 1", "one edit"),
        cll.CustomLevel("substr(birth_date_l, 1, 4) = substr(birth_date_r, 1, 4)", "year"),
        cll.ElseLevel(),
    ]
    return cl.CustomComparison(output_column_name="birth_date", comparison_levels=levels)


def _places() -> cl.CustomComparison:
    town = "county_l = county_r AND township_l = township_r"
    levels = [
        cll.NullLevel("township"),
        cll.CustomLevel(f"{town} AND village_l = village_r", "village"),
        cll.CustomLevel(town, "township"),
        cll.CustomLevel("county_l = county_r", "county"),
        cll.ElseLevel(),
    ]
    return cl.CustomComparison(output_column_name="place", comparison_levels=levels)


if __name__ == "__main__":
    trial(link, ["splink", "duckdb"])
