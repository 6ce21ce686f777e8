"""A night's folder of reports, put in place whole, and the departments' workbooks in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from uuid import uuid4

from pipelines.contracts import REFERENCE, Contract
from pipelines.extracts.conform import Conformed
from pipelines.extracts.deliveries import Delivery
from pipelines.extracts.in_force import InForce
from pipelines.policy import Policy
from pipelines.reports import defects
from pipelines.reports.quarantine import write_quarantine
from pipelines.reports.run_summary import FileLine


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
