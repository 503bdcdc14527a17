"""What a Slack client sees of the sandbox, through the official client itself."""

from typing import Any

import aiohttp
import pytest

from shipbell import sandbox
from shipbell.sandbox import workspace
from tests.sandbox.clients import client_of, code_of, header, refusal, section, unpaced

OTHER_BOT = sandbox.Author(user_id="U0OTHER", name="Other", bot_id="B0OTHER", app_id="A0OTHER")
RICH = {
    "type": "rich_text",
    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "<!here>"}]}],
}


async def test_a_post_by_name_answers_the_channels_id_and_a_rising_ts() -> None:
    async with unpaced() as (slack, client):
        first = await client.chat_postMessage(channel="#deployments", text="one")
        second = await client.chat_postMessage(channel="deployments", text="two")

    assert first["channel"] == slack.workspace.channels[0].id
    assert first["ts"] < second["ts"]
    assert [message.text for message in slack.messages("deployments")] == ["one", "two"]


async def test_timestamps_rise_even_where_the_clock_stands_still() -> None:
    async with unpaced(clock=lambda: 1_800_000_000.0) as (_, client):
        first = await client.chat_postMessage(channel="deployments", text="one")
        second = await client.chat_postMessage(channel="deployments", text="two")

    assert (first["ts"], second["ts"]) == ("1800000000.000000", "1800000000.000001")


async def test_an_edit_wants_the_id_and_keeps_every_version() -> None:
    async with unpaced() as (slack, client):
        posted = await client.chat_postMessage(channel="deployments", text="before", blocks=[section("b")])
        by_name = await code_of(client.chat_update(channel="deployments", ts=posted["ts"], text="after"))
        await client.chat_update(channel=posted["channel"], ts=posted["ts"], text="after")

    message = slack.messages("deployments")[0]
    assert by_name == "channel_not_found"
    assert [version.content.text for version in message.versions] == ["before", "after"]
    assert message.edited


async def test_in_an_edit_absent_is_not_always_unchanged() -> None:
    full: dict[str, Any] = {
        "text": "t",
        "blocks": [section("b")],
        "attachments": [{"text": "a"}],
        "metadata": {"event_type": "e", "event_payload": {"k": "v"}},
    }
    async with unpaced() as (slack, client):
        posted = await client.chat_postMessage(channel="deployments", **full)
        place = {"channel": posted["channel"], "ts": posted["ts"]}
        await client.chat_update(**place, text="only text")
        after_text = slack.messages("deployments")[0].content
        await client.chat_update(**place, text="t", blocks=[section("b")], attachments=[], metadata={})
        after_empty = slack.messages("deployments")[0].content
        await client.api_call("chat.update", json={**place, "attachments": [{"text": "new"}]})
        after_attachment = slack.messages("deployments")[0].content

    assert (after_text.blocks, len(after_text.attachments), after_text.metadata is None) == ((), 1, False)
    assert (after_empty.attachments, after_empty.metadata) == ((), None)
    assert (after_attachment.text, after_attachment.blocks) == ("t", (section("b"),))


async def test_an_edits_text_is_measured_in_bytes() -> None:
    async with unpaced() as (_, client):
        posted = await client.chat_postMessage(channel="deployments", text="x")
        place = {"channel": posted["channel"], "ts": posted["ts"]}
        fits = await client.chat_update(**place, text="é" * 2000)
        too_long = await code_of(client.chat_update(**place, text="é" * 2000 + "!"))

    assert fits["ok"]
    assert too_long == "msg_too_long"


async def test_only_living_messages_of_the_own_bot_can_be_edited_or_deleted() -> None:
    async with unpaced() as (slack, client):
        foreign = slack.workspace.post("deployments", sandbox.Content(text="x"), author=OTHER_BOT)
        edit = await code_of(client.chat_update(channel=foreign.channel, ts=foreign.ts, text="mine"))
        delete = await code_of(client.chat_delete(channel=foreign.channel, ts=foreign.ts))
        own = await client.chat_postMessage(channel="deployments", text="x")
        await client.chat_delete(channel=own["channel"], ts=own["ts"])
        gone = await code_of(client.chat_update(channel=own["channel"], ts=own["ts"], text="again"))

    assert (edit, delete, gone) == ("cant_update_message", "cant_delete_message", "message_not_found")


async def test_rich_text_cannot_become_something_else() -> None:
    async with unpaced() as (slack, client):
        posted = await client.chat_postMessage(channel="deployments", text="x", blocks=[RICH])
        code = await code_of(
            client.chat_update(channel=posted["channel"], ts=posted["ts"], text="x", blocks=[section("b")])
        )

    assert code == "block_mismatch"
    assert slack.messages("deployments")[0].rings == ("channel",)


async def test_invalid_blocks_are_named_by_their_pointer() -> None:
    async with unpaced() as (_, client):
        answer = await refusal(
            client.chat_postMessage(channel="deployments", text="x", blocks=[header("h" * 151)])
        )

    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]"
    ]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "no_text"),
        ({"blocks": [section("s" * 3000)] * 5, "text": "x"}, "msg_blocks_too_long"),
        ({"blocks": {"type": "divider"}, "text": "x"}, "invalid_blocks_format"),
        ({"text": "x", "attachments": [{}] * 101}, "too_many_attachments"),
        ({"text": "x", "attachments": ["a"]}, "invalid_attachments"),
        ({"text": "x", "metadata": {"event_type": "e"}}, "invalid_metadata_format"),
        (
            {"text": "x", "metadata": {"event_type": "e", "event_payload": {"a": {"b": {}}}}},
            "invalid_metadata_schema",
        ),
        (
            {"text": "x", "metadata": {"event_type": "e", "event_payload": {"a": "b" * 4000}}},
            "metadata_too_large",
        ),
        ({"text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
        ({"text": "x", "thread_ts": "1.000000"}, "thread_not_found"),
        ({"text": "x", "channel": "nowhere"}, "channel_not_found"),
    ],
)
async def test_a_post_that_slack_would_refuse_is_refused(arguments: dict[str, Any], code: str) -> None:
    async with unpaced() as (slack, client):
        refused = await code_of(
            client.api_call("chat.postMessage", json={"channel": "deployments", **arguments})
        )

    assert refused == code
    assert slack.messages("deployments") == ()


async def test_a_long_text_arrives_in_pieces_and_a_very_long_one_is_cut() -> None:
    async with unpaced() as (slack, client):
        answer = await client.chat_postMessage(channel="deployments", text="x" * 40_001)

    assert [len(message.text) for message in slack.messages("deployments")] == [4000] * 10
    assert answer["response_metadata"]["warnings"] == ["message_truncated"]


async def test_what_comes_back_is_not_what_was_sent() -> None:
    async with unpaced() as (slack, client):
        answer = await client.chat_postMessage(channel="deployments", text="x", blocks=[header("h")])

    assert answer["message"]["blocks"] != [header("h")]
    assert slack.messages("deployments")[0].blocks == (header("h"),)


async def test_a_reply_rings_in_the_channel_only_if_it_is_broadcast_and_an_edit_never_does() -> None:
    async with unpaced() as (slack, client):
        root = await client.chat_postMessage(channel="deployments", text="root")
        thread = {"channel": root["channel"], "thread_ts": root["ts"]}
        await client.chat_postMessage(**thread, text="quiet")
        await client.chat_postMessage(**thread, text="loud", reply_broadcast=True)
        named = await client.chat_postMessage(**thread, text="<!subteam^S1|@oncall> look")
        await client.chat_update(channel=root["channel"], ts=named["ts"], text="<!here>")

    assert [message.rings for message in slack.messages("deployments")] == [
        ("channel",),
        (),
        ("channel",),
        ("<!subteam^S1>",),
    ]


async def test_an_edit_can_bring_a_reply_into_the_channel_but_not_with_new_content() -> None:
    async with unpaced() as (slack, client):
        root = await client.chat_postMessage(channel="deployments", text="root")
        reply = await client.chat_postMessage(channel=root["channel"], thread_ts=root["ts"], text="r")
        place = {"channel": root["channel"], "ts": reply["ts"], "reply_broadcast": True}
        both = await code_of(client.api_call("chat.update", json={**place, "text": "new"}))
        await client.api_call("chat.update", json=place)

    assert both == "no_dual_broadcast_content_update"
    assert [message.in_channel for message in slack.messages("deployments")] == [True, True]


async def test_nobody_replies_to_a_reply() -> None:
    async with unpaced() as (_, client):
        root = await client.chat_postMessage(channel="deployments", text="root")
        reply = await client.chat_postMessage(channel=root["channel"], thread_ts=root["ts"], text="r")
        code = await code_of(
            client.chat_postMessage(channel=root["channel"], thread_ts=reply["ts"], text="r")
        )

    assert code == "cannot_reply_to_message"


async def test_a_permalink_leads_to_the_sandboxs_own_page() -> None:
    async with unpaced() as (slack, client), aiohttp.ClientSession() as session:
        posted = await client.chat_postMessage(channel="deployments", text="x")
        link = await client.chat_getPermalink(channel=posted["channel"], message_ts=posted["ts"])
        async with session.get(link["permalink"]) as page:
            status = page.status

    assert link["permalink"].startswith(slack.base_url)
    assert status == 200


async def test_the_channel_decides_who_may_post() -> None:
    restricted = sandbox.Token(value="xoxb-few", scopes=frozenset({"chat:write"}))
    async with unpaced() as (slack, _):
        slack.workspace.add_token(restricted)
        slack.workspace.add_channel("old")
        slack.workspace.change_channel("old", archived=True)
        slack.workspace.add_channel("public", member=False)
        slack.workspace.add_channel("secret", private=True, member=False)
        few = client_of(slack, "xoxb-few")
        codes = [
            await code_of(few.chat_postMessage(channel=name, text="x"))
            for name in ("old", "public", "secret")
        ]
        with_public_scope = await client_of(slack).chat_postMessage(channel="public", text="x")

    assert codes == ["is_archived", "not_in_channel", "channel_not_found"]
    assert with_public_scope["ok"]


async def test_a_missing_scope_says_what_is_needed_and_what_is_there() -> None:
    async with unpaced() as (slack, _):
        slack.workspace.add_token(sandbox.Token(value="xoxb-few", scopes=frozenset({"chat:write"})))
        answer = await refusal(
            client_of(slack, "xoxb-few").conversations_history(channel=slack.workspace.channels[0].id)
        )

    assert (answer["error"], answer["needed"], answer["provided"]) == (
        "missing_scope",
        "channels:history",
        "chat:write",
    )


async def test_the_token_is_asked_for_first() -> None:
    async with unpaced() as (slack, client):
        unknown = await code_of(client_of(slack, "xoxb-wrong").auth_test())
        slack.workspace.revoke_tokens()
        revoked = await code_of(client.auth_test())
        slack.workspace.restore_tokens()
        identity = await client.auth_test()
        async with aiohttp.ClientSession() as session, session.post(f"{slack.api_url}auth.test") as response:
            without = (await response.json())["error"]

    assert (unknown, revoked, without) == ("invalid_auth", "token_revoked", "not_authed")
    assert identity["bot_id"] == sandbox.SHIPBELL.bot_id
    assert "chat:write" in identity.headers["X-OAuth-Scopes"]


async def test_a_form_and_a_query_say_the_same_as_json() -> None:
    form = {
        "channel": "deployments",
        "text": "form",
        "blocks": '[{"type":"divider"}]',
        "token": sandbox.DEFAULT_TOKEN,
    }
    async with unpaced() as (slack, _), aiohttp.ClientSession() as session:
        async with session.post(f"{slack.api_url}chat.postMessage", data=form) as response:
            posted = await response.json()
        query = {"channel": posted["channel"], "token": sandbox.DEFAULT_TOKEN, "limit": "1"}
        async with session.get(f"{slack.api_url}conversations.history", params=query) as response:
            history = await response.json()

    assert slack.messages("deployments")[0].blocks == ({"type": "divider"},)
    assert [message["text"] for message in history["messages"]] == ["form"]


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        ("application/json", b"{", "invalid_json"),
        ("application/json", b"[]", "json_not_object"),
        ("application/json", b"[" * 10_000, "invalid_json"),
        ("text/csv", b"a,b", "invalid_post_type"),
        ("application/x-www-form-urlencoded", b"\xff\xfe", "invalid_form_data"),
    ],
)
async def test_an_unreadable_body_is_refused_and_noted(content_type: str, body: bytes, code: str) -> None:
    async with unpaced() as (slack, _), aiohttp.ClientSession() as session:
        headers = {"Content-Type": content_type}
        async with session.post(f"{slack.api_url}chat.postMessage", data=body, headers=headers) as response:
            answer = await response.json()

    assert answer["error"] == code
    assert [call.outcome for call in slack.calls()] == [code]


async def test_an_unknown_method_is_unknown() -> None:
    async with unpaced() as (_, client):
        assert await code_of(client.api_call("chat.shout")) == "unknown_method"


async def test_slacks_grumbling_about_charsets_is_no_failure() -> None:
    headers = {"Authorization": f"Bearer {sandbox.DEFAULT_TOKEN}", "Content-Type": "application/json"}
    async with unpaced() as (slack, _), aiohttp.ClientSession() as session:
        body = b'{"channel": "deployments", "text": "x"}'
        async with session.post(f"{slack.api_url}chat.postMessage", data=body, headers=headers) as response:
            answer = await response.json()

    assert (answer["ok"], answer["warning"]) == (True, "missing_charset")


async def test_a_list_within_a_form_must_be_json() -> None:
    async with unpaced() as (_, client):
        form = {"channel": "deployments", "text": "x", "blocks": "[{", "unfurl_links": "false"}
        not_json = await code_of(client.api_call("chat.postMessage", data=form))
        no_object = await code_of(
            client.api_call("chat.postMessage", data={**form, "blocks": "", "metadata": "[]"})
        )

    assert (not_json, no_object) == ("invalid_blocks_format", "invalid_metadata_format")


async def test_a_call_without_its_arguments_is_told_which_one_is_missing() -> None:
    async with unpaced() as (_, client):
        answer = await refusal(client.api_call("chat.update", json={"text": "x"}))

    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"]["messages"] == ["[ERROR] missing required field: channel"]


async def test_nothing_is_edited_in_an_archived_channel() -> None:
    async with unpaced() as (slack, client):
        posted = await client.chat_postMessage(channel="deployments", text="x")
        slack.workspace.change_channel("deployments", archived=True)
        code = await code_of(client.chat_update(channel=posted["channel"], ts=posted["ts"], text="y"))

    assert code == "is_archived"


def test_secrets_are_in_no_repr() -> None:
    space = workspace.Workspace(clock=lambda: 0.0)
    channel = space.add_channel("deployments")
    shown = repr([space.add_webhook(channel.name, secret="hush-hush"), sandbox.Token(value="xoxb-hush")])

    assert "hush" not in shown


def test_messages_of_a_channel_that_is_not_there_are_an_error() -> None:
    with pytest.raises(KeyError):
        sandbox.Sandbox().messages("nowhere")
