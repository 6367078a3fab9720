"""Where the benches' data lies: under `.bench/` of the checkout, by a digest of what makes it, so it is made once.

A changed generator or schema makes new data, and what the old one made goes. Another process makes it: one that held
100,000 nodes would lend its size to the children that it measures afterwards.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
CACHE = TOP / ".bench"
_MADE_BY = ("datasets.py", "dataset_files.py", "vocabulary.py")


def prepared(shape: str, nodes: int) -> Path:
    """Return the folder with `graph.db`, `repository/`, `seeds.jsonl` and `beads.jsonl`; it is made where missing."""
    folder = CACHE / f"{shape}-{nodes}-{_digest()}"
    if not (folder / "done").exists():
        for old in CACHE.glob(f"{shape}-{nodes}-*"):
            shutil.rmtree(old)
        command = [sys.executable, "-m", "tests.bench.dataset_files", shape, str(nodes), str(folder)]
        subprocess.run(command, cwd=TOP, check=True)
    return folder


def _digest() -> str:
    made_by = [TOP / "tests" / "bench" / name for name in _MADE_BY]
    schema = sorted((TOP / "src" / "ostinato" / "store" / "migrations").glob("*.sql"))
    told = hashlib.sha256(str(TOP).encode())
    for path in [*made_by, *schema]:
        told.update(path.read_bytes())
    return told.hexdigest()[:12]
