"""Great Expectations over profiles: the one place that knows the library. It takes seconds to import, so it is imported when a suite is run."""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipelines.errors import SettingsError
from pipelines.extracts.profile import records
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
    judged = _judged_values(suite, table)
    verdicts: dict[str, list[Verdict]] = defaultdict(list)
    rows = records(table)
    for expectation, failed in zip(suite.expectations, _unexpected(suite, judged), strict=True):
        known = judged[_judged_name(expectation)].notna()
        for position, row in enumerate(rows):
            failed_here = (row["delivery"], row["county_code"]) in failed
            verdicts[row["delivery"]].append(_verdict(expectation, row, False if failed_here else True if known.iloc[position] else None))
    return verdicts


def _judged_name(expectation: dict[str, Any]) -> str:
    over = " and ".join(f"{column} >= {least}" for column, least in expectation["over"].items())
    return f"{expectation['kwargs']['column']} where {over}" if over else str(expectation["kwargs"]["column"])


def _judged_values(suite: Suite, table: pd.DataFrame) -> pd.DataFrame:
    """The columns that the suite judges, null where a county is too small for it. (The library can filter rows itself, at twice the cost.)"""
    columns = {name: table[name] for name in INDEX}
    for expectation in suite.expectations:
        large = pd.Series(True, index=table.index)
        for column, least in expectation["over"].items():
            large &= table[column] >= least
        columns[_judged_name(expectation)] = table[expectation["kwargs"]["column"]].where(large)
    return pd.DataFrame(columns)


def _unexpected(suite: Suite, table: pd.DataFrame) -> list[set[tuple[str, str]]]:
    """For each expectation the deliveries and counties that do not meet it."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)  # what goes wrong is raised below
    read = _read(suite, gx)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("profiles").add_dataframe_asset(suite.dataset)
    batch = asset.add_batch_definition_whole_dataframe("served").get_batch({"dataframe": table})
    # An expectation costs some ten milliseconds even over no value at all, so those with nothing to judge are left out.
    applying = [item for item in read.expectations if table[item.column].notna().any()]
    wanted = {"result_format": "COMPLETE", "unexpected_index_column_names": INDEX}
    outcome = batch.validate(gx.ExpectationSuite(name=suite.dataset, expectations=applying), result_format=wanted)
    # Results come back in another order, so each expectation carries its place.
    results = {result.expectation_config.meta["place"]: result.result for result in outcome.results if result.expectation_config}
    return [_failed(suite, item, results[place]) if place in results else set() for place, item in enumerate(suite.expectations)]


def _read(suite: Suite, gx: Any) -> Any:
    """The suite as the library's own object."""
    try:
        read = gx.ExpectationSuite(name=suite.dataset, expectations=[_configured(item, place) for place, item in enumerate(suite.expectations)])
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise SettingsError(f"The suite of {suite.dataset} has an expectation that cannot be read ({reason}); correct it there.") from error
    places = {item.meta["place"] for item in read.expectations}
    for place, item in enumerate(suite.expectations):
        if place not in places:  # the library leaves out what it does not know
            raise _unusable(suite, item)
    return read


def _configured(expectation: dict[str, Any], place: int) -> dict[str, Any]:
    return {
        "type": expectation["type"],
        "kwargs": {**expectation["kwargs"], "column": _judged_name(expectation)},
        "severity": expectation["severity"],
        "meta": {"place": place},
    }


def _failed(suite: Suite, expectation: dict[str, Any], result: dict[str, Any]) -> set[tuple[str, str]]:
    if "element_count" not in result:
        raise _unusable(suite, expectation)
    return {(item["delivery"], item["county_code"]) for item in result.get("unexpected_index_list") or ()}


def _unusable(suite: Suite, expectation: dict[str, Any]) -> SettingsError:
    column = expectation["kwargs"]["column"]
    return SettingsError(f"The suite of {suite.dataset} cannot evaluate {expectation['type']} on {column}; correct its type or kwargs.")


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
