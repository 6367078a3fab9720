"""How files of profiles become profiles: what extends what, what may be changed, and by whom. Pure; it reads no file.

A file changes the profile that it extends: lists replace, prompts append, what is unset is inherited. One that is named
like a profile below it (the person's files stand above the built-in profiles, the project's above the person's) extends
that one unless it says otherwise; any other file without `extends` extends the coder.

What a person says may widen. A project's file is a stranger's, and only narrows: no tool beyond those of the profile
that it extends, scopes and limits beside the ones that hold already, no model that the settings do not name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from ostinato.agent.profiles import BUILT_IN, CODER, NO_LIMITS, Output, Profile, ProfileLimits, Words

BUILT_IN_PLACE = "built in"

_WRITING = ("write_file", "edit_file")
_NEEDED = {
    Output.CHANGE: ("signal",),
    Output.FINDINGS: ("signal",),
    Output.VERDICT: ("verdict",),
    Output.PLAN: ("propose_plan", "signal"),
    Output.CRITIQUE: ("critique",),
}
"""The tools without which an agent could not end, or leave nothing behind."""
_OF_ONE_OUTPUT = {"propose_plan": Output.PLAN, "critique": Output.CRITIQUE, "verdict": Output.VERDICT}
_ON_TASKS = tuple(dict.fromkeys(name for one in BUILT_IN.values() if one.works_on_tasks for name in one.tools))
_FINDINGS = ("record_observation", "log_decision")


class ProfileError(ValueError):
    """A file of a profile is wrong. `place` is the file, with the line where it is known."""

    def __init__(self, place: str, message: str) -> None:
        self.place = place
        super().__init__(f"{place}: {message}")


@dataclass(frozen=True, slots=True)
class ProfileFile:
    """What one file says; None where it says nothing. `own` is a person's file, else it is a project's.

    `prompts` are its texts in their order; `lines` name the line of each key. Limits are as in `ProfileLimits`.
    """

    name: str
    path: str
    own: bool
    extends: str | None = None
    description: str | None = None
    prompts: tuple[str, ...] = ()
    tools: tuple[str, ...] | None = None
    read_only: bool | None = None
    file_scope: tuple[str, ...] | None = None
    model: str | None = None
    fallback: str | None = None
    output: Output | None = None
    limits: ProfileLimits = NO_LIMITS
    lines: Mapping[str, int] = field(default_factory=dict)

    def place(self, key: str) -> str:
        """Return where a key stands, as an editor opens it."""
        return f"{self.path}:{self.lines[key]}" if key in self.lines else self.path


@dataclass(frozen=True, slots=True)
class Resolved:
    """A profile, and for each of its keys the places that it comes from, the first one first."""

    profile: Profile
    places: Mapping[str, tuple[str, ...]]


Library = Mapping[str, Resolved]


def built_in() -> dict[str, Resolved]:
    """Return the profiles of a project without any file."""
    return {name: Resolved(profile, _built_in_places(profile)) for name, profile in BUILT_IN.items()}


def resolve(files: Iterable[ProfileFile], models: Collection[str] | None = ()) -> dict[str, Resolved]:
    """Return every profile by its name, the built-in ones first.

    `models` are those that the settings name: a project's file may choose among them (None: whatever it says is not
    used). Raises ProfileError.
    """
    found, listed = built_in(), list(files)
    for own in (True, False):
        layer = {one.name: one for one in listed if one.own is own}
        found = _Layer(layer, found, models).resolved()
    return found


def near(name: str, known: Iterable[str]) -> str:
    """Return what to say of a name that is not among those known: the one that it may mean, or all."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}"


class _Layer:
    """The files of one owner over the profiles `below` them."""

    def __init__(self, files: Mapping[str, ProfileFile], below: Library, models: Collection[str] | None) -> None:
        self._files = files
        self._below = below
        self._models = models
        self._done: dict[str, Resolved] = {}

    def resolved(self) -> dict[str, Resolved]:
        for name in sorted(self._files):
            self._file(name, ())
        return {**self._below, **self._done}

    def _file(self, name: str, under: tuple[str, ...]) -> Resolved:
        if name in self._done:
            return self._done[name]
        file = self._files[name]
        if name in under:
            circle = " → ".join((*under[under.index(name) :], name))
            raise ProfileError(file.place("extends"), f"profiles extend each other in a circle: {circle}")
        self._done[name] = extended(self._base(file, (*under, name)), file, self._models)
        return self._done[name]

    def _base(self, file: ProfileFile, under: tuple[str, ...]) -> Resolved:
        wanted = file.extends or (file.name if file.name in self._below else CODER.called)
        if wanted != file.name and wanted in self._files:
            return self._file(wanted, under)
        if wanted in self._below:
            return self._below[wanted]
        if wanted == file.name:
            raise ProfileError(file.place("extends"), f"{wanted} extends itself, and there is no other of that name")
        known = {*self._below, *self._files} - {file.name}
        raise ProfileError(file.place("extends"), f"extends {wanted!r}, which is no profile: {near(wanted, known)}")


def extended(base: Resolved, file: ProfileFile, models: Collection[str] | None) -> Resolved:
    """Return `base` as the file changes it. Raises ProfileError for what it may not say."""
    old = base.profile
    if not old.works_on_tasks and file.name != old.called:
        raise ProfileError(
            file.place("extends"),
            f"nobody would use another {old.role}: to change it, call the file {old.called}.toml",
        )
    if not file.own:
        _narrows(old, file, models)
    new = replace(
        old,
        name=file.name,
        description=old.description if file.description is None else file.description,
        words=(*old.words, *(Words(text, file.own) for text in file.prompts)),
        tools=old.tools if file.tools is None else tuple(dict.fromkeys(file.tools)),
        read_only=old.read_only if file.read_only is None else file.read_only,
        scopes=_scopes(old, file),
        model=file.model or old.model,
        # The stand-in for another model is not the stand-in for this one.
        fallback=file.fallback if file.fallback is not None else None if file.model else old.fallback,
        output=_output(old, file),
        limits=_over(old.limits, file.limits) if file.own else old.limits,
        caps=old.caps if file.own else _least(old.caps, file.limits),
    )
    _makes_sense(old, new, file)
    return Resolved(new, _places(base, file))


def _narrows(old: Profile, file: ProfileFile, models: Collection[str] | None) -> None:
    """Refuse what a project's file would widen."""
    more = [name for name in file.tools or () if name not in old.tools]
    if more and set(more) <= set(_ON_TASKS):
        raise ProfileError(
            file.place("tools"),
            f"a project cannot give a profile tools that {old.called} does not have ({', '.join(more)}): leave them "
            "out, or write the profile into your own directory",
        )
    if old.read_only and file.read_only is False:
        raise ProfileError(file.place("read_only"), f"a project cannot let a profile write that {old.called} does not")
    if file.output is not None and file.output is not old.output and old.output is not Output.CHANGE:
        raise ProfileError(file.place("output"), f"a project cannot change what {old.called} leaves: {old.output}")
    for key, model in (("model", file.model), ("fallback", file.fallback)):
        if model and models is not None and model not in models:
            named = f": {', '.join(sorted(models))}" if models else ", which name none"
            raise ProfileError(
                file.place(key), f"{key} = {model!r}: a project's profile chooses among the models of [models]{named}"
            )


def _scopes(old: Profile, file: ProfileFile) -> tuple[tuple[str, ...], ...]:
    if file.file_scope is None:
        return old.scopes
    new = (file.file_scope,) if file.file_scope else ()
    return new if file.own else (*old.scopes, *(one for one in new if one not in old.scopes))


def _output(old: Profile, file: ProfileFile) -> Output:
    if file.output is not None:
        return file.output
    # Whoever may not write any more can still find something out.
    return Output.FINDINGS if file.read_only and old.output is Output.CHANGE else old.output


def _over(old: ProfileLimits, new: ProfileLimits) -> ProfileLimits:
    return ProfileLimits(
        old.steps if new.steps is None else new.steps,
        old.tokens if new.tokens is None else new.tokens,
        old.seconds if new.seconds is None else new.seconds,
    )


def _least(old: ProfileLimits, new: ProfileLimits) -> ProfileLimits:
    return ProfileLimits(
        min((one.steps for one in (old, new) if one.steps is not None), default=None),
        min((one.tokens for one in (old, new) if one.tokens is not None), default=None),
        min((one.seconds for one in (old, new) if one.seconds is not None), default=None),
    )


def _makes_sense(old: Profile, new: Profile, file: ProfileFile) -> None:
    """Refuse a profile that could not do its job, or whose parts contradict each other."""
    if new.works_on_tasks != old.works_on_tasks:
        kinds = ", ".join(one for one in Output if (one not in {Output.PLAN, Output.CRITIQUE}) is old.works_on_tasks)
        raise ProfileError(file.place("output"), f"output of a {old.role} is one of {kinds}")
    _tools_exist(old, new, file)
    if not new.works_on_tasks and not new.read_only:
        raise ProfileError(file.place("read_only"), f"a {old.role} changes nothing: what it wrote would be lost")
    if new.read_only and new.output is Output.CHANGE:
        raise ProfileError(file.place("output"), "a read-only profile leaves no change: say findings or verdict")
    if not new.read_only and new.output is not Output.CHANGE:
        raise ProfileError(
            file.place("read_only"), f"a profile that writes leaves a change, not {new.output}: set output or read_only"
        )
    if new.read_only and file.file_scope:
        raise ProfileError(file.place("file_scope"), "a read-only profile writes nothing: leave file_scope out")
    writing = [name for name in new.tools if name in _WRITING]
    if new.read_only and writing:
        raise ProfileError(
            file.place("tools" if "tools" in file.lines else "read_only"),
            f"a read-only profile cannot have {', '.join(writing)}: give it a list of tools without",
        )


def _tools_exist(old: Profile, new: Profile, file: ProfileFile) -> None:
    known = _ON_TASKS if old.works_on_tasks else BUILT_IN[old.role].tools
    for name in new.tools:
        if name not in known:
            raise ProfileError(file.place("tools"), f"there is no tool {name!r} for a {old.role}: {near(name, known)}")
        if _OF_ONE_OUTPUT.get(name, new.output) is not new.output:
            raise ProfileError(
                file.place("tools"), f"{name} is for profiles whose output is {_OF_ONE_OUTPUT[name]}, not {new.output}"
            )
    lacking = [name for name in _NEEDED[new.output] if name not in new.tools]
    if lacking:
        raise ProfileError(file.place("tools"), f"without {', '.join(lacking)} its work could not end: add it to tools")
    if new.output is Output.FINDINGS and not set(_FINDINGS) & set(new.tools):
        raise ProfileError(file.place("tools"), f"it leaves findings: give it {' or '.join(_FINDINGS)}")


_KEYS = ("description", "prompt", "tools", "read_only", "file_scope", "model", "fallback", "output")
KEYS = (*_KEYS, "steps", "tokens", "minutes")
"""What a profile consists of, as its places are told."""


def _built_in_places(profile: Profile) -> dict[str, tuple[str, ...]]:
    said = {*_KEYS} - {"model", "fallback"} - ({"file_scope"} if not profile.scopes else set())
    return {key: (BUILT_IN_PLACE,) if key in said else () for key in KEYS}


def _places(base: Resolved, file: ProfileFile) -> dict[str, tuple[str, ...]]:
    found = dict(base.places)
    for key in KEYS:
        named = "prompt_file" if key == "prompt" and "prompt" not in file.lines else key
        named = f"limits.{key}" if key in {"steps", "tokens", "minutes"} else named
        if named in file.lines:
            adds = key == "prompt" or (not file.own and (key == "file_scope" or named.startswith("limits.")))
            found[key] = (*(base.places[key] if adds else ()), file.place(named))
    if file.read_only and "output" not in file.lines and base.profile.output is Output.CHANGE:
        found["output"] = (file.place("read_only"),)
    return found
