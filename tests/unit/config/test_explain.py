from __future__ import annotations

from pathlib import Path

import pytest

from ostinato.base.errors import ConfigError, NotFoundError
from ostinato.config.explain import Explained, explain, line_of
from ostinato.config.load import setting_facts, settings_in


def _explain(tmp_path: Path, key: str | None, *, project: str = "", user: str = "", **environ: str) -> list[Explained]:
    file = tmp_path / "project" / ".ostinato" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(project)
    (tmp_path / "user.toml").write_text(user)
    return explain(tmp_path / "project", tmp_path / "user.toml", environ, key)


def test_every_setting_has_a_text_of_one_line_that_says_what_it_means() -> None:
    for key, facts in setting_facts().items():
        assert facts.meaning.endswith("."), f"{key} has no text: write Annotated[…, 'What it means.'] beside it"
        assert "\n" not in facts.meaning
        assert len(facts.meaning) <= 110, key
        assert facts.allowed, key
    assert setting_facts()["notify.command"].allowed == "a text or a list of texts, or unset"


def test_a_value_is_traced_to_its_file_and_line(tmp_path: Path) -> None:
    project = '# ours\n[limits]\ntokens = 9\n\n[verify]\n# many\ncommands = [\n    "make",\n]\n'
    found = {
        one.key: one for one in _explain(tmp_path, None, project=project, user="[limits]\nsteps = 3\ntokens = 1\n")
    }
    assert found["limits.tokens"].value == 9
    assert found["limits.tokens"].place == f"{tmp_path}/project/.ostinato/config.toml:3"
    assert found["verify.commands"].line == 7
    assert found["limits.steps"].place == f"{tmp_path}/user.toml:2"
    assert found["limits.attempts"].place == "default"


def test_the_environment_is_named_as_the_source_when_it_decides(tmp_path: Path) -> None:
    (one,) = _explain(tmp_path, "autonomy", project='autonomy = "supervised"\n', OSTINATO_AUTONOMY="full")
    assert (one.value, one.place, one.facts.variables) == ("full", "$OSTINATO_AUTONOMY", ("OSTINATO_AUTONOMY",))


def test_a_section_explains_all_its_settings(tmp_path: Path) -> None:
    keys = [one.key for one in _explain(tmp_path, "setup")]
    assert keys == ["setup.commands", "setup.inputs", "setup.timeout"]


def test_an_unknown_setting_names_the_near_one(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"did you mean verify\.timeout"):
        _explain(tmp_path, "verify.timout")


def test_a_value_that_may_be_a_secret_is_masked(tmp_path: Path) -> None:
    project = '[sandbox]\nenv = ["CI", "TOKEN=hush"]\n[setup]\ncommands = ["pip -i https://me:hush@index.example/"]\n'
    found = {one.key: one for one in _explain(tmp_path, None, project=project)}
    assert found["sandbox.env"].value == ("CI", "TOKEN=…")
    assert found["sandbox.env"].masked
    assert found["setup.commands"].value == ("pip -i https://…@index.example/",)
    assert not any("hush" in str(one) for one in found.values())


def test_a_secret_of_the_environment_is_cut_out_wherever_a_setting_repeats_it(tmp_path: Path) -> None:
    project = '[verify]\ncommands = ["check --with tell-nobody-42", "check --with ghp_0123456789abcdefghij0123"]\n'
    (one,) = _explain(tmp_path, "verify.commands", project=project, MY_TOKEN="tell-nobody-42")
    assert one.value == ("check --with [secret]", "check --with [secret]")
    assert one.masked


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ('sandbox = "none"\n', "sandbox.mode", 1),
        ("limits.steps = 4\n", "limits.steps", 1),
        ("\nlimits = { steps = 4 }\n", "limits.steps", 2),
        ("[ limits ]\n  steps=4\n", "limits.steps", 2),
        ('[setup]\ncommands = ["x"]\n[verify]\ncommands = []\n', "verify.commands", 4),
        ("[limits]\ntokens = 4\n", "limits.steps", None),
    ],
)
def test_the_line_is_found_however_the_setting_is_written(text: str, key: str, line: int | None) -> None:
    assert line_of(text, key) == line


def test_a_text_is_judged_as_a_project_s_file_before_it_is_one() -> None:
    file = Path("config.toml")
    assert settings_in("[limits]\nsteps = 4\n", file).limits.steps == 4
    for bad in ("[limits]\nstep = 4\n", "[limits\n", 'sandbox = "none"\n'):
        with pytest.raises(ConfigError, match=r"config\.toml"):
            settings_in(bad, file)
