"""What a night hands to the ledger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import LedgerError
from pipelines.policy import Policy

PUBLISHED_FILES = (
    "flags", "evidence", "flag_members", "mismatches", "mismatch_evidence", "persons", "coverage", "suspensions", "denominators",
)  # fmt: skip
QUEUE = "queue"  # optional: pairs of records that people must decide
STATUS = "status"  # optional: why a flag that is gone is gone


@dataclass(frozen=True)
class NightFiles:
    """One night's Parquet files (docs/design.md) in `folder`, and what the run says about itself.

    `inputs` are the files read: dictionaries of `dataset`, `file`, `digest`, `bytes`, `rows`, `snapshot`, `age_days`; `counts` and `timings` are per
    stage; `policy` gives due dates, id and version.
    """

    folder: Path
    as_of: date
    policy: Policy
    code_version: str
    inputs: Sequence[Mapping[str, Any]] = ()
    counts: Mapping[str, Any] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def read(self, name: str, coded: Sequence[str] = ()) -> pa.Table:
        """The table of one file, the columns `coded` as dictionaries. Raises LedgerError when the night has not written it."""
        return pq.read_table(self._path(name), read_dictionary=list(coded))

    def read_if_there(self, name: str) -> pa.Table | None:
        """As `read`, but None when there is no such file."""
        return self.read(name) if (self.folder / f"{name}.parquet").exists() else None

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 over all that is published and what it was made from; two attempts that share it are the same."""
        said = [self.as_of.isoformat(), self.policy.digest, self.code_version, list(self.inputs)]
        whole = hashlib.sha256(json.dumps(said, ensure_ascii=False, sort_keys=True, default=str).encode())
        for name in (*PUBLISHED_FILES, *(name for name in (QUEUE,) if (self.folder / f"{name}.parquet").exists())):
            path = self._path(name)
            for part in sorted(path.glob("*.parquet")) if path.is_dir() else [path]:  # Spark writes a folder of numbered parts
                with part.open("rb") as file:
                    whole.update(hashlib.file_digest(file, "sha256").digest())
        return whole.digest()

    def _path(self, name: str) -> Path:
        path = self.folder / f"{name}.parquet"
        if not path.exists():
            raise LedgerError(f"The night of {self.as_of} has no {path.name}; run its stages again before publishing.")
        return path
