"""Which rows count in a night: for every dataset the files in force and the counties for which each is."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from pipelines.extracts.coverage import Coverage
from pipelines.workspace import atomic_path


@dataclass(frozen=True)
class InForceFile:
    """One conformed file that counts. Of its rows count those of `counties`, and, with `counts_outside`, those of counties outside the region."""

    dataset: str
    file: str
    snapshot: int
    path: Path
    quarantine_path: Path | None
    counties: tuple[str, ...]
    counts_outside: bool

    def counting(self, table: ir.Table, region: tuple[str, ...]) -> ir.Table:
        """The rows of `table` (the file's, with `county_code`) that count; `region` names the region's counties."""
        kept = table.county_code.isin(self.counties)
        return table.filter(kept | table.county_code.notin(region) if self.counts_outside else kept)


@dataclass(frozen=True)
class InForce:
    """What counts in one night: per dataset the files in force (a dataset without one is absent), and the coverage."""

    files: dict[str, list[InForceFile]]
    coverage: Coverage
    region: tuple[str, ...]

    def save(self, folder: Path) -> None:
        """Writes `in_force.json` and `coverage.parquet` to a night's folder, atomically."""
        files = {dataset: [_plain(file, folder) for file in files] for dataset, files in self.files.items()}
        document = {"region": list(self.region), "files": files}
        with atomic_path(folder / "in_force.json") as beside:
            beside.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
        self.coverage.to_parquet(folder / "coverage.parquet")

    @classmethod
    def load(cls, folder: Path) -> InForce:
        """What `save` wrote to `folder`."""
        document = json.loads((folder / "in_force.json").read_text(encoding="utf-8"))
        files = {dataset: [_file(item, folder) for item in items] for dataset, items in document["files"].items()}
        return cls(files, Coverage.from_parquet(folder / "coverage.parquet"), tuple(document["region"]))


def _plain(file: InForceFile, folder: Path) -> dict[str, Any]:
    """Paths are written as seen from the night's folder, so that a workspace can be moved."""
    return {
        "dataset": file.dataset,
        "file": file.file,
        "snapshot": file.snapshot,
        "path": os.path.relpath(file.path, folder),
        "quarantine_path": os.path.relpath(file.quarantine_path, folder) if file.quarantine_path else None,
        "counties": list(file.counties),
        "counts_outside": file.counts_outside,
    }


def _file(item: dict[str, Any], folder: Path) -> InForceFile:
    paths = {name: Path(os.path.normpath(folder / item[name])) if item[name] else None for name in ("path", "quarantine_path")}
    return InForceFile(**{**item, **paths, "counties": tuple(item["counties"])})
