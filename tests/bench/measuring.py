"""What a command costs as a whole process: CPU time, memory and wall time of it and of all that it started.

A child's peak memory begins with its parent's size (Linux counts the moment between fork and exec), so whoever
measures stays small: data is made by other processes, see `dataset_files`.
"""

from __future__ import annotations

import math
import os
import signal
import statistics
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """One run: CPU (user and system) and wall time in seconds, the largest resident set in MB, and the exit code."""

    cpu: float
    seconds: float
    megabytes: float
    code: int


def run(command: Sequence[str], place: Path, environ: Mapping[str, str], timeout: float = 120) -> Cost | None:
    """Run once, output thrown away; None when it had to be ended after `timeout` seconds."""
    begun = time.perf_counter()
    child = subprocess.Popen(
        command,
        cwd=place,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    late = threading.Event()

    def end() -> None:
        late.set()
        os.killpg(child.pid, signal.SIGKILL)

    timer = threading.Timer(timeout, end)
    timer.start()
    _, status, used = os.wait4(child.pid, 0)
    timer.cancel()
    child.returncode = os.waitstatus_to_exitcode(status)
    if late.is_set():
        return None
    cpu = used.ru_utime + used.ru_stime
    return Cost(cpu, time.perf_counter() - begun, used.ru_maxrss / 1024, child.returncode)


def typical(costs: Sequence[Cost]) -> Cost:
    """Return the medians of CPU and wall time and the largest memory of several runs of one command."""
    return Cost(
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.seconds for cost in costs),
        max(cost.megabytes for cost in costs),
        max((cost.code for cost in costs), key=abs),
    )


def slope(small: float, large: float, factor: float) -> float:
    """Return the exponent by which a cost grew while the data grew `factor` times: 0 not at all, 1 linear."""
    return math.log(large / small) / math.log(factor)


def environment(database: Path) -> dict[str, str]:
    """Return the environment for our command line on this database, nothing of the person's settings in it."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("OSTINATO_")}
    return {**mine, "OSTINATO_DB": str(database), "XDG_CONFIG_HOME": str(database.parent / "config")}


def load() -> str:
    """Return the machine's load, its cores and how fast it is now, in words: limits in seconds depend on all three."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {_pace():.2f} s of CPU for ten million additions"


def _pace() -> float:
    begun, total = time.process_time(), 0
    for number in range(10_000_000):
        total += number
    return time.process_time() - begun
