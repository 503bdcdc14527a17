"""One authenticated call of a Web API method, and the questions that every method asks of it."""

from dataclasses import dataclass

from shipbell.sandbox import workspace
from shipbell.sandbox.answers import Refusal
from shipbell.sandbox.arguments import Arguments


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What a method works on."""

    space: workspace.Workspace
    token: workspace.Token
    arguments: Arguments

    def allowed(self, scope: str) -> bool:
        """Whether the token has the scope."""
        return scope in self.token.scopes

    def demand(self, scope: str) -> None:
        """Refuse unless the token has the scope."""
        if not self.allowed(scope):
            raise Refusal("missing_scope", needed=scope, provided=self.token.scopes)

    def channel(self, *, by_name: bool = False) -> workspace.Channel:
        """The channel that is meant. Most methods know IDs only; nobody sees a private one from outside."""
        wanted = self.arguments.required("channel")
        found = self.space.find(wanted)
        if found is None or (found.id != wanted and not by_name) or (found.private and not found.member):
            raise Refusal("channel_not_found")
        return found

    def message(self, channel: workspace.Channel, name: str = "ts") -> workspace.Message:
        """The message that is meant, if it still exists."""
        found = self.space.message(channel.id, self.arguments.required(name))
        if found is None:
            raise Refusal("message_not_found")
        return found
