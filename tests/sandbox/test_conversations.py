"""Reading channels and their messages, as delivery does when it must find out what happened."""

from typing import Any

import pytest

from shipbell import sandbox
from tests.sandbox.clients import code_of, unpaced


async def test_metadata_comes_back_only_when_asked_for() -> None:
    payload = {"event_type": "shipbell_rollout", "event_payload": {"rollout": "r1", "version": 3}}
    async with unpaced() as (slack, client):
        await client.chat_postMessage(channel="deployments", text="x", metadata=payload)
        channel = slack.workspace.channels[0].id
        without = await client.conversations_history(channel=channel)
        with_all = await client.conversations_history(channel=channel, include_all_metadata=True)

    assert "event_payload" not in without["messages"][0]["metadata"]
    assert with_all["messages"][0]["metadata"] == payload


async def test_history_is_newest_first_and_shows_of_replies_only_the_broadcast() -> None:
    async with unpaced() as (_, client):
        root = await client.chat_postMessage(channel="deployments", text="root")
        thread = {"channel": root["channel"], "thread_ts": root["ts"]}
        await client.chat_postMessage(**thread, text="in the thread")
        await client.chat_postMessage(**thread, text="in both", reply_broadcast=True)
        history = await client.conversations_history(channel=root["channel"])
        replies = await client.conversations_replies(channel=root["channel"], ts=root["ts"])

    assert [message["text"] for message in history["messages"]] == ["in both", "root"]
    assert history["messages"][0]["subtype"] == "thread_broadcast"
    assert history["messages"][1]["reply_count"] == 2
    assert [message["text"] for message in replies["messages"]] == ["root", "in the thread", "in both"]


async def test_history_can_be_cut_by_time_to_the_microsecond() -> None:
    async with unpaced(clock=lambda: 1_800_000_000.0) as (_, client):
        posts = [
            await client.chat_postMessage(channel="deployments", text=str(number)) for number in range(4)
        ]
        edges = {"channel": posts[0]["channel"], "oldest": posts[1]["ts"], "latest": posts[3]["ts"]}
        exclusive = await client.conversations_history(**edges)
        inclusive = await client.conversations_history(**edges, inclusive=True)

    assert [message["text"] for message in exclusive["messages"]] == ["2"]
    assert [message["text"] for message in inclusive["messages"]] == ["3", "2", "1"]


async def test_pages_follow_the_cursor_to_the_end() -> None:
    async with unpaced() as (slack, client):
        for number in range(5):
            slack.workspace.post("deployments", sandbox.Content(text=str(number)))
        channel, seen, cursor, pages = slack.workspace.channels[0].id, [], "", 0
        while cursor or not pages:
            page = await client.conversations_history(channel=channel, limit=2, cursor=cursor)
            seen += [message["text"] for message in page["messages"]]
            cursor, pages = page["response_metadata"]["next_cursor"], pages + 1

    assert (seen, pages) == (["4", "3", "2", "1", "0"], 3)


async def test_a_deleted_root_leaves_a_tombstone_over_its_thread_and_nothing_otherwise() -> None:
    async with unpaced() as (_, client):
        root = await client.chat_postMessage(channel="deployments", text="root")
        await client.chat_postMessage(channel=root["channel"], thread_ts=root["ts"], text="reply")
        alone = await client.chat_postMessage(channel="deployments", text="alone")
        await client.chat_delete(channel=root["channel"], ts=root["ts"])
        await client.chat_delete(channel=root["channel"], ts=alone["ts"])
        history = await client.conversations_history(channel=root["channel"])

    assert [message["subtype"] for message in history["messages"]] == ["tombstone"]


async def test_a_message_may_be_readable_only_after_a_while() -> None:
    now = [1_800_000_000.0]
    async with unpaced(clock=lambda: now[0]) as (slack, client):
        slack.workspace.history_lag = 10
        posted = await client.chat_postMessage(channel="deployments", text="x")
        at_once = await client.conversations_history(channel=posted["channel"])
        now[0] += 10
        later = await client.conversations_history(channel=posted["channel"])

    assert (len(at_once["messages"]), len(later["messages"])) == (0, 1)


async def test_a_bot_reads_only_channels_that_it_is_in() -> None:
    async with unpaced() as (slack, client):
        public = slack.workspace.add_channel("public", member=False)
        secret = slack.workspace.add_channel("secret", private=True, member=False)
        outside = await code_of(client.conversations_history(channel=public.id))
        hidden = await code_of(client.conversations_info(channel=secret.id))
        await client.conversations_join(channel=public.id)
        inside = await client.conversations_history(channel=public.id)

    assert (outside, hidden, inside["messages"]) == ("not_in_channel", "channel_not_found", [])


async def test_listings_show_what_the_bot_may_see() -> None:
    async with unpaced() as (slack, client):
        slack.workspace.add_channel("foreign", member=False)
        slack.workspace.add_channel("team", private=True)
        slack.workspace.add_channel("secret", private=True, member=False)
        slack.workspace.add_channel("old")
        slack.workspace.change_channel("old", archived=True)
        types = "public_channel,private_channel"
        every = await client.conversations_list(types=types)
        living = await client.conversations_list(exclude_archived=True)
        own = await client.users_conversations(types=types, exclude_archived=True)

    assert [channel["name"] for channel in every["channels"]] == ["deployments", "foreign", "team", "old"]
    assert [channel["name"] for channel in living["channels"]] == ["deployments", "foreign"]
    assert [channel["name"] for channel in own["channels"]] == ["deployments", "team"]


async def test_an_id_outlives_a_new_name() -> None:
    async with unpaced() as (slack, client):
        channel = slack.workspace.channels[0]
        slack.workspace.change_channel("deployments", name="releases")
        by_old_name = await code_of(client.chat_postMessage(channel="deployments", text="x"))
        by_id = await client.chat_postMessage(channel=channel.id, text="x")
        info = await client.conversations_info(channel=channel.id)

    assert by_old_name == "channel_not_found"
    assert by_id["channel"] == channel.id
    assert info["channel"]["name"] == "releases"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"limit": 0}, "invalid_limit"),
        ({"limit": 1001}, "invalid_limit"),
        ({"limit": "many"}, "invalid_arguments"),
        ({"cursor": "!"}, "invalid_cursor"),
        ({"oldest": "yesterday"}, "invalid_ts_oldest"),
        ({"latest": "1.x"}, "invalid_ts_latest"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(arguments: dict[str, Any], code: str) -> None:
    async with unpaced() as (slack, client):
        channel = slack.workspace.channels[0].id
        refused = await code_of(
            client.api_call("conversations.history", params={"channel": channel, **arguments})
        )

    assert refused == code


async def test_nobody_joins_a_channel_that_is_private_or_archived() -> None:
    async with unpaced() as (slack, client):
        private = slack.workspace.add_channel("private", private=True)
        archived = slack.workspace.add_channel("archived")
        slack.workspace.change_channel("archived", archived=True)
        codes = [await code_of(client.conversations_join(channel=one.id)) for one in (private, archived)]

    assert codes == ["method_not_supported_for_channel_type", "is_archived"]


async def test_a_thread_that_never_was_is_not_found() -> None:
    async with unpaced() as (slack, client):
        channel = slack.workspace.channels[0].id
        assert (
            await code_of(client.conversations_replies(channel=channel, ts="1.000000")) == "thread_not_found"
        )


async def test_people_and_webhooks_are_told_from_bots() -> None:
    async with unpaced() as (slack, client):
        slack.workspace.post("deployments", sandbox.Content(text="hi"), author=sandbox.PERSON)
        slack.workspace.post("deployments", sandbox.Content(text="hook"), via_webhook=True)
        own = await client.chat_postMessage(channel="deployments", text="own")
        history = await client.conversations_history(channel=own["channel"])

    bot, hook, person = history["messages"]
    assert (bot["bot_id"], bot["user"]) == (sandbox.SHIPBELL.bot_id, sandbox.SHIPBELL.user_id)
    assert (hook["subtype"], "user" in hook) == ("bot_message", False)
    assert (person["user"], "bot_id" in person) == (sandbox.PERSON.user_id, False)
