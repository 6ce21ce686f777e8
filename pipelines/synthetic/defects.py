"""What goes wrong between a person and a record: numbers missing, masked, rounded, mistyped or out of date, names misheard and misread.

Some records with a broken number have a slip in the name as well. A record is *valid* when its number, once cleaned, is a valid one, and *usable*
when that number is the person's own and the row is not quarantined.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.synthetic.id_numbers import check_character, id_text
from pipelines.synthetic.names import HOMOPHONES, LOOKALIKES
from pipelines.synthetic.population import Population
from pipelines.synthetic.texts import Texts, put, take
from pipelines.synthetic.world import Table

KINDS = (
    "",
    "missing",
    "masked",
    "one_digit",
    "transposition",
    "rounded",
    "wrong_birth_year",
    "earlier_id",
    "dressed",
    "lookalike",
    "legacy_15",
    "misspelt_name",
    "dropped_dot",
    "sex_column",
    "birth_column",
    "quarantined",
)
KIND = {name: place for place, name in enumerate(KINDS)}
_DRAWN = {
    "missing": 0.15,
    "masked": 0.1,
    "one_digit": 0.17,
    "transposition": 0.1,
    "rounded": 0.11,
    "wrong_birth_year": 0.07,
    "dressed": 0.07,
    "lookalike": 0.05,
    "legacy_15": 0.04,
    "misspelt_name": 0.08,
    "sex_column": 0.015,
    "birth_column": 0.015,
    "quarantined": 0.03,
}
_INVALID = [KIND[name] for name in ("missing", "masked", "one_digit", "transposition", "rounded", "wrong_birth_year")]
_SLIPS_TOO = 0.06
"""The share of broken numbers beside which the name is misspelt, or without its dot, as well."""
_FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


@dataclass
class Written:
    """The number and name of every row as written, the kind of defect, that of the name (it may come with another), and what follows from them."""

    ids: Texts
    names: Texts
    kind: np.ndarray
    name_kind: np.ndarray
    valid: np.ndarray
    own: np.ndarray
    numeric: np.ndarray
    misread: np.ndarray

    @property
    def usable(self) -> np.ndarray:
        holds: np.ndarray = self.valid & self.own & (self.kind != KIND["quarantined"])
        return holds


def write_identities(rng: np.random.Generator, people: Population, person: np.ndarray, rate: np.ndarray, workbook: np.ndarray) -> Written:
    """Numbers and names for rows of persons, each with a defect by the chance that `rate` gives it.

    `workbook` says which rows go to a workbook, where a rounded number is a numeric cell: the number is written in full and marked numeric.
    """
    count = len(person)
    ids, names = take(people.ids, person), take(people.names, person)
    weights = np.array(list(_DRAWN.values()))
    drawn = np.array([KIND[name] for name in _DRAWN])[rng.choice(len(weights), count, p=weights / weights.sum())]
    kind = np.where(rng.random(count) < rate, drawn, 0)
    earlier = (people.earlier_id17[person] > 0) & (kind == 0) & (rng.random(count) < np.minimum(0.4, rate * 15))
    kind = np.where(earlier, KIND["earlier_id"], kind)
    numeric, misread = np.zeros(count, bool), np.zeros(count, bool)
    rows = np.flatnonzero(kind)
    id_texts: list[Any] = take(ids, rows).to_pylist()
    name_texts: list[Any] = take(names, rows).to_pylist()
    former = id_text(people.earlier_id17[person[rows]]).to_pylist()
    draws = rng.random((len(rows), 3))
    slips = rng.spawn(1)[0].random((len(rows), 3))
    name_kind = np.zeros(count, np.int64)
    for place, row in enumerate(rows):
        name = KINDS[kind[row]]
        if "·" in name_texts[place] and name == "misspelt_name":
            name, kind[row] = "dropped_dot", KIND["dropped_dot"]
        if name == "earlier_id":
            id_texts[place] = former[place]
        elif name in ("misspelt_name", "dropped_dot"):
            name_texts[place], misread[row], done = misspell(name_texts[place], draws[place])
            kind[row] = name_kind[row] = kind[row] if done else 0
        elif name == "rounded" and workbook[row]:
            numeric[row] = id_texts[place].isdigit()
            kind[row] = kind[row] if numeric[row] else 0
        else:
            text = SPOIL[name](id_texts[place], draws[place]) if name in SPOIL else id_texts[place]
            kind[row] = 0 if name in SPOIL and text == id_texts[place] else kind[row]
            id_texts[place] = text
        if kind[row] in _INVALID and slips[place, 2] < _SLIPS_TOO:
            dotted = "·" in name_texts[place]
            name_texts[place], misread[row], done = misspell(name_texts[place], slips[place])
            name_kind[row] = KIND["dropped_dot" if dotted else "misspelt_name"] if done else 0
    valid = ~np.isin(kind, _INVALID)
    return Written(put(ids, rows, id_texts), put(names, rows, name_texts), kind, name_kind, valid, kind != KIND["earlier_id"], numeric, misread)


def column_defects(written: Written, table: Table) -> None:
    """Sex and birth-date columns as written: those of the person, but for rows whose defect lies there."""
    table["sex"] = np.where(written.kind == KIND["sex_column"], 3 - table["sex"], table["sex"])
    table["birth"] = np.where(written.kind == KIND["birth_column"], table["birth"] - 31, table["birth"])


def misspell(name: str, draw: np.ndarray) -> tuple[str, bool, bool]:
    """A name misheard (it reads the same) or misread (it reads differently: the second value) or without its dot, and whether anything changed."""
    if "·" in name:
        return name.replace("·", "" if draw[0] < 0.5 else "•"), False, True
    table = HOMOPHONES if draw[0] < 0.5 else LOOKALIKES
    places = [place for place in range(1, len(name)) if name[place] in table]
    if not places:
        return name, False, False
    place = places[int(draw[1] * len(places))]
    return name[:place] + table[name[place]] + name[place + 1 :], table is LOOKALIKES, True


def _missing(text: str, draw: np.ndarray) -> str | None:
    return (None, "无", "不详", "-", None, None)[int(draw[0] * 6)]


def _masked(text: str, draw: np.ndarray) -> str:
    return f"{text[:6]}********{text[14:]}" if draw[0] < 0.6 else f"{text[:3]}***********{text[14:]}"


def _one_digit(text: str, draw: np.ndarray) -> str:
    place = 6 + int(draw[0] * 11)
    return f"{text[:place]}{(int(text[place]) + 1 + int(draw[1] * 9)) % 10}{text[place + 1 :]}"


def _transposition(text: str, draw: np.ndarray) -> str:
    places = [place for place in range(6, 16) if text[place] != text[place + 1]]
    place = places[int(draw[0] * len(places))]
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def _rounded(text: str, draw: np.ndarray) -> str:
    """What a spreadsheet or a float leaves of a number in text; one that passes the check by luck is written in scientific notation instead."""
    if not text.isdigit():
        return text
    rounded = text[:15] + "000" if draw[0] < 0.35 else str(int(float(text))) if draw[0] < 0.6 else ""
    lucky = not rounded or check_character(rounded[:17]) == rounded[17]
    return f"{float(text):.5E}" if lucky else rounded


def _wrong_birth_year(text: str, draw: np.ndarray) -> str:
    place = 8 if draw[0] < 0.3 else 9
    return f"{text[:place]}{(int(text[place]) + (1 if draw[1] < 0.5 else 9)) % 10}{text[place + 1 :]}"


def _dressed(text: str, draw: np.ndarray) -> str:
    """Marks of handling that cleaning removes."""
    variants = [
        f"'{text}",
        text.translate(_FULL_WIDTH),
        f"{text[:6]} {text[6:14]} {text[14:]}",
        f" {text}　",
        f"{text[:6]}-{text[6:14]}-{text[14:]}",
        f"\u200b{text}",
        f"’{text}",
    ]
    variants.append(text.lower() if text.endswith("X") else f"{text}.0")
    return variants[int(draw[0] * len(variants))]


def _lookalike(text: str, draw: np.ndarray) -> str:
    place = [place for place in range(17) if text[place] in "01"][int(draw[0] * sum(digit in "01" for digit in text[:17]))]
    return text[:place] + ("O" if text[place] == "0" else "I" if draw[1] < 0.5 else "l") + text[place + 1 :]


def _legacy_15(text: str, draw: np.ndarray) -> str:
    return text[:6] + text[8:17] if text[6:8] == "19" else text


SPOIL = {
    "missing": _missing,
    "masked": _masked,
    "one_digit": _one_digit,
    "transposition": _transposition,
    "rounded": _rounded,
    "wrong_birth_year": _wrong_birth_year,
    "dressed": _dressed,
    "lookalike": _lookalike,
    "legacy_15": _legacy_15,
}
