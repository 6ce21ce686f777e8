"""Landing a dataset's deliveries: every file once, as text, beside a report of what became of it."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from datetime import date
from itertools import repeat
from pathlib import Path
from typing import Any

from pipelines.contracts import Contract
from pipelines.errors import DeliveryError, StageError
from pipelines.extracts.content import land_content, read_content
from pipelines.extracts.files import delivered_files, file_digest, file_format, read_name, snapshot_date, too_big
from pipelines.policy import Region
from pipelines.workspace import Workspace, atomic_path

LAYOUT = 2  # of landed files; a change of how landing reads gives it a new number, so that files are read again
LONGEST_NAME = 200  # bytes; the report's name is longer, and file systems allow 255
_UNREAD = "unread"
PARALLEL_BYTES = 64 << 20  # below, starting processes costs more than it saves


@dataclass(frozen=True)
class Landing:
    """What became of one delivered file.

    `status` is `landed`, `refused` (`error` says why) or `same` (the bytes of `same_as`, delivered for the same date before). `received` is the
    file's modification time in nanoseconds; `snapshot` None when the name holds no date. The other counts are those of `Content`, empty when refused.
    """

    dataset: str
    file: str
    path: str
    digest: str
    bytes: int
    received: int
    snapshot: date | None
    county_code: str | None
    part: int | None
    status: str
    error: str | None = None
    same_as: str | None = None
    landed_path: str | None = None
    contract: str = ""
    rows: int = 0
    delivered_rows: int = 0
    columns: tuple[str, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    encoding: str | None = None
    sheet: str | None = None
    header_line: int | None = None
    household_roster: bool = False
    blank_rows: int = 0
    footer_rows: int = 0
    damaged_rows: int = 0

    def to_json(self) -> dict[str, Any]:
        """The landing as plain values for a JSON file."""
        return {**asdict(self), "snapshot": self.snapshot.isoformat() if self.snapshot else None}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Landing:
        """The landing that `to_json` wrote."""
        day = values["snapshot"]
        columns = {name: tuple(values[name]) for name in ("columns", "unknown_columns")}
        return cls(**{**values, **columns, "snapshot": date.fromisoformat(day) if day else None})


def land(workspace: Workspace, contract: Contract, as_of: date, region: Region) -> list[Landing]:
    """Every file of the dataset that is dated at or before `as_of`, landed, recognised or refused; by name.

    Files whose date cannot be read are refused and listed too. A file that was landed or refused before, under the same contract, is not read again.
    Raises StageError when a reading process is killed.
    """
    key = _contract_key(contract)
    reports = workspace.landed / contract.dataset
    files = [path for path in delivered_files(workspace.inbox / contract.dataset) if (snapshot_date(path.name) or as_of) <= as_of]
    before = {path.name: _read_report(_report_path(reports, path.name)) for path in files}
    landings = [_identified(path, contract, key, region, before[path.name]) for path in files]
    firsts = _first_names(landings, before)
    todo = [landing for landing in landings if landing.status == _UNREAD and firsts[_identity(landing)] == landing.file]
    done = {landing.file: landing for landing in _read_all(todo, contract, reports, workspace.settings.threads)}
    result = [_settled(landing, firsts, done) for landing in landings]
    for landing in result:
        if landing != before[landing.file]:
            _write_report(_report_path(reports, landing.file), landing)
    return result


def _contract_key(contract: Contract) -> str:
    return hashlib.sha256(f"{LAYOUT} {contract.max_bytes} {contract.digest}".encode()).hexdigest()[:8]


def _identified(path: Path, contract: Contract, key: str, region: Region, before: Landing | None) -> Landing:
    """A file with its name read and its bytes known; what was found in it before, where neither they nor the contract have changed since."""
    state = path.stat()
    found = Landing(
        dataset=contract.dataset,
        file=path.name,
        path=str(path),
        digest="",
        bytes=state.st_size,
        received=state.st_mtime_ns,
        snapshot=snapshot_date(path.name),
        county_code=None,
        part=None,
        status=_UNREAD,
        contract=key,
    )
    try:
        name = read_name(path.name, region)
        found = replace(found, county_code=name.county_code, part=name.part)
        if state.st_size == 0:
            raise DeliveryError("it is empty; have it delivered again.")
        if state.st_size > contract.max_bytes:
            raise too_big(contract.max_bytes)
    except DeliveryError as error:
        return _refused(found, error)
    unchanged = before is not None and before.digest and (before.bytes, before.received) == (found.bytes, found.received)
    try:
        digest = before.digest if before is not None and unchanged else file_digest(path)
    except OSError as error:
        return _refused(found, DeliveryError(f"it cannot be read ({error.strerror}); correct its permissions or have it delivered again."))
    found = replace(found, digest=digest)
    if before is None or (before.digest, before.contract, before.county_code) != (digest, key, name.county_code) or before.status == "same":
        return found
    if before.status == "landed" and not Path(before.landed_path or "").is_file():
        return found
    return replace(before, path=found.path, received=found.received)


def _refused(landing: Landing, error: DeliveryError) -> Landing:
    return replace(landing, status="refused", error=f"{landing.dataset}/{landing.file} is refused: {error}")


def _identity(landing: Landing) -> tuple[date | None, str]:
    return landing.snapshot, landing.digest or landing.file


def _first_names(landings: Iterable[Landing], before: Mapping[str, Landing | None]) -> dict[tuple[date | None, str], str]:
    """By date and bytes the file whose name stays: the one that an earlier run took, else the one received first."""

    def order(landing: Landing) -> tuple[bool, int, str]:
        earlier = before[landing.file]
        taken = earlier is not None and earlier.digest == landing.digest and earlier.status != "same"
        return not taken, landing.received, landing.file

    firsts: dict[tuple[date | None, str], str] = {}
    for landing in sorted(landings, key=order):
        firsts.setdefault(_identity(landing), landing.file)
    return firsts


def _settled(landing: Landing, firsts: Mapping[tuple[date | None, str], str], done: Mapping[str, Landing]) -> Landing:
    first = firsts[_identity(landing)]
    if first != landing.file:
        return replace(landing, status="same", same_as=first, error=None, landed_path=None)
    return done.get(landing.file, landing)


def _read_all(landings: list[Landing], contract: Contract, folder: Path, threads: int) -> list[Landing]:
    """Reads files, the same bytes once, several big ones side by side."""
    distinct = list({landing.digest: landing for landing in reversed(landings)}.values())
    workers = min(threads or os.cpu_count() or 1, len(distinct))
    if workers > 1 and sum(landing.bytes for landing in distinct) >= PARALLEL_BYTES and not multiprocessing.current_process().daemon:
        try:
            with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
                done = list(pool.map(_read, distinct, repeat(contract), repeat(folder)))
        except BrokenProcessPool as error:
            raise StageError(f"Reading {contract.dataset} ended in mid-air, probably for lack of memory; set threads to 1 and run again.") from error
    else:
        done = [_read(landing, contract, folder) for landing in distinct]
    taken = {landing.file for landing in done}
    return done + [_read(landing, contract, folder) for landing in landings if landing.file not in taken]


def _read(landing: Landing, contract: Contract, folder: Path) -> Landing:
    """Lands one file, or takes what its bytes gave under another date."""
    path = Path(landing.path)
    target = folder / f"{landing.digest[:16]}-{landing.contract}.parquet"
    kind, gzipped = file_format(path.name)
    county_known = landing.county_code is not None
    try:
        if target.is_file():
            content = read_content(target, contract, county_known)
        else:
            content = land_content(path, kind, gzipped, contract, county_known, target)
            if path.stat().st_mtime_ns != landing.received:
                target.unlink()
                raise DeliveryError("it changed while it was read; have it delivered under a hidden name and renamed when it is complete.")
    except DeliveryError as error:
        return _refused(landing, error)
    return replace(landing, status="landed", landed_path=str(target), **asdict(content))


def _report_path(folder: Path, file: str) -> Path:
    name = file if len(file.encode()) <= LONGEST_NAME else hashlib.sha256(file.encode()).hexdigest()[:32]
    return folder / f"{name}.json"


def _read_report(path: Path) -> Landing | None:
    try:
        return Landing.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return None  # none yet, or from another version: the file is read again


def _write_report(path: Path, landing: Landing) -> None:
    with atomic_path(path) as beside:
        beside.write_text(json.dumps(landing.to_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
