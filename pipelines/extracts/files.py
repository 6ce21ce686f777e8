"""Delivered files by their names: snapshot date, county, part, format; and their digests."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines.errors import DeliveryError
from pipelines.policy import Region

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
FORMATS = {
    **dict.fromkeys(TEXT_SUFFIXES, "text"),
    **dict.fromkeys([f"{suffix}.gz" for suffix in TEXT_SUFFIXES], "text"),
    ".xlsx": "workbook",
    ".xls": "workbook",
    ".parquet": "parquet",
}
_PART = re.compile(r"_part(\d+)", re.IGNORECASE)
_DIVISION_LENGTHS = (6, 9, 12)  # county, township and village division codes
_YEARS = range(1900, 2100)


@dataclass(frozen=True)
class FileName:
    """What a delivered file's name says; `county_code` is None when the file serves the whole region, `part` when it is no part of several."""

    snapshot: date
    county_code: str | None
    part: int | None


def read_name(name: str, region: Region) -> FileName:
    """The date, county and part of a delivered file's name.

    The snapshot date is the first eight digits that are a real date, also inside a longer run of digits; a county code is a division code of the
    region in what is left. Raises DeliveryError for an unknown format, no date, or a division of the region that is none of its counties.
    """
    file_format(name)
    snapshot = snapshot_date(name)
    if snapshot is None:
        raise DeliveryError("its name holds no snapshot date; put the date into the name as YYYYMMDD.")
    part = _PART.search(name)
    return FileName(snapshot, _county(name, region), int(part.group(1)) if part else None)


def file_format(name: str) -> tuple[str, bool]:
    """Whether a file is `text`, `workbook` or `parquet`, and whether it is gzipped, by the end of its name; DeliveryError for any other."""
    suffix = next((suffix for suffix in sorted(FORMATS, key=len, reverse=True) if name.lower().endswith(suffix)), None)
    if suffix is None:
        raise DeliveryError(f"its format is none of {', '.join(FORMATS)}; have it delivered in one of them.")
    return FORMATS[suffix], suffix.endswith(".gz")


def snapshot_date(name: str) -> date | None:
    """The first eight digits of a file name that are a real date, else None."""
    found = _date_in(_PART.sub("_", name))
    return found[1] if found else None


def _date_in(name: str) -> tuple[int, date] | None:
    for match in re.finditer(r"(?=([0-9]{8}))", name):
        digits = match.group(1)
        try:
            day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        except ValueError:
            continue
        if day.year in _YEARS:
            return match.start(), day
    return None


def _county(name: str, region: Region) -> str | None:
    """The county that the name gives; a code of the region that is no county may not pass for the whole region, whose absences it would fake."""
    rest = _PART.sub("_", name)
    found = _date_in(rest)
    if found:
        rest = f"{rest[: found[0]]}_{rest[found[0] + 8 :]}"
    codes = [run[:6] for run in re.findall(r"[0-9]+", rest) if len(run) in _DIVISION_LENGTHS and run.startswith(region.code)]
    counties = [code for code in codes if code in region.counties]
    if counties:
        return str(counties[0])
    strangers = [code for code in codes if code != f"{region.code}0000"]
    if strangers:
        raise DeliveryError(f"its name gives the division {strangers[0]}, which is no county of the region; correct it or leave it out.")
    return None


def delivered_files(folder: Path) -> list[Path]:
    """The files of a dataset's inbox, by name; hidden and temporary ones (`.x`, `~$x`) are none."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith((".", "~")))


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def too_big(max_bytes: int) -> DeliveryError:
    """The refusal of a file that is, or unpacks to, more than its contract announces."""
    return DeliveryError(f"it is bigger than its announced limit of {max_bytes} bytes; have it split into parts, or raise maxBytes in the contract.")
