"""Stops the embedded server when nobody uses it any more: waits for the users' lock, then runs the stop command.

Run as a script, apart from the package: `guard.py LOCK COMMAND…`. The kernel drops a user's lock with the process, so a killed user is noticed too.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys

if __name__ == "__main__":
    if os.fork():  # the starter waits for this process only, so no zombie stays with it
        os._exit(0)
    os.setsid()
    os.chdir("/")
    with open(sys.argv[1], "a") as lock:  # noqa: PTH123  # pathlib would triple the memory of a process that only waits
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(sys.argv[2:], check=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
