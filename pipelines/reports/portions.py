"""The portions of a night's reports that are written each on its own (see desks.py): a county's township lists, a check's workbook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.reports.cases import HouseholdKey, Unchecked
from pipelines.reports.desks import Desk
from pipelines.reports.evidence import Wording
from pipelines.reports.ledger_night import mismatch_rows, open_flags
from pipelines.reports.lists import LedgerNight, township_lists
from pipelines.reports.mismatch_figures import CheckFigures, Part
from pipelines.reports.mismatches import write_check
from pipelines.reports.texts import policy_title
from pipelines.reports.township import write_township
from pipelines.reports.visits import Visit

COUNTY_LIST = "_county"
VISIT_RULE = "SV-01"


@dataclass(frozen=True)
class CountyLists:
    """Writes `flags/<county>/<township>.xlsx` below `folder` for every township of a county that has a case or a change; gives whom to visit.

    `heads` names heads of household by the household's token and county; `unchecked` are the flag rules that were not checked in the county.
    Raises StageError when a case would be on no list.
    """

    folder: Path
    county: str
    heads: Mapping[HouseholdKey, str]
    unchecked: tuple[Unchecked, ...]

    def __call__(self, desk: Desk) -> list[Visit]:
        night = open_flags(desk, self.county, self.heads)
        unchecked = {self.county: self.unchecked} if self.unchecked else {}
        for entry in township_lists(night, unchecked, desk.wording, desk.policy, desk.as_of):
            write_township(self.folder / "flags" / entry.county_code / f"{entry.township or COUNTY_LIST}.xlsx", entry)
        return list(_visits(night, desk.wording))


@dataclass(frozen=True)
class CheckWorkbook:
    """Writes `mismatches/<check>.xlsx` below `folder`; `counties` are the check's figures by county."""

    folder: Path
    figures: CheckFigures
    counties: Sequence[tuple[str, Part]]

    def __call__(self, desk: Desk) -> list[Visit]:
        path, rows = self.folder / "mismatches" / f"{self.figures.check}.xlsx", mismatch_rows(desk, self.figures.check)
        write_check(path, self.figures, self.counties, rows, as_of=desk.as_of, policy=policy_title(desk.policy))
        return []


def _visits(night: LedgerNight, wording: Wording) -> Iterator[Visit]:
    for flag in night.flags:
        if flag.rule == VISIT_RULE and flag.person in night.persons:
            shows = "\n".join(wording.sentences(flag.evidence, named=False))
            yield Visit(flag.county_code, flag.township, flag.village, night.persons[flag.person], shows)
