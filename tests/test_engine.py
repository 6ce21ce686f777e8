"""The engine: opening, reading and writing; and that DuckDB and Spark read the same rows in the same way."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.engine import Engine, open_engine, pinned, remove, staged
from pipelines.errors import SettingsError
from pipelines.extracts.conform import conform
from pipelines.identity.identify import identify, read_conformed
from tests.extracts.landing_factory import CONTRACTS, REGION, Inbox, csv_text
from tests.extracts.test_types import CASES, read_all
from tests.identity.test_numbers import NUMBER, by_engine, by_value

CELLS = [
    None, "", "-", "暂 无", NUMBER, NUMBER.lower(), f"'{NUMBER} ", "11010519491231002×", "440524188001010014", "640199800101003", "640199800101003.0",
    f"{NUMBER}43", f"{NUMBER}71B1", NUMBER.replace("0", "O"), NUMBER.replace("1", "l"), NUMBER[:17] + "*", NUMBER[:17], "6.40199198001010E+17",
    "640199199902290010", "一" * 18, "𠀀" * 18, "\\d\n", "a'b\"c", NUMBER[:14] + "٠٠٠٠",
]  # fmt: skip
HEADER = ["证件号码", "姓名", "病种名称", "认定日期", "有效期至"]
ROW = [NUMBER, "馬•明", "尿毒症", "2020年7月1日", "长期"]


@pytest.fixture(params=["duckdb", pytest.param("local[1]", marks=pytest.mark.spark)], scope="module")
def engine(request, tmp_path_factory):
    opened = open_engine(request.param, threads=1, scratch=tmp_path_factory.mktemp("scratch"))
    yield opened
    opened.close()


def test_every_form_of_every_type_means_the_same(engine, tmp_path) -> None:
    found = read_all(engine, {kind: list(cases) for kind, cases in CASES.items()}, tmp_path)
    assert {kind: dict(zip(cases, found[kind], strict=True)) for kind, cases in CASES.items()} == CASES


def test_id_numbers_mean_the_same(engine, tmp_path) -> None:
    stored = [place % 7 == 0 for place in range(len(CELLS))]
    assert by_engine(engine, CELLS, stored, tmp_path) == by_value(CELLS, stored)


def test_files_of_one_dataset_conform_one_after_the_other(tmp_path) -> None:
    """The plan is made for the first and holds for the next, whose rows, county and date are others."""
    engine = open_engine()
    inbox = Inbox(tmp_path, "serious_illness")
    inbox.deliver("serious_illness_640323_20200731.csv", csv_text([HEADER, *([ROW] * 20), ["", "", "尿毒症", "20200701", ""]]))
    inbox.deliver("serious_illness_640324_20200630.csv", csv_text([HEADER, ["", "马小", "尿毒症", "20200101", ""]]))
    landings = inbox.land(date(2020, 7, 31)).values()
    first, second = (conform(engine, inbox.workspace, CONTRACTS["serious_illness"], landing, REGION, identify) for landing in landings)
    assert (first.conformed, first.quarantined, second.conformed, second.quarantined) == (20, 1, 1, 0)
    found = engine.arrow(read_conformed(engine, [first.path, second.path]).order_by("snapshot", "line_no")).to_pylist()
    assert [(one["file"], one["snapshot"], one["county_code"], one["recognised_on"]) for one in found[:2]] == [
        ("serious_illness_640324_20200630.csv", 20200630, "640324", 20200101),
        ("serious_illness_640323_20200731.csv", 20200731, "640323", 20200701),
    ]
    assert (found[1]["name_folded"], found[1]["valid_until"], found[1]["id17"]) == ("马·明", 99991231, int(NUMBER[:17]))
    assert [one["column"] for one in engine.arrow(engine.read([first.quarantine_path])).to_pylist()] == ["name"]
    engine.close()


def numbers(engine: Engine, rows: int = 5) -> Any:
    return engine.table(pa.table({"n": pa.array(range(rows), pa.int64()), "big": pa.array([2**60 + 1, *([None] * (rows - 1))], pa.int64())}))


def test_large_integers_beside_nulls_come_through_whole(engine, tmp_path) -> None:
    path = engine.write(numbers(engine), tmp_path / "numbers.parquet", ["n"])
    assert engine.arrow(engine.read([path]).order_by("n"))["big"].to_pylist() == [2**60 + 1, None, None, None, None]


def test_what_is_written_again_replaces_what_was_there(engine, tmp_path) -> None:
    path = tmp_path / "deep" / "numbers.parquet"
    engine.write(numbers(engine, 5), path)
    engine.write(numbers(engine, 3), path, as_it_comes=True)
    assert engine.arrow(engine.read([path]).order_by("n"))["n"].to_pylist() == [0, 1, 2]
    assert [entry.name for entry in path.parent.iterdir()] == ["numbers.parquet"]
    remove(path)
    assert not path.exists()


def test_a_file_replaced_within_a_second_is_read_as_it_is(tmp_path) -> None:
    opened = open_engine()
    read = []
    for number in range(10):
        pq.write_table(pa.table({f"column{number % 2}": [number]}), tmp_path / "rows.parquet")
        read += opened.arrow(opened.read([tmp_path / "rows.parquet"])).to_pylist()
    opened.close()
    assert read == [{f"column{number % 2}": number} for number in range(10)]


def test_a_failed_write_leaves_what_was_there(engine, tmp_path) -> None:
    path = engine.write(numbers(engine), tmp_path / "numbers.parquet")
    table = engine.read([path])
    with pytest.raises(Exception, match=r"(?i)cast|convert"):
        engine.write(table.mutate(n=(table.n.cast("string") + "x").cast("int64")), path)
    assert engine.arrow(engine.read([path]))["n"].to_pylist() == [0, 1, 2, 3, 4]
    assert [entry.name for entry in tmp_path.iterdir()] == ["numbers.parquet"]


def test_a_step_is_computed_before_what_is_built_on_it() -> None:
    engine = open_engine()
    step = staged(_costly(numbers(engine)))
    used = step.mutate(a=step.costly + step.costly, b=step.costly.length())
    assert engine.connection.compile(used).count("REGEXP_REPLACE") == 1
    assert engine.arrow(used.order_by("n"))["a"].to_pylist() == ["00", "22", "22", "33", "44"]
    engine.close()


def _costly(table: Any) -> Any:
    return table.mutate(costly=table.n.cast("string").re_replace("1", "2"))


def test_equal_expressions_share_one_view_and_follow_what_they_read() -> None:
    engine = open_engine()
    first = pinned(staged(_costly(engine.view("given", numbers(engine, 2)))))
    second = pinned(staged(_costly(engine.view("given", numbers(engine, 4)))))
    assert first.get_name() == second.get_name()
    assert engine.arrow(first.count().name("n").as_table())["n"].to_pylist() == [4]
    engine.close()


def test_a_query_is_written_once_for_many_processes(tmp_path) -> None:
    """What an earlier process wrote is in the folder; for another key it is written anew."""
    first = open_engine(queries=tmp_path)
    given = first.view("given", numbers(first, 2))
    first.planned("earlier", "contract 1", lambda: staged(_costly(given)).select("costly", "n"))
    first.close()
    (tmp_path / "duckdb-earlier.sql").rename(tmp_path / "duckdb-later.sql")
    second = open_engine(queries=tmp_path)
    given = second.view("given", numbers(second, 3))
    kept = second.planned("later", "contract 1", lambda: pytest.fail("the query lies in the folder"))
    assert kept.columns == ("costly", "n")
    assert second.arrow(kept.order_by("n"))["costly"].to_pylist() == ["0", "2", "2"]
    changed = second.planned("later", "contract 2", lambda: given.select(other="n"))
    assert changed.columns == ("other",)
    second.close()


def test_a_table_without_rows_has_its_columns(engine, tmp_path) -> None:
    path = engine.write_none(numbers(engine), tmp_path / "none.parquet")
    found = engine.arrow(engine.read([path]))
    assert (found.num_rows, found.column_names) == (0, ["n", "big"])


def test_rows_keep_the_order_of_their_lines(tmp_path: Path) -> None:
    engine = open_engine(threads=2)
    pq.write_table(pa.table({"n": range(300_000)}), tmp_path / "many.parquet", row_group_size=10_000)
    table = engine.read([tmp_path / "many.parquet"])
    engine.write(table.filter(table.n % 3 == 0), tmp_path / "some.parquet", as_it_comes=True)
    assert pq.read_table(tmp_path / "some.parquet")["n"].to_pylist() == list(range(0, 300_000, 3))
    engine.close()


@pytest.mark.parametrize("name", ["polars", "spark", "spark://", "local[x]", ""])
def test_another_engine_is_refused_in_words(name) -> None:
    with pytest.raises(SettingsError, match="use duckdb or spark://host:port"):
        open_engine(name)


def test_a_limit_of_memory_is_kept() -> None:
    engine = open_engine(memory="200MB")
    limit = engine.arrow(engine.connection.sql("SELECT current_setting('memory_limit') AS memory"))["memory"][0].as_py()
    assert limit.endswith("MiB")
    engine.close()
