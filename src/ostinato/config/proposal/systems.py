"""Proposes for Rust, Go and Make: what their manifests have in common in every project."""

from __future__ import annotations

import re

from ostinato.config.proposal.found import Folder, Line, Part

_TARGET = re.compile(r"(?m)^([A-Za-z][\w-]*)[ \t]*:(?!=)")
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")


def rust_part(folder: Folder) -> Part | None:
    """Return what is proposed for a Cargo package or workspace."""
    if "Cargo.toml" not in folder:
        return None
    locked = "Cargo.lock" in folder
    fetch = Line("cargo fetch --locked", "Cargo.lock") if locked else Line("cargo fetch", "Cargo.toml, without a lock")
    whole = " --workspace" if is_cargo_workspace(folder) else ""
    checks = [Line(f"cargo test --offline{' --locked' if locked else ''}{whole}", "Cargo.toml")]
    for name in folder.present("rustfmt.toml", ".rustfmt.toml")[:1]:
        checks.append(Line("cargo fmt --all --check", name))
    for name in folder.present("clippy.toml", ".clippy.toml")[:1]:
        checks.append(Line(f"cargo clippy --offline --all-targets{whole}", name))
    remarks = [
        f"{name} names a toolchain: it must be installed here, commands cannot fetch it"
        for name in folder.present("rust-toolchain.toml", "rust-toolchain")
    ]
    inputs = ("Cargo.toml", *folder.present("Cargo.lock"))
    return Part(
        kind="Rust with cargo",
        folder=folder.path,
        files=inputs,
        setup=(fetch,),
        checks=tuple(checks),
        inputs=inputs + (("*/Cargo.toml", "*/*/Cargo.toml") if whole else ()),
        open=(*folder.lacks_program("cargo"), *remarks),
    )


def is_cargo_workspace(folder: Folder) -> bool:
    """Tell whether the Cargo.toml here covers packages below it."""
    return re.search(r"(?m)^\s*\[workspace\]", folder.read("Cargo.toml")) is not None


def go_part(folder: Folder) -> Part | None:
    """Return what is proposed for a Go module or workspace."""
    manifests = folder.present("go.mod", "go.work")
    if not manifests:
        return None
    modules = _used_modules(folder) if "go.mod" not in folder else ()
    packages = " ".join(f"./{name}/..." for name in modules) or "./..."
    vendored = "vendor/modules.txt" in folder
    remarks = [
        f"{name} configures golangci-lint: add it under [verify] if it is installed here"
        for name in folder.present(".golangci.yml", ".golangci.yaml", ".golangci.toml")
    ]
    return Part(
        kind="Go",
        folder=folder.path,
        files=manifests,
        setup=() if vendored else (Line("go mod download", manifests[0]),),
        checks=(Line(f"go vet {packages}", manifests[0]), Line(f"go test {packages}", manifests[0])),
        inputs=() if vendored else folder.present("go.mod", "go.sum", "go.work", "go.work.sum"),
        open=(*folder.lacks_program("go"), *remarks),
    )


def _used_modules(folder: Folder) -> tuple[str, ...]:
    found = re.findall(r"(?m)^\s*(?:use\s+)?\./([\w./-]+)\s*$", folder.read("go.work"))
    return tuple(name.rstrip("/") for name in found if f"{name.rstrip('/')}/go.mod" in folder)


def make_part(folder: Folder, others: bool) -> Part | None:
    """Return what is proposed for a Makefile; where `others` have checks of their own, its targets are only named."""
    name = next(iter(folder.present(*_MAKEFILES)), None)
    targets = dict.fromkeys(_TARGET.findall(folder.read(name))) if name else {}
    wanted = [target for target in ("test", "check", "lint") if target in targets]
    if name is None or not wanted:
        return None
    lines = tuple(Line(f"make {target}", f"{name}: target {target}") for target in wanted)
    if others:
        named = ", ".join(line.command for line in lines)
        remark = f"{name} has {named}: not proposed beside the checks above, take them in where they say more"
        return Part("Make", folder.path, (name,), open=(remark,))
    prepare = next((target for target in ("setup", "deps", "bootstrap", "install-deps") if target in targets), None)
    setup = () if prepare is None else (Line(f"make {prepare}", f"{name}: target {prepare}"),)
    return Part("Make", folder.path, (name,), setup, lines, (name,) if setup else (), folder.lacks_program("make"))
