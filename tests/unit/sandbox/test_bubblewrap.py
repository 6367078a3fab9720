"""The walls, tried from inside: files, network, processes, namespaces, and what setup may do that others may not."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import uuid
from pathlib import Path

import pytest

from ostinato.base.errors import MachineError
from ostinato.sandbox.bubblewrap import BubblewrapRunner, bubblewrap, sandbox_options
from ostinato.sandbox.profile import Machine, SandboxProfile
from tests.unit.sandbox.processes import appears, running

pytestmark = pytest.mark.needs_bwrap


async def inside(checkout: Path, command: str, profile: SandboxProfile | None = None) -> tuple[int | None, str, str]:
    ran = await BubblewrapRunner(profile or SandboxProfile()).run(command, checkout, timeout=60)
    return ran.exit_code, ran.stdout, ran.stderr


async def test_only_the_checkout_tmp_and_home_can_be_written(checkout: Path) -> None:
    places = "/ /etc /usr /usr/local /usr/bin /opt /home /dev /var /root /proc /work/.. /work /tmp $HOME"
    script = f"for p in {places}; do mkdir $p/probe-x 2>/dev/null && echo $p; done; true"
    _, out, _ = await inside(checkout, script)
    # A directory made in the private /dev is nobody's but the sandbox's.
    assert set(out.split()) - {"/dev"} == {"/work", "/tmp", "/tmp/home"}
    assert (checkout / "probe-x").is_dir()
    assert not (checkout.parent / "probe-x").exists()


async def test_neighbours_of_the_checkout_are_not_there(checkout: Path, tmp_path: Path) -> None:
    (checkout.parent / "proof").mkdir()
    (checkout.parent / "proof" / "answer").write_text("42")
    (tmp_path / "ostinato.db").write_text("database")
    script = f"ls -a {checkout.parent} {tmp_path} /work/.. ; cat /work/../proof/answer {tmp_path}/ostinato.db"
    _, out, _ = await inside(checkout, script)
    assert "proof" not in out
    assert "database" not in out
    assert "42" not in out


async def test_links_lead_nowhere_outside(checkout: Path, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("old")
    (checkout / "link").symlink_to(target)
    (checkout / "up").symlink_to("../../precious")
    await inside(checkout, "echo new > link; echo new > up; echo new > ../../precious; ln -s / root; echo x > root/x")
    assert not (tmp_path / "x").exists()
    assert target.read_text() == "old"


async def test_secrets_of_the_system_and_the_home_are_not_there(checkout: Path, tmp_path: Path) -> None:
    home = tmp_path / "person"
    for name in (".ssh/id_ed25519", ".aws/credentials", ".config/gh/hosts.yml", ".netrc", ".cargo/credentials.toml"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("private")
    (home / ".cargo" / "bin").mkdir()
    machine = Machine(home, {"PATH": f"{home}/.cargo/bin:/usr/bin:/bin"})
    script = (
        f"cat /etc/shadow /etc/gshadow /etc/sudoers /etc/npmrc /etc/ssh/*; ls /etc/ssl/private; find {home} -type f"
    )
    ran = await BubblewrapRunner(SandboxProfile(), machine).run(script, checkout, timeout=60)
    assert ran.stdout == ""


async def test_no_network_not_even_the_hosts_loopback(checkout: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)"
        code, _, err = await inside(checkout, f'python3 -c "{script}"')
        assert code == 1
        assert "refused" in err
    _, out, _ = await inside(checkout, "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '")
    assert set(out.split()) <= {"lo", "sit0", "tunl0"}


async def test_no_unix_socket_of_the_host_is_reachable(checkout: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as named, socket.socket(socket.AF_UNIX) as abstract:
        named.bind(str(tmp_path / "s"))
        named.listen()
        abstract.bind(f"\0ostinato-test-{os.getpid()}")
        abstract.listen()
        for address in (str(tmp_path / "s"), f"\\0ostinato-test-{os.getpid()}"):
            script = f"import socket; socket.socket(socket.AF_UNIX).connect('{address}')"
            code, _, err = await inside(checkout, f'python3 -c "{script}"')
            assert code == 1, err


async def test_no_process_of_the_host_is_visible(checkout: Path) -> None:
    _, out, _ = await inside(checkout, "cat /proc/[0-9]*/cmdline | tr '\\0' '\\n'; ls -d /proc/[0-9]* | wc -l")
    assert "pytest" not in out
    assert int(out.splitlines()[-1]) < 10
    code, _, _ = await inside(checkout, f"kill -0 {os.getpid()} && test {os.getpid()} -gt 20")
    assert code != 0


async def test_no_capability_and_no_new_namespace(checkout: Path) -> None:
    _, out, _ = await inside(checkout, "grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status | cut -f2")
    assert out.split() == ["0" * 16, "0" * 16, "1"]
    for way in ("unshare --user true", "unshare --mount true", "mount -t tmpfs none /tmp", "chroot / true"):
        code, _, _ = await inside(checkout, way)
        assert code != 0, way


async def test_the_checkout_path_of_the_host_does_not_exist_inside(checkout: Path) -> None:
    code, out, _ = await inside(checkout, f"ls {checkout} {checkout.parent}; pwd; env")
    assert code == 0
    assert out.splitlines()[0] == "/work"
    assert str(checkout) not in out


async def test_a_secret_given_by_value_is_not_in_the_hosts_process_list(checkout: Path) -> None:
    profile = SandboxProfile(env=("MY_TOKEN=hush-hush-hush",))
    name = f"go-{uuid.uuid4()}"
    command = f"echo $MY_TOKEN; while ! test -e {name}; do sleep 0.01; done"
    assert "hush-hush-hush" in sandbox_options(profile, Machine.present(), checkout, setup_home=None)
    started = asyncio.create_task(inside(checkout, command, profile))
    assert await asyncio.to_thread(appears, command)
    assert running("hush-hush-hush") == []
    (checkout / name).touch()
    assert (await started)[:2] == (0, "hush-hush-hush\n")


async def test_a_sandbox_that_cannot_start_is_the_machines_fault(checkout: Path) -> None:
    gone = checkout / "not-here"
    with pytest.raises(MachineError, match=r"the sandbox does not start \(.*not-here.*ostinato doctor"):
        await BubblewrapRunner(SandboxProfile()).run("true", gone, timeout=20)


async def test_a_missing_bubblewrap_names_the_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    bubblewrap.cache_clear()
    try:
        with pytest.raises(MachineError, match=r"install it.*OSTINATO_SANDBOX=none"):
            bubblewrap()
    finally:
        bubblewrap.cache_clear()


async def test_a_command_cannot_pretend_that_the_sandbox_failed(checkout: Path) -> None:
    code, _, err = await inside(checkout, "echo 'bwrap: Creating new namespace failed' >&2; exit 1")
    assert code == 1
    assert err.startswith("bwrap:")


async def test_core_dumps_and_endless_files_are_limited(checkout: Path) -> None:
    _, out, _ = await inside(checkout, "ulimit -c; ulimit -f")
    assert out.split() == ["0", "8388608"]


def shared_clone(source: Path, checkout: Path) -> None:
    git = ["git", "-c", "user.name=P", "-c", "user.email=p@example.org"]
    subprocess.run([*git, "init", "-q", str(source)], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "the first"], cwd=source, check=True)
    checkout.rmdir()
    subprocess.run([*git, "clone", "-q", "--shared", str(source), str(checkout)], check=True)


async def test_history_is_readable_through_the_mounted_objects(checkout: Path, tmp_path: Path) -> None:
    source = tmp_path / "person"
    shared_clone(source, checkout)
    profile = SandboxProfile(objects=(source / ".git" / "objects",))
    code, out, err = await inside(
        checkout, f"git log --format=%s; touch {source}/.git/objects/x; ls {source}/.git", profile
    )
    assert code == 0
    assert out.split("\n")[:2] == ["the first", "objects"]
    assert "Read-only file system" in err


async def test_setup_has_network_and_a_home_that_later_commands_only_read(checkout: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connect = f"python3 -c \"import socket; socket.create_connection(('127.0.0.1', {port}), 5)\""
        runner = BubblewrapRunner(SandboxProfile(setup_home=home))
        ran = await runner.run_setup(
            f"{connect} && echo $HOME && mkdir -p ~/.cargo && echo kept > ~/cache", checkout, home, 60
        )
        assert (ran.exit_code, ran.stdout) == (0, "/home/ostinato\n"), ran.stderr
        ran = await runner.run(
            f"cat /home/ostinato/cache; echo $CARGO_HOME; touch /home/ostinato/x; {connect}", checkout, timeout=60
        )
    assert ran.stdout == "kept\n/home/ostinato/.cargo\n"
    assert "Read-only file system" in ran.stderr
    assert ran.exit_code == 1
    assert not (home / "x").exists()


async def test_setup_finds_the_package_managers_configuration_and_later_commands_do_not(
    checkout: Path, tmp_path: Path
) -> None:
    person, home, index = tmp_path / "person", tmp_path / "home", tmp_path / "index"
    for folder in (person / ".config" / "pip", home, index):
        folder.mkdir(parents=True)
    (person / ".npmrc").write_text("//registry.example.org/:_authToken=hush\n")
    (person / ".config" / "pip" / "pip.conf").write_text("[global]\n")
    (index / "wheel").write_text("w")
    environ = {
        "PATH": os.environ["PATH"],
        "PIP_INDEX_URL": f"file://{index}",
        "PIP_CACHE_DIR": str(person / "cache"),
        "HTTPS_PROXY": "http://proxy.example.org:3128",
        "UV_INDEX_MINE_PASSWORD": "hush",
        "OPENAI_API_KEY": "sk-hush",
    }
    runner = BubblewrapRunner(SandboxProfile(setup_home=home), Machine(person, environ))
    script = f"cat ~/.npmrc ~/.config/pip/pip.conf; ls {index}; env | grep -E '_PROXY|PASSWORD|PIP_|OPENAI' | sort"
    ran = await runner.run_setup(script, checkout, home, 60)
    assert ran.stdout.splitlines() == [
        "//registry.example.org/:_authToken=hush",
        "[global]",
        "wheel",
        "HTTPS_PROXY=http://proxy.example.org:3128",
        f"PIP_INDEX_URL=file://{index}",
        "UV_INDEX_MINE_PASSWORD=hush",
    ]
    ran = await runner.run(f"cat /home/ostinato/.npmrc; ls {index}; env", checkout, timeout=60)
    assert "hush" not in ran.stdout
    assert "PROXY" not in ran.stdout


async def test_a_virtual_environment_made_by_setup_works_later(checkout: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    runner = BubblewrapRunner(SandboxProfile(setup_home=home))
    ran = await runner.run_setup("python3 -m venv --without-pip .venv", checkout, home, 120)
    assert ran.exit_code == 0, ran.stderr
    ran = await runner.run(".venv/bin/python -c 'import sys; print(sys.prefix)'", checkout, timeout=60)
    assert ran.stdout.startswith("/work/.venv\n"), ran.stderr


async def test_toolchains_on_the_path_below_the_home_are_there_and_read_only(checkout: Path, tmp_path: Path) -> None:
    person = tmp_path / "person"
    (person / ".pyenv" / "shims").mkdir(parents=True)
    tool = person / ".pyenv" / "shims" / "tool"
    tool.write_text("#!/bin/sh\ncat $(dirname $0)/../version\n")
    tool.chmod(0o755)
    (person / ".pyenv" / "version").write_text("3.11\n")
    (person / "notes").write_text("mine")
    machine = Machine(person, {"PATH": f"{person}/.pyenv/shims:/usr/bin:/bin"})
    runner = BubblewrapRunner(SandboxProfile(), machine)
    ran = await runner.run(f"tool; ls -A {person}; touch {person}/.pyenv/x", checkout, timeout=60)
    assert ran.stdout == "3.11\n.pyenv\n"
    assert "Read-only file system" in ran.stderr


async def test_a_virtual_environment_on_the_path_comes_with_its_interpreter(checkout: Path, tmp_path: Path) -> None:
    person = tmp_path / "person"
    interpreter = person / "apart" / "python-9" / "bin" / "python9"
    interpreter.parent.mkdir(parents=True)
    interpreter.write_text("#!/bin/sh\necho nine\n")
    interpreter.chmod(0o755)
    (person / "project" / ".venv" / "bin").mkdir(parents=True)
    (person / "project" / ".venv" / "pyvenv.cfg").write_text("home = elsewhere\n")
    (person / "project" / ".venv" / "bin" / "python").symlink_to(interpreter)
    (person / "project" / "secret").write_text("mine")
    machine = Machine(person, {"PATH": f"{person}/project/.venv/bin:/usr/bin:/bin"})
    ran = await BubblewrapRunner(SandboxProfile(), machine).run(f"python; ls -A {person}/project", checkout, timeout=60)
    assert ran.stdout == "nine\n.venv\n"
