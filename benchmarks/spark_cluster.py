"""A Spark standalone cluster on this machine: a master and workers, each a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyspark

HOME = Path(pyspark.__file__).parent
HOST = "127.0.0.1"
_PATIENCE = 120.0


@contextmanager
def spark_cluster(folder: Path, *, workers: int = 2, memory: str = "1g", settings: Mapping[str, str] | None = None) -> Iterator[tuple[str, Path]]:
    """A master and `workers`, each with a core and `memory` for an executor; gives the master's address and the folder of settings for drivers.

    A driver reads `settings` where SPARK_CONF_DIR names that folder. Everything lies in `folder`. Raises RuntimeError when a process does not
    come up.
    """
    conf, scratch = folder / "conf", folder / "scratch"
    conf.mkdir(parents=True, exist_ok=True)
    own = {"spark.driver.host": HOST, "spark.driver.bindAddress": HOST, "spark.executor.memory": memory}
    (conf / "spark-defaults.conf").write_text("".join(f"{name} {value}\n" for name, value in (own | dict(settings or {})).items()))
    environment = os.environ | {
        "SPARK_HOME": str(HOME),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "SPARK_LOCAL_DIRS": str(scratch),
        "SPARK_WORKER_DIR": str(folder / "work"),
    }
    with ExitStack() as running:

        def start(what: str, *arguments: str, until: str) -> re.Match[str]:
            command = [str(HOME / "bin" / "spark-class"), f"org.apache.spark.deploy.{what}", "--host", HOST, "--webui-port", "0", *arguments]
            process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            running.callback(_end, process)
            return _says(process, until)

        master = start("master.Master", "--port", "0", until=r"Starting Spark master at (spark://\S+)")[1]
        for _ in range(workers):
            start("worker.Worker", "--cores", "1", "--memory", memory, master, until=r"Successfully registered with master")
        yield master, conf


def _says(process: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    """The first match in what the process prints; the rest is read and dropped."""
    assert process.stdout is not None
    watchdog = threading.Timer(_PATIENCE, process.kill)
    watchdog.start()
    for line in process.stdout:
        found = re.search(pattern, line)
        if found:
            watchdog.cancel()
            threading.Thread(target=deque, args=(process.stdout, 0), daemon=True).start()
            return found
    raise RuntimeError(f"A process of the Spark cluster ended, or did not say {pattern!r} within {_PATIENCE:.0f} s; is Java 17 installed?")


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.wait()
