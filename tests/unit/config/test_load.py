from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ostinato.base.errors import ConfigError
from ostinato.config.load import Loaded, load_settings
from ostinato.config.settings import Settings


class Files:
    """A project's and a person's configuration in a temporary directory."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.user_file = folder / "home" / "config.toml"
        self.project_file = self.project / ".ostinato" / "config.toml"

    def write(self, *, project: str | None = None, user: str | None = None) -> None:
        for file, text in ((self.project_file, project), (self.user_file, user)):
            if text is not None:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)

    def load(self, environ: Mapping[str, str] | None = None) -> Loaded:
        return load_settings(self.project, self.user_file, environ or {})

    def error(self, environ: Mapping[str, str] | None = None) -> str:
        with pytest.raises(ConfigError) as caught:
            self.load(environ)
        message = caught.value.message
        assert "\n" not in message
        return message


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_settings_are_the_defaults_when_there_is_no_file(files: Files) -> None:
    assert files.load() == Loaded(Settings(), {})
    assert load_settings(None, files.user_file, {}).settings == Settings()


def test_every_kind_of_value_is_read_when_the_file_has_it(files: Files) -> None:
    files.write(
        project="""
            autonomy = "full"
            protected = ["docs/**"]
            [setup]
            commands = ["uv sync", "npm ci"]
            timeout = 60
            [verify]
            proof_cap = 0
            [circles]
            end = 0
            [models]
            default = "openai:gpt"
            retries = 0
            max_output_tokens = 1000
            reasoning_effort = "high"
            [limits]
            session_cost = 2.5
            minutes = 5
        """
    )
    settings = files.load().settings
    assert settings.autonomy == "full"
    assert settings.protected == ("docs/**",)
    assert settings.setup.commands == ("uv sync", "npm ci")
    assert settings.setup.timeout == 60.0
    assert settings.circles.end == 0
    assert isinstance(settings.setup.timeout, float)
    assert settings.verify.proof_cap == 0
    assert settings.models.default == "openai:gpt"
    assert settings.models.retries == 0
    assert settings.models.max_output_tokens == 1000
    assert settings.models.reasoning_effort == "high"
    assert settings.limits.session_cost == 2.5
    assert settings.limits.steps == Settings().limits.steps


def test_the_project_wins_over_the_person_when_both_say_something(files: Files) -> None:
    files.write(
        project='[models]\ndefault = "openai:project"', user='[models]\ndefault = "openai:mine"\ncoder = "ollama:mine"'
    )
    loaded = files.load()
    assert loaded.settings.models.default == "openai:project"
    assert loaded.settings.models.coder == "ollama:mine"
    assert loaded.sources == {"models.default": str(files.project_file), "models.coder": str(files.user_file)}


def test_the_environment_wins_over_every_file_and_names_the_model_of_all_roles(files: Files) -> None:
    files.write(project='autonomy = "supervised"\n[models]\ncoder = "openai:project"\nstronger = "openai:big"')
    loaded = files.load({"OSTINATO_MODEL": "ollama:env", "OSTINATO_AUTONOMY": "full", "OSTINATO_SANDBOX": "none"})
    models = loaded.settings.models
    assert (models.default, models.planner, models.coder) == ("ollama:env",) * 3
    assert models.stronger is None
    assert loaded.settings.autonomy == "full"
    assert loaded.settings.sandbox.mode == "none"
    assert loaded.sources["models.coder"] == "$OSTINATO_MODEL"


def test_an_empty_variable_is_as_none(files: Files) -> None:
    assert files.load({"OSTINATO_MODEL": "", "OSTINATO_SANDBOX": ""}) == Loaded(Settings(), {})


@pytest.mark.parametrize("text", ['sandbox = "none"', '[sandbox]\nmode = "none"'])
def test_only_the_person_turns_the_sandbox_off(files: Files, text: str) -> None:
    files.write(user=text)
    assert files.load().settings.sandbox.mode == "none"

    files.write(user="", project=text)
    message = files.error()
    assert str(files.project_file) in message
    assert str(files.user_file) in message
    assert "OSTINATO_SANDBOX" in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[limits]\nstep = 3", ("limits.step", "did you mean limits.steps")),
        ("[limits]\ntimeout = 3", ("limits.timeout", "did you mean setup.timeout")),
        ("[limit]\nsteps = 3", ("[limit]", "did you mean limits")),
        ("steps = 3", ("steps", "did you mean limits.steps")),
        ("limits = 3", ("limits is a section", "[limits]")),
        ("[limits]\nsteps = '3'", ("limits.steps must be a whole number", "'3'")),
        ("[limits]\nsteps = 3.5", ("limits.steps must be a whole number",)),
        ("[limits]\nsteps = true", ("limits.steps must be a whole number",)),
        ("[limits]\nsteps = 0", ("limits.steps must be more than 0",)),
        ("[limits]\nminutes = -1", ("limits.minutes must be more than 0",)),
        ("[limits]\nminutes = nan", ("limits.minutes must be more than 0",)),
        ("[limits]\nminutes = inf", ("limits.minutes must be more than 0",)),
        ("[models]\nretries = -1", ("models.retries must be at least 0",)),
        ("[models]\ndefault = 3", ("models.default must be a text",)),
        ("[setup]\ncommands = 'make'", ("setup.commands must be a list of texts",)),
        ("[setup]\ncommands = ['make', 3]", ("setup.commands must be a list of texts",)),
        ("[setup.commands]\na = 1", ("setup.commands must be a list of texts",)),
        ("autonomy = 'wild'", ("autonomy must be one of full, supervised", "'wild'")),
        ("autonomy = ['full']", ("autonomy must be one of",)),
        ("x = [1\n\n", ("not valid TOML", "line 1")),
        ("[limits]\nsteps = 3\nsteps = 4", ("not valid TOML", "line 3")),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_the_key(files: Files, text: str, words: tuple[str, ...]) -> None:
    files.write(project=text)
    message = files.error()
    for word in (str(files.project_file), *words):
        assert word in message


def test_a_wrong_variable_is_refused_with_its_name(files: Files) -> None:
    message = files.error({"OSTINATO_AUTONOMY": "yes"})
    assert "$OSTINATO_AUTONOMY" in message
    assert "supervised" in message


def test_a_file_that_is_not_utf8_is_refused(files: Files) -> None:
    files.write(project="")
    files.project_file.write_bytes(b"autonomy = '\xff'")
    assert "not UTF-8" in files.error()


def test_a_byte_order_mark_is_tolerated(files: Files) -> None:
    files.write(project="")
    files.project_file.write_bytes(b"\xef\xbb\xbfautonomy = 'full'\n")
    assert files.load().settings.autonomy == "full"


def test_a_directory_in_the_file_s_place_is_refused(files: Files) -> None:
    files.project_file.mkdir(parents=True)
    assert str(files.project_file) in files.error()


def test_notifications_are_the_persons_alone(files: Files) -> None:
    files.write(user='[notify]\ncommand = "beep"\ndesktop = true\nwebhook = "https://host/x"\non = ["needed"]\n')
    notify = files.load().settings.notify
    assert (notify.command, notify.desktop, notify.webhook, notify.on) == ("beep", True, "https://host/x", ("needed",))
    assert notify.anyone
    for setting in ('command = "curl evil"', "desktop = true", 'webhook = "https://evil/x"', 'on = ["ended"]'):
        files.write(project=f"[notify]\n{setting}\n")
        said = files.error()
        assert "cannot be set by a project" in said
        assert str(files.user_file) in said


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("command = 3", "notify.command must be a text or a list of texts, not 3"),
        ("command = [1]", "notify.command must be a list of texts"),
        ('desktop = "yes"', "notify.desktop must be true or false, not 'yes'"),
        ('on = ["needed", "sometimes"]', "notify.on must be one of needed, ended"),
        ('on = "needed"', "notify.on must be a list of texts"),
    ],
)
def test_wrong_notify_settings_say_what_is_wanted(files: Files, setting: str, said: str) -> None:
    files.write(user=f"[notify]\n{setting}\n")
    assert said in files.error()


def test_a_command_may_be_a_list(files: Files) -> None:
    files.write(user='[notify]\ncommand = ["notify", "-x"]\n')
    assert files.load().settings.notify.command == ("notify", "-x")


def test_model_of_the_environment_is_asked_alone_unless_a_fallback_is_named_too(files: Files) -> None:
    files.write(project='[models]\nfallback = "b:2"\ncoder_fallback = "c:2"\n')
    assert files.load().settings.models.fallback == "b:2"
    alone = files.load({"OSTINATO_MODEL": "x:1"})
    models = alone.settings.models
    assert (models.default, models.coder, models.critic, models.fallback, models.coder_fallback) == (
        "x:1",
        "x:1",
        "x:1",
        None,
        None,
    )
    assert "models.fallback" not in alone.sources
    both = files.load({"OSTINATO_MODEL": "x:1", "OSTINATO_FALLBACK": "y:1"}).settings.models
    assert (both.fallback, both.coder_fallback) == ("y:1", "y:1")


def test_own_price_is_the_persons_to_say_and_may_be_nothing(files: Files) -> None:
    files.write(user="[models]\nprice_input = 0\nprice_output = 0.5\n")
    models = files.load().settings.models
    assert (models.price_input, models.price_output) == (0.0, 0.5)
    files.write(project="[models]\nprice_input = 0\n")
    assert f"set it in {files.user_file} if you want it" in files.error()
