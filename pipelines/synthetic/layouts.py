"""The files of each dataset: names, headers, encodings, titles, footers and styles, from `layouts.yaml`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pipelines.synthetic.render import Style

REDELIVERY_COUNTY = 640303
"""The county that corrects its dibao roster later the same day."""
WIDE_MEMBERS = 6
"""Members beside the head in the household-wide roster."""


@dataclass(frozen=True)
class Layout:
    """One kind of file. `county` None serves the region; `columns` is contract field -> header, in order; `parts` above 0 splits a block's rows over
    that many files; `wide` writes one line per household."""

    dataset: str
    suffix: str
    columns: dict[str, str]
    county: int | None = None
    encoding: str = "utf-8"
    separator: str = ","
    titles: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()
    style: Style = field(default_factory=Style)
    wide: bool = False
    parts: int = 0

    @property
    def id_field(self) -> str:
        return "document_number" if self.dataset == "poverty_register" else "id_number"


def _tuples(given: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}


def _layout(given: dict[str, Any]) -> Layout:
    values: dict[str, Any] = _tuples(given)
    style = _tuples(values.pop("style", {}))
    return Layout(**values, style=Style(**style))


LAYOUTS: tuple[Layout, ...] = tuple(_layout(given) for given in yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")))
