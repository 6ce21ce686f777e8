"""The Chinese words of reports that neither the policy nor a contract holds, read from texts.yaml beside this module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.contracts import Contract
from pipelines.policy import Policy

GRADES = ("red", "orange", "yellow")


@dataclass(frozen=True)
class ResultCode:
    """One way a verification can end; `system` codes are set by the program and never offered for choice."""

    code: int
    label: str
    system: bool = False

    @property
    def text(self) -> str:
        """As it stands in the drop-down, e.g. `11 按单人户纳入低保`."""
        return f"{self.code} {self.label}"


@cache
def texts() -> dict[str, Any]:
    """The whole of texts.yaml."""
    loaded: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("texts.yaml").read_text(encoding="utf-8"))
    return loaded


@cache
def result_codes() -> tuple[ResultCode, ...]:
    """Result codes 10 to 90 in order."""
    return tuple(ResultCode(**entry) for entry in texts()["result_codes"])


def label(group: str, key: str) -> str:
    """The Chinese for `key` in a group of texts.yaml (grades, states, families, departments …), or the key itself where there is none."""
    return str(texts()[group].get(key, key))


def sentence(group: str, key: str, **values: object) -> str:
    """A sentence of texts.yaml with its places filled."""
    return str(texts()[group][key]).format(**values)


def grade_order(grade: str) -> int:
    """Position of a grade, red first; an unknown grade comes last."""
    return GRADES.index(grade) if grade in GRADES else len(GRADES)


def dataset_titles(contracts: Mapping[str, Contract]) -> dict[str, str]:
    """What people call each dataset, with the department it comes from, e.g. `医保·参保`."""
    return {name: f"{contract.department_title}·{contract.title}" for name, contract in contracts.items()}


def policy_title(policy: Policy) -> str:
    """The policy as reports name it: its document and version."""
    return f"{policy.document.document}（版本 {policy.version}）"
