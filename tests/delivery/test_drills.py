"""What people see in Slack when Slack is in trouble: each message once, and in the end the truth."""

from dataclasses import replace
from typing import Any

import pytest

from shipbell.domain import Rollout, State
from shipbell.sandbox import PERSON, Content, Fault, Metadata, Rates, Token
from tests.delivery.stage import (
    CHANNEL,
    FACTOR,
    NORMAL,
    TIMING,
    WEBHOOK,
    Stage,
    failing,
    later,
    payload,
    rollout,
    staged,
    until,
)

POST, EDIT = "chat.postMessage", "chat.update"
MINUTE = 60 * FACTOR
ROLLOUTS = 6


async def play(stage: Stage, rollouts: list[Rollout]) -> None:
    """Rollouts that begin, go on and end, whatever Slack does meanwhile."""
    async with stage.working() as worker:
        await stage.begin(*rollouts)
        worker.wake()
        for state in (State.PROGRESSING, State.SUCCEEDED):
            rollouts[:] = [later(one, state) for one in rollouts]
            await stage.change(*rollouts)
            worker.wake()
        for one in rollouts:
            await stage.told(one)


def balances(stage: Stage, rollouts: list[Rollout]) -> None:
    """One root message per rollout, in its final state, and no reply twice."""
    for one in rollouts:
        assert stage.shown(one) == one.state.value
        assert len(stage.replies(one)) == len(set(stage.replies(one)))


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="server_error", seconds=MINUTE),
        Fault(kind="server_error", method=POST, times=2),
        Fault(kind="server_error", method=EDIT, times=2),
        Fault(kind="down", seconds=MINUTE),
        Fault(kind="rate_limited", method=POST, times=3),
        Fault(kind="rate_limited", method=EDIT, times=3),
        Fault(kind="lost", method=POST, times=3),
        Fault(kind="lost", method=POST, stored=True, times=3),
        Fault(kind="lost", method=EDIT, times=3),
        Fault(kind="lost", method=EDIT, stored=True, times=3),
        Fault(kind="not_json", method=POST, stored=True, times=2),
        Fault(kind="not_json", method=POST, times=2),
        Fault(kind="slow", method=POST, delay=1.0, times=2),
        Fault(kind="error", code="internal_error", method=POST, stored=True, times=2),
        Fault(kind="error", code="fatal_error", method=EDIT, times=2),
        Fault(kind="error", code="team_added_to_org", method=POST, times=1),
    ],
    ids=lambda fault: "-".join(filter(None, (fault.kind, fault.method, "stored" if fault.stored else ""))),
)
async def test_each_rollout_is_one_message_in_its_final_state(store_url: str, fault: Fault) -> None:
    rollouts = [rollout(f"web-{number}") for number in range(ROLLOUTS)]
    async with staged(store_url, timing=replace(TIMING, slow=TIMING.lease)) as stage:
        stage.slack.order(fault)
        await play(stage, rollouts)
        balances(stage, rollouts)


async def test_a_lost_broadcast_is_found_in_its_thread_and_not_said_twice(store_url: str) -> None:
    web = rollout()
    async with staged(store_url) as stage, stage.working():
        await stage.begin(web)
        await stage.told(web)
        stage.slack.order(Fault(kind="lost", method=POST, stored=True))
        await stage.change(failing(web))
        await stage.told(web)

        assert stage.replies(web) == ["failing"]


async def test_one_look_serves_all_posts_in_doubt_of_a_channel(store_url: str) -> None:
    rollouts = [rollout(f"web-{number}") for number in range(8)]
    async with staged(store_url) as stage, stage.working():
        stage.slack.order(Fault(kind="lost", method=POST, stored=True, times=8))
        await stage.begin(*rollouts)
        for one in rollouts:
            await stage.told(one)

        balances(stage, rollouts)
        looks = [call for call in stage.slack.calls() if call.method == "conversations.history"]
        assert len(looks) < len(rollouts)


@pytest.mark.parametrize(("rather_twice", "messages"), [(True, 2), (False, 1)])
async def test_where_nobody_can_look_a_setting_decides_about_a_post_in_doubt(
    store_url: str, rather_twice: bool, messages: int
) -> None:
    web = rollout()
    async with staged(store_url, rather_twice=rather_twice) as stage:
        stage.slack.workspace.add_token(Token(value="xoxb-least", scopes=frozenset({"chat:write"})))
        stage.token = "xoxb-least"
        stage.slack.order(Fault(kind="lost", method=POST, stored=True))
        async with stage.working():
            await stage.begin(web)
            await stage.told(web)

        assert len(stage.parts(web)) == messages


async def test_who_may_post_but_not_read_decides_by_the_same_setting(store_url: str) -> None:
    web = rollout()
    async with staged(store_url, rather_twice=False) as stage:
        stage.slack.workspace.change_channel(CHANNEL, member=False)
        stage.slack.order(Fault(kind="lost", method=POST, stored=True))
        async with stage.working():
            await stage.begin(web)
            await stage.told(web)
            await stage.change(later(web, State.SUCCEEDED))
            await stage.told(web)

        assert [payload(one)["state"] for one in stage.parts(web)] == ["started", "succeeded"]


async def test_a_look_that_fails_is_no_look(store_url: str) -> None:
    web = rollout()
    async with staged(store_url) as stage:
        stage.slack.order(Fault(kind="lost", method=POST, stored=True))
        stage.slack.order(Fault(kind="server_error", method="conversations.history", times=2))
        stage.slack.order(Fault(kind="rate_limited", method="conversations.history"))
        async with stage.working():
            await stage.begin(web)
            await stage.told(web)

        assert stage.shown(web) == "started"
        assert len(stage.parts(web)) == 1


@pytest.mark.parametrize("kind", ["lost", "rate_limited", "server_error"])
async def test_a_webhook_post_in_doubt_is_rather_sent_twice(store_url: str, kind: Any) -> None:
    web = rollout()
    async with staged(store_url) as stage:
        stage.slack.order(Fault(kind=kind, method="webhook"))
        async with stage.working():
            await stage.begin(web, to=WEBHOOK)
            await stage.told(web)

        assert len(stage.parts(web)) == 1


async def test_after_a_lost_edit_another_one_has_the_last_word(store_url: str) -> None:
    web = rollout()
    async with staged(store_url) as stage, stage.working():
        await stage.begin(web)
        await stage.told(web)
        stage.slack.order(Fault(kind="lost", method=EDIT))
        ended = later(web, State.SUCCEEDED)
        await stage.change(ended)
        await stage.told(web)

        edits = [call for call in stage.slack.calls() if call.method == EDIT]
        assert [call.outcome for call in edits] == ["lost", "ok", "ok"]
        assert edits[2].at - edits[1].at >= TIMING.second_edit.total_seconds() * 0.9
        assert stage.shown(web) == "succeeded"


async def test_a_message_that_slack_refuses_is_said_without_its_blocks(store_url: str) -> None:
    web = rollout()
    async with staged(store_url) as stage, stage.working():
        stage.slack.order(Fault(kind="error", code="invalid_blocks", method=POST))
        await stage.begin(web)
        await stage.told(web)

        assert stage.shown(web) == "started"
        assert stage.roots(web)[0].blocks == ()
        (delivery,) = await stage.store.deliveries_of(web.id)
        assert delivery.error == "Slack refuses: invalid_blocks"

        stage.slack.order(Fault(kind="error", code="msg_blocks_too_long", method=EDIT))
        await stage.change(later(web, State.CANCELLED))
        await stage.told(web)
        assert stage.shown(web) == "cancelled"
        assert stage.roots(web)[0].blocks == ()


async def test_a_root_that_somebody_deleted_is_replaced_once_and_only_by_news(store_url: str) -> None:
    web = rollout()
    unhurried = replace(TIMING, request=TIMING.last_look, lease=2 * TIMING.last_look)
    async with staged(store_url, timing=unhurried) as stage, stage.working():
        await stage.begin(web)
        await stage.told(web)
        stage.slack.workspace.delete(stage.roots(web)[0])
        web = later(web, State.PROGRESSING, new_ready=1)
        await stage.change(web)
        await stage.told(web)
        assert stage.parts(web) == []

        web = failing(web)
        await stage.change(web)
        await stage.told(web)
        assert payload(stage.roots(web)[0])["attempt"] == 2
        assert stage.replies(web) == []

        stage.slack.workspace.delete(stage.roots(web)[0])
        await stage.change(later(web, State.FAILED))
        await stage.told(web)
        assert stage.roots(web) == []


async def test_a_root_deleted_before_its_reply_is_replaced_by_one_that_says_it_all(store_url: str) -> None:
    web = rollout()
    async with staged(store_url) as stage, stage.working():
        await stage.begin(web)
        await stage.told(web)
        stage.slack.order(Fault(kind="error", code="thread_not_found", method=POST))
        await stage.change(failing(web))
        await stage.told(web)

        states = [payload(one)["state"] for one in stage.roots(web)]
        assert states == ["failing", "failing"], "the sandbox still has the one that is said to be gone"
        assert stage.replies(web) == []


async def test_a_message_of_another_app_is_never_taken_for_ours(store_url: str) -> None:
    web = rollout()
    async with staged(store_url) as stage:
        forged = Content(
            text="shop/web: started",
            metadata=Metadata(
                event_type="shipbell_rollout",
                event_payload={"rollout": str(web.id), "part": "root", "state": "started", "forged": True},
            ),
        )
        stage.slack.order(Fault(kind="lost", method=POST))
        async with stage.working():
            await stage.begin(web)
            await until(lambda: any(call.outcome == "lost" for call in stage.slack.calls()))
            stage.slack.workspace.post(CHANNEL, forged, author=PERSON)
            await stage.told(web)

        ours = [one for one in stage.roots(web) if not payload(one).get("forged")]
        assert [one.author.name for one in ours] == ["Shipbell"]


async def test_a_refused_token_stops_all_sending_until_it_is_accepted_again(store_url: str) -> None:
    web = rollout()
    async with staged(store_url) as stage:
        stage.slack.workspace.revoke_tokens()
        async with stage.working() as worker:
            await stage.begin(web)
            await until(lambda: len(stage.slack.calls()) >= 2)
            assert "token_revoked" in await worker.ping()
            assert "slack.token_file" in await worker.ping()
            assert {call.method for call in stage.slack.calls()} == {"auth.test"}

            stage.slack.workspace.restore_tokens()
            await stage.becomes(web, State.STARTED)
            assert await worker.ping() == ""


async def test_a_token_that_may_not_write_is_said_to_lack_the_scope(store_url: str) -> None:
    rollouts = [rollout(f"web-{number}") for number in range(5)]
    async with staged(store_url) as stage:
        stage.slack.workspace.add_token(Token(value="xoxb-reader", scopes=frozenset({"channels:read"})))
        stage.token = "xoxb-reader"
        async with stage.working() as worker:
            await stage.begin(*rollouts)

            async def complains() -> bool:
                return "needs chat:write, has channels:read" in await worker.ping()

            await until(complains)
            stage.slack.workspace.add_token(Token(value="xoxb-reader"))
            for one in rollouts:
                await stage.told(one)
        balances(stage, rollouts)


async def test_a_rotated_token_is_taken_up(store_url: str) -> None:
    web = rollout()
    async with staged(store_url) as stage, stage.working() as worker:
        await until(lambda: stage.slack.calls())
        stage.slack.workspace.revoke_tokens()
        stage.slack.workspace.add_token(Token(value="xoxb-new"))
        stage.token = "xoxb-new"
        await stage.begin(web)
        worker.wake()
        await stage.becomes(web, State.STARTED)
        assert await worker.ping() == ""


async def test_a_channel_without_the_bot_is_looked_at_slowly_until_somebody_invites_it(
    store_url: str,
) -> None:
    rollouts = [rollout(f"web-{number}") for number in range(3)]
    async with staged(store_url, timing=replace(TIMING, slow=TIMING.lease)) as stage:
        scopes = frozenset({"chat:write", "channels:read"})
        stage.slack.workspace.add_token(Token(value="xoxb-invited", scopes=scopes))
        stage.token = "xoxb-invited"
        stage.slack.workspace.change_channel(CHANNEL, member=False)
        async with stage.working() as worker:
            await stage.begin(*rollouts)

            async def complains() -> bool:
                return "/invite @shipbell" in await worker.ping()

            await until(complains)
            stage.slack.workspace.change_channel(CHANNEL, member=True)
            for one in rollouts:
                await stage.told(one)
            assert await worker.ping() == ""
        refused = [call for call in stage.slack.calls() if call.outcome == "not_in_channel"]
        assert len(refused) <= 3
        balances(stage, rollouts)


async def test_a_channel_that_nobody_can_see_is_asked_for_slowly(store_url: str) -> None:
    rollouts = [rollout(f"web-{number}") for number in range(6)]
    nowhere = replace(NORMAL, channel="#nowhere")
    async with staged(store_url, timing=replace(TIMING, slow=TIMING.lease * 4)) as stage:
        async with stage.working() as worker:
            await stage.begin(*rollouts, to=nowhere)

            async def complains() -> bool:
                return "#nowhere: Slack refuses: channel_not_found" in await worker.ping()

            await until(complains)
            other = rollout("other")
            await stage.begin(other)
            await stage.told(other)
        asked = [call for call in stage.slack.calls() if call.method == "conversations.list"]
        assert len(asked) <= len(rollouts)
        stage.slack.workspace.add_channel("nowhere")
        async with stage.working():
            for one in rollouts:
                await stage.told(one)
        assert len(stage.slack.messages("nowhere")) == len(rollouts)


async def test_a_name_that_another_channel_bears_now_leads_there(store_url: str) -> None:
    web, other = rollout("web"), rollout("other")
    async with staged(store_url, timing=replace(TIMING, slow=TIMING.lease)) as stage:
        async with stage.working():
            await stage.begin(web)
            await stage.told(web)
            stage.slack.workspace.change_channel(CHANNEL, name="old", archived=True)
            stage.slack.workspace.add_channel(CHANNEL)
            await stage.begin(other)
            await stage.told(other)
        assert stage.shown(other) == "started"


async def test_a_message_in_a_channel_that_is_gone_is_replaced_where_its_name_leads_now(
    store_url: str,
) -> None:
    web = rollout()
    async with staged(store_url, timing=replace(TIMING, slow=TIMING.lease)) as stage:
        async with stage.working() as worker:
            await stage.begin(web)
            await stage.told(web)
            stage.slack.workspace.change_channel(CHANNEL, name="old", archived=True)
            stage.slack.workspace.add_channel(CHANNEL)
            await stage.change(later(web, State.SUCCEEDED))
            await stage.told(web)
            assert await worker.ping() == ""

        assert stage.shown(web) == "succeeded"
        assert stage.replies(web) == []


async def test_slacks_own_limits_are_kept_by_waiting(store_url: str) -> None:
    rollouts = [rollout(f"web-{number}") for number in range(4)]
    strict = Rates(posts=1, posts_window=20.0, time_factor=FACTOR)
    async with staged(store_url, rates=strict) as stage:
        await play(stage, rollouts)
        balances(stage, rollouts)
