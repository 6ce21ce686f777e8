"""The engine behind Ibis: opening it, reading and writing Parquet, and what Ibis cannot say in one way for both engines."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
import sqlglot.expressions as sge

from pipelines.errors import SettingsError
from pipelines.workspace import atomic_path

_STAGE = -1
# DuckDB would keep the rows of a named subquery in memory
_INLINE = {"duckdb": "NOT MATERIALIZED ", "pyspark": ""}
# The queries of `Engine.planned` and their columns, by kind of engine, view and key
_QUERIES: dict[tuple[str, str, str], tuple[str, ibis.Schema]] = {}
_SPARK_MASTER = re.compile(r"spark://\S+|local(\[(\d+|\*)\])?")


class Engine:
    """One open engine. Tables it gives are lazy Ibis expressions of this connection; `kind` is `duckdb` or `spark`."""

    def __init__(self, connection: ibis.BaseBackend, kind: str, queries: Path | None = None) -> None:
        self.connection = connection
        self.kind = kind
        self._queries = queries
        self._planned: dict[tuple[str, str], ir.Table] = {}

    def read(self, paths: Iterable[Path]) -> ir.Table:
        """The rows of Parquet files (or folders, as Spark writes them) that share one schema, as a lazy table."""
        names = [str(path) for path in sorted(paths)]
        if self.kind == "spark":
            return _spark_view(self.connection, f"files_{uuid4().hex}", _spark_files(self._session, names))
        return self.connection.read_parquet([f"{name}/*.parquet" if Path(name).is_dir() else name for name in names])

    def write(self, table: ir.Table, target: Path, order_by: Iterable[str] = (), *, as_it_comes: bool = False) -> Path:
        """Writes `table` to Parquet at `target`, atomically, and returns `target`: one file on DuckDB, a folder of parts on Spark.

        Rows are sorted by `order_by`. `as_it_comes` is for one pass over many rows: they keep the order in which they were read, far cheaper than
        sorting, and a filter stays where it stands: moved below the steps before it, it would compute once more what it asks for. On Spark nothing
        keeps an order but sorting, which computes the rows once more to divide them, so then they are in none.
        """
        if self.kind == "spark":
            return self._write_folder(table if as_it_comes else _ordered(table, order_by), target)
        with self._one_pass() if as_it_comes else nullcontext(), atomic_path(target) as beside:
            self.connection.to_parquet(_ordered(table, order_by), beside, compression="zstd")
        return target

    def write_none(self, like: ir.Table, target: Path) -> Path:
        """Writes Parquet at `target`, atomically, with the columns of `like` and no row, without asking the engine."""
        remove(target)
        with atomic_path(target) as beside:
            pq.write_table(like.schema().to_pyarrow().empty_table(), beside)
        return target

    @contextmanager
    def _one_pass(self) -> Iterator[None]:
        self.connection.raw_sql("SET preserve_insertion_order=true; SET disabled_optimizers='filter_pushdown'")
        try:
            yield
        finally:
            self.connection.raw_sql("SET preserve_insertion_order=false; SET disabled_optimizers=''")

    def _write_folder(self, table: ir.Table, target: Path) -> Path:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.{uuid4().hex[:8]}.part")
        try:
            _spark_frame(self.connection, table).write.parquet(str(beside))
            remove(target)
            beside.replace(target)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        return target

    def arrow(self, table: ir.Table) -> pa.Table:
        """The rows of a small table, in memory, as they are: ibis would take Spark's through pandas, where a null makes an int64 a float."""
        rows: pa.Table = _spark_frame(self.connection, table).toArrow() if self.kind == "spark" else self.connection.to_pyarrow(table)
        return rows

    def table(self, rows: pa.Table) -> ir.Table:
        """A small table in memory as a table of this engine."""
        if self.kind == "spark":
            return _spark_view(self.connection, f"rows_{uuid4().hex}", self._session.createDataFrame(rows))
        return ibis.memtable(rows)

    def kept(self, table: ir.Table) -> ir.Table:
        """The rows of `table`, computed now and kept by the engine until it closes or is told to `forget` them."""
        return _kept(self.connection, table)

    def forget(self, *kept: ir.Table) -> None:
        """Frees what `kept` keeps. Expressions built on it can no longer be computed."""
        for table in kept:
            if self.kind == "spark":
                shutil.rmtree(_kept_folder(self.connection) / table.op().name)
            else:
                self.connection.drop_table(table.op().name)

    def view(self, name: str, table: ir.Table) -> ir.Table:
        """A view called `name` of `table`, in place of one that had the name: what is built on it holds for the new rows."""
        if self.kind == "spark":
            made: ir.Table = self.connection.create_view(name, table, overwrite=True)
            return made
        return _view(self.connection, name, table)[0]

    def planned(self, name: str, key: str, make: Callable[[], ir.Table]) -> ir.Table:
        """A view called `name` of the expression that `make` gives, which `key` stands for; it reads other views by their names.

        Building an expression and writing it as a query takes longer than to run it on a small file. So the query is kept, in the process and in
        the engine's folder of queries. `key` names everything that the expression depends on, `name` aside.
        """
        if (name, key) not in self._planned:
            place = (self.kind, name, key)
            if place not in _QUERIES:
                _QUERIES[place] = self._query(name, key, make)
            query, columns = _QUERIES[place]
            self.connection.raw_sql(f"CREATE OR REPLACE {'TEMPORARY ' if self.kind == 'spark' else ''}VIEW {name} AS {query}")
            self._planned[name, key] = _named(self.connection, name, columns)
        return self._planned[name, key]

    def _query(self, name: str, key: str, make: Callable[[], ir.Table]) -> tuple[str, ibis.Schema]:
        """The query and its columns as they were kept in the folder, below a line that says for what; else as they are written now."""
        if self._queries is None:
            return _written_in_steps(self.connection, name, make)
        path, title = self._queries / f"{self.kind}-{name}.sql", f"-- {key} ibis {ibis.__version__}"
        if path.is_file():
            kept, _, rest = path.read_text(encoding="utf-8").partition("\n")
            if kept == title:
                columns, _, query = rest.partition("\n")
                return query, ibis.schema(json.loads(columns.removeprefix("-- ")))
        query, schema = _written_in_steps(self.connection, name, make)
        columns = json.dumps({column: str(kind) for column, kind in schema.items()})
        with atomic_path(path) as beside:
            beside.write_text(f"{title}\n-- {columns}\n{query}", encoding="utf-8")
        return query, schema

    @property
    def _session(self) -> Any:
        return self.connection._session

    def close(self) -> None:
        """Ends the engine and frees its memory. A Spark application stays for the next engine, until the process ends."""
        if self.kind == "spark":
            shutil.rmtree(_kept_folder(self.connection), ignore_errors=True)
        else:
            self.connection.disconnect()


def _ordered(table: ir.Table, by: Iterable[str]) -> ir.Table:
    keys = list(by)
    return table.order_by(keys) if keys else table


def remove(path: Path) -> None:
    """Removes what `Engine.write` wrote, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@dataclass
class _Steps:
    """The steps of the query called `name` that is being written, as named subqueries."""

    backend: Any
    name: str
    queries: list[str] = field(default_factory=list)

    def add(self, table: ir.Table) -> ir.Table:
        step = f"{self.name}_{len(self.queries) + 1}"
        self.queries.append(f"{_quoted(self.backend, step)} AS {_INLINE[self.backend.name]}({self.backend.compile(table)})")
        return _named(self.backend, step, table.schema())


_STEPS: ContextVar[_Steps | None] = ContextVar("steps", default=None)


def _written_in_steps(backend: Any, name: str, make: Callable[[], ir.Table]) -> tuple[str, ibis.Schema]:
    """The query of the expression that `make` gives, and its columns.

    What is `staged` meanwhile is written as a subquery of its own at once: Ibis takes far longer to write many steps as one.
    """
    steps = _Steps(backend, name)
    token = _STEPS.set(steps)
    try:
        table = make()
    finally:
        _STEPS.reset(token)
    query = str(backend.compile(table))
    return f"WITH {', '.join(steps.queries)} {query}" if steps.queries else query, table.schema()


def staged(table: ir.Table) -> ir.Table:
    """The same rows, computed before whatever is built on them; within `Engine.planned` written as a query at once.

    Ibis folds successive selections into one, and an engine then computes a column once for each mention of it, regular expressions included;
    a subquery of its own keeps each to one computation a row. Equal steps are equal expressions: `Table.view` would number each call.
    """
    steps = _STEPS.get()
    if steps is not None:
        return steps.add(table)
    return ops.SelfReference(table.op(), identifier=_STAGE).to_expr()


# What was written as a query before, by its expression: the view's name and the statement that makes it. Expressions over tables of the same name
# and columns are equal on every connection in memory, so a process that opens engine after engine writes each dataset's plan once.
_WRITTEN: dict[Any, tuple[str, str]] = {}
_MOST_WRITTEN = 2000


def pinned(table: ir.Table) -> ir.Table:
    """The same rows as a view of the engine, so that what is built on them stays short: writing a long query takes longer than to run it.

    A second call with an equal expression on the same connection gives the view that is there, without writing the query again.
    """
    backend = table.get_backend()
    views: dict[Any, ir.Table] = vars(backend).setdefault("_pinned", {})  # not keyed by the backend: two connections in memory compare equal
    operation = table.op()
    if operation not in views:
        known = _rewritten(backend, operation)
        views[operation] = _written(backend, table) if known is None else known
    return views[operation]


def _written(backend: Any, table: ir.Table) -> ir.Table:
    name, operation = f"pinned_{uuid4().hex}", table.op()
    if backend.name == "pyspark":
        return _spark_view(backend, name, _spark_frame(backend, table))
    view, statement = _view(backend, name, table)
    if not operation.find(ops.InMemoryTable):
        if len(_WRITTEN) >= _MOST_WRITTEN:
            _WRITTEN.clear()
        _WRITTEN[operation] = name, statement
    return view


def _rewritten(backend: Any, operation: Any) -> ir.Table | None:
    """The view of an expression whose SQL is known, made on this connection; None when it is not."""
    if operation not in _WRITTEN:
        return None
    name, statement = _WRITTEN[operation]
    backend.raw_sql(statement)
    return _named(backend, name, operation.schema)


def _view(backend: Any, name: str, table: ir.Table) -> tuple[ir.Table, str]:
    """A view on DuckDB called `name` of `table`, in place of one that had the name, and the statement that makes it."""
    backend._run_pre_execute_hooks(table)
    statement = f"CREATE OR REPLACE VIEW {_quoted(backend, name)} AS {backend.compile(table)}"
    backend.raw_sql(statement)
    return _named(backend, name, table.schema()), statement


def kept(table: ir.Table) -> ir.Table:
    """`Engine.kept` of the engine that the table is of. Rows that lie in memory anyway stay there."""
    return _kept(table.get_backend(), table) if table._find_backends()[0] else table


def _named(backend: Any, name: str, schema: ibis.Schema) -> ir.Table:
    """The table or view called `name` of which the columns are known: to ask an engine for them, it must plan all that stands below a view."""
    table: ir.Table = ops.DatabaseTable(name, schema=schema, source=backend).to_expr()
    return table


def _quoted(backend: Any, name: str) -> str:
    return str(sge.to_identifier(name, quoted=True).sql(dialect=backend.dialect))


def _kept(backend: Any, table: ir.Table) -> ir.Table:
    """Ibis' own cache drops its table when Python forgets it, which may be after the engine has closed."""
    if backend.name == "pyspark":
        return _kept_on_spark(backend, table)
    made: ir.Table = backend.create_table(f"kept_{uuid4().hex}", table, temp=True)
    return made


def open_engine(
    name: str = "duckdb", *, memory: str = "", threads: int = 0, scratch: Path | None = None, queries: Path | None = None
) -> Engine:
    """An engine by its name: `duckdb`, or a Spark master such as `spark://host:7077` or `local[2]`.

    `memory` is a limit such as `2GB` (on Spark, of the driver and of each executor), `threads` the number of threads (on Spark, of the parts of a
    shuffle), `scratch` the folder to spill to and, on Spark, to keep tables in: all machines must see it. Everything else about Spark is for its own
    spark-defaults.conf to say. `queries` is the folder to keep written queries in.
    Raises SettingsError for any other name, and when Spark is not installed.
    """
    if scratch is not None:
        scratch.mkdir(parents=True, exist_ok=True)
    if name == "duckdb":
        return Engine(_open_duckdb(memory, threads, scratch), "duckdb", queries)
    if _SPARK_MASTER.fullmatch(name):
        return Engine(_open_spark(name, memory, threads, scratch), "spark", queries)
    raise SettingsError(f"The engine {name!r} is not known; use duckdb or spark://host:port.")


def _open_duckdb(memory: str, threads: int, scratch: Path | None) -> Any:
    connection = ibis.duckdb.connect()
    if memory:
        connection.raw_sql(f"SET memory_limit='{memory}'")
    if threads:
        connection.raw_sql(f"SET threads={threads}")
    if scratch is not None:
        folder = str(scratch).replace("'", "''")
        connection.raw_sql(f"SET temp_directory='{folder}'")
    connection.raw_sql("SET preserve_insertion_order=false")
    # DuckDB knows a cached file by its size and the second it was written: a file replaced within that second would be read as it was before
    connection.raw_sql("SET enable_external_file_cache=false")
    return connection


# What holds for every query on Spark, whatever a deployment's spark-defaults.conf says
_SPARK_QUERIES = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # One method for a whole stage passes Java's 64 KB where columns are typed and checked: it is compiled for seconds, in vain
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.constraintPropagation.enabled": "false",  # what it infers grows with the square of a wide table's columns
    "spark.sql.maxPlanStringLength": "10000",  # the driver keeps the text and figures of every query's plan; many are long
    "spark.sql.ui.explainMode": "simple",
    # What is written gets its name when it is whole, so its files need no marks nor places of their own until then
    "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    "mapreduce.fileoutputcommitter.algorithm.version": "2",
}


def _open_spark(master: str, memory: str, threads: int, scratch: Path | None) -> Any:
    try:
        from pyspark.sql import SparkSession  # an extra that embedded deployments do not have
    except ImportError as error:
        raise SettingsError("The engine Spark is not installed; install the project with its extra, doudi[spark], or use duckdb.") from error
    settings = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.sql.ui.retainedExecutions": "20"}
    if memory:
        limit = re.sub(r"(?i)i?b$", "", memory.replace(" ", "")).lower()
        settings |= {"spark.driver.memory": limit, "spark.executor.memory": limit}
    if scratch is not None:
        settings["spark.local.dir"] = str(scratch)
    running = SparkSession.getActiveSession()
    if running is not None and running.sparkContext.master != master:
        running.stop()
    builder = SparkSession.builder.master(master).appName("doudi")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate().newSession()  # an application takes long to start: one serves all engines of a process
    session.sparkContext.setLogLevel("ERROR")
    for key, value in _SPARK_QUERIES.items():
        session.conf.set(key, value)
    if threads:
        session.conf.set("spark.sql.shuffle.partitions", threads)
    connection = ibis.pyspark.connect(session)
    # Ibis passes tables in memory through pandas, and an empty one through a Python process on every executor
    connection._register_in_memory_table = lambda op: session.createDataFrame(op.data.to_pyarrow(op.schema)).createOrReplaceTempView(op.name)
    vars(connection)["_kept"] = (scratch or Path(tempfile.gettempdir())) / f"kept-{uuid4().hex}"
    return connection


def _spark_frame(connection: Any, table: ir.Table) -> Any:
    """The table as a Spark data frame, of the types that the expression says: Ibis takes a rank for an int64 and leaves casts to that out."""
    from ibis.backends.pyspark.datatypes import PySparkSchema

    connection._run_pre_execute_hooks(table)
    frame = connection._session.sql(connection.compile(table))
    said = PySparkSchema.from_ibis(table.schema())
    return frame.select(*(frame[field.name].cast(field.dataType) for field in said))


def _spark_files(session: Any, names: Sequence[str]) -> Any:
    """The rows of Parquet files that share one schema. It is read here, for Spark would start a job on the cluster to find it."""
    from ibis.backends.pyspark.datatypes import PySparkSchema

    first = next(iter(sorted(Path(names[0]).glob("*.parquet")))) if Path(names[0]).is_dir() else Path(names[0])
    schema = ibis.Schema.from_pyarrow(pq.read_schema(first))
    return session.read.schema(PySparkSchema.from_ibis(schema)).parquet(*names)


def _kept_folder(connection: Any) -> Path:
    folder: Path = vars(connection)["_kept"]
    return folder


def _kept_on_spark(connection: Any, table: ir.Table) -> ir.Table:
    """As Parquet in the scratch folder, which all machines see: a cache would leave the plan of all that came before in every later query."""
    folder = _kept_folder(connection) / f"kept_{uuid4().hex}"
    frame = _spark_frame(connection, table)
    frame.write.parquet(str(folder))
    return _spark_view(connection, folder.name, connection._session.read.schema(frame.schema).parquet(str(folder)))


def _spark_view(connection: Any, name: str, frame: Any) -> ir.Table:
    """A data frame under a name. Spark keeps its plan as it is, where it would read a view's text again for each query."""
    frame.createOrReplaceTempView(name)
    view: ir.Table = connection.table(name)
    return view
