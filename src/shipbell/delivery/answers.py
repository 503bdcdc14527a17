"""What came of a request to Slack, and how to read that from its answer. Pure.

A sender answers one question: sent, not sent, refused (why?), or uncertain. Slack answers HTTP 200 even to
what it refuses, with a code in the body; https://docs.slack.dev/reference/methods/chat.postMessage#errors and
its neighbours list them. What to do about an answer is decided in `retry`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias

DETAIL_LENGTH = 300


class Reason(StrEnum):
    """Why Slack says no, by what can be done about it."""

    TOKEN = "token"  # noqa: S105 - a word, no secret
    """The token or the app is not accepted: nothing can be sent."""
    CHANNEL = "channel"
    """This channel cannot be reached until a person changes something."""
    PAYLOAD = "payload"
    """Slack does not take this content: the same again would be refused again."""
    GONE = "gone"
    """The message is not there any more, or cannot be edited any more."""
    SLOW = "slow"
    """It passes by itself, in minutes."""
    UNKNOWN = "unknown"
    """A code that nobody has seen yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """Slack has it. Both are empty where the sink tells no handle."""

    channel_id: str
    ts: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RateLimited:
    """Not processed; may be sent again after a while."""

    after: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class NotSent:
    """It never reached Slack."""

    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Uncertain:
    """It may have happened."""

    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """Slack says no, and did nothing."""

    reason: Reason
    code: str
    detail: str = ""
    """Slack's own words, such as the argument that is wrong."""


Failure: TypeAlias = RateLimited | NotSent | Uncertain | Refused
Result: TypeAlias = Sent | Failure
FAILURES = (RateLimited, NotSent, Uncertain, Refused)

_CODES = {
    Reason.TOKEN: """
        invalid_auth not_authed token_revoked token_expired account_inactive missing_scope
        not_allowed_token_type app_access_restricted access_denied accesslimited two_factor_setup_required
        enterprise_is_restricted team_access_not_granted send_on_behalf_not_allowed
        method_deprecated deprecated_endpoint unknown_method team_disabled""",
    Reason.CHANNEL: """
        channel_not_found not_in_channel is_archived is_inactive no_permission restricted_action
        posting_to_channel_denied ekm_access_denied messages_tab_disabled cannot_reply_to_message
        team_not_found channel_is_archived no_service no_active_hooks no_team invalid_token action_prohibited
        posting_to_general_channel_denied user_not_found""",
    Reason.PAYLOAD: """
        invalid_blocks invalid_blocks_format msg_blocks_too_long msg_too_long no_text invalid_attachments
        too_many_attachments attachment_payload_limit_exceeded invalid_metadata_format invalid_metadata_schema
        metadata_too_large metadata_must_be_sent_from_app markdown_text_conflict block_mismatch
        invalid_arg_name invalid_arguments invalid_array_arg invalid_charset invalid_form_data
        invalid_post_type missing_post_type too_many_contact_cards invalid_payload""",
    Reason.GONE: "message_not_found cant_update_message edit_window_closed thread_not_found",
    Reason.SLOW: """
        team_added_to_org org_login_required external_channel_migrating message_limit_exceeded
        streaming_state_conflict update_failed rollup_error""",
}
REASONS: Mapping[str, Reason] = {code: reason for reason, codes in _CODES.items() for code in codes.split()}
"""Slack's codes of the Web API and of incoming webhooks."""

_CHANNEL_PREFIXES = ("restricted_action_", "slack_connect_")
_RATE = frozenset({"ratelimited", "rate_limited"})
_AMBIGUOUS = frozenset({"internal_error", "fatal_error", "service_unavailable"})
"""Their descriptions warn that part of the request may have succeeded."""
_CUT_SHORT = "request_timeout"
"""Not a slow server: the body of the request was missing or cut."""


def failure(status: int, headers: Mapping[str, str], body: object) -> Failure | None:
    """What went wrong according to an answer of the Web API; None if nothing did.

    `body` is the decoded JSON, or None where it was none: such an answer comes from something between here
    and Slack, or from a Slack in trouble, and proves nothing.
    """
    if status == 429:
        return RateLimited(after=_retry_after(headers, body))
    if status >= 500 or not isinstance(body, Mapping):
        return Uncertain(detail=f"HTTP {status}")
    if body.get("ok") is True:
        return None
    code = body.get("error")
    return refusal(code, _said(body), headers, body) if isinstance(code, str) else Uncertain(detail="no code")


def refusal(code: str, detail: str, headers: Mapping[str, str], body: object) -> Failure:
    """What an error code means."""
    if code in _RATE:
        return RateLimited(after=_retry_after(headers, body))
    if code in _AMBIGUOUS:
        return Uncertain(detail=code)
    if code == _CUT_SHORT:
        return NotSent(detail=code)
    return Refused(reason=reason(code), code=code[:DETAIL_LENGTH], detail=detail[:DETAIL_LENGTH])


def reason(code: str) -> Reason:
    """Why it was refused, by Slack's code."""
    if code.startswith(_CHANNEL_PREFIXES):
        return Reason.CHANNEL
    return REASONS.get(code, Reason.UNKNOWN)


def webhook(status: int, headers: Mapping[str, str], word: str) -> Result:
    """What an incoming webhook's answer means: `ok`, or a word in plain text.

    https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
    """
    if status == 200:
        return Sent(channel_id="", ts="") if word.strip() == "ok" else Uncertain(detail="no ok")
    if status == 429:
        return RateLimited(after=_retry_after(headers, None))
    if status >= 500:
        return Uncertain(detail=f"HTTP {status}")
    code = word.strip() if word.strip().replace("_", "").isalnum() else f"http_{status}"
    if code in REASONS or status not in {403, 404, 410}:
        return refusal(code, "", headers, None)
    return Refused(reason=Reason.CHANNEL, code=code[:DETAIL_LENGTH])


def _retry_after(headers: Mapping[str, str], body: object) -> timedelta:
    """Whole seconds by the documentation; one second where it is missing or makes no sense."""
    stated: object = headers.get("Retry-After")
    if stated is None and isinstance(body, Mapping):
        stated = body.get("retry_after")
    try:
        seconds = float(str(stated))
    except ValueError:
        seconds = 1.0
    # Also refuses NaN, which compares false with everything.
    return timedelta(seconds=min(seconds, 3600.0) if seconds > 0 else 1.0)


def _said(body: Mapping[object, object]) -> str:
    """What Slack says beside the code: which argument is wrong, which scope is missing."""
    words: list[str] = []
    metadata = body.get("response_metadata")
    if isinstance(metadata, Mapping) and isinstance(messages := metadata.get("messages"), list):
        words += [str(message) for message in messages]
    if needed := body.get("needed"):
        words.append(f"needs {needed}, has {body.get('provided') or 'nothing'}")
    return "; ".join(words)
