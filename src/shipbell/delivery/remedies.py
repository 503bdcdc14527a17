"""Failures in words for the person who runs Shipbell: what happened, and what to do about it."""

from collections.abc import Mapping

from shipbell.delivery import answers

_INVITE = "invite the bot into the channel: /invite @{bot}"
_TOKEN = "check the bot token (slack.token_file or SHIPBELL_SLACK_TOKEN)"  # noqa: S105 - names a setting
_HOOK = "make a new incoming webhook and put its URL into slack.webhook_url_file"

REMEDIES: Mapping[str, str] = {
    "not_in_channel": _INVITE,
    "channel_not_found": "check the channel's name; into a private one, " + _INVITE,
    "is_archived": "unarchive the channel or configure another one",
    "channel_is_archived": "unarchive the channel or configure another one",
    "restricted_action_thread_only_channel": "this channel takes no messages outside of threads: use another",
    "missing_scope": "add the scope to the Slack app and install it into the workspace again",
    "token_unreadable": "make the file of slack.token_file readable",
    "url_unreadable": "make the file of slack.webhook_url_file readable",
    "webhook_not_configured": "configure slack.webhook_url_file again, or wait until its rollouts are over",
    "no_service": _HOOK,
    "no_active_hooks": _HOOK,
    "no_team": _HOOK,
    "invalid_token": _HOOK,
}
_BY_REASON: Mapping[answers.Reason, str] = {
    answers.Reason.TOKEN: _TOKEN,
    answers.Reason.CHANNEL: "let the app post into the channel, or configure another one",
    answers.Reason.PAYLOAD: "nothing to be done by you: please report it",
    answers.Reason.UNKNOWN: "nothing to be done by you: please report it",
    answers.Reason.SLOW: "wait: it passes by itself",
}


def told(failure: answers.Failure) -> str:
    """What happened, in a few words."""
    match failure:
        case answers.RateLimited(after=after):
            return f"Slack asks to wait for {after.total_seconds():g} s"
        case answers.NotSent(detail=detail):
            return f"Slack cannot be reached: {detail}"
        case answers.Uncertain(detail=detail):
            return f"Slack did not answer properly: {detail}"
        case answers.Refused(code=code, detail=detail):
            return f"Slack refuses: {code}" + (f" ({detail})" if detail else "")


def remedy(failure: answers.Failure, bot: str = "shipbell") -> str:
    """What to do about it; `bot` is the name of our bot."""
    if not isinstance(failure, answers.Refused):
        return "none needed: it is tried again until it works"
    return REMEDIES.get(failure.code, _BY_REASON.get(failure.reason, "")).format(bot=bot)


def advice(failure: answers.Failure, bot: str = "shipbell") -> str:
    """Both in one line."""
    return f"{told(failure)}; {remedy(failure, bot)}"
