"""The Chinese words of reports that neither the policy nor a contract holds, read from texts.yaml beside this module."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

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
