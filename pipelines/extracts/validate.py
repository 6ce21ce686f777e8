"""The gate of the extracts: every good delivery's profile against its dataset's Great Expectations suite, county by county.

A county that fails a critical expectation does not use the delivery: its last good snapshot stays in force. Results are kept by what they depend on,
and the library, which takes seconds to import, is imported only when something has not been judged before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.contracts import Contract
from pipelines.engine import Engine
from pipelines.extracts.deliveries import Delivery
from pipelines.extracts.expectations import Verdict, judge
from pipelines.extracts.profile import compared, profile, records
from pipelines.extracts.suites import Suite
from pipelines.policy import Region
from pipelines.workspace import Workspace, atomic_path

CODE = ("profile.py", "expectations.py", "validate.py")


@dataclass(frozen=True)
class Validation:
    """What the suite says of one delivery. `key` is the delivery's; `results` has a verdict per county served and expectation.

    `folder` holds `profile.parquet` and `result.json`, in which no personal value stands.
    """

    key: str
    dataset: str
    snapshot: date
    county_code: str | None
    results: tuple[Verdict, ...]
    folder: Path

    @property
    def failed_counties(self) -> frozenset[str]:
        """Counties that must not use the delivery."""
        return frozenset(verdict.county_code for verdict in self.results if verdict.severity == "critical" and verdict.passed is False)

    def failures(self, county: str) -> tuple[str, ...]:
        """Which critical expectations the county fails, as English phrases."""
        return self._phrases(county, "critical")

    def warnings(self, county: str) -> tuple[str, ...]:
        """Which other expectations the county does not meet, as English phrases."""
        return self._phrases(county, "warning")

    def _phrases(self, county: str, severity: str) -> tuple[str, ...]:
        found = (item for item in self.results if item.county_code == county and item.severity == severity and item.passed is False)
        return tuple(f"not {item.en}{f' ({item.found})' if item.found else ''}" for item in found)


def validate(
    engine: Engine, workspace: Workspace, contract: Contract, region: Region, deliveries: Iterable[Delivery], suite: Suite
) -> list[Validation]:
    """Judges every good delivery of one dataset, oldest first, each against the last good one of an earlier date that serves the county.

    Writes `validated/<dataset>/<yyyymmdd>/<region|county>-<key>/` for each; what was judged before under the same suite is read from there.
    Raises SettingsError when an expectation cannot be evaluated.
    """
    done: list[tuple[Delivery, Validation]] = []
    good = sorted((delivery for delivery in deliveries if delivery.good), key=lambda item: item.order)
    for _, same_date in groupby(good, key=lambda item: item.snapshot):
        batch = list(same_date)
        bases = {delivery.key: _bases(contract, region, delivery, done) for delivery in batch}
        kept = {delivery.key: _kept(workspace, delivery, _digest(delivery, suite, bases[delivery.key])) for delivery in batch}
        fresh = [delivery for delivery in batch if kept[delivery.key] is None]
        judged = {item.key: item for item in _judged(engine, workspace, contract, region, fresh, bases, suite)} if fresh else {}
        done += [(delivery, kept[delivery.key] or judged[delivery.key]) for delivery in batch]
    return [validation for _, validation in done]


def _bases(contract: Contract, region: Region, delivery: Delivery, done: list[tuple[Delivery, Validation]]) -> dict[str, Validation]:
    """For each county the delivery serves, the validation of the last good delivery of an earlier date that serves it."""
    bases: dict[str, Validation] = {}
    for county in region.counties if delivery.county_code is None else (delivery.county_code,):
        for earlier, validation in reversed(done):
            empty = contract.empty_county_uncovered and not earlier.rows(county)
            if earlier.county_code in (None, county) and county not in validation.failed_counties and not empty:
                bases[county] = validation
                break
    return bases


def _judged(
    engine: Engine,
    workspace: Workspace,
    contract: Contract,
    region: Region,
    deliveries: list[Delivery],
    bases: Mapping[str, Mapping[str, Validation]],
    suite: Suite,
) -> list[Validation]:
    """Profiles deliveries of one date, judges all of them at once, and keeps the results."""
    tables: dict[str, pd.DataFrame] = {}
    for delivery in deliveries:
        last = {county: _profile_row(validation.folder, county) for county, validation in bases[delivery.key].items()}
        tables[delivery.key] = compared(profile(engine, contract, delivery, region), contract, last)
    served = [table[table["served"]].assign(delivery=key) for key, table in tables.items()]
    verdicts = judge(suite, pd.concat(served, ignore_index=True))
    validations = []
    for delivery in deliveries:
        folder = _folder(workspace, delivery)
        results = tuple(verdicts.get(delivery.key, ()))
        with atomic_path(folder / "profile.parquet") as beside:
            tables[delivery.key].to_parquet(beside, compression="zstd", index=False)
        _keep(folder, delivery, suite, _digest(delivery, suite, bases[delivery.key]), results)
        validations.append(Validation(delivery.key, delivery.dataset, delivery.snapshot, delivery.county_code, results, folder))
    return validations


@cache
def _profile(path: Path, changed: int) -> dict[str, dict[str, Any]]:
    return {row["county_code"]: row for row in records(pd.read_parquet(path))}


def _profile_row(folder: Path, county: str) -> Mapping[str, Any]:
    path = folder / "profile.parquet"
    return _profile(path, path.stat().st_mtime_ns)[county]


def _folder(workspace: Workspace, delivery: Delivery) -> Path:
    return workspace.validated / delivery.dataset / f"{delivery.snapshot:%Y%m%d}" / f"{delivery.county_code or 'region'}-{delivery.key}"


def _digest(delivery: Delivery, suite: Suite, bases: Mapping[str, Validation]) -> str:
    """Names everything that a validation depends on: delivery, suite, the snapshots it is compared with, and how profiles are made."""
    depends = [delivery.key, suite.digest, sorted((county, base.key) for county, base in bases.items()), _code_digest()]
    return hashlib.sha256(json.dumps(depends).encode()).hexdigest()


@cache
def _code_digest() -> str:
    return hashlib.sha256(b"".join(Path(__file__).with_name(name).read_bytes() for name in CODE)).hexdigest()


def _keep(folder: Path, delivery: Delivery, suite: Suite, digest: str, results: tuple[Verdict, ...]) -> None:
    failed = sorted({item.county_code for item in results if item.severity == "critical" and item.passed is False})
    document = {
        "dataset": delivery.dataset,
        "snapshot": delivery.snapshot.isoformat(),
        "county_code": delivery.county_code,
        "files": list(delivery.files),
        "suite": suite.digest,
        "digest": digest,
        "success": not failed,
        "failed_counties": failed,
        "results": [asdict(item) for item in results],
    }
    with atomic_path(folder / "result.json") as beside:
        beside.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")


def _kept(workspace: Workspace, delivery: Delivery, digest: str) -> Validation | None:
    """The validation kept from before, unless something it depends on has changed."""
    folder = _folder(workspace, delivery)
    if not ((folder / "result.json").is_file() and (folder / "profile.parquet").is_file()):
        return None
    document = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    if document["digest"] != digest:
        return None
    results = tuple(Verdict(**item) for item in document["results"])
    return Validation(delivery.key, delivery.dataset, delivery.snapshot, delivery.county_code, results, folder)
