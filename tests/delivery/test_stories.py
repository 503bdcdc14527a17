"""What people see in Slack when nothing goes wrong."""

from dataclasses import replace

from shipbell.domain import RolloutKind, State
from shipbell.sandbox import Rates, Token
from tests.delivery.stage import (
    CHANNEL,
    FACTOR,
    NORMAL,
    QUIET,
    TIMING,
    WEBHOOK,
    failing,
    later,
    payload,
    rollout,
    staged,
    until,
)

COMPLETE = {"new_ready": 4, "updated": 4, "total": 4, "available": 4}


async def test_a_rollout_is_one_message_that_is_edited_to_its_ending(store_url: str) -> None:
    web = rollout()
    async with staged(store_url) as stage, stage.working() as worker:
        await stage.begin(web)
        worker.wake()
        await stage.becomes(web, State.STARTED)
        await stage.change(later(web, State.SUCCEEDED, **COMPLETE))
        worker.wake()
        await stage.becomes(web, State.SUCCEEDED)
        await stage.told(web)

        assert stage.replies(web) == ["succeeded"]
        assert "succeeded" in stage.roots(web)[0].text


async def test_what_is_committed_is_told_without_anybody_calling(store_url: str) -> None:
    web = rollout()
    async with staged(store_url) as stage, stage.working():
        await stage.begin(web)
        await stage.becomes(web, State.STARTED)


async def test_what_happened_while_nobody_worked_is_told_as_it_stands_now(store_url: str) -> None:
    web = rollout()
    failed = later(failing(web), State.FAILED)
    async with staged(store_url) as stage:
        await stage.begin(web)
        await stage.change(failing(web))
        await stage.change(failed)
        async with stage.working():
            await stage.becomes(web, State.FAILED)
            await stage.told(web)

        assert len(stage.roots(web)[0].versions) == 1
        assert stage.replies(web) == []


async def test_a_failure_rings_once_where_the_cause_and_the_impact_stay_the_same(store_url: str) -> None:
    web = rollout()
    async with staged(store_url) as stage, stage.working() as worker:
        await stage.begin(web)
        await stage.becomes(web, State.STARTED)
        fails = failing(web)
        await stage.change(fails)
        worker.wake()
        await stage.becomes(web, State.FAILING)
        await stage.told(web)
        await stage.change(later(fails, State.FAILED))
        worker.wake()
        await stage.becomes(web, State.FAILED)
        await stage.told(web)

        broadcast = {payload(one)["part"]: one.broadcast for one in stage.parts(web)}
        assert broadcast == {"root": False, "failing": True, "failed": False}


async def test_a_quiet_channel_hears_of_a_rollout_when_it_has_a_result(store_url: str) -> None:
    web, other = rollout("web"), rollout("other")
    async with staged(store_url) as stage, stage.working():
        await stage.begin(web, to=QUIET)
        await stage.begin(other, to=NORMAL)
        await stage.becomes(other, State.STARTED)
        await stage.told(web)
        assert stage.parts(web) == []

        await stage.change(later(web, State.SUCCEEDED))
        await stage.becomes(web, State.SUCCEEDED)
        assert stage.replies(web) == []


async def test_an_incoming_webhook_gets_a_start_and_an_ending(store_url: str) -> None:
    web = rollout()
    async with staged(store_url) as stage, stage.working():
        await stage.begin(web, to=WEBHOOK)
        await until(lambda: len(stage.parts(web)) == 1)
        await stage.told(web)
        running = later(web, State.PROGRESSING)
        await stage.change(running)
        await stage.told(web)
        await stage.change(later(running, State.SUCCEEDED, **COMPLETE))
        await until(lambda: len(stage.parts(web)) == 2)
        await stage.told(web)

        assert [payload(one)["state"] for one in stage.parts(web)] == ["started", "succeeded"]
        assert all(len(one.versions) == 1 and one.thread_ts is None for one in stage.parts(web))


async def test_progress_is_told_by_few_edits_and_the_ending_at_once(store_url: str) -> None:
    web = rollout(wanted=40)
    async with staged(store_url, timing=replace(TIMING, edit_spacing=TIMING.lease)) as stage:
        async with stage.working() as worker:
            await stage.begin(web)
            await stage.becomes(web, State.STARTED)
            for ready in range(1, 20):
                web = later(web, State.PROGRESSING, new_ready=ready)
                await stage.change(web)
                worker.wake()
            await stage.change(later(web, State.SUCCEEDED, **COMPLETE))
            worker.wake()
            await stage.becomes(web, State.SUCCEEDED)

        assert len(stage.roots(web)[0].versions) <= 4


async def test_a_change_that_nobody_would_see_is_no_edit(store_url: str) -> None:
    web = rollout()
    async with staged(store_url) as stage, stage.working():
        await stage.begin(web)
        await stage.becomes(web, State.STARTED)
        await stage.change(later(web))
        await stage.told(web)

        assert [call.method for call in stage.slack.calls()].count("chat.update") == 0


async def test_a_superseded_message_leads_to_its_successors(store_url: str) -> None:
    old, new = rollout(number=7), rollout(number=8)
    patient = replace(TIMING, link_soon=TIMING.lease)
    async with staged(store_url, timing=patient) as stage, stage.working() as worker:
        await stage.begin(old)
        await stage.becomes(old, State.STARTED)
        replaced = later(old, State.SUPERSEDED, successor=new.id, successor_version="app:3")
        await stage.change(replaced)
        worker.wake()
        await stage.begin(new)
        worker.wake()
        await stage.becomes(old, State.SUPERSEDED)
        await stage.told(old)

        link = f"archives/{stage.roots(new)[0].channel}/p{stage.roots(new)[0].ts.replace('.', '')}"
        assert link in str(stage.roots(old)[0].blocks)
        assert len(stage.roots(old)[0].versions) == 2


async def test_a_superseded_message_does_not_wait_for_a_successor_that_nobody_hears_of(
    store_url: str,
) -> None:
    old, new = rollout(number=7), rollout(number=8, kind=RolloutKind.RESTART, automatic=True)
    async with staged(store_url) as stage, stage.working():
        await stage.begin(old)
        await stage.becomes(old, State.STARTED)
        await stage.begin(new)
        await stage.change(later(old, State.SUPERSEDED, successor=new.id, successor_version="app:3"))
        await stage.becomes(old, State.SUPERSEDED)
        await stage.told(old)

        assert stage.parts(new) == []


async def test_thirty_rollouts_at_once_are_thirty_messages_within_slacks_limits(store_url: str) -> None:
    rollouts = [rollout(f"web-{number}") for number in range(30)]
    async with staged(store_url, rates=Rates(time_factor=FACTOR)) as stage, stage.working():
        await stage.begin(*rollouts)
        await stage.change(*(later(one, State.SUCCEEDED, **COMPLETE) for one in rollouts[:15]))
        for one in rollouts:
            await stage.told(one)

        shown = [stage.shown(one) for one in rollouts]
        assert shown == ["succeeded"] * 15 + ["started"] * 15
        limited = [call for call in stage.slack.calls() if call.outcome == "ratelimited"]
        assert len(limited) < 10, "the pace should leave Slack little to refuse"


async def test_a_failure_goes_before_a_queue_of_starts(store_url: str) -> None:
    starts = [rollout(f"web-{number}") for number in range(20)]
    urgent = rollout("urgent")
    async with staged(store_url) as stage:
        await stage.begin(*starts, urgent)
        await stage.change(failing(urgent))
        async with stage.working():
            await stage.becomes(urgent, State.FAILING)
            assert len(stage.slack.messages(CHANNEL)) <= 3


async def test_with_the_least_scopes_the_channels_id_is_learnt_from_the_first_answer(store_url: str) -> None:
    web = rollout()
    async with staged(store_url) as stage:
        stage.slack.workspace.add_token(Token(value="xoxb-least", scopes=frozenset({"chat:write"})))
        stage.token = "xoxb-least"
        async with stage.working():
            await stage.begin(web)
            await stage.becomes(web, State.STARTED)
            await stage.told(web)
            await stage.change(later(web, State.SUCCEEDED))
            await stage.becomes(web, State.SUCCEEDED)

        methods = {call.method for call in stage.slack.calls()}
        assert methods == {"auth.test", "chat.postMessage", "chat.update"}


async def test_every_message_carries_the_contract_for_programs(store_url: str) -> None:
    web = rollout()
    async with staged(store_url) as stage, stage.working():
        await stage.begin(web)
        await stage.becomes(web, State.STARTED)
        await stage.change(later(web, State.SUCCEEDED))
        await stage.told(web)

        root, reply = stage.parts(web)
        assert payload(root) == {
            "schema": 1,
            "rollout": str(web.id),
            "part": "root",
            "attempt": 1,
            "cluster": "c1",
            "namespace": "shop",
            "kind": "Deployment",
            "name": "web",
            "state": "succeeded",
            "version": 2,
            "started_at": payload(root)["started_at"],
            "finished_at": payload(root)["finished_at"],
        }
        assert payload(reply)["part"] == "succeeded"
        assert reply.broadcast
