"""What a pretended vendor has billed, as it told its client: the sum that the client's own count must equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ostinato.base.spending import Spending


@dataclass(slots=True)
class Bills:
    """Usage that went out whole, by answer, and the answers that broke before theirs did.

    `broken` holds the bytes of the requests whose answers began and never told their usage: a client can only
    estimate those.
    """

    told: Spending = field(default_factory=Spending)
    broken: list[int] = field(default_factory=list)

    def add(self, usage: Mapping[str, Any] | None, request_bytes: int, *, whole: bool) -> None:
        """Take one answer with status 200; `whole`: its usage, if it had any, was sent to its last byte."""
        if whole and usage is not None:
            self.told += spending_of(usage)
        else:
            self.broken.append(request_bytes)


def spending_of(usage: Mapping[str, Any]) -> Spending:
    """Return a usage in the words of Chat Completions as our own count has it."""
    details = usage["prompt_tokens_details"]
    return Spending(
        input=usage["prompt_tokens"],
        cached_input=details["cached_tokens"],
        cache_write=details.get("cache_write_tokens", 0),
        output=usage["completion_tokens"],
        reasoning=usage["completion_tokens_details"]["reasoning_tokens"],
        calls=1,
    )
