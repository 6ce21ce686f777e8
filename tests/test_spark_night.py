"""A night on a Spark cluster, whose master and workers are processes of their own, finds what DuckDB finds. By itself: `make test-spark`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.spark_cluster import spark_cluster
from benchmarks.spark_results import night_table
from pipelines.night import run_night
from pipelines.synthetic.province import synthesize
from pipelines.workspace import PROJECT, Workspace
from tests.nights import AS_OF

PEOPLE = 72_000  # a hundredth of a province
BRIEF = {
    "spark.driver.memory": "1g",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmn384m",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
}
"""For a hundredth of a province: machine code for every query, and planning it again after each of its parts, take longer than they save."""
pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """The folders of one night on DuckDB and on a cluster, with the same keys."""
    duckdb, spark = (tmp_path_factory.mktemp(engine) for engine in ("duckdb", "spark"))
    synthesize(duckdb, PEOPLE, AS_OF, 1)
    shutil.copytree(duckdb / "inbox", spark / "inbox", copy_function=os.link)
    run_night(Workspace(duckdb), AS_OF, dry_run=True)
    shutil.copytree(duckdb / "keys", spark / "keys")
    with spark_cluster(tmp_path_factory.mktemp("cluster"), settings=BRIEF) as (master, conf):
        command = ["-m", "pipelines.cli", "run", "--as-of", AS_OF.isoformat(), "--workspace", str(spark), "--engine", master, "--dry-run"]
        environment = os.environ | {"SPARK_CONF_DIR": str(conf)}
        subprocess.run([sys.executable, *command], check=True, cwd=PROJECT, capture_output=True, env=environment)
    yield tuple(folder / "nights" / AS_OF.isoformat() for folder in (duckdb, spark))


def test_every_table_of_the_night_is_the_same(nights: tuple[Path, Path]) -> None:
    duckdb, spark = nights
    names = {path.name for path in duckdb.glob("*.parquet")}
    assert {"flags.parquet", "evidence.parquet", "mismatches.parquet", "links.parquet", "queue.parquet"} < names
    assert names == {path.name for path in spark.glob("*.parquet")}
    assert night_table(duckdb / "flags.parquet").num_rows > 100
    for name in sorted(names):
        assert night_table(duckdb / name).equals(night_table(spark / name)), name
