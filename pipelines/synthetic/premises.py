"""What the synthetic province takes for granted: the numbers of the policy and of the national standards, stated a second time on purpose.

The truth must not come from the code or the policy file that it is compared with, so nothing here is read from `policies/`.
"""

from __future__ import annotations

import datetime as dt

import numpy as np

ADDRESS = 640199
"""Address code of every synthetic number: it does not exist, so no real person's number can arise."""

URBAN, RURAL = 1, 2
YINCHUAN = (640104, 640105, 640106, 640121, 640122, 640181)
STANDARD_URBAN, STANDARD_URBAN_YINCHUAN, STANDARD_RURAL = 60_000, 62_000, 38_000
"""Dibao standards per head and month in fen, 2020 (domain: regional 600 and 4560 a year, Yinchuan 620)."""
STANDARDS_SINCE = dt.date(2020, 1, 1)

POLICY_DATE = dt.date(2020, 7, 10)
SELF_PAY_LINE = 1_000_000
MONITORING_LINE = 600_000
GRANTS_SINCE = dt.date(2020, 7, 1)
WINDOW_END = (2020, 6)
OPEN_DAY = 99_999
"""A day so late that it stands for an open end (长期)."""


def day_number(day: dt.date) -> int:
    """Days since 1970-01-01, how every latent date is held."""
    return (day - dt.date(1970, 1, 1)).days


def month_index(year: int, month: int) -> int:
    """Months since year 0, how every latent month is held."""
    return year * 12 + month - 1


def month_of(days: np.ndarray) -> np.ndarray:
    """Month index of latent days."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12


def last_day_of(months: np.ndarray) -> np.ndarray:
    """Last day of latent months."""
    return (months - 1970 * 12 + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - 1


def same_day_earlier(as_of: dt.date, years: int) -> dt.date:
    """The same day some years earlier; 29 February becomes 28 February."""
    try:
        return as_of.replace(year=as_of.year - years)
    except ValueError:
        return as_of.replace(year=as_of.year - years, day=28)


def standard(county: np.ndarray, category: np.ndarray) -> np.ndarray:
    """S in fen for counties and categories (1 urban, 2 rural)."""
    urban = np.where(np.isin(county, YINCHUAN), STANDARD_URBAN_YINCHUAN, STANDARD_URBAN)
    return np.where(category == URBAN, urban, STANDARD_RURAL)


def completed_years(birth: np.ndarray, day: dt.date) -> np.ndarray:
    """Age in completed years on a day; who was born on 29 February completes a year on 1 March where there is no 29th."""
    months = month_of(birth)
    first = (months - 1970 * 12).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    month_day = (months % 12 + 1) * 100 + (birth - first + 1)
    return day.year - months // 12 - (month_day > day.month * 100 + day.day)
