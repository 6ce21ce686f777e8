"""What a department delivered for one date and county: parts joined, redeliveries in order, refusals applied.

Several files of one date and county are parts of one delivery when their names say `_part1`, `_part2`, …; otherwise the one received later replaces
the earlier, which stays on disk and counts again when the later one is refused: a refused file changes nothing (extracts.md, "Delivery").
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from pipelines.errors import StageError
from pipelines.extracts.conform import Conformed
from pipelines.extracts.land import Landing

PART_NUMBER = re.compile(r"_part(\d+)", re.IGNORECASE)

Arrival = tuple[float, str]
"""When a file came: received, then its name. The later one replaces the earlier."""


@dataclass(frozen=True)
class Delivery:
    """One statement of a department: a file, or all parts of one. `county_code` None means that it serves the whole region.

    `parts` are the conformed files that make it up, empty when it is refused; then `error` says why, naming the file.
    `unchanged_since` is the date of the first delivery with the same bytes, where every one since had them too.
    """

    dataset: str
    snapshot: date
    county_code: str | None
    arrival: Arrival
    files: tuple[str, ...]
    parts: tuple[Conformed, ...]
    error: str | None = None
    unchanged_since: date | None = None

    @property
    def good(self) -> bool:
        """Whether it was read and conformed; whether it may be used the expectations say, county by county."""
        return self.error is None

    @property
    def key(self) -> str:
        """Names the delivery's conformed content: the same key means the same rows of the same date under the same contract."""
        text = "\n".join([self.dataset, f"{self.snapshot:%Y%m%d}", self.county_code or "region", *sorted(part.path.name for part in self.parts)])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def order(self) -> tuple[date, bool, Arrival]:
        """Deliveries that serve one county in the order of preference, the best last: newer, then the county's own, then received later."""
        return self.snapshot, self.county_code is not None, self.arrival

    def conformed_rows(self, county: str) -> int:
        """Rows of the county that conformed."""
        return sum(part.counties.get(county, {}).get("conformed", 0) for part in self.parts)

    def quarantined_rows(self, county: str) -> int:
        """Rows of the county in quarantine."""
        return sum(part.counties.get(county, {}).get("quarantined", 0) for part in self.parts)

    def rows(self, county: str) -> int:
        """Delivered rows of the county: conformed and quarantined."""
        return self.conformed_rows(county) + self.quarantined_rows(county)

    def named_counties(self) -> set[str]:
        """Every county code that its rows name, within the region or not."""
        return {code for part in self.parts for code in part.counties if code}


@dataclass(frozen=True)
class _File:
    """A delivered file with what became of its content, which another file of the same bytes may have brought first."""

    name: str
    part: int | None
    arrival: Arrival
    content: Conformed | None
    error: str | None


def deliveries(landings: Iterable[Landing], conformed: Iterable[Conformed]) -> list[Delivery]:
    """The deliveries of one dataset, replaced and refused ones included, oldest date first and of one date and county in order of arrival.

    `landings` are the dataset's files, `conformed` what became of those that landed. Files whose date cannot be read belong to no delivery.
    Raises StageError when a landed file was not conformed.
    """
    by_file = {item.file: item for item in conformed}
    dated = sorted((landing for landing in landings if landing.snapshot is not None), key=_arrival)
    by_name = {landing.file: landing for landing in dated}
    files: dict[tuple[date, str | None], list[_File]] = defaultdict(list)
    for landing in dated:
        first = by_name[landing.same_as] if landing.same_as else landing
        if landing.snapshot is not None and first.county_code == landing.county_code:  # bytes known under another county's name stay under that
            files[(landing.snapshot, landing.county_code)].append(_file(landing, first, by_file))
    dataset = dated[0].dataset if dated else ""
    found = [item for (snapshot, county), slot in files.items() for item in _slot(dataset, snapshot, county, slot)]
    return sorted(_with_unchanged(found), key=lambda item: (item.snapshot, item.county_code or "", item.arrival))


def _arrival(landing: Landing) -> Arrival:
    return landing.received, landing.file


def _file(landing: Landing, first: Landing, by_file: Mapping[str, Conformed]) -> _File:
    arrival = _arrival(landing)
    if first.status == "refused":
        number = PART_NUMBER.search(landing.file)  # landing gives up on some names, yet such a part is not missing but refused
        return _File(landing.file, int(number.group(1)) if number else None, arrival, None, first.error)
    content = by_file.get(first.file)
    if content is None:
        raise StageError(f"{first.dataset}/{first.file} was landed but not conformed; run the conforming of {first.dataset} again.")
    if content.status == "refused":
        return _File(landing.file, landing.part, arrival, None, content.error)
    return _File(landing.file, landing.part, arrival, content, None)


def _slot(dataset: str, snapshot: date, county: str | None, files: list[_File]) -> list[Delivery]:
    """The deliveries of one date and county: one for every whole file of its own bytes, one for each set of parts."""
    last: dict[str, _File] = {}
    for file in sorted((file for file in files if file.part is None), key=lambda file: file.arrival):
        last[_content_name(file)] = file  # bytes sent again arrive again; their first name stays on the rows
    found = [_delivery(dataset, snapshot, county, [file], file.error) for file in last.values()]
    for group in _part_groups([file for file in files if file.part is not None]):
        chosen, error = _joined(snapshot, group)
        found.append(_delivery(dataset, snapshot, county, chosen, error))
    return found


def _content_name(file: _File) -> str:
    return file.content.file if file.content else file.name


def _part_groups(files: list[_File]) -> list[list[_File]]:
    """The sets of parts of one date and county: usually one, but where each name (its part number taken out) has all numbers from 1, one a name."""
    if not files:
        return []
    named: dict[str, list[_File]] = defaultdict(list)
    for file in files:
        named[PART_NUMBER.sub("", file.name)].append(file)
    whole = all({file.part for file in group} == set(range(1, len(group) + 1)) and len(group) > 1 for group in named.values())
    return list(named.values()) if whole else [files]


def _joined(snapshot: date, files: list[_File]) -> tuple[list[_File], str | None]:
    """For every part number the good file received last, and what is wrong with the whole where one is missing."""
    chosen: dict[int, _File] = {}
    for file in sorted(files, key=lambda file: (file.content is not None, file.arrival)):
        chosen[file.part or 0] = file
    count = max(chosen)
    whole = f"the delivery of {snapshot} in {count} parts"
    missing = sorted(set(range(1, count + 1)) - set(chosen))
    parts = [chosen[number] for number in sorted(chosen)]
    if missing:
        numbers = ", ".join(str(number) for number in missing)
        return parts, f"{whole} lacks part {numbers}; deliver it under the same date."
    for number in sorted(chosen):
        if chosen[number].error is not None:
            return parts, f"{whole}, for its part {number}: {chosen[number].error}"
    return parts, None


def _delivery(dataset: str, snapshot: date, county: str | None, files: list[_File], error: str | None) -> Delivery:
    contents = {file.content.file: file.content for file in files if file.content}
    return Delivery(
        dataset=dataset,
        snapshot=snapshot,
        county_code=county,
        arrival=max(file.arrival for file in files),
        files=tuple(dict.fromkeys(_content_name(file) for file in files)),
        parts=() if error is not None else tuple(contents.values()),
        error=error,
    )


def _with_unchanged(found: list[Delivery]) -> list[Delivery]:
    """Marks deliveries whose bytes are those of the one before for the same county."""
    marked: list[Delivery] = []
    before: dict[str | None, dict[date, Delivery]] = defaultdict(dict)
    for delivery in sorted(found, key=lambda item: (item.snapshot, item.arrival)):
        earlier = before[delivery.county_code]
        last = next((earlier[day] for day in sorted(earlier, reverse=True) if day < delivery.snapshot), None)
        result = delivery
        if delivery.good and last is not None and _digests(last) == _digests(delivery):
            result = replace(delivery, unchanged_since=last.unchanged_since or last.snapshot)
        if result.good:
            earlier[result.snapshot] = result
        marked.append(result)
    return marked


def _digests(delivery: Delivery) -> set[str]:
    return {part.digest for part in delivery.parts}
