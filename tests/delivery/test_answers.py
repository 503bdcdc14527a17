"""What Slack's answers mean; the codes are those of its own error tables."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipbell.delivery import answers, remedies
from shipbell.delivery.answers import NotSent, RateLimited, Reason, Refused, Sent, Uncertain

SECONDS = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (200, {"ok": True}, None),
        (200, {"ok": False, "error": "ratelimited"}, RateLimited(after=SECONDS)),
        (200, {"ok": False, "error": "rate_limited", "retry_after": 7}, RateLimited(after=7 * SECONDS)),
        (429, None, RateLimited(after=SECONDS)),
        (200, {"ok": False, "error": "request_timeout"}, NotSent(detail="request_timeout")),
        (200, {"ok": False, "error": "internal_error"}, Uncertain(detail="internal_error")),
        (200, {"ok": False, "error": "fatal_error"}, Uncertain(detail="fatal_error")),
        (200, {"ok": False, "error": "service_unavailable"}, Uncertain(detail="service_unavailable")),
        (500, {"ok": False, "error": "invalid_auth"}, Uncertain(detail="HTTP 500")),
        (503, None, Uncertain(detail="HTTP 503")),
        (200, None, Uncertain(detail="HTTP 200")),
        (200, [], Uncertain(detail="HTTP 200")),
        (200, {"ok": False}, Uncertain(detail="no code")),
        (403, None, Uncertain(detail="HTTP 403")),
    ],
)
def test_an_answer_says_what_happened(status: int, body: object, meaning: answers.Failure | None) -> None:
    assert answers.failure(status, {}, body) == meaning


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("invalid_auth", Reason.TOKEN),
        ("token_revoked", Reason.TOKEN),
        ("missing_scope", Reason.TOKEN),
        ("channel_not_found", Reason.CHANNEL),
        ("not_in_channel", Reason.CHANNEL),
        ("is_archived", Reason.CHANNEL),
        ("restricted_action_thread_only_channel", Reason.CHANNEL),
        ("slack_connect_file_link_sharing_blocked", Reason.CHANNEL),
        ("invalid_blocks", Reason.PAYLOAD),
        ("msg_too_long", Reason.PAYLOAD),
        ("metadata_too_large", Reason.PAYLOAD),
        ("message_not_found", Reason.GONE),
        ("edit_window_closed", Reason.GONE),
        ("thread_not_found", Reason.GONE),
        ("team_added_to_org", Reason.SLOW),
        ("something_slack_invents_next_year", Reason.UNKNOWN),
    ],
)
def test_a_refusal_says_why_by_its_code(code: str, reason: Reason) -> None:
    refused = answers.failure(200, {}, {"ok": False, "error": code})
    assert refused == Refused(reason=reason, code=code)


def test_a_refusal_repeats_what_slack_says_about_it() -> None:
    body = {
        "ok": False,
        "error": "missing_scope",
        "needed": "chat:write",
        "provided": "channels:read",
        "response_metadata": {"messages": ["[ERROR] no more than 50 items [json-pointer:/blocks]"]},
    }
    refused = answers.failure(200, {}, body)
    assert isinstance(refused, Refused)
    assert "json-pointer:/blocks" in refused.detail
    assert "needs chat:write, has channels:read" in refused.detail


@pytest.mark.parametrize(
    ("stated", "wait"),
    [("30", 30), ("1.5", 1.5), ("0", 1), ("-5", 1), ("soon", 1), ("nan", 1), ("inf", 3600), ("1e9", 3600)],
)
def test_a_rate_limit_asks_for_a_wait_that_makes_sense(stated: str, wait: float) -> None:
    limited = answers.failure(429, {"Retry-After": stated}, None)
    assert limited == RateLimited(after=timedelta(seconds=wait))


@pytest.mark.parametrize(
    ("status", "word", "meaning"),
    [
        (200, "ok", Sent(channel_id="", ts="")),
        (200, "<html>a proxy</html>", Uncertain(detail="no ok")),
        (429, "rate_limited", RateLimited(after=SECONDS)),
        (400, "invalid_payload", Refused(reason=Reason.PAYLOAD, code="invalid_payload")),
        (404, "no_service", Refused(reason=Reason.CHANNEL, code="no_service")),
        (403, "invalid_token", Refused(reason=Reason.CHANNEL, code="invalid_token")),
        (410, "channel_is_archived", Refused(reason=Reason.CHANNEL, code="channel_is_archived")),
        (404, "<html>not here</html>", Refused(reason=Reason.CHANNEL, code="http_404")),
        (502, "bad gateway", Uncertain(detail="HTTP 502")),
    ],
)
def test_an_incoming_webhook_answers_in_plain_words(status: int, word: str, meaning: answers.Result) -> None:
    assert answers.webhook(status, {}, word) == meaning


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=12,
)


@given(st.integers(100, 599), JSON, st.dictionaries(st.sampled_from(["Retry-After"]), st.text()))
def test_only_a_clear_yes_counts_as_sent(status: int, body: object, headers: dict[str, str]) -> None:
    said_yes = isinstance(body, dict) and body.get("ok") is True and status < 500 and status != 429
    assert (answers.failure(status, headers, body) is None) == said_yes


@given(st.integers(100, 599), JSON)
def test_every_failure_has_words_and_a_remedy(status: int, body: object) -> None:
    failed = answers.failure(status, {}, body)
    if failed is not None:
        assert remedies.told(failed)
        assert remedies.remedy(failed)


@pytest.mark.parametrize("code", sorted({*answers.REASONS, *remedies.REMEDIES}))
def test_every_code_that_a_person_can_do_something_about_says_what(code: str) -> None:
    refused = Refused(reason=answers.reason(code), code=code)
    advice = remedies.advice(refused, bot="bell")
    assert code in advice
    assert "{" not in advice
    assert refused.reason is Reason.GONE or remedies.remedy(refused)
