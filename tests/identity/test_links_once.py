"""A night takes over the links of a night that rests on the same files, and of no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipelines.engine import Engine, open_engine
from pipelines.extracts.coverage import Coverage
from pipelines.extracts.in_force import InForce
from pipelines.identity.candidates import DECISIONS
from pipelines.identity.links import DEFAULT_MODEL
from pipelines.identity.links_once import link_once
from pipelines.identity.model import load_model
from tests.extracts.landing_factory import CONTRACTS
from tests.identity.test_records import DIBAO, REGION_COUNTIES, A, B, Night, dibao

FILES = ("links.parquet", "queue.parquet", "cut.parquet")
MODEL = load_model(DEFAULT_MODEL)
DECIDED = pa.Table.from_pylist(
    [{"dataset": "dibao", "natural_key": "F1", "other_dataset": "dibao", "other_key": "F2", "decision": "same"}], schema=DECISIONS
)
CONTRACT = CONTRACTS["dibao"]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    opened = open_engine()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def delivered(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Night:
    """Everybody in it has a number, so that it is linked soon."""
    night = Night(engine, tmp_path_factory.mktemp("delivered"))
    night.deliver("dibao", "dibao_640323_20200731.csv", [DIBAO, dibao("马明", A), dibao("马小", B)])
    return night


def in_force(night: Night) -> InForce:
    return InForce(dict(night.files), Coverage([]), REGION_COUNTIES)


def linked(night: Night, folder: Path, earlier: list[Path], **other: Any) -> bool:
    """Whether the night of `folder` was linked anew."""
    folder.mkdir(exist_ok=True)
    usual: dict[str, Any] = {"model": MODEL, "decisions": None, "asked": ["dibao"], "code": "1"} | other
    usual = {"fixed": in_force(night), "contracts": CONTRACTS} | usual
    return link_once(night.engine, usual.pop("fixed"), usual.pop("contracts"), folder, earlier, **usual)


def test_the_next_night_with_the_same_files_has_the_same_links(engine: Engine, tmp_path: Path) -> None:
    night = Night(engine, tmp_path / "delivered")
    night.deliver("dibao", "dibao_640323_20200731.csv", [DIBAO, dibao("马明", ""), dibao("马小", "")])
    first, second, alone = (tmp_path / name for name in ("first", "second", "alone"))
    assert linked(night, first, [])
    assert not linked(night, second, [first])
    assert not linked(night, second, [])
    assert linked(night, alone, [])
    assert [(second / name).read_bytes() for name in FILES] == [(alone / name).read_bytes() for name in FILES]


@pytest.mark.parametrize(
    "other",
    [
        {"model": replace(MODEL, name_share=MODEL.name_share / 2)},
        {"decisions": DECIDED},
        {"asked": ["dibao", "tekun"]},
        {"code": "2"},
        {"contracts": CONTRACTS | {"dibao": replace(CONTRACT, key=CONTRACT.key[:1])}},
    ],
    ids=["model", "decisions", "asked", "code", "contract"],
)
def test_whatever_else_links_rest_on_makes_them_anew(delivered: Night, tmp_path: Path, other: dict[str, Any]) -> None:
    assert linked(delivered, tmp_path / "first", [])
    assert linked(delivered, tmp_path / "second", [tmp_path / "first"], **other)


def test_another_file_or_another_county_in_force_makes_them_anew(delivered: Night, tmp_path: Path) -> None:
    assert linked(delivered, tmp_path / "first", [])
    (file,) = delivered.files["dibao"]
    fewer = replace(in_force(delivered), files={"dibao": [replace(file, counties=file.counties[1:], counts_outside=False)]})
    assert linked(delivered, tmp_path / "second", [tmp_path / "first"], fixed=fewer)
    changed = Night(delivered.engine, tmp_path / "changed")
    changed.deliver("dibao", "dibao_640323_20200731.csv", [DIBAO, dibao("马明", A)])
    assert linked(changed, tmp_path / "third", [tmp_path / "first"])


def test_a_night_that_lost_a_file_is_linked_again(delivered: Night, tmp_path: Path) -> None:
    assert linked(delivered, tmp_path, [])
    (tmp_path / "queue.parquet").unlink()
    assert linked(delivered, tmp_path, [])
