"""policies/ as objects: every number, switch, list and date of the policy in force, with the clause it comes from.

The file is checked strictly: an unknown key, a missing one or a value of the wrong kind is a PolicyError that names it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import yaml
from pydantic import ValidationError

from pipelines.errors import PolicyError
from pipelines.policy_calendar import WorkingDays
from pipelines.policy_schema import Check, Document, Needs, Region, Rule
from pipelines.workspace import date_number

__all__ = ["Check", "Clause", "Needs", "Policy", "Region", "Rule", "StandardRow", "Window", "load_policy"]

CATEGORIES = ("urban", "rural")

Words = TypeVar("Words", Rule, Check)


class Clause(NamedTuple):
    """The clause a rule or check implements: its number, and in a sentence of our own what it asks (or what the check finds)."""

    number: str
    text: str


class StandardRow(NamedTuple):
    """The dibao standard of one county and category from a date on; `amount` in fen per head and month."""

    county_code: str
    category: str
    from_date: date
    amount: int
    clause: str
    source: str


class Window(NamedTuple):
    """The months without income of the unemployment rules; `last_day` as yyyymmdd."""

    first_month: int
    last_month: int
    last_day: int


class Policy:
    """A loaded policy. Sections of the file are attributes of `document`; what the stages ask for is given here."""

    def __init__(self, document: Document, digest: str) -> None:
        self.document = document
        self.digest = digest
        self.id: str = document.id
        self.version: str = document.version
        self.region: Region = document.region
        self.standard_rows: tuple[StandardRow, ...] = tuple(sorted(_standard_rows(document)))
        self._days = WorkingDays(document.calendar)
        values = _text_values(document)
        self.rules: dict[str, Rule] = {key: _filled(rule, key, values) for key, rule in document.rules.items()}
        self.checks: dict[str, Check] = {key: _filled(check, key, values) for key, check in document.checks.items()}
        self.families: Mapping[str, str] = document.families
        self.shows: Mapping[str, str] = document.shows

    @property
    def window_end(self) -> int | None:
        """The last month without income as yyyymm, or None for the last complete month before the night."""
        return self.document.unemployment.window_end

    @property
    def assistance_multiples(self) -> dict[str, Fraction]:
        """Temporary assistance per head in multiples of urban S, by assistance type; types without one are not checked."""
        return {kind: Fraction(multiple) for kind, multiple in self.document.temporary_assistance.multiples.items()}

    def clause(self, rule: str) -> Clause:
        """The clause of a rule or check. Raises PolicyError when the policy has none of that name."""
        if rule in self.rules:
            return Clause(self.rules[rule].clause, self.rules[rule].asks)
        if rule in self.checks:
            return Clause(self.checks[rule].clause, self.checks[rule].finds)
        raise PolicyError(f"Policy {self.id} has no rule or check {rule}; add it under rules or checks.")

    def needs(self, rule: str) -> Needs:
        """What a rule or check needs of the datasets. Raises PolicyError when the policy has none of that name."""
        self.clause(rule)
        return (self.rules.get(rule) or self.checks[rule]).needs

    def standard(self, county_code: str, category: str, as_of: date) -> int:
        """S in fen per month; a missing row is a PolicyError that names county, category and date."""
        rows = [row for row in self.standard_rows if (row.county_code, row.category) == (county_code, category) and row.from_date <= as_of]
        if not rows:
            raise PolicyError(
                f"Policy {self.id} has no {category} dibao standard for county {county_code} ({self.region.counties.get(county_code, 'unknown')}) "
                f"on {as_of}; add a row under standards."
            )
        return rows[-1].amount

    def standards(self, as_of: date) -> list[tuple[str, str, int]]:
        """(county_code, category, amount in fen) for every county of the region and category on a date; PolicyError as `standard`."""
        return [(county, category, self.standard(county, category, as_of)) for county in self.region.counties for category in CATEGORIES]

    def window(self, as_of: date) -> Window:
        """The months without income for a night (clause 二(一))."""
        last = self.window_end if self.window_end is not None else shift_month(as_of.year * 100 + as_of.month, -1)
        return Window(shift_month(last, 1 - self.document.unemployment.window_months), last, date_number(_last_day(last)))

    def due_date(self, published: date, grade: str, rule: str) -> tuple[date, bool]:
        """When a flag or mismatch first published on a date is due, and whether that is provisional because no calendar knows the year.

        The grade's working days after publication, at the latest the policy's deadline for the rule where published before it (一(三)).
        """
        due, provisional = self._days.after(published, self.document.grades[grade])
        for deadline in self.document.deadlines:
            if rule in deadline.rules and published < deadline.date < due:
                due, provisional = deadline.date, False
        return due, provisional


def load_policy(path: Path) -> Policy:
    """The policy of a YAML file. Raises PolicyError for a file that cannot be read or does not say all that the rules need."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error
    return _parsed(path, content)


@lru_cache(maxsize=8)  # a night asks for its policy at every step
def _parsed(path: Path, content: bytes) -> Policy:
    try:
        data = yaml.load(content, Loader=_UniqueKeyLoader)
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise _unreadable(path, error) from error
    try:
        document = Document.model_validate(data)
        return Policy(document, hashlib.sha256(content).hexdigest())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise PolicyError(f"The policy {path} is wrong at {where}: {first['msg']}; correct it there.") from error


def _unreadable(path: Path, error: Exception) -> PolicyError:
    reason = " ".join(str(error).split())
    return PolicyError(f"The policy {path} cannot be read ({reason}); correct the file or name another.")


def shift_month(month: int, by: int) -> int:
    """A month yyyymm moved by a number of months."""
    index = month // 100 * 12 + month % 100 - 1 + by
    return index // 12 * 100 + index % 12 + 1


def _last_day(month: int) -> date:
    following = shift_month(month, 1)
    return date.fromordinal(date(following // 100, following % 100, 1).toordinal() - 1)


def _standard_rows(document: Document) -> Iterator[StandardRow]:
    seen = set()
    for row in document.standards:
        for county in row.counties:
            if (county, row.category, row.from_) in seen:
                raise PolicyError(
                    f"Policy {document.id} gives the {row.category} standard of county {county} from {row.from_} twice; keep one row under standards."
                )
            seen.add((county, row.category, row.from_))
            yield StandardRow(county, row.category, row.from_, row.amount, row.clause, row.source)


def _text_values(document: Document) -> dict[str, Any]:
    """What `{section.key}` in a text stands for: the sections themselves, with their numbers as people write them."""
    return {name: getattr(document, name) for name in Document.model_fields}


def _filled(item: Words, key: str, values: Mapping[str, Any]) -> Words:
    texts = {name: value for name, value in item.model_dump().items() if isinstance(value, str) and "{" in value}
    try:
        return item.model_copy(update={name: text.format_map(values) for name, text in texts.items()})
    except (KeyError, AttributeError, ValueError) as error:
        raise PolicyError(f"A text of {key} names a value that the policy does not have ({error}); use {{section.key}} of this file.") from error


class _UniqueKeyLoader(yaml.CSafeLoader):
    """YAML where a key given twice is an error; plain YAML keeps the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)
