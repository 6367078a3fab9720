"""Plan mode as a conversation in a real terminal: the command line, the planner's protocol, a scripted person."""

from __future__ import annotations

import json
import signal
import stat
import threading
import time
from collections.abc import Callable

import pytest

from ostinato.testing.chat_server import Answer, Call
from tests.scenario.conftest import Modelled
from tests.scenario.person import READY, Person
from tests.scenario.world import Body, World, done, plan_of, task, tools_of

FILES = {"README.md": "# A shop\n"}
QUESTION = "Where are the books kept?"
OPTIONS = ["a JSON file", "SQLite"]
Planner = Callable[[Body], Answer]


def shop_task(name: str, **more: object) -> dict[str, object]:
    return task(name, check=f"test -e {name}.txt", scope=[f"{name}.txt"], **more)


def propose(*names: str, summary: str = "A small shop.") -> Answer:
    tasks = [shop_task(name, after=[names[place - 1]] if place else []) for place, name in enumerate(names)]
    return Answer(tool_calls=(Call("propose_plan", plan_of(*tasks, summary=summary)),))


def asks(question: str = QUESTION, options: list[str] | None = None) -> Answer:
    said = {"question": question, "options": OPTIONS if options is None else options}
    return Answer(tool_calls=(Call("ask_user", said),))


def turns(*answers: Answer) -> Planner:
    """Return a planner that gives its answers by the number of its replies so far, then is done for good."""

    def handle(body: Body) -> Answer:
        number = sum(message["role"] == "assistant" for message in body["messages"])
        return answers[number] if number < len(answers) else done("planned")

    return handle


def heard(body: Body) -> str:
    """Return the last message to the planner."""
    return str(body["messages"][-1]["content"])


def editor(world: World, name: str, script: str) -> str:
    """Make an editor that runs a Python script on the `text` of the file; return the command."""
    path = world.root / f"{name}.py"
    path.write_text(
        "import pathlib, sys\n"
        "file = pathlib.Path(sys.argv[1])\n"
        "text = file.read_text()\n"
        f"pathlib.Path(__file__).with_suffix('.saw').write_text(text)\n{script}\nfile.write_text(text)\n"
    )
    return f"python3 {path}"


def saw(world: World, name: str) -> str:
    """Return what the editor was last opened with."""
    return (world.root / f"{name}.saw").read_text()


def node(world: World, identifier: str) -> dict[str, object]:
    return dict(world.json("node", "show", identifier))


def tasks_of(world: World, goal: str) -> list[str]:
    return [str(one["title"]) for one in world.json("tasks", "list", "--goal", goal)]


def goal_in(text: str) -> str:
    return "os-" + text.partition("os-")[2][:8]


def test_a_conversation_from_the_goal_to_the_accepted_plan(modelled: Modelled) -> None:
    plan, wished = propose("shelf", "till"), propose("shelf", "till", "door")
    bodies: list[Body] = []

    def planner(body: Body) -> Answer:
        bodies.append(body)
        return turns(asks(), plan, done("planned"), wished)(body)

    world = modelled(planner).make_repository(FILES)
    tool = editor(world, "edit", "text = text.replace('Make till', 'Make a good till')")
    with Person(world, "plan", EDITOR=tool) as person:
        person.asked("What is wanted?")
        person.types("a shop\x1b\rwith books")
        person.sees(QUESTION)
        offered = person.asked()
        assert "1. a JSON file" in offered
        person.types("2")
        shown = person.asked("[l]ater")
        assert "1. shelf: Make shelf" in shown
        assert "  2. till: Make till" in shown
        assert "$ test -e shelf.txt" in shown
        person.types("edit 2")
        assert "till: Make a good till" in person.asked("[l]ater")
        person.types("it needs a door")
        assert "door: Make door" in person.asked("[l]ater")
        person.types("a")
        last = person.sees("Accepted: ") + person.sees("\n")
        assert person.ends() == 0

    goal = goal_in(last)
    assert node(world, goal)["title"] == "a shop"
    assert node(world, goal)["description"] == "a shop\nwith books"
    assert tasks_of(world, goal) == ["Make shelf", "Make till", "Make door"]
    assert heard(bodies[1]) == "SQLite"
    assert "Make a good till" in json.dumps(bodies[3]["messages"])
    assert "it needs a door" in heard(bodies[3])


def test_a_question_that_was_left_is_asked_again(modelled: Modelled) -> None:
    bodies: list[Body] = []

    def planner(body: Body) -> Answer:
        bodies.append(body)
        return turns(asks(), propose("shelf"))(body)

    world = modelled(planner).make_repository(FILES)
    with Person(world, "plan", "a shop") as person:
        person.asked(QUESTION)
        person.presses("\x03")
        goal = goal_in(person.sees("ostinato plan --goal ") + person.sees("\n"))
        assert person.ends() == 5
    assert node(world, goal)["status"] == "pending"
    assert [one["kind"] for one in world.json("approvals")] == ["question"]

    with Person(world, "plan", "--goal", goal) as person:
        person.asked(QUESTION)
        person.types("")
        person.asked("An answer in words")
        person.types("  in their heads ")
        person.asked("[l]ater")
        person.types("accept")
        assert person.ends() == 0
    assert tasks_of(world, goal) == ["Make shelf"]
    assert [m["content"] for m in bodies[1]["messages"] if m["role"] == "tool"] == ["in their heads"]


def test_progress_stays_away_while_a_question_is_open(modelled: Modelled) -> None:
    world = modelled(turns(asks(), propose("shelf"))).make_repository(FILES)
    with Person(world, "plan", "a shop") as person:
        person.sees(QUESTION)
        shown = person.asked()
        for key in "athoughtthattakesawhile" * 3:
            person.presses(key)
            shown += person.sees(key)
        assert not any("\u2800" <= sign <= "\u28ff" for sign in shown)
        person.types("")
        person.asked("[l]ater")
        person.types("l")
        assert person.ends() == 5


def test_a_plan_that_was_left_waits_as_it_was(modelled: Modelled) -> None:
    calls: list[Body] = []

    def planner(body: Body) -> Answer:
        calls.append(body)
        return turns(propose("shelf"))(body)

    world = modelled(planner).make_repository(FILES)
    arguments, goal = ["a shop"], ""
    for leave in ("\x03", "\x04", "later\r"):
        with Person(world, "plan", *arguments) as person:
            assert "1. shelf: Make shelf" in person.asked("[l]ater")
            person.presses(leave)
            goal = goal_in(person.sees("ostinato plan --goal ") + person.sees("\n"))
            assert person.ends() == 5
        arguments = ["--goal", goal]
    assert len(calls) == 2
    assert len(world.json("approvals")) == 1
    with Person(world, "plan") as person:
        assert f"Waits for you: a shop\n  ostinato plan --goal {goal}\n" in person.asked("What is wanted?")
        person.presses("\x04")
        assert person.ends() == 130
    assert world.json("approve", goal)["answer"] == "approved"
    assert tasks_of(world, goal) == ["Make shelf"]


def test_a_signal_at_the_menu_leaves_the_plan_waiting(modelled: Modelled) -> None:
    world = modelled(turns(propose("shelf"))).make_repository(FILES)
    with Person(world, "plan", "a shop") as person:
        person.asked("[l]ater")
        person.gets(signal.SIGTERM)
        goal = goal_in(person.sees("ostinato plan --goal ") + person.sees("\n"))
        assert person.ends() == 5
    assert node(world, goal)["status"] == "pending"


def test_a_closed_terminal_leaves_the_plan_waiting(modelled: Modelled) -> None:
    world = modelled(turns(propose("shelf"))).make_repository(FILES)
    with Person(world, "plan", "a shop") as person:
        person.asked("[l]ater")
        person.presses("a thought in the middle")
        person.sees("middle")
        person.hangs_up()
    assert [one["kind"] for one in world.json("approvals")] == ["plan"]
    assert "in the middle" in (world.root / "state/ostinato/history/changes").read_text()


@pytest.mark.parametrize("answers", [(asks(), propose("shelf")), (propose("shelf"),)])
def test_kill_9_while_a_question_is_open_loses_nothing(modelled: Modelled, answers: tuple[Answer, ...]) -> None:
    world = modelled(turns(*answers)).make_repository(FILES)
    with Person(world, "plan", "a shop") as person:
        person.asked()
        person.gets(signal.SIGKILL)
        assert person.ends() == -9
    goal = str(world.json("status")["goals"][0]["id"])
    with Person(world, "plan", "--goal", goal) as person:
        if len(answers) == 2:
            person.asked(QUESTION)
            person.types("2")
        person.asked("[l]ater")
        person.types("a")
        assert person.ends() == 0
    assert tasks_of(world, goal) == ["Make shelf"]


def test_ctrl_c_while_the_planner_works_ends_after_the_step_and_loses_nothing(modelled: Modelled) -> None:
    waits, goes_on = threading.Event(), threading.Event()

    def planner(body: Body) -> Answer:
        if len(body["messages"]) == 2 and not goes_on.is_set():
            waits.set()
            goes_on.wait(30)
            return Answer(tool_calls=(Call("list_files", {}),))
        return turns(done(), propose("shelf"))(body)

    world = modelled(planner).make_repository(FILES)
    with Person(world, "plan", "a shop") as person:
        waits.wait(30)
        person.presses("\x03")
        person.sees("stopping after the present step")
        goes_on.set()
        person.sees("interrupted before the plan was ready")
        goal = goal_in(person.sees("ostinato plan --goal ") + person.sees("\n"))
        assert person.ends() == 130
    with Person(world, "plan", "--goal", goal) as person:
        person.asked("[l]ater")
        person.types("a")
        assert person.ends() == 0
    assert tasks_of(world, goal) == ["Make shelf"]


def test_a_second_ctrl_c_ends_it_at_once(modelled: Modelled) -> None:
    waits, held = threading.Event(), threading.Event()

    def planner(body: Body) -> Answer:
        waits.set()
        held.wait(30)
        return done()

    world = modelled(planner).make_repository(FILES)
    with Person(world, "plan", "a shop") as person:
        waits.wait(30)
        person.presses("\x03")
        person.sees("stopping after the present step")
        person.presses("\x03")
        assert person.ends() == 130
        # The line of what runs now hides the cursor.
        assert person.said.rindex("\x1b[?25h") > person.said.rindex("\x1b[?25l")
    held.set()


def test_a_goal_that_was_only_typed_is_in_the_history(modelled: Modelled) -> None:
    world = modelled(turns(propose("shelf"))).make_repository(FILES)
    with Person(world, "plan") as person:
        person.asked("What is wanted?")
        person.presses("a shop with 'quotes'\x1b\rand two lines")
        person.sees("two lines")
        person.presses("\x03")
        person.sees("Nothing was begun")
        assert person.ends() == 130
    assert world.json("status")["goals"] == []
    history = world.root / "state/ostinato/history/goals"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    with Person(world, "plan") as person:
        person.asked("What is wanted?")
        person.types("\x1b[A")
        person.asked("[l]ater")
        person.types("a")
        goal = goal_in(person.sees("Accepted: ") + person.sees("\n"))
        assert person.ends() == 0
    assert node(world, goal)["description"] == "a shop with 'quotes'\nand two lines"


def test_a_long_paste_is_one_goal(modelled: Modelled) -> None:
    lines = [f"{number:05} {'words ' * 12}".rstrip() for number in range(1300)]
    world = modelled(turns(propose("shelf"))).make_repository(FILES)
    with Person(world, "plan", OSTINATO_MODEL="openai-chat:test") as person:
        person.asked("What is wanted?")
        begun = time.monotonic()
        person.pastes("\r".join(lines))
        person.types("")
        person.asked("[l]ater")
        person.types("a")
        goal = goal_in(person.sees("Accepted: ") + person.sees("\n"))
        assert person.ends() == 0
    assert node(world, goal)["description"] == "\n".join(lines)
    assert len("\n".join(lines)) > 100_000
    assert time.monotonic() - begun < 60


def test_what_was_typed_before_the_plan_was_there_accepts_nothing(modelled: Modelled) -> None:
    waits, goes_on = threading.Event(), threading.Event()

    def planner(body: Body) -> Answer:
        if len(body["messages"]) == 2:
            waits.set()
            goes_on.wait(30)
        return turns(propose("shelf"))(body)

    world = modelled(planner).make_repository(FILES)
    with Person(world, "plan", "a shop") as person:
        waits.wait(30)
        person.types("a")
        goes_on.set()
        person.asked("[l]ater")
        person.types("l")
        person.sees("ostinato plan --goal ")
        assert person.ends() == 5


def test_rejecting_keeps_the_reason_and_can_be_taken_back(modelled: Modelled) -> None:
    world = modelled(turns(propose("shelf"))).make_repository(FILES)
    with Person(world, "plan", "a shop") as person:
        person.asked("[l]ater")
        person.types("r")
        person.asked("Why?")
        person.presses("\x03")
        person.asked("[l]ater")
        person.types("r")
        person.asked("Why?")
        person.types("no room for it")
        goal = goal_in(person.sees("Rejected; ") + person.sees("\n"))
        assert person.ends() == 3
    assert node(world, goal)["status"] == "cancelled"
    assert "no room for it" in json.dumps(world.run("events", "--json").out)


def test_a_planner_that_only_talks_leaves_the_plan_as_it_was(modelled: Modelled) -> None:
    prose = Answer(text="I would rather not.")
    world = modelled(turns(propose("shelf"), done(), prose, prose, prose, prose)).make_repository(FILES)
    with Person(world, "plan", "a shop") as person:
        person.asked("[l]ater")
        person.types("c make it two tasks")
        assert "leaves the plan as it is: I would rather not." in person.asked("[l]ater")
        person.types("a")
        goal = goal_in(person.sees("Accepted: ") + person.sees("\n"))
        assert person.ends() == 0
    assert tasks_of(world, goal) == ["Make shelf"]


def test_an_edit_with_mistakes_comes_back_with_them_and_nothing_is_lost(modelled: Modelled) -> None:
    world = modelled(turns(propose("shelf", "till"))).make_repository(FILES)
    # First no TOML, then a check that is green already, then right.
    tool = editor(
        world,
        "edit",
        "if 'My own words' not in text: text = text.replace('title = ', 'title = My own words ')\n"
        "elif 'not TOML' in text: text = text.replace('title = My own words \"Make till\"', 'title = \"My own words\"')"
        ".replace('test -e till.txt', 'true')\n"
        "elif 'passes already' in text: text = text.replace('\"true\"', '\"test -e other.txt\"')\n",
    )
    with Person(world, "plan", "a shop", VISUAL=tool, EDITOR="false") as person:
        person.asked("[l]ater")
        person.types("e till")
        assert "this is not TOML" in person.asked("Edit it again?")
        person.types("")
        assert "till: check 'true' passes already" in person.asked("Edit it again?")
        assert "this is not TOML" in saw(world, "edit")
        person.types("y")
        shown = person.asked("[l]ater")
        assert "Your edit is in the plan." in shown
        assert "till: My own words" in shown
        assert "$ test -e other.txt" in shown
        person.types("a")
        goal = goal_in(person.sees("Accepted: ") + person.sees("\n"))
        assert person.ends() == 0
    assert tasks_of(world, goal) == ["Make shelf", "My own words"]
    assert list((world.root / "state/ostinato/edits").iterdir()) == []


def test_an_edit_that_was_kept_is_for_its_own_task_alone(modelled: Modelled) -> None:
    hostile = "../../../../till; é"
    till = {**shop_task("till"), "key": hostile}
    first = Answer(tool_calls=(Call("propose_plan", plan_of(till)),))
    other = Answer(tool_calls=(Call("propose_plan", plan_of(shop_task("door"), till)),))
    world = modelled(turns(first, done(), other)).make_repository(FILES)
    tool = editor(world, "edit", "text += 'wrong'")
    with Person(world, "plan", "a shop", EDITOR=tool) as person:
        person.asked("[l]ater")
        person.types("e 1")
        person.asked("Edit it again?")
        person.types("n")
        person.asked("[l]ater")
        person.types("it needs a door")
        person.asked("[l]ater")
        person.types("e 1")
        person.asked("Edit it again?")
        assert "Make door" in saw(world, "edit")
        person.types("n")
        person.asked("[l]ater")
        person.types("e 2")
        person.asked("Go on with it?")
        person.types("y")
        person.asked("Edit it again?")
        person.types("n")
        person.asked("[l]ater")
        person.types("l")
        assert person.ends() == 5
    assert len(list((world.root / "state/ostinato/edits").iterdir())) == 2


def test_an_edit_that_was_dropped_is_kept_for_the_next_time(modelled: Modelled) -> None:
    world = modelled(turns(propose("shelf"))).make_repository(FILES)
    tool = editor(world, "edit", "text += '# one more\\n' if 'wrong' in text else 'wrong\\n'")
    with Person(world, "plan", "a shop", EDITOR=tool) as person:
        person.asked("[l]ater")
        person.types("e 1")
        person.asked("Edit it again?")
        person.types("n")
        assert "What you wrote is kept" in person.asked("[l]ater")
        person.types("e 1")
        person.asked("Go on with it?")
        person.types("y")
        person.asked("Edit it again?")
        assert saw(world, "edit").endswith("wrong\n")
        person.presses("\x03")
        person.asked("[l]ater")
        person.types("a")
        goal = goal_in(person.sees("Accepted: ") + person.sees("\n"))
        assert person.ends() == 0
    assert tasks_of(world, goal) == ["Make shelf"]


def test_an_editor_that_fails_or_changes_nothing_changes_nothing(modelled: Modelled) -> None:
    world = modelled(turns(propose("shelf"))).make_repository(FILES)
    tool = world.root / "editor.sh"
    with Person(world, "plan", "a shop", EDITOR=f"sh {tool}") as person:
        shown = person.asked("[l]ater")
        for script, words in (
            ("exit 1", "ended with exit code 1: nothing was changed"),
            ("no-such-editor", "ended with exit code 127"),
            ("echo '# only this' > \"$1\"", "Nothing was changed."),
            ("true", "Nothing was changed."),
            ('rm "$1"', "the editor left no file"),
            ('echo half > "$1"; exit 3', "ended with exit code 3: nothing was changed. What you wrote is kept"),
        ):
            tool.write_text(script)
            person.types("e")
            assert words in " ".join(person.asked("[l]ater").split())
        person.types("s")
        assert shown.partition("Plan: ")[2] in person.asked("[l]ater")
        person.types("l")
        assert person.ends() == 5


def test_the_whole_plan_can_be_edited(modelled: Modelled) -> None:
    world = modelled(turns(propose("shelf", "till"))).make_repository(FILES)
    tool = editor(world, "edit", "head, _, _ = text.rpartition('[[tasks]]'); text = head.replace('small', 'tiny')")
    with Person(world, "plan", "a shop", EDITOR=tool) as person:
        person.asked("[l]ater")
        person.types("edit all")
        shown = person.asked("[l]ater")
        assert "A tiny shop." in shown
        assert "No longer in the plan\n  - till: Make till" in shown
        person.types("a")
        goal = goal_in(person.sees("Accepted: ") + person.sees("\n"))
        assert person.ends() == 0
    assert tasks_of(world, goal) == ["Make shelf"]


def test_the_persons_own_git_editor_is_used_but_not_the_repositorys(modelled: Modelled) -> None:
    world = modelled(turns(propose("shelf"))).make_repository(FILES)
    world.git("config", "core.editor", "touch /tmp/never; false")
    tool = editor(world, "edit", "text = text.replace('Make', 'Build')")
    (world.root / "gitconfig").write_text(f'[core]\n\teditor = "{tool}"\n')
    own = str(world.root / "gitconfig")
    with Person(world, "plan", "a shop", EDITOR="", VISUAL="", GIT_CONFIG_GLOBAL=own) as person:
        person.asked("[l]ater")
        person.types("e 1")
        assert "Build shelf" in person.asked("[l]ater")
        person.types("l")
        assert person.ends() == 5


@pytest.mark.parametrize("columns", [40, 0])
def test_a_narrow_terminal_shows_everything(modelled: Modelled, columns: int) -> None:
    long = "Say how many books of each kind are left, at noon and at night"
    plan = plan_of(shop_task("shelf", description=long, acceptance_criteria=[long], title=long))
    planner = turns(asks(f"{long}?", [long, "no"]), Answer(tool_calls=(Call("propose_plan", plan),)))
    world = modelled(planner).make_repository(FILES)
    with Person(world, "plan", "a shop", columns=columns, lines=12 if columns else 0) as person:
        asked = person.asked("own words")
        person.types("1")
        shown = person.asked("[?] help")
        person.types("l")
        assert person.ends() == 5
    for text in (asked, shown):
        assert long in " ".join(text.split())
        # The line that says what runs now is taken away again, and what is typed is the prompt's.
        ours = [line for line in text.splitlines() if READY not in line and not "\u2800" <= line[:1] <= "\u28ff"]
        assert [line for line in ours if len(line) > (columns or 80)] == []


def test_a_plain_terminal_gets_plain_lines(modelled: Modelled) -> None:
    plan = plan_of(shop_task("shelf", title="Make a sh\u00e9lf \u6f22"))
    world = modelled(turns(asks(), Answer(tool_calls=(Call("propose_plan", plan),)))).make_repository(FILES)
    plain = {"TERM": "dumb", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with Person(world, "plan", **plain) as person:
        person.sees("What is wanted?")
        person.sees("> ")
        person.presses("a shop\n")
        person.sees(QUESTION)
        person.sees("> ")
        person.presses("2\n")
        person.sees("Make a sh")
        person.sees("[l]ater")
        person.sees("> ")
        person.presses("\x03")
        goal = goal_in(person.sees("ostinato plan --goal ") + person.sees("\n"))
        assert person.ends() == 5
        assert "\x1b" not in person.said
    assert node(world, goal)["title"] == "a shop"


def test_letters_of_any_language_can_be_typed_in_any_locale(modelled: Modelled) -> None:
    world = modelled(turns(propose("shelf"))).make_repository(FILES)
    with Person(world, "plan", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0") as person:
        person.asked("What is wanted?")
        person.types("un caf\u00e9 \u6f22\u5b57")
        person.asked("[l]ater")
        person.types("a")
        goal = goal_in(person.sees("Accepted: ") + person.sees("\n"))
        assert person.ends() == 0
    assert node(world, goal)["title"] == "un caf\u00e9 \u6f22\u5b57"


def test_ctrl_c_is_no_answer_to_a_question_that_comes_after_it(modelled: Modelled) -> None:
    waits, goes_on = threading.Event(), threading.Event()

    def planner(body: Body) -> Answer:
        waits.set()
        goes_on.wait(30)
        return turns(asks(), propose("shelf"))(body)

    world = modelled(planner).make_repository(FILES)
    with Person(world, "plan", "a shop") as person:
        waits.wait(30)
        person.presses("\x03")
        person.sees("stopping after the present step")
        goes_on.set()
        person.sees("question waits for you")
        assert person.ends() == 5
        assert READY not in person.plain


def test_no_color_is_obeyed(modelled: Modelled) -> None:
    world = modelled(turns(propose("shelf"))).make_repository(FILES)
    for name, coloured in (("NO_COLOR", False), ("SOME_COLOR", True)):
        with Person(world, "plan", "a shop", **{name: "1"}) as person:
            person.asked("[l]ater")
            person.types("l")
            assert person.ends() == 5
            assert ("\x1b[1mshelf: Make shelf" in person.said) == coloured


def test_a_planners_question_cannot_play_with_the_terminal(modelled: Modelled) -> None:
    bad = "Which\x1b[2J one\u202e?\rAccepted\x07"
    heard_by_planner: list[str] = []

    def planner(body: Body) -> Answer:
        heard_by_planner.append(heard(body))
        return turns(asks(bad, [bad, "no"]), propose("shelf"))(body)

    world = modelled(planner).make_repository(FILES)
    with Person(world, "plan", "a shop") as person:
        person.asked("own words")
        assert "\x1b[2J one" not in person.said
        assert not set(person.said) & set("\u202e\x07")
        person.types("\x1b[B")  # arrow down: the option as it is shown, which stands for the option as it was asked
        person.asked("[l]ater")
        person.types("l")
        assert person.ends() == 5
    assert heard_by_planner[1] == bad


def test_nobody_is_asked_with_json_or_yes_or_no_input(modelled: Modelled) -> None:
    offered: list[set[str]] = []

    def planner(body: Body) -> Answer:
        offered.append(tools_of(body))
        return turns(propose("shelf"))(body)

    world = modelled(planner).make_repository(FILES)
    for arguments, code in ((["--json"], 5), (["--yes"], 0), (["--no-input"], 5)):
        with Person(world, "plan", "a shop", *arguments) as person:
            assert person.ends() == code
            assert READY not in person.plain
    assert not any("ask_user" in names for names in offered)
    # Without a goal there is nobody to ask for one either.
    for arguments in (["--json", "plan"], ["plan", "--no-input"]):
        with Person(world, *arguments) as person:
            assert person.ends() == 2
            assert "say what is wanted" in person.plain


def test_run_talks_the_plan_over_and_then_works(modelled: Modelled) -> None:
    def model(body: Body) -> Answer:
        if "propose_plan" in tools_of(body):
            return turns(asks(), propose("shelf"))(body)
        replies = sum(message["role"] == "assistant" for message in body["messages"])
        return done() if replies else Answer(tool_calls=(Call("write_file", {"path": "shelf.txt", "content": "x"}),))

    world = modelled(model).make_repository(FILES)
    with Person(world, "run", "--land") as person:
        person.asked("What is wanted?")
        person.types("a shop")
        person.asked(QUESTION)
        person.types("1")
        person.asked("[l]ater")
        person.types("a")
        person.sees("goal completed")
        assert person.ends() == 0
    assert world.commits("main") == ["Make shelf"]


def test_what_is_left_is_planned_anew_with_a_wish(modelled: Modelled) -> None:
    wishes: list[str] = []

    def planner(body: Body) -> Answer:
        goal = goal_in(str(body["messages"][1]["content"]))
        wishes.append(str(body["messages"][1]["content"]))
        anew = shop_task("door", title="Make a door", replaces=[f"{goal}.1"])
        again = Answer(tool_calls=(Call("propose_plan", plan_of(anew)),))
        return turns(again if "a wide one" in wishes[-1] else propose("shelf", "till"))(body)

    world = modelled(planner).make_repository(FILES)
    goal = str(world.json("plan", "a shop", "--yes")["goal_id"])
    with Person(world, "plan", "--goal", goal, "a wide one") as person:
        shown = person.asked("[l]ater")
        assert "Replaces" in shown
        assert f"{goal}.1 Make shelf" in shown
        person.types("r")
        person.asked("Why?")
        person.types("")
        person.sees(f"Rejected; {goal} goes on with the work that it has.")
        assert person.ends() == 3
    assert node(world, f"{goal}.1")["status"] == "ready"
    with Person(world, "plan", "--goal", goal, "a wide one") as person:
        person.asked("[l]ater")
        person.types("a")
        person.sees(f"Accepted: {goal} has 1 new task.")
        assert person.ends() == 0
    assert node(world, f"{goal}.1")["status"] == "cancelled"


def test_what_a_critic_still_finds_stands_with_the_plan(modelled: Modelled) -> None:
    missing = {"task": "shelf", "problem": "nobody counts the books", "suggestion": "add a task that counts"}

    def model(body: Body) -> Answer:
        if "critique" in tools_of(body):
            return Answer(tool_calls=(Call("critique", {"findings": [missing], "approve": False}),))
        return Answer(tool_calls=(Call("propose_plan", plan_of(shop_task("shelf"))),))

    world = modelled(model).make_repository(FILES)
    with Person(world, "plan", "--critique", "a shop") as person:
        shown = person.asked("[l]ater")
        assert "The critic still finds\n  ! shelf: nobody counts the books\n    add a task that counts" in shown
        person.types("l")
        assert person.ends() == 5
