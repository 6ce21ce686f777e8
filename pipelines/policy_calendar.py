"""China's working days: the calendar library with exchanged days (调休), then the policy's overlay, then Monday to Friday."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import chinese_calendar

from pipelines.policy_schema import Year

_SATURDAY = 5


class WorkingDays:
    """Counts working days; `overlay` gives years that the library does not know yet and wins over it."""

    def __init__(self, overlay: Mapping[int, Year]) -> None:
        self._overlay = {year: (frozenset(days.holidays), frozenset(days.workdays)) for year, days in overlay.items()}

    def is_working(self, day: date) -> tuple[bool, bool]:
        """Whether a day is worked, and whether that is provisional because no calendar knows its year."""
        if day.year in self._overlay:
            holidays, workdays = self._overlay[day.year]
            return day in workdays or (day.weekday() < _SATURDAY and day not in holidays), False
        try:
            return chinese_calendar.is_workday(day), False
        except NotImplementedError:
            return day.weekday() < _SATURDAY, True

    def after(self, day: date, count: int) -> tuple[date, bool]:
        """The `count`-th working day after a day, and whether any day on the way was provisional."""
        provisional = False
        while count > 0:
            day += timedelta(days=1)
            working, unknown = self.is_working(day)
            count -= working
            provisional = provisional or unknown
        return day, provisional
