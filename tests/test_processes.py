"""Work that is spread over processes: results in order, every job once, and a process that dies is told."""

from __future__ import annotations

import multiprocessing
import os
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.errors import StageError
from pipelines.processes import spread


@dataclass(frozen=True)
class Add:
    number: int

    def __call__(self, more: int) -> int:
        return self.number + more


@dataclass(frozen=True)
class Die:
    """Ends the process that is not the test's own; there it waits until that has happened."""

    sign: Path

    def __call__(self, _: int) -> None:
        if multiprocessing.parent_process() is not None:
            self.sign.touch()
            os._exit(1)
        while not self.sign.exists():
            time.sleep(0.05)


def means() -> int:
    return 100


@pytest.mark.parametrize("alone", [True, False])
def test_results_come_in_the_order_of_the_jobs(alone: bool) -> None:
    found = spread("Adding", [Add(number) for number in range(20)], 100, means, threads=2, alone=alone)
    assert found == [100 + number for number in range(20)]


def test_no_jobs_give_no_results() -> None:
    assert spread("Adding", [], 100, means, threads=2) == []


def test_a_process_that_dies_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="Adding ended in mid-air"):
        spread("Adding", [Die(tmp_path / "sign")] * 2, 100, means, threads=2)


def test_what_a_job_raises_in_another_process_reaches_the_caller(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        spread("Adding", [Add("text"), Add(1)], 100, means, threads=2)  # type: ignore[arg-type]
