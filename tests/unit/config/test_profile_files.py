"""Files of profiles as they are written, and as a hostile repository would write them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ostinato.agent.profile_rules import Library
from ostinato.agent.profiles import prompt_of
from ostinato.base.errors import ConfigError
from ostinato.config.profile_files import LARGEST, MOST_FILES, load_profiles, named_models
from ostinato.config.settings import ModelSettings


class Places:
    """A checkout and a person's configuration, with their profiles."""

    def __init__(self, root: Path) -> None:
        self.project, self.user_file = root / "repo", root / "config" / "config.toml"
        self.its, self.mine = self.project / ".ostinato" / "profiles", self.user_file.parent / "profiles"
        self.its.mkdir(parents=True)
        self.mine.mkdir(parents=True)

    def load(self, **environ: str) -> Library:
        return load_profiles(self.project, self.user_file, ModelSettings(default="a:1"), environ)

    def refused(self) -> str:
        with pytest.raises(ConfigError) as caught:
            self.load()
        return caught.value.message


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


def test_all_that_a_file_may_say_arrives_with_its_line(places: Places) -> None:
    (places.mine / "look.md").write_text("Look twice.\n")
    (places.mine / "scout.toml").write_text(
        'description = "Looks around."\nextends = "researcher"\nprompt_file = "look.md"\nprompt = "Then write."\n'
        'tools = ["read_file", "record_observation", "signal"]\nmodel = "b:2"\nfallback = ""\noutput = "findings"\n'
        "read_only = true\nfile_scope = []\n[limits]\nsteps = 7\ntokens = 900\nminutes = 0.5\n"
    )
    one = places.load()["scout"]
    profile = one.profile
    assert (profile.description, profile.model, profile.fallback) == ("Looks around.", "b:2", "")
    assert profile.tools == ("read_file", "record_observation", "signal")
    assert (profile.limits.steps, profile.limits.tokens, profile.limits.seconds) == (7, 900, 30.0)
    assert prompt_of(profile).endswith("\n\nLook twice.\n\nThen write.")
    assert one.places["steps"] == (f"{places.mine / 'scout.toml'}:12",)
    assert one.places["prompt"] == ("built in", f"{places.mine / 'scout.toml'}:4")
    assert one.places["file_scope"] == (f"{places.mine / 'scout.toml'}:10",)


def test_without_directories_the_built_in_profiles_hold(tmp_path: Path) -> None:
    found = load_profiles(tmp_path / "nowhere", tmp_path / "no" / "config.toml", ModelSettings(), {})
    assert list(found) == ["planner", "coder", "reviewer", "tester", "researcher", "critic"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('extend = "coder"', ":1: unknown key extend: did you mean extends?"),
        ("tools = 3", ":1: tools must be a list of texts, not 3"),
        ("\ntools = [1]", ":2: tools must be a list of texts"),
        ("read_only = 1", ":1: read_only must be true or false, not 1"),
        ('output = "code"', ":1: output must be one of change, findings, verdict, plan, critique"),
        ("[limits]\nstep = 1", ":2: unknown key limits.step: did you mean steps?"),
        ("[limits]\nsteps = 0", ":2: limits.steps must be a whole number above 0, not 0"),
        ("[limits]\nminutes = inf", ":2: limits.minutes must be a number above 0, not inf"),
        ("limits = 3", ":1: limits is a section"),
        ("prompt = 3", ":1: prompt must be a text"),
        ('file_scope = ["../x"]', ":1: file_scope '../x' leaves the project"),
        ('file_scope = ["/etc/**"]', ":1: file_scope '/etc/**' leaves the project"),
        ('prompt_file = "../../secret"', ":1: prompt_file '../../secret': name a file beside the profile"),
        ('prompt_file = "/etc/passwd"', ":1: prompt_file '/etc/passwd': name a file beside the profile"),
        ('prompt_file = "gone.md"', ":1: prompt_file: "),
        ("tools = [", ": not valid TOML: "),
        ("a = " + "[" * 5_000, ": not valid TOML: "),
        (f'prompt = "{"x" * 16_001}"', ":1: prompt has 16001 characters; 16000 are the most"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(places: Places, text: str, said: str) -> None:
    (places.its / "odd.toml").write_text(text)
    assert f"{places.its / 'odd.toml'}{said}" in places.refused()


def test_files_that_are_none_end_nothing(places: Places) -> None:
    """A pipe would hang the command, a huge file fill the memory, a link read what the person would not show."""
    odd = places.its / "odd.toml"
    os.mkfifo(odd)
    assert "it is no file" in places.refused()
    odd.unlink()
    odd.mkdir()
    assert "it is no file" in places.refused()
    odd.rmdir()
    odd.write_bytes(b"#" * (LARGEST + 1))
    assert "is larger than 64 KB" in places.refused()
    odd.write_bytes(b'description = "\xff"')
    assert "is not UTF-8" in places.refused()
    odd.write_bytes(b'description = "a"\n#\0')
    assert "holds NUL characters" in places.refused()
    odd.unlink()
    (places.its / "Über.toml").write_text("")
    assert "small letters" in places.refused()
    (places.its / "Über.toml").unlink()
    for number in range(MOST_FILES + 1):
        (places.its / f"p{number}.toml").write_text("")
    assert "100 are the most" in places.refused()


def test_links_of_a_project_are_not_followed_and_those_of_the_person_are(places: Places, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text('prompt = "my key"\n')
    (places.mine / "scout.toml").symlink_to(secret)
    assert prompt_of(places.load()["scout"].profile).endswith("my key"), "people link their dotfiles"
    (places.its / "odd.toml").symlink_to(secret)
    assert "it is a link" in places.refused()
    (places.its / "odd.toml").unlink()
    (places.its / "odd.toml").write_text('prompt_file = "there/secret"\n')
    (places.its / "there").symlink_to(tmp_path)
    assert "leads elsewhere through a link" in places.refused()
    (places.its / "odd.toml").write_text('prompt_file = "plain"\n')
    (places.its / "plain").symlink_to(secret)
    assert "it is a link" in places.refused()


def test_directory_that_leads_out_of_the_checkout_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "profiles").mkdir(parents=True)
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / ".ostinato").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="leads out of the checkout"):
        load_profiles(tmp_path / "repo", tmp_path / "config.toml", ModelSettings(), {})


def test_project_may_choose_among_the_models_that_the_settings_name(places: Places) -> None:
    (places.its / "tester.toml").write_text('model = "a:1"\n')
    assert places.load()["tester"].profile.model == "a:1"
    (places.its / "tester.toml").write_text('model = "elsewhere:9"\n')
    assert "tester.toml:1: model = 'elsewhere:9': a project's profile chooses among" in places.refused()
    assert places.load(OSTINATO_MODEL="b:1"), "a run with one model for all must not stumble over what it does not use"
    assert named_models(ModelSettings(default="a:1", reviewer="r:1", coder_fallback="", reasoning_effort="low")) == {
        "a:1",
        "r:1",
    }
