"""Linking that is not done again: who is who depends on the files in force and on nothing else of a night, so nights of the same files share it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa

from pipelines.contracts import Contract
from pipelines.engine import Engine, remove
from pipelines.extracts.in_force import InForce
from pipelines.identity.links import link
from pipelines.identity.model import Model
from pipelines.identity.records import CUT_FILE, QUEUE_FILE
from pipelines.workspace import atomic_path

LINKS_FILE, KEY_FILE = "links.parquet", "links.json"
_WRITTEN = (LINKS_FILE, QUEUE_FILE, CUT_FILE)


def link_once(
    engine: Engine,
    in_force: InForce,
    contracts: Mapping[str, Contract],
    folder: Path,
    earlier: Iterable[Path],
    *,
    model: Model,
    decisions: pa.Table | None,
    asked: Collection[str],
    code: str,
) -> bool:
    """Writes to a night's `folder` what `link` writes, and links.json with the key of all that it depends on; gives whether it linked.

    Where the night itself or one of the `earlier` nights' folders has the same key, that night's files are taken over: they would be the same.
    `code` names the code that runs: other code links anew.
    """
    key = _key(engine, in_force, contracts, model, decisions, asked, code)
    for night in (folder, *earlier):
        if _key_of(night) == key:
            if night != folder:
                _take_over(night, folder, key)
            return False
    (folder / KEY_FILE).unlink(missing_ok=True)
    link(engine, in_force, contracts, folder / LINKS_FILE, model=model, decisions=decisions, asked=asked)
    _say(folder, key)
    return True


def _key(
    engine: Engine, in_force: InForce, contracts: Mapping[str, Contract], model: Model, decisions: pa.Table | None, asked: Collection[str], code: str
) -> str:
    """A conformed file's path names its content (conform.py), so it stands for the rows."""
    files = [[*file.path.parts[-3:], file.counties, file.counts_outside] for found in in_force.files.values() for file in found]
    said = [] if decisions is None else sorted(json.dumps(row, sort_keys=True) for row in decisions.to_pylist())
    known = [[dataset, contract.digest, contract.key] for dataset, contract in contracts.items()]
    depends = [engine.kind, files, in_force.region, known, asdict(model), said, sorted(asked), code]
    return hashlib.sha256(json.dumps(depends, ensure_ascii=False).encode()).hexdigest()


def _key_of(night: Path) -> str | None:
    """The key under which a night has its links; None where one of the files is gone."""
    if not all((night / name).exists() for name in (*_WRITTEN, KEY_FILE)):
        return None
    key: str = json.loads((night / KEY_FILE).read_text(encoding="utf-8"))["key"]
    return key


def _take_over(night: Path, folder: Path, key: str) -> None:
    (folder / KEY_FILE).unlink(missing_ok=True)  # a night that is killed here has no key, and links again
    for name in _WRITTEN:
        source = night / name
        if source.is_dir():  # Spark writes a folder of parts
            remove(folder / name)
            shutil.copytree(source, folder / name)
            continue
        with atomic_path(folder / name) as beside:
            shutil.copyfile(source, beside)
    _say(folder, key)


def _say(folder: Path, key: str) -> None:
    with atomic_path(folder / KEY_FILE) as beside:
        beside.write_text(json.dumps({"key": key}), encoding="utf-8")
