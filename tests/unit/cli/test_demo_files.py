"""The packaged example holds together: each scripted edit applies, each check is red before and green after.

The script is played here by the smallest player that can do it, without loop, store and sandbox.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from ostinato.base.errors import MachineError, UsageError
from ostinato.cli.demo import (
    FILES,
    SAMPLE_RUN,
    TEST_RUN,
    demo_environment,
    lay_out_seed,
    make_place,
    make_repository,
)
from ostinato.graph.evidence import CheckPhase, CheckRun
from ostinato.graph.plan import PlanDraft, TaskDraft
from ostinato.graph.plan_format import parse_decision, parse_plan
from ostinato.graph.plan_rules import check_plan, check_results
from ostinato.models.script_file import Conversation, Script, ScriptedReply, read_script
from ostinato.verify.diff_rules import ChangedFile, paths_named, violations
from ostinato.verify.runs import status_of

PROJECT_CHECK = "python3 -m unittest discover -q"
ENVIRONMENT = demo_environment(os.environ) | {"PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(slots=True)
class Player:
    """Does in a directory what the tools of a conversation would do, and holds replies to what they expect."""

    root: Path
    seen: set[str] = field(default_factory=set)

    def play(self, conversation: Conversation) -> str:
        """Play all replies and return the signal's outcome."""
        results = ""
        outcome = ""
        for reply in conversation.replies:
            for text in reply.expect.tool_result_contains:
                assert text in results, f"{conversation.place}: {text!r} is not in {results[-2000:]!r}"
            assert not outcome, f"{conversation.place}: goes on after its signal"
            results = "\n".join(self._call(name, arguments) for name, arguments in calls(reply))
            outcome = next((a["outcome"] for name, a in calls(reply) if name == "signal"), "")
        return outcome

    def run(self, command: str) -> CheckRun:
        """Run a command as a check is run."""
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.root,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        code = done.returncode
        return CheckRun(command, status_of(code), code, 0.0, done.stdout, CheckPhase.ATTEMPT)

    def files(self) -> dict[str, str]:
        """Return every file with its text."""
        return {
            str(path.relative_to(self.root)): path.read_text("utf-8")
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }

    def put_back(self, files: dict[str, str]) -> None:
        """Make the directory hold exactly these files, as a checkout is reset."""
        for path in self.files():
            if path not in files:
                (self.root / path).unlink()
        for path, text in files.items():
            (self.root / path).write_text(text, "utf-8")
        self.seen.clear()

    def _call(self, name: str, arguments: dict[str, Any]) -> str:
        match name:
            case "read_file":
                self.seen.add(arguments["path"])
                return str((self.root / arguments["path"]).read_text("utf-8"))
            case "write_file":
                path = self.root / arguments["path"]
                assert not path.exists() or arguments["path"] in self.seen
                self.seen.add(arguments["path"])
                path.write_text(arguments["content"], "utf-8")
            case "edit_file":
                return self._edit(arguments)
            case "run_command":
                command: str = arguments["command"]
                return self.run(command).output
            case "list_files":
                return "\n".join(self.files())
            case "search_code":
                found = re.compile(arguments["pattern"])
                inside = {path: text for path, text in self.files().items() if path.startswith(arguments["path"])}
                return "\n".join(line for text in inside.values() for line in text.splitlines() if found.search(line))
            case "log_decision" | "record_observation" | "signal":
                pass
            case _:
                raise AssertionError(f"the player has no {name}")
        return ""

    def _edit(self, arguments: dict[str, Any]) -> str:
        assert arguments["path"] in self.seen, f"{arguments['path']} is edited before it is read"
        path = self.root / arguments["path"]
        text = path.read_text("utf-8")
        assert text.count(arguments["old"]) == 1, f"not exactly once in {path.name}: {arguments['old']!r}"
        path.write_text(text.replace(arguments["old"], arguments["new"]), "utf-8")
        return ""


def calls(reply: ScriptedReply) -> list[tuple[str, dict[str, Any]]]:
    return [(call.name, json.loads(call.arguments)) for call in reply.tool_calls]


def all_calls(conversation: Conversation, name: str) -> list[dict[str, Any]]:
    return [arguments for reply in conversation.replies for called, arguments in calls(reply) if called == name]


@dataclass(slots=True)
class Attempt:
    """What one played attempt came to."""

    outcome: str
    before: list[CheckRun]
    after: list[CheckRun]
    broken_rules: tuple[str, ...]

    @property
    def green(self) -> bool:
        return all(run.exit_code == 0 for run in self.after)


@pytest.fixture(scope="module")
def script() -> Script:
    return read_script(FILES / "script.json")


@pytest.fixture(scope="module")
def planner(script: Script) -> Conversation:
    return next(one for one in script.conversations if one.when.tool == "propose_plan")


@pytest.fixture(scope="module")
def plans(planner: Conversation) -> list[PlanDraft]:
    return [parse_plan(arguments) for arguments in all_calls(planner, "propose_plan")]


@pytest.fixture(scope="module")
def built(
    script: Script, plans: list[PlanDraft], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Player, dict[str, list[Attempt]]]:
    """Play every task on the result of those before it; a red attempt is put back, as the loop does."""
    player = Player(tmp_path_factory.mktemp("built"))
    lay_out_seed(player.root)
    done: set[str] = set()
    attempts: dict[str, list[Attempt]] = {}
    for task in plans[-1].tasks:
        assert done.issuperset(task.depends_on)
        for conversation in (one for one in script.conversations if one.when.task == task.title):
            base = player.files()
            attempt = _attempt(player, task, conversation)
            attempts.setdefault(task.key, []).append(attempt)
            if not attempt.green:
                player.put_back(base)
        done.add(task.key)
    return player, attempts


def _attempt(player: Player, task: TaskDraft, conversation: Conversation) -> Attempt:
    commands = [check.command for check in task.checks]
    base = player.files()
    before = [player.run(command) for command in commands]
    outcome = player.play(conversation)
    after = [player.run(command) for command in commands]
    now = player.files()
    changed = [ChangedFile(path, base.get(path), text) for path, text in now.items() if base.get(path) != text]
    named = paths_named([*commands, PROJECT_CHECK], base.keys())
    return Attempt(outcome, before, after, violations(changed, task.file_scope, named))


def test_the_first_plan_is_refused_for_one_check_that_is_green_already_when_it_is_checked(
    plans: list[PlanDraft], tmp_path: Path
) -> None:
    lay_out_seed(tmp_path)
    player = Player(tmp_path)
    findings = [check_plan(plan) + check_results(plan, _on_the_base(plan, player)) for plan in plans]
    assert [[finding.rule for finding in found] for found in findings] == [["green-on-base"], []]


def _on_the_base(plan: PlanDraft, player: Player) -> dict[tuple[str, str], CheckRun]:
    return {(task.key, check.command): player.run(check.command) for task in plan.tasks for check in task.checks}


def test_the_refused_plan_is_answered_by_the_finding_that_it_gets_when_it_is_corrected(
    planner: Conversation, plans: list[PlanDraft], tmp_path: Path
) -> None:
    lay_out_seed(tmp_path)
    (finding,) = check_results(plans[0], _on_the_base(plans[0], Player(tmp_path)))
    place = next(
        n for n, reply in enumerate(planner.replies) if any(c.name == "propose_plan" for c in reply.tool_calls)
    )
    expected = planner.replies[place + 1].expect.tool_result_contains
    assert expected
    assert all(text in finding.message for text in expected)


def test_the_planner_reads_and_decides_with_a_rejected_option_when_it_plans(
    planner: Conversation, tmp_path: Path
) -> None:
    lay_out_seed(tmp_path)
    before = Player(tmp_path).files()
    reading = Conversation(planner.place, planner.when, planner.replies[:3])
    Player(tmp_path).play(reading)
    assert Player(tmp_path).files() == before
    decisions = [parse_decision(arguments) for arguments in all_calls(planner, "log_decision")]
    assert decisions
    assert all(one.chosen in {o.title for o in one.options} and len(one.options) > 1 for one in decisions)


def test_the_plan_has_a_diamond_of_six_tasks_or_more(plans: list[PlanDraft]) -> None:
    needs: dict[str, set[str]] = {}
    for task in plans[-1].tasks:
        needs[task.key] = set(task.depends_on).union(*(needs[key] for key in task.depends_on))
    assert len(needs) >= 6
    branches = [pair for task in plans[-1].tasks for pair in combinations(task.depends_on, 2)]
    assert any(needs[one] & needs[other] and one not in needs[other] for one, other in branches)


def test_every_conversation_belongs_to_the_planner_or_a_task_of_the_plan(
    script: Script, planner: Conversation, plans: list[PlanDraft]
) -> None:
    titles = [task.title for task in plans[-1].tasks]
    assert all(one is planner or one.when.task in titles for one in script.conversations)
    assert {one.when.task for one in script.conversations if one is not planner} == set(titles)


def test_every_check_is_red_before_its_task_and_can_run(
    built: tuple[Player, dict[str, list[Attempt]]],
) -> None:
    for key, attempts in built[1].items():
        codes = [run.exit_code for attempt in attempts for run in attempt.before]
        assert all(code not in {0, 126, 127} for code in codes), key


def test_every_attempt_claims_to_be_done_and_only_one_is_wrong(
    built: tuple[Player, dict[str, list[Attempt]]],
) -> None:
    assert all(attempt.outcome == "complete" for attempts in built[1].values() for attempt in attempts)
    green = {key: [attempt.green for attempt in attempts] for key, attempts in built[1].items()}
    assert green.pop("records") == [False, True]
    assert all(found == [True] for found in green.values()), green


def test_the_wrong_attempt_passes_its_own_tests_and_fails_the_check_that_it_did_not_write(
    script: Script, built: tuple[Player, dict[str, list[Attempt]]]
) -> None:
    own_tests, independent = built[1]["records"][0].after
    assert own_tests.exit_code == 0
    assert independent.exit_code == 1
    retry = next(one for one in script.conversations if one.when.attempt == 2)
    expected = retry.replies[0].expect.user_contains
    assert expected
    assert all(text in independent.output for text in expected)


def test_every_change_keeps_its_scope_and_the_rules_of_the_diff(
    built: tuple[Player, dict[str, list[Attempt]]],
) -> None:
    assert {key: a.broken_rules for key, found in built[1].items() for a in found if a.broken_rules} == {}


def test_all_checks_are_green_at_the_end_when_everything_is_built(
    plans: list[PlanDraft], built: tuple[Player, dict[str, list[Attempt]]]
) -> None:
    player = built[0]
    commands = [PROJECT_CHECK, *(check.command for task in plans[-1].tasks for check in task.checks)]
    assert {command: run.output for command in commands if (run := player.run(command)).exit_code} == {}
    assert re.search(r"Ran 2\d tests", player.run(" ".join(TEST_RUN)).output)


def test_the_program_shows_a_year_of_weather_when_everything_is_built(
    built: tuple[Player, dict[str, list[Attempt]]],
) -> None:
    player = built[0]
    page = player.run(" ".join(SAMPLE_RUN)).output
    assert page == (player.root / "docs/page.txt").read_text("utf-8")
    assert "Jan   -6.5    0.3    7.8   ▂▂▃▂▂▂▂▂▃▃▃▃" in page
    assert page.endswith("Longest dry spell  15 Dec to 31 Dec, 17 days\n")


def test_the_project_check_is_configured_and_green_on_the_seed(tmp_path: Path) -> None:
    import tomllib

    lay_out_seed(tmp_path)
    config = tomllib.loads((tmp_path / ".ostinato/config.toml").read_text("utf-8"))
    assert config["verify"]["commands"] == [PROJECT_CHECK]
    assert Player(tmp_path).run(PROJECT_CHECK).exit_code == 0


def test_the_seed_is_one_clean_commit_when_the_person_has_no_git_configuration(tmp_path: Path) -> None:
    repository = tmp_path / "almanac"
    environment = demo_environment({"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_DIR": "/nowhere"})
    make_repository(repository, environment)

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=repository, env=environment, capture_output=True, text=True, check=True
        ).stdout

    assert git("log", "--format=%an <%ae>", "main") == "Ostinato Demo <demo@ostinato.invalid>\n"
    assert git("status", "--porcelain") == ""
    seed = [path for path in (FILES / "seed").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert len(git("ls-files").splitlines()) == len(seed)
    assert (repository / ".gitignore").is_file()


def test_a_demo_refuses_a_directory_when_it_or_the_one_beside_it_holds_something(tmp_path: Path) -> None:
    taken, beside = tmp_path / "taken", tmp_path / "free.ostinato"
    for path in (taken, beside):
        path.mkdir()
        (path / "file").touch()
    for directory in (taken, taken / "file", tmp_path / "free", Path("/")):
        with pytest.raises(UsageError):
            make_place(directory)


def test_a_demo_says_what_it_cannot_write_when_the_directory_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MachineError, match="cannot write"):
        make_repository(tmp_path / "file" / "almanac", demo_environment(os.environ))


def test_a_demo_stays_apart_from_the_persons_settings_when_it_runs() -> None:
    person = {
        "PATH": "/bin",
        "OSTINATO_DB": "/mine",
        "OSTINATO_SANDBOX": "none",
        "GIT_DIR": "/mine",
        "HOME": "/home/me",
    }
    environment = demo_environment(person)
    assert not {"OSTINATO_DB", "GIT_DIR"} & environment.keys()
    assert (environment["OSTINATO_SANDBOX"], environment["HOME"]) == ("none", "/home/me")
    assert environment["PATH"].endswith("/bin")
