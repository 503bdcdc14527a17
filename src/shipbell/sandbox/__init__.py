"""A server that behaves like Slack, with a page that shows its channels live.

Tests judge Shipbell by what reached it, the demo shows it, and people try their templates in it. It knows
Slack's own limits and nothing of the rest of Shipbell. Start reading at `server.Sandbox`; then a call's way:
`exchange` (its fate) -> `api` (token, scope, pace) -> `chat`, `conversations` (the deed) -> `workspace`.
"""

from shipbell.sandbox.faults import Fault
from shipbell.sandbox.pacing import Rates
from shipbell.sandbox.server import DEFAULT_CHANNELS, DEFAULT_TOKEN, Sandbox
from shipbell.sandbox.workspace import PERSON, SHIPBELL, Author, Channel, Content, Message, Metadata, Token

__all__ = [
    "Sandbox",
    "DEFAULT_CHANNELS",
    "DEFAULT_TOKEN",
    "Fault",
    "Rates",
    "Author",
    "Channel",
    "Content",
    "Message",
    "Metadata",
    "Token",
    "PERSON",
    "SHIPBELL",
]
