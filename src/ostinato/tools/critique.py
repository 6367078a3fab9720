"""critique: what a critic found in a plan. It ends the critic's conversation, and decides nothing."""

from __future__ import annotations

from ostinato.agent.ports import Signal, ToolResult
from ostinato.base.text import many
from ostinato.graph.fields import Fields
from ostinato.graph.plan import Criticism, Critique
from ostinato.tools.tool import FLAG, OBJECTS, Arguments, Tool, ToolRefusal

MOST = 10
_FIELDS = ("task", "problem", "suggestion")


class CritiqueBook:
    """The critique of one conversation, None until it was given."""

    def __init__(self) -> None:
        self._given: Critique | None = None

    def critique(self) -> Critique | None:
        """Return what the critic said."""
        return self._given

    def tool(self) -> Tool:
        """Return the tool."""
        said = (
            "Say what the plan misses and end. Findings are {task? (key), problem, suggestion}, none when there is "
            "nothing; approve says whether work could begin with the plan as it is."
        )
        return Tool("critique", said, self._take, {"findings": OBJECTS, "approve": FLAG}, ("findings", "approve"))

    async def _take(self, arguments: Arguments) -> ToolResult:
        fields = Fields(arguments, "the critique", ("findings", "approve"))
        findings = fields.items("findings", _FIELDS, _criticism, from_text=Criticism)
        if fields.problems:
            raise ToolRefusal("; ".join(fields.problems))
        real = tuple(one for one in findings if one.problem)[:MOST]
        if not real and not arguments["approve"]:
            raise ToolRefusal("say in findings what is missing, or approve")
        self._given = Critique(real, bool(arguments["approve"]))
        said = f"{many(len(real), 'finding')}, {'approved' if arguments['approve'] else 'not approved'}"
        return ToolResult("the critique is taken", signal=Signal("complete", said), summary=said)


def _criticism(fields: Fields) -> Criticism:
    return Criticism(fields.text("problem"), fields.text("suggestion"), fields.text("task") or None)
