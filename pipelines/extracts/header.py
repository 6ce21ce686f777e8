"""Finding the header row among title rows, and which column of the file is which field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipelines.contracts import Contract, Field, header_key
from pipelines.errors import DeliveryError

TITLE_ROWS = 5
COUNTY_FIELD = "county_code"
HEAD = 1
_CHINESE_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")}
_NUMBER = r"(?P<n>[0-9]{1,2}|[一二三四五六七八九十]{1,3})"


@dataclass(frozen=True)
class PreviewRow:
    """One of a file's first rows that are not blank: the lines it stands on and its cells."""

    first_line: int
    last_line: int
    cells: list[str]


@dataclass(frozen=True)
class Header:
    """Where the header stands and what its columns mean.

    `columns` gives per field the positions of its columns, the one that counts first. In a file with one row per household `members` gives the same
    per place in the household (1 the head, n + 1 member n) and `columns` what all members share. `repeated` are decisive columns under one and the
    same header, which may not differ; `unknown` the headers that mean no field; `width` how many cells a row may fill.
    """

    row: PreviewRow
    columns: Mapping[str, tuple[int, ...]]
    members: Mapping[int, Mapping[str, tuple[int, ...]]]
    repeated: tuple[tuple[int, ...], ...]
    unknown: tuple[str, ...]
    width: int

    @property
    def found(self) -> set[str]:
        """The fields that the file carries."""
        return {*self.columns, *(name for fields in self.members.values() for name in fields)}

    def missing(self, contract: Contract, county_known: bool) -> list[Field]:
        """The required fields that the file lacks; the county is not missed where the file's name gives it."""
        found = self.found | ({COUNTY_FIELD} if county_known else set())
        return [field for field in contract.fields.values() if field.required and field.name not in found]


class HeaderError(DeliveryError):
    """No row of a table will do as its header; `found` is how many fields the best one names."""

    def __init__(self, message: str, found: int) -> None:
        super().__init__(message)
        self.found = found


def find_header(rows: Iterable[PreviewRow], contract: Contract, county_known: bool) -> Header:
    """The header among the first rows: the first that has every required column, else the row that names most fields.

    Raises HeaderError when no row names a field, or when a required column is missing from the best one.
    """
    candidates = [read_header(row, contract) for row in list(rows)[: TITLE_ROWS + 1]]
    for header in candidates:
        if not header.missing(contract, county_known):
            return header
    best = max(candidates, key=lambda header: len(header.found), default=None)
    if best is None or not best.found:
        expected = ", ".join(field.header for field in contract.fields.values() if field.required)
        raise HeaderError(f"none of its first {TITLE_ROWS + 1} rows is a header; put the columns' names above the data, at least {expected}.", 0)
    raise HeaderError(_missing_message(best, contract, best.missing(contract, county_known)), len(best.found))


def _missing_message(header: Header, contract: Contract, missing: Sequence[Field]) -> str:
    wanted = "; ".join(f"{field.header} (also {', '.join(dict.fromkeys(field.headers[1:]))})" for field in missing)
    columns = "the required column" if len(missing) == 1 else "the required columns"
    verb = "is" if len(missing) == 1 else "are"
    return (
        f"{columns} {wanted} {verb} missing among the headers found in line {header.row.first_line} ({_headers_found(header)}); "
        f"have it added, or add its header as a synonym in {contract.dataset}.odcs.yaml."
    )


def _headers_found(header: Header) -> str:
    """The header row for a message; of a row that names one field only the others stay out, because they may be data."""
    cells = [" ".join(cell.split()) for cell in header.row.cells if cell.strip()]
    if len(header.found) > 1:
        return ", ".join(cells)
    known = [cell for cell in cells if cell not in header.unknown]
    return f"{', '.join(known)} and {len(cells) - len(known)} others"


def read_header(row: PreviewRow, contract: Contract) -> Header:
    """What the columns of a row mean when it is read as the header."""
    index = {header_key(term): field.name for field in contract.fields.values() for term in field.headers}
    keys = [header_key(cell) for cell in row.cells]
    plain = {position: index[key] for position, key in enumerate(keys) if key in index}
    placed = _placed_columns(keys, plain, index, contract)
    direct = {position: name for position, name in plain.items() if position not in placed}
    if placed:
        direct = {position: name for position, name in direct.items() if name not in ("name", contract.id_field)}
    used = {*direct, *placed}
    named = [position for position, key in enumerate(keys) if key]
    return Header(
        row=row,
        columns=_ranked(direct, keys, contract),
        members={
            place: _ranked({position: name for position, (at, name) in placed.items() if at == place}, keys, contract)
            for place in sorted({place for place, _ in placed.values()})
        },
        repeated=_repeated({**plain, **{position: name for position, (_, name) in placed.items()}}, keys, contract),
        unknown=tuple(" ".join(row.cells[position].split()) for position in named if position not in used),
        width=named[-1] + 1 if named else 0,
    )


def _ranked(columns: Mapping[int, str], keys: Sequence[str], contract: Contract) -> dict[str, tuple[int, ...]]:
    """Positions by field; where several headers mean one field, in the order of the contract, then of the file."""
    ranked: dict[str, tuple[int, ...]] = {}
    for name in dict.fromkeys(columns.values()):
        order = [header_key(term) for term in contract.fields[name].headers]
        positions = [position for position, at in columns.items() if at == name]
        ranked[name] = tuple(sorted(positions, key=lambda at: (order.index(keys[at]) if keys[at] in order else len(order), at)))
    return ranked


def _repeated(columns: Mapping[int, str], keys: Sequence[str], contract: Contract) -> tuple[tuple[int, ...], ...]:
    """Columns of required and identity fields under one and the same header: were they to differ, nobody could say which one counts."""
    groups: dict[str, list[int]] = {}
    for position, name in columns.items():
        if contract.fields[name].required or contract.fields[name].type == "id":
            groups.setdefault(keys[position], []).append(position)
    return tuple(tuple(positions) for positions in groups.values() if len(positions) > 1)


def _placed_columns(keys: Sequence[str], plain: Mapping[int, str], index: Mapping[str, str], contract: Contract) -> dict[int, tuple[int, str]]:
    """The columns that belong to one place in the household, by position: (place, field); none where a row is one member."""
    roster = contract.household_roster
    if roster is None:
        return {}
    head_patterns, member_patterns = ([_pattern(text) for text in texts] for texts in (roster.head, roster.member))
    head: dict[int, tuple[int, str]] = {}
    members: dict[int, tuple[int, str]] = {}
    for position, key in enumerate(keys):
        if position in plain:
            continue
        for literal, pattern in (*head_patterns, *member_patterns):
            match = pattern.fullmatch(key)
            name = index.get(literal or match.group("header")) if match else None
            if match and name:
                number = match.groupdict().get("n")
                if number is None:
                    head[position] = (HEAD, name)
                else:
                    members[position] = (_number(number) + 1, name)
                break
    named_places = {place for place, name in members.values() if name == "name"}
    members = {position: (place, name) for position, (place, name) in members.items() if place in named_places}
    if not members and "name" in plain.values():
        return {}  # one row per member that also names the head of household
    if "name" not in (name for _, name in head.values()):  # the head's columns bear the plain headers, only the members' are numbered
        own = {name for _, name in members.values()}
        head = {**{position: (HEAD, name) for position, name in plain.items() if name in own}, **head}
    return {**head, **members} if any(name == "name" for _, name in head.values()) or members else {}


def _pattern(text: str) -> tuple[str, re.Pattern[str]]:
    """A roster pattern as an expression over header keys, with its header where the pattern names it instead of `{header}`."""
    literal = "" if "{header}" in text else header_key(text.replace("{n}", ""))
    parts = re.split(r"(\{header\}|\{n\})", text)
    known = {"{header}": "(?P<header>.+?)", "{n}": _NUMBER}
    return literal, re.compile("".join(known.get(part) or re.escape(header_key(part)) for part in parts))


def _number(text: str) -> int:
    """A member's number, in Arabic or Chinese digits up to 99."""
    if text.isascii():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return _CHINESE_DIGITS[text[0]]
    return (_CHINESE_DIGITS[tens[0]] if tens else 1) * 10 + (_CHINESE_DIGITS[ones[0]] if ones else 0)
