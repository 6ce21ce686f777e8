"""Every folder of tests/cases is a night: real little deliveries, and what a rule or check must find in them, no more and no less."""

from __future__ import annotations

import csv
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from pipelines.night import run_night
from pipelines.workspace import DEFAULT_POLICY, open_workspace

CASES = Path(__file__).parent / "cases"
FOLDERS = sorted(path.parent for path in CASES.glob("*/expect.yaml"))
NOTES = {"why"}


def _merge(values: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    merged = dict(values)
    for key, value in overrides.items():
        merged[key] = _merge(values[key], value) if isinstance(value, dict) else value
    return merged


def _policy(expect: dict[str, Any], folder: Path) -> Path:
    """The policy in force, with the case's overrides, as a file."""
    if "policy" not in expect:
        return DEFAULT_POLICY
    values = yaml.safe_load(DEFAULT_POLICY.read_text(encoding="utf-8"))
    path = folder / "policy.yaml"
    path.write_text(yaml.safe_dump(_merge(values, expect["policy"]), allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def _rows(path: Path, where: str) -> list[dict[str, Any]]:
    table = duckdb.execute(f"select * from read_parquet('{path}') where {where}").to_arrow_table()
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _found(rows: list[dict[str, Any]], expected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows, reduced to the columns that the case speaks of for that subject and county."""
    columns = {_key(row): set(row) for row in expected}
    return [{name: row[name] for name in columns.get(_key(row), {"subject", "county_code", "state"})} for row in rows]


def _key(row: dict[str, Any]) -> tuple[str, str]:
    return row["subject"], row["county_code"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_case(folder: Path, tmp_path: Path) -> None:
    expect = yaml.safe_load((folder / "expect.yaml").read_text(encoding="utf-8"))
    rule, as_of = expect["rule"], date.fromisoformat(str(expect["as_of"]))
    kind, column, file = ("flags", "rule", "flags.parquet") if "flags" in expect else ("mismatches", "check", "mismatches.parquet")
    shutil.copytree(folder / "inbox", tmp_path / "inbox")
    workspace = open_workspace(tmp_path, policy=_policy(expect, tmp_path))

    run_night(workspace, as_of, dry_run=True)

    night = workspace.night(as_of)
    expected = [{"state": "open", **{name: value for name, value in row.items() if name not in NOTES}} for row in expect[kind]]
    found = _found(_rows(night / file, f"\"{column}\" = '{rule}'"), expected)
    assert sorted(found, key=_key) == sorted(expected, key=_key)
    suspended = {row["county_code"] for row in _rows(night / "suspensions.parquet", f"\"rule\" = '{rule}'")}
    assert suspended == set(expect["suspended"])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_subject_of_a_case_is_in_its_deliveries(folder: Path) -> None:
    """A near miss that nobody delivers would prove nothing."""
    expect = yaml.safe_load((folder / "expect.yaml").read_text(encoding="utf-8"))
    delivered = _delivered(folder / "inbox")
    for row in [*expect.get("flags", []), *expect.get("mismatches", []), *expect["near_misses"]]:
        kind, _, value = row["subject"].partition(":")
        if kind == "record":
            dataset, file, line = value.split(":")
            assert (folder / "inbox" / dataset / file).is_file() and int(line) > 1
        else:
            assert value.rpartition(":")[2] in delivered, row["why"]


def _delivered(inbox: Path) -> str:
    return "\n".join(",".join(row) for path in inbox.rglob("*.csv") for row in csv.reader(path.open(encoding="utf-8", newline="")))
