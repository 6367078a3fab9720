"""Every setting there is, with its default. Values only; `config.load` reads them from files."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SetupSettings:
    """`[setup]`: what makes a checkout usable, and the files that it depends on (globs). `timeout` in seconds."""

    commands: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    timeout: float = 1800.0


@dataclass(frozen=True, slots=True)
class VerifySettings:
    """`[verify]`: the project's checks, the time limit of a check, and the cap for proving earlier tasks (seconds)."""

    commands: tuple[str, ...] = ()
    timeout: float = 600.0
    proof_cap: float = 300.0


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """`[sandbox]`: `mode` is `bubblewrap` or `none` (only from the person's own configuration or environment).

    `read_only` are further host paths mounted read-only; `env` are variables passed on by name or set by `NAME=value`.
    """

    mode: str = "bubblewrap"
    read_only: tuple[str, ...] = ()
    env: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """`[models]`: `default` for every role, roles override it; `patience` for an outage and time-outs in seconds."""

    default: str | None = None
    planner: str | None = None
    coder: str | None = None
    patience: float = 600.0
    retries: int = 6
    connect_timeout: float = 15.0
    first_byte_timeout: float = 300.0
    silence_timeout: float = 120.0
    context_window: int = 128_000
    max_output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """`[limits]`: per iteration (`steps`, `tokens`, `minutes`), per task (`attempts`), per session (None: no limit)."""

    steps: int = 200
    tokens: int = 500_000
    minutes: float = 30.0
    attempts: int = 3
    session_iterations: int | None = None
    session_tokens: int | None = None
    session_cost: float | None = None
    session_minutes: float | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one project as they hold now. `autonomy` is `full` or `supervised`."""

    setup: SetupSettings = field(default_factory=SetupSettings)
    verify: VerifySettings = field(default_factory=VerifySettings)
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)
    models: ModelSettings = field(default_factory=ModelSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    autonomy: str = "supervised"
    protected: tuple[str, ...] = ()
