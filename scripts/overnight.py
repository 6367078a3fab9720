"""A scripted night for the transcripts in `docs/transcripts`: a small repository, a plan, and a model's answers.

Some tasks are done, one fails after its attempts, one passes at its second attempt, one waits for a review. Only the
model is played: tools, sandbox, checks and commits are those of any run.
"""

from __future__ import annotations

from typing import Any

GOAL = """A calculator for the command line

Read sums such as `2 + 3 * 4` and print the result. Wrong input gets one clear line. The help must be pleasant to read.
"""

SEED = {
    "README.md": "# calc\n\nA calculator for the command line. Nothing works yet.\n",
    "AGENTS.md": "# Conventions\n\nPython 3.11, no packages. One module per concern.\n",
}

_READ = "def tokens(text):\n    return text.replace('*', ' * ').replace('+', ' + ').replace('/', ' / ').split()\n"
_ADD_WRONG = (
    "from read import tokens\n\n\ndef result(text):\n"
    "    total = 0\n    for token in tokens(text):\n        if token != '+':\n            total += int(token)\n"
    "    return total\n"
)
_ADD = (
    "from read import tokens\n\n\ndef result(text):\n"
    "    parts = ' '.join(tokens(text)).split(' + ')\n    return sum(product(part.split(' * ')) for part in parts)\n"
    "\n\n"
    "def product(factors):\n    total = 1\n    for factor in factors:\n        total *= int(factor)\n    return total\n"
)
_HELP = "USAGE = 'calc SUM: print what it comes to, for example: calc 2 + 3'\n"


def _check(code: str) -> dict[str, Any]:
    return {"command": f'python3 -c "{code}"'}


_TASKS: list[dict[str, Any]] = [
    {
        "key": "read",
        "title": "Split a sum into tokens",
        "description": "read.py: `tokens(text)` gives numbers and operators as a list of texts.",
        "acceptance_criteria": ["`2+3` gives three tokens"],
        "checks": [_check("from read import tokens; assert tokens('2+3') == ['2', '+', '3']")],
        "file_scope": ["read.py"],
        "complexity": "small",
    },
    {
        "key": "add",
        "title": "Work out sums and products",
        "description": "work.py: `result(text)`; products go before sums.",
        "acceptance_criteria": ["`2+3*4` is 14"],
        "checks": [_check("from work import result; assert result('2+3*4') == 14, result('2+3*4')")],
        "file_scope": ["work.py"],
        "depends_on": ["read"],
    },
    {
        "key": "divide",
        "title": "Divide, and refuse to divide by zero",
        "description": "divide.py: `told(a, b)` gives the result as text, and one clear line for zero.",
        "acceptance_criteria": ["A division by zero is one clear line"],
        "checks": [
            _check("from divide import told; raise SystemExit(told(1, 0) != 'cannot divide by zero' and told(1, 0))")
        ],
        "file_scope": ["divide.py"],
    },
    {
        "key": "help",
        "title": "Write a help text that is pleasant to read",
        "description": "usage.py: USAGE. Whether it is pleasant, a person must judge.",
        "acceptance_criteria": ["It names what is wanted and gives an example"],
        "checks": [],
        "judge": True,
        "file_scope": ["usage.py"],
    },
    {
        "key": "errors",
        "title": "Tell wrong input in one line",
        "description": "errors.py: `told(text)` for input that is no sum.",
        "acceptance_criteria": ["`2 +` is refused with one line"],
        "checks": [_check("from errors import told; assert told('2 +')")],
        "file_scope": ["errors.py"],
        "depends_on": ["divide"],
    },
]

_DECISION = {
    "title": "How a sum is worked out",
    "context": "Sums are short, and two precedences are enough.",
    "options": [
        {
            "title": "Split at plus, then at times",
            "description": "Two splits, no parser.",
            "pros": ["Ten lines"],
            "cons": ["No parentheses"],
        },
        {
            "title": "A parser by recursive descent",
            "description": "A function per precedence.",
            "pros": ["Parentheses come for free"],
            "cons": ["More than the goal asks for"],
        },
        {
            "title": "Python's own eval",
            "description": "One line.",
            "cons": ["Runs whatever is typed"],
        },
    ],
    "chosen": "Split at plus, then at times",
    "rationale": "the goal asks for two precedences and nothing more",
}


def _call(name: str, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "arguments": arguments}


def _reply(text: str, *calls: dict[str, Any], tokens: int = 3000, cost: float = 0.01) -> dict[str, Any]:
    usage = {"input": tokens, "cached_input": tokens // 2, "output": 180, "cost_usd": cost}
    return {"text": text, "tool_calls": list(calls), "usage": usage}


def _done(message: str) -> dict[str, Any]:
    return _reply("", _call("signal", outcome="complete", message=message), tokens=3400, cost=0.006)


def _attempt(task: str, number: int, *replies: dict[str, Any]) -> dict[str, Any]:
    return {"when": {"task": task, "attempt": number}, "replies": list(replies)}


def _written(words: str, path: str, content: str) -> dict[str, Any]:
    return _reply(words, _call("write_file", path=path, content=content))


def script() -> dict[str, Any]:
    """Return the file that the scripted model plays."""
    divide = _TASKS[2]["title"]
    wrong = [
        "def told(a, b):\n    return str(a / (b or float('nan')))\n",
        "def told(a, b):\n    return str(a / b) if b else 'infinity'\n",
        "def told(a, b):\n    return str(a / b) if b else 'Division by zero is not possible.'\n",
    ]
    words = [
        "A division is one line; zero counts as nothing.",
        "Zero gets a word of its own.",
        "A whole sentence for zero.",
    ]
    plan = {"summary": "Read, work out, then the edges.", "tasks": _TASKS, "decisions": [_DECISION]}
    return {
        "version": 1,
        "conversations": [
            {
                "when": {"tool": "propose_plan"},
                "replies": [
                    _reply("First what is there.", _call("read_file", path="README.md"), tokens=2600),
                    _reply("Five tasks.", _call("propose_plan", **plan), tokens=3900, cost=0.03),
                    _reply("", _call("signal", outcome="complete", message="Five tasks, smallest first."), tokens=4200),
                ],
            },
            _attempt(_TASKS[0]["title"], 1, _written("Blanks around operators.", "read.py", _READ), _done("Tokens.")),
            _attempt(_TASKS[1]["title"], 1, _written("Sum up.", "work.py", _ADD_WRONG), _done("It adds.")),
            _attempt(
                _TASKS[1]["title"],
                2,
                _written("Products were lost: split twice.", "work.py", _ADD),
                _reply(
                    "Others should know this.",
                    _call(
                        "record_observation",
                        title="`int` takes surrounding blanks",
                        description="Tokens need no strip before they become numbers.",
                    ),
                ),
                _done("Products before sums."),
            ),
            *(
                _attempt(divide, number, _written(said, "divide.py", content), _done("It divides."))
                for number, (said, content) in enumerate(zip(words, wrong, strict=True), 1)
            ),
            _attempt(_TASKS[3]["title"], 1, _written("Short, with an example.", "usage.py", _HELP), _done("A help.")),
        ],
    }
