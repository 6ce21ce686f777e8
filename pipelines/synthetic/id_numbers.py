"""Synthetic ID numbers (GB 11643) on an address code that does not exist, each given to one person only."""

from __future__ import annotations

import numpy as np

from pipelines.errors import StageError
from pipelines.synthetic.premises import ADDRESS, month_of
from pipelines.synthetic.texts import Texts, join, take, texts, whole

CHECK_CHARACTERS = "10X98765432"
_CHECK_TEXTS = texts(list(CHECK_CHARACTERS))
_WEIGHTS = [pow(2, 17 - place, 11) for place in range(17)]
_FIRST_DAY = -25_567 - 366 * 12
"""1888: nobody in the province is older than 120 at any as-of date of the policy."""


def yyyymmdd(days: np.ndarray) -> np.ndarray:
    """Latent days as numbers yyyymmdd."""
    months = month_of(days)
    first = (months - 1970 * 12).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    holds: np.ndarray = (months // 12) * 10_000 + (months % 12 + 1) * 100 + (days - first + 1)
    return holds


def check_index(id17: np.ndarray) -> np.ndarray:
    """Place of the check character in `10X98765432` (ISO 7064 MOD 11-2) for numbers of 17 digits."""
    total = np.zeros(len(id17), np.int64)
    rest = id17.copy()
    for weight in reversed(_WEIGHTS):
        total += rest % 10 * weight
        rest //= 10
    return total % 11


def id_text(id17: np.ndarray) -> Texts:
    """The 18 characters for numbers of 17 digits."""
    return join(whole(id17), take(_CHECK_TEXTS, check_index(id17)))


def check_character(digits: str) -> str:
    """The check character of 17 digits in text."""
    return CHECK_CHARACTERS[sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 11]


class NumberBook:
    """Gives out ID numbers: per birth date 500 odd sequence numbers for men and 499 even ones for women, none twice."""

    def __init__(self) -> None:
        self._given = np.zeros((90_000, 2), np.int16)

    def allocate(self, birth: np.ndarray, sex: np.ndarray) -> np.ndarray:
        """One number of 17 digits per person, for birth days and sexes (1 men, 2 women). StageError when a birth date's numbers are used up."""
        key = (birth - _FIRST_DAY) * 2 + (sex == 2)
        order = np.argsort(key, kind="stable")
        ordered = key[order]
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(key) else np.empty(0, np.int64)
        lengths = np.diff(np.r_[starts, len(key)])
        given = self._given.reshape(-1)
        rank = np.empty(len(key), np.int64)
        rank[order] = np.arange(len(key)) - np.repeat(starts - given[ordered[starts]], lengths)
        given[ordered[starts]] += lengths.astype(np.int16)
        if np.any(rank >= 499):
            raise StageError("The numbers of one birth date are used up; make fewer people.")
        odd = 1 + 2 * ((rank * 237 + birth * 91) % 500)
        even = 2 + 2 * ((rank * 237 + birth * 91) % 499)
        holds: np.ndarray = (ADDRESS * 100_000_000 + yyyymmdd(birth)) * 1000 + np.where(sex == 1, odd, even)
        return holds
