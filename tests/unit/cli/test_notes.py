"""The notes reach stdout byte for byte, as DESIGN §4 gives them."""

from __future__ import annotations

from tests.unit.cli.conftest import Shell

EMPTY = "## Done\n\n## Remaining\n\n## Blocked\n\n## Decisions Made\n\n"


def _notes(shell: Shell, *arguments: str) -> str:
    ran = shell.ok("notes", *arguments)
    assert ran.err == ""
    return ran.raw.decode("utf-8")


def test_notes_are_four_headers_when_the_goal_is_empty(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    assert _notes(shell, "--goal", goal) == EMPTY
    assert shell.json("notes", "--goal", goal) == {"goal_id": goal, "notes": EMPTY}


def test_notes_say_none_in_a_section_without_lines(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    task = shell.add("task", "T", "--parent", goal)
    assert _notes(shell) == (
        f"## Done\n(none)\n\n## Remaining\n- {task}: T [ready]\n\n## Blocked\n(none)\n\n## Decisions Made\n(none)\n\n"
    )


def test_notes_place_every_status(shell: Shell) -> None:
    goal = shell.add("goal", "G")

    def task(title: str, *status: str) -> str:
        made = shell.add("task", title, "--parent", goal)
        if status:
            shell.ok("node", "set", made, "--status", *status)
        return made

    completed = task("completed", "completed")
    ready = task("ready")
    waits = shell.add("task", "waits", "--parent", goal, "--depends-on", ready)
    claimed = task("claimed")
    shell.ok("tasks", "claim", claimed, "--agent", "ada")
    progress = task("progress")
    shell.ok("tasks", "claim", progress, "--agent", "ada")
    shell.ok("node", "set", progress, "--status", "in_progress")
    review = task("review")
    shell.ok("tasks", "claim", review, "--agent", "ada")
    shell.ok("node", "set", review, "--status", "in_progress")
    shell.ok("node", "set", review, "--status", "review")
    blocked = task("blocked", "blocked", "--reason", "no key")
    silent = task("silent", "blocked")
    failed = task("failed")
    shell.ok("tasks", "claim", failed, "--agent", "ada")
    shell.ok("node", "set", failed, "--status", "failed", "--reason", "3 of 3")
    behind = shell.add("task", "behind", "--parent", goal, "--depends-on", failed)
    task("cancelled", "cancelled")
    undecided = shell.add("decision", "undecided", "--parent", goal, "--status", "active")
    decided = shell.add("decision", "decided", "--parent", goal)
    one = shell.add("option", "one", "--parent", decided)
    shell.ok("node", "link", decided, "chosen", one, "--label", "half\nthe code")
    mute = shell.add("decision", "mute", "--parent", goal)
    other = shell.add("option", "other", "--parent", mute)
    shell.ok("node", "link", mute, "chosen", other)
    bare = shell.add("decision", "bare", "--parent", goal)
    shell.ok("node", "set", bare, "--status", "decided")

    # What the facts say of the derived statuses, and when each was done, is taken from the graph.
    assert shell.json("node", "show", waits)["status"] == "pending"
    assert shell.json("node", "show", behind)["blocked_reason"] == f"{failed} failed"
    done = [shell.json("node", "show", identifier) for identifier in (completed, decided, mute, bare)]
    done.sort(key=lambda node: (node["completed_at"] or "", node["created_at"]))
    expected = (
        "## Done\n"
        + "".join(f"- {node['id']}: {node['title']} ({node['status']})\n" for node in done)
        + "\n## Remaining\n"
        f"- {ready}: ready [ready]\n"
        f"- {waits}: waits [pending]\n"
        f"- {claimed}: claimed [claimed]\n"
        f"- {progress}: progress [in_progress]\n"
        f"- {review}: review [review]\n"
        f"- {undecided}: undecided [active]\n"
        "\n## Blocked\n"
        f"- {blocked}: blocked — no key\n"
        f"- {silent}: silent\n"
        f"- {failed}: failed — failed: 3 of 3\n"
        f"- {behind}: behind — {failed} failed\n"
        "\n## Decisions Made\n"
        f"- {decided}: decided → one (half the code)\n"
        f"- {mute}: mute → other\n"
        f"- {bare}: bare\n"
        "\n"
    )
    assert _notes(shell, "--goal", goal) == expected


def test_notes_name_a_node_once_when_two_parents_contain_it(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    left, right = (shell.add("task", title, "--parent", goal) for title in ("left", "right"))
    below = shell.add("task", "below", "--parent", left)
    shell.ok("node", "link", right, "contains", below)
    text = _notes(shell, "--goal", goal)
    assert text.count(f"- {below}: below") == 1
    assert goal + ":" not in text


def test_notes_keep_odd_titles_but_for_line_breaks(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    titles = ["two\nlines", "carriage\r\nreturn", "tab\there", "\x1b[31mred", "大きい — → x", "separator\u2028line"]
    ids = [shell.add("task", title, "--parent", goal) for title in titles]
    wanted = ["two lines", "carriage return", "tab\there", "\x1b[31mred", "大きい — → x", "separator line"]
    lines = "".join(f"- {identifier}: {title} [ready]\n" for identifier, title in zip(ids, wanted, strict=True))
    text = _notes(shell, "--goal", goal)
    assert f"## Remaining\n{lines}\n## Blocked" in text
    assert shell.json("notes", "--goal", goal)["notes"] == text


def test_notes_without_a_goal_are_of_the_open_one_or_the_latest(shell: Shell) -> None:
    assert shell.run("notes").code == 2
    first = shell.add("goal", "First")
    second = shell.add("goal", "Second")
    assert shell.json("notes")["goal_id"] == second
    shell.ok("node", "set", second, "--status", "cancelled")
    assert shell.json("notes")["goal_id"] == first
    shell.ok("node", "set", first, "--status", "cancelled")
    assert shell.json("notes")["goal_id"] == second


def test_ended_session_keeps_the_same_bytes(shell: Shell) -> None:
    goal = shell.add("goal", "G")
    shell.add("task", "T", "--parent", goal)
    session = shell.ok("sessions", "start", "--goal", goal).out.strip()
    text = _notes(shell, "--goal", goal)
    assert shell.json("sessions", "end", session)["handoff_notes"] == text
