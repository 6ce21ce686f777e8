"""Great Expectations over profiles: the one place that knows the library. It takes seconds to import, so it is imported when a suite is run."""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipelines.errors import SettingsError
from pipelines.extracts.suites import Suite

INDEX = ["delivery", "county_code"]


@dataclass(frozen=True)
class Verdict:
    """What one expectation says of one county. `passed` is None where there was nothing to judge (too few rows, no last snapshot, no value).

    `observed` is the value judged, and `found` the same for people; both empty where the value would be one record's.
    """

    county_code: str
    expectation: str
    column: str
    severity: str
    en: str
    zh: str
    observed: float | None
    found: str
    passed: bool | None


def judge(suite: Suite, table: pd.DataFrame) -> dict[str, list[Verdict]]:
    """Runs a suite over profiles (one row per `delivery` and `county_code`) and gives each delivery's verdicts, in the order of the suite.

    Nothing is written, shown or sent. Raises SettingsError when an expectation cannot be evaluated.
    """
    verdicts: dict[str, list[Verdict]] = defaultdict(list)
    for expectation, failed in zip(suite.expectations, _unexpected(suite, table), strict=True):
        applies = _applies(expectation, table)
        for position, row in enumerate(table.to_dict("records")):
            failed_here = (row["delivery"], row["county_code"]) in failed
            verdicts[row["delivery"]].append(_verdict(expectation, row, False if failed_here else True if applies[position] else None))
    return verdicts


def _unexpected(suite: Suite, table: pd.DataFrame) -> list[set[tuple[str, str]]]:
    """For each expectation the deliveries and counties that do not meet it."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("profiles").add_dataframe_asset(suite.dataset)
    batch = asset.add_batch_definition_whole_dataframe("served").get_batch({"dataframe": table})
    # Results come back in another order, so each expectation carries its place.
    placed = [{**item, "meta": {**item["meta"], "place": place}} for place, item in enumerate(suite.expectations)]
    outcome = batch.validate(
        gx.ExpectationSuite(name=suite.dataset, expectations=placed), result_format={"result_format": "COMPLETE", "unexpected_index_column_names": INDEX}
    )
    results = {result.expectation_config.meta["place"]: result.result for result in outcome.results}
    return [_failed(suite, item, results[place]) for place, item in enumerate(suite.expectations)]


def _failed(suite: Suite, expectation: dict[str, Any], result: dict[str, Any]) -> set[tuple[str, str]]:
    if "element_count" not in result:
        column = expectation["kwargs"].get("column")
        raise SettingsError(f"The suite of {suite.dataset} cannot evaluate {expectation['type']} on {column}; correct its kwargs in expectations/.")
    return {(item["delivery"], item["county_code"]) for item in result.get("unexpected_index_list") or ()}


def _applies(expectation: dict[str, Any], table: pd.DataFrame) -> list[bool]:
    """Whether the expectation has something to judge in each row."""
    applies = table[expectation["kwargs"]["column"]].notna()
    if condition := expectation["kwargs"].get("row_condition"):
        applies &= table.index.isin(table.query(condition).index)
    return list(applies)


def _verdict(expectation: dict[str, Any], row: dict[str, Any], passed: bool | None) -> Verdict:
    meta, column = expectation["meta"], expectation["kwargs"]["column"]
    known = "unit" in meta and not pd.isna(row[column])
    observed = round(float(row[column]), 6) if known else None
    field = row.get(meta.get("field", "")) if known else None
    return Verdict(
        county_code=row["county_code"],
        expectation=expectation["type"],
        column=column,
        severity=expectation["severity"],
        en=meta["en"],
        zh=meta["zh"],
        observed=observed,
        found="" if observed is None else " ".join(filter(None, [_shown(observed, meta["unit"]), f"in {field}" if field else ""])),
        passed=passed,
    )


def _shown(value: float, unit: str) -> str:
    return {"share": f"{value:.1%}", "ratio": f"{value:.2f}", "days": f"{value:.0f} days"}.get(unit, f"{value:.0f}")
