"""Which model a profile asks: what is said for one run, else the profile's own, else its role's."""

from __future__ import annotations

import pytest

from ostinato.agent.profile_rules import ProfileFile, resolve
from ostinato.app.crew import SessionCrew, specs_for
from ostinato.base.errors import UsageError
from ostinato.config.settings import ModelSettings
from ostinato.loop.limits import SessionLimits
from ostinato.testing.fake_clock import FakeClock

MODELS = ModelSettings(default="d:1", fallback="f:1", coder="c:1", coder_fallback="c:2", reviewer="r:1")


def specs(name: str, env: dict[str, str] | None = None, /, *, said: str | None = None, **profile: str):
    library = resolve([ProfileFile(name, "x.toml", own=True, **profile)])  # type: ignore[arg-type]
    return specs_for(MODELS, library[name].profile, env or {}, model=said)


def test_profiles_own_model_goes_before_its_roles_and_behind_what_is_said_for_one_run() -> None:
    assert specs("tester") == specs("researcher") == ("c:1", "c:2")
    assert specs("reviewer") == ("r:1", "f:1")
    assert specs("planner") == ("d:1", "f:1")
    assert specs("tester", model="own:1") == ("own:1", "c:2")
    assert specs("tester", model="own:1", fallback="own:2") == ("own:1", "own:2")
    assert specs("tester", fallback="") == ("c:1",)
    assert specs("tester", model="own:1", said="run:1") == ("run:1",)
    assert specs("tester", {"OSTINATO_MODEL": "env:1"}, model="own:1") == ("c:1", "c:2"), "the settings hold env:1 then"


async def test_model_is_opened_when_it_is_asked_for_and_only_once() -> None:
    library = resolve(
        [
            ProfileFile("tester", "t.toml", own=True, model="ollama:x"),
            ProfileFile("scout", "s.toml", own=True, extends="tester"),
            ProfileFile("dear", "d.toml", own=True, model="anthropic:x"),
        ]
    )
    models = ModelSettings(default="ollama:usual")
    crew = SessionCrew(library, models, SessionLimits(), FakeClock(), {})
    assert crew.model(crew.profile("coder")) is crew.model(crew.profile("researcher")) is None
    own = crew.model(crew.profile("tester"))
    assert own is not None and own.name == "ollama:x"
    assert crew.model(crew.profile("scout")) is own
    with pytest.raises(UsageError, match="ANTHROPIC_API_KEY"):
        crew.model(crew.profile("dear"))
    await crew.close()
    await crew.close()
