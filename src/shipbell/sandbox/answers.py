"""What the Web API answers: a body for success, `Refusal` for everything that Slack says no to.

Slack answers HTTP 200 with `{"ok": false, "error": ...}` except for rate limits (429). Methods return plain
JSON and raise `Refusal`; the edge turns both into bytes. https://docs.slack.dev/apis/web-api
"""

from collections.abc import Iterable
from typing import Any


class Refusal(Exception):
    """Slack says no; `code` is its word for why."""

    def __init__(
        self,
        code: str,
        *,
        messages: Iterable[object] = (),
        needed: str | None = None,
        provided: Iterable[str] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.messages = tuple(str(message) for message in messages)
        """Which argument is wrong, and how."""
        self.needed = needed
        """The scope that is missing."""
        self.provided = ",".join(sorted(provided))
        self.retry_after = retry_after
        """Seconds, if this is a rate limit."""

    @property
    def status(self) -> int:
        """The HTTP status it is answered with."""
        return 200 if self.retry_after is None else 429

    def body(self) -> dict[str, Any]:
        """The JSON that Slack sends."""
        answer: dict[str, Any] = {"ok": False, "error": self.code}
        if self.needed is not None:
            answer |= {"needed": self.needed, "provided": self.provided}
        if self.messages:
            answer["errors"] = [message.removeprefix("[ERROR] ") for message in self.messages]
            answer["response_metadata"] = {"messages": list(self.messages)}
        return answer
