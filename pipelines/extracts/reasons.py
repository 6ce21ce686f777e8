"""The reasons that quarantine and warnings give, in the words of reasons.yaml: what the contract expects, never what the cell says."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.contracts import Field

WORDS = Path(__file__).with_name("reasons.yaml")


def empty(field: Field) -> str:
    """A required value is absent."""
    return str(_words()["empty"]).format(expected=expected(field))


def unreadable(field: Field) -> str:
    """A value cannot be read as the contract's type."""
    return str(_words()["unreadable"]).format(expected=expected(field))


def other_county() -> str:
    """A row of a county's file names another county."""
    return str(_words()["other_county"])


def damaged() -> dict[str, str]:
    """What landing notes as a row's problem, in the department's words."""
    return dict(_words()["damaged"])


def expected(field: Field) -> str:
    """What the contract asks of a cell of the field."""
    codes = "、".join(code if field.label(code) == code else f"{field.label(code)}({code})" for code in field.codes)
    return str(_words()["expected"][field.type]).format(unit=field.unit, codes=codes)


@cache
def _words() -> dict[str, Any]:
    words: dict[str, Any] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return words
