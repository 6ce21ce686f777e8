"""Landing a dataset's deliveries: every file once, as text, beside a report of what became of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from pipelines.contracts import Contract
from pipelines.errors import DeliveryError
from pipelines.extracts.content import land_content, read_content
from pipelines.extracts.files import delivered_files, file_digest, file_format, read_name, snapshot_date, too_big
from pipelines.policy import Region
from pipelines.processes import spread
from pipelines.workspace import Workspace, atomic_path

LAYOUT = 2  # of landed files; a change of how landing reads gives it a new number, so that files are read again
LONGEST_NAME = 200  # bytes; the report's name is longer, and file systems allow 255
_UNREAD = "unread"
PARALLEL_BYTES = 128 << 20  # below, starting processes costs more than it saves


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
    return land_all(workspace, [contract], as_of, region)[contract.dataset]


def land_all(workspace: Workspace, contracts: Iterable[Contract], as_of: date, region: Region) -> dict[str, list[Landing]]:
    """`land` of several datasets at once, by dataset: big files are read side by side, whichever dataset they are of."""
    found = [_Found.of(workspace, contract, as_of, region) for contract in contracts]
    done = {(landing.dataset, landing.file): landing for landing in _read_all([task for one in found for task in one.tasks()], workspace)}
    return {one.contract.dataset: one.settled(done) for one in found}


@dataclass(frozen=True)
class _Task:
    """A file to be read, the contract it is read by and the folder that its rows go to."""

    landing: Landing
    contract: Contract
    folder: Path


@dataclass(frozen=True)
class _Found:
    """A dataset's delivered files with what is known of them: `landings` now, `before` as an earlier run left them, by name."""

    contract: Contract
    folder: Path
    landings: list[Landing]
    before: dict[str, Landing | None]
    firsts: dict[tuple[date | None, str], str]

    @classmethod
    def of(cls, workspace: Workspace, contract: Contract, as_of: date, region: Region) -> _Found:
        key, folder = _contract_key(contract), workspace.landed / contract.dataset
        files = [path for path in delivered_files(workspace.inbox / contract.dataset) if (snapshot_date(path.name) or as_of) <= as_of]
        before = {path.name: _read_report(_report_path(folder, path.name)) for path in files}
        landings = [_identified(path, contract, key, region, before[path.name]) for path in files]
        return cls(contract, folder, landings, before, _first_names(landings, before))

    def tasks(self) -> list[_Task]:
        """The files that must be read."""
        unread = [landing for landing in self.landings if landing.status == _UNREAD and self.firsts[_identity(landing)] == landing.file]
        return [_Task(landing, self.contract, self.folder) for landing in unread]

    def settled(self, done: Mapping[tuple[str, str], Landing]) -> list[Landing]:
        """What became of each file, kept beside the landed rows where it is news."""
        result = [self._settled(landing, done) for landing in self.landings]
        for landing in result:
            if landing != self.before[landing.file]:
                _write_report(_report_path(self.folder, landing.file), landing)
        return result

    def _settled(self, landing: Landing, done: Mapping[tuple[str, str], Landing]) -> Landing:
        first = self.firsts[_identity(landing)]
        if first != landing.file:
            return replace(landing, status="same", same_as=first, error=None, landed_path=None)
        return done.get((landing.dataset, landing.file), landing)


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


def _read_all(tasks: list[_Task], workspace: Workspace) -> list[Landing]:
    """Reads files, the same bytes once, and where they are many bytes several side by side, the biggest first."""
    distinct = list({(task.folder, task.landing.digest): task for task in reversed(tasks)}.values())
    distinct.sort(key=lambda task: task.landing.bytes, reverse=True)
    jobs = [partial(_read, task) for task in distinct]
    few = sum(task.landing.bytes for task in distinct) < PARALLEL_BYTES
    done = spread("Reading the deliveries", jobs, None, _nothing, threads=workspace.settings.threads, alone=few)
    taken = {(landing.dataset, landing.file) for landing in done}
    return done + [_read(task) for task in tasks if (task.landing.dataset, task.landing.file) not in taken]


def _nothing() -> None:
    """What it takes to read a file besides its task."""


def _read(task: _Task, _: None = None) -> Landing:
    """Lands one file, or takes what its bytes gave under another date."""
    landing, contract = task.landing, task.contract
    path = Path(landing.path)
    target = task.folder / f"{landing.digest[:16]}-{landing.contract}.parquet"
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
