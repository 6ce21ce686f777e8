"""The folders of a night's reports: a workbook for every township, department and check, put in place whole."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from uuid import uuid4

import pandas as pd

from pipelines.contracts import REFERENCE, Contract
from pipelines.errors import StageError
from pipelines.extracts.conform import Conformed
from pipelines.extracts.deliveries import Delivery
from pipelines.extracts.in_force import InForce
from pipelines.policy import Policy
from pipelines.reports import defects
from pipelines.reports.cases import TownshipList
from pipelines.reports.mismatch_figures import check_figures, county_figures
from pipelines.reports.mismatches import MismatchRow, write_check
from pipelines.reports.quarantine import write_quarantine
from pipelines.reports.run_summary import FileLine
from pipelines.reports.texts import policy_title
from pipelines.reports.township import write_township

COUNTY_LIST = "_county"
_PARALLEL_CASES = 4_000  # below, starting processes costs more than it saves
Progress = Callable[[str], None]


@contextmanager
def replaced(target: Path, owned: Sequence[str]) -> Iterator[Path]:
    """Gives a folder beside `target` to write to; when the block ends well, each of the `owned` names in `target` becomes what was written.

    An owned name that was not written is removed; anything else in `target` stays. A failed block changes nothing.
    """
    beside = target.with_name(f".{target.name}.{uuid4().hex[:8]}.part")
    beside.mkdir(parents=True)
    try:
        yield beside
        target.mkdir(parents=True, exist_ok=True)
        for name in owned:
            _remove(target / name)
            if (beside / name).exists():
                (beside / name).replace(target / name)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_lists(folder: Path, lists: Sequence[TownshipList], progress: Progress = lambda _: None) -> int:
    """Writes `flags/<county>/<township>.xlsx` below `folder` for every list; gives their number. A province's worth is spread over processes."""
    progress(f"{len(lists)} township workbooks")
    paths = [folder / "flags" / entry.county_code / f"{entry.township or COUNTY_LIST}.xlsx" for entry in lists]
    few = sum(len(entry.cases) for entry in lists) < _PARALLEL_CASES
    if few or multiprocessing.current_process().daemon:
        for path, entry in zip(paths, lists, strict=True):
            write_township(path, entry)
    else:
        try:
            with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
                list(pool.map(write_township, paths, lists, chunksize=4))
        except BrokenProcessPool as error:
            raise StageError("Writing the township workbooks ended in mid-air, probably for lack of memory; run the night again.") from error
    return len(lists)


def write_departments(
    folder: Path,
    files: Sequence[FileLine],
    conformed: Iterable[Conformed],
    deliveries: Iterable[Delivery],
    in_force: InForce,
    *,
    contracts: Mapping[str, Contract],
    policy: Policy,
    as_of: date,
) -> None:
    """Writes `quarantine/<department>.xlsx` below `folder` for every department that delivers, whether it has faults or not."""
    done = defects.of_the_night(conformed, deliveries, in_force)
    departments = dict.fromkeys(contract.department for contract in contracts.values() if contract.department != REFERENCE)
    for department in departments:
        own = [item for item in done if contracts[item.dataset].department == department]
        write_quarantine(
            folder / "quarantine" / f"{department}.xlsx",
            department,
            [line for line in files if line.department == department],
            defects.quarantined(own),
            defects.warned(own),
            contracts=contracts,
            policy=policy,
            as_of=as_of,
        )


def write_checks(
    folder: Path,
    rows: Callable[[str], Iterable[MismatchRow]],
    mismatches: pd.DataFrame,
    denominators: pd.DataFrame,
    suspensions: pd.DataFrame,
    *,
    policy: Policy,
    as_of: date,
) -> None:
    """Writes `mismatches/<check>.xlsx` below `folder` for every check; `rows` gives a check's mismatches. Tables as in mismatch_figures."""
    counties = county_figures(mismatches, denominators, suspensions, policy)
    for place, figures in enumerate(check_figures(mismatches, denominators, suspensions, policy)):
        parts = [(county.name, county.cells[place]) for county in counties]
        path = folder / "mismatches" / f"{figures.check}.xlsx"
        write_check(path, figures, parts, rows(figures.check), as_of=as_of, policy=policy_title(policy))
