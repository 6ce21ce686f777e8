"""The Great Expectations suites of expectations/: what must hold of a dataset's profile, as data; the library reads them when it validates."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.contracts import Contract
from pipelines.errors import SettingsError
from pipelines.extracts.profile import CHANGES, profile_columns

COMMON = "every_dataset.yaml"
SEVERITIES = ("critical", "warning")
# Such expectations judge each row of a table by itself, and here a row is a county; a value that a county lacks is not judged.
ROW_WISE = "expect_column_value"


@dataclass(frozen=True)
class Suite:
    """What is expected of one dataset: `expectations` as Great Expectations configures them (`type`, `kwargs`, `severity`, `meta`), and `over`.

    `meta` has the words (`en`, `zh`) and the `unit` and `field` of what is found; `over`: a county is judged where these columns are that large.
    """

    dataset: str
    expectations: tuple[dict[str, Any], ...]

    @property
    def digest(self) -> str:
        """SHA-256 over all that is expected."""
        return hashlib.sha256(json.dumps(self.expectations, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def load_suites(folder: Path, contracts: Mapping[str, Contract]) -> dict[str, Suite]:
    """The suite of every dataset: what every_dataset.yaml expects, what `<dataset>.yaml` adds, and the volume bounds of the contract.

    Raises SettingsError, naming file and expectation, when one of them cannot judge the dataset's profile.
    """
    common = _expectations(folder / COMMON)
    suites = {}
    for dataset, contract in contracts.items():
        own = folder / f"{dataset}.yaml"
        known = {*profile_columns(contract), *CHANGES}
        expected = [_checked(item, known, folder / COMMON) for item in common] + [_checked(item, known, own) for item in _expectations(own)]
        suites[dataset] = Suite(dataset, (*expected, _volume(contract)))
    return suites


def _expectations(path: Path) -> list[Any]:
    if not path.is_file():
        return []
    state = path.stat()
    return _parsed(path, state.st_mtime_ns, state.st_size)


@cache
def _parsed(path: Path, modified: int, size: int) -> list[Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid YAML; correct it.") from error
    found = document.get("expectations") if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise SettingsError(f"{path} has no list named expectations; add it.")
    return found


def _checked(item: Any, known: set[str], path: Path) -> dict[str, Any]:
    kind = str(item.get("type")) if isinstance(item, dict) else ""
    if not kind.startswith(ROW_WISE) or kind.endswith("_null"):
        raise SettingsError(
            f"{path} has an expectation of the type {kind!r}, which does not judge the value of each county by itself; use another of {ROW_WISE}s_…."
        )
    kwargs, meta = item.get("kwargs") or {}, item.get("meta") or {}
    if item.get("severity") not in SEVERITIES:
        raise SettingsError(f"{path}: the severity of {kind} on {kwargs.get('column')} must be {' or '.join(SEVERITIES)}.")
    if not (meta.get("en") and meta.get("zh")):
        raise SettingsError(f"{path}: {kind} on {kwargs.get('column')} must say in meta what it expects, in en and zh.")
    over = item.get("over") or {}
    unknown = [column for column in (kwargs.get("column"), *over) if column not in known]
    if unknown:
        raise SettingsError(f"{path}: {kind} names the column {unknown[0]}, which the dataset's profile does not have; correct it.")
    return {**item, "over": over}


def _volume(contract: Contract) -> dict[str, Any]:
    """The contract's bounds on the rows of a region-wide delivery."""
    return {
        "type": "expect_column_values_to_be_between",
        "kwargs": {"column": "delivery_rows", "min_value": contract.min_rows, "max_value": contract.max_rows},
        "over": {},
        "severity": "warning",
        "meta": {
            "unit": "number",
            "en": f"a region-wide delivery has {contract.min_rows} to {contract.max_rows} rows as its contract says",
            "zh": f"全区文件的行数在合同规定的{contract.min_rows}至{contract.max_rows}之间",
        },
    }
