"""A stage for deliveries: a sandbox Slack, a real store, and workers that come and go."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from shipbell import rendering, routing
from shipbell.delivery import connecting, pacing, sending, slack, webhook, workspaces
from shipbell.delivery.clock import SystemClock
from shipbell.delivery.hand import Setting
from shipbell.delivery.timing import Timing
from shipbell.delivery.worker import Worker
from shipbell.domain import (
    Diagnosis,
    Identity,
    ImageChange,
    Memory,
    Rollout,
    RolloutKind,
    State,
    Transition,
    TransitionKind,
    Workload,
)
from shipbell.metrics import Metrics
from shipbell.routing import Part
from shipbell.sandbox import DEFAULT_TOKEN, Message, Rates, Sandbox
from shipbell.store import Intake, Store

FACTOR = 0.05
"""A minute's wait takes three seconds."""
TIMING = Timing().scaled(FACTOR)
PATIENCE = 20.0
"""Seconds until a test gives up waiting for what should happen."""
CHANNEL = "deployments"
HOOK = "webhook"

NORMAL = routing.Destination(sink=routing.Sink.SLACK, channel=f"#{CHANNEL}")
QUIET = replace(NORMAL, profile=routing.Profile.QUIET)
WEBHOOK = routing.Destination(sink=routing.Sink.SLACK_WEBHOOK, channel=HOOK)


def rollout(name: str = "web", number: int = 7, **fields: Any) -> Rollout:
    """A rollout that has just begun."""
    now = datetime.now(UTC)
    workload = Workload(cluster="c1", namespace="shop", kind="Deployment", name=name, uid=f"uid-{name}")
    plain = Rollout(
        id=uuid.uuid5(uuid.NAMESPACE_URL, f"{name}/{number}"),
        workload=workload,
        identity=Identity(number=number, hash="abc", name=f"{name}-abc", uid=f"rs-{number}"),
        state=State.STARTED,
        version=1,
        kind=RolloutKind.NEW_VERSION,
        started_at=now,
        changed_at=now,
        progress_at=now,
        images=(ImageChange(container="app", old="app:1", new="app:2"),),
        wanted=4,
        serving=4,
    )
    return replace(plain, **fields)


def later(before: Rollout, state: State | None = None, **fields: Any) -> Rollout:
    """The rollout, one version on."""
    now = datetime.now(UTC)
    ended = {} if state is None or state.open else {"finished_at": now}
    return replace(
        before,
        **{
            "state": state or before.state,
            "version": before.version + 1,
            "changed_at": now,
            **ended,
            **fields,
        },
    )


def failing(before: Rollout, cause: str = "Image not found: app:2", **fields: Any) -> Rollout:
    """The rollout with a certain cause of failure."""
    diagnosis = Diagnosis(reason="ImagePullBackOff", cause=cause, certain=True)
    return later(before, State.FAILING, diagnosis=diagnosis, **fields)


@dataclass
class Stage:
    """Everything on it; `worker` may be changed for another one in mid-play."""

    store: Store
    slack: Sandbox
    session: aiohttp.ClientSession
    timing: Timing = TIMING
    metrics: Metrics = field(default_factory=Metrics)
    token: str = DEFAULT_TOKEN
    rather_twice: bool = True

    def senders(self, store: Store) -> dict[routing.Sink, sending.Sender]:
        """Senders as a new process would have them, with no memory of an earlier one's."""
        clock = SystemClock()
        settings = slack.Settings(token=lambda: self.token, base_url=self.slack.api_url)
        client = slack.Slack(settings, self.session, self.timing)
        url = self.slack.webhook_url(CHANNEL)
        return {
            routing.Sink.SLACK: workspaces.Workspace(
                client, store, clock=clock, timing=self.timing, jitter=lambda: 0.0
            ),
            routing.Sink.SLACK_WEBHOOK: webhook.Webhooks(
                {HOOK: lambda: url},
                session=self.session,
                pace=pacing.Pace(store, workspace="hooks", clock=clock, timing=self.timing),
                timing=self.timing,
            ),
        }

    def worker(self, store: Store | None = None, **changes: Any) -> Worker:
        """A worker as a new process would have it."""
        used = store or self.store
        setting = Setting(
            store=used,
            senders=self.senders(used),
            clock=SystemClock(),
            timing=self.timing,
            options=rendering.Options(environment="test"),
            jitter=lambda: 0.0,
            rather_twice=self.rather_twice,
        )
        return Worker(replace(setting, **changes), owner=uuid.uuid4().hex[:8], metrics=self.metrics)

    @contextlib.asynccontextmanager
    async def working(self, worker: Worker | None = None) -> AsyncIterator[Worker]:
        """A worker at work; stopped as a service stops it."""
        working = worker or self.worker()
        task = asyncio.create_task(working.run())
        try:
            yield working
        finally:
            working.stop()
            async with asyncio.timeout(PATIENCE):
                await task

    async def begin(self, *rollouts: Rollout, to: routing.Destination = NORMAL) -> None:
        """Records rollouts that have begun, with their destination."""

        def record(intake: Intake) -> None:
            for each in rollouts:
                intake.save(_memory(each), (each,), (_transition(each),))
                intake.address(each, (to,))

        await self.store.take(record)

    async def change(self, *rollouts: Rollout) -> None:
        """Records what became of them."""

        def record(intake: Intake) -> None:
            for each in rollouts:
                intake.save(_memory(each), (each,), (_transition(each),))

        await self.store.take(record)

    def roots(self, of: Rollout) -> list[Message]:
        """The root messages of a rollout that stand in the channel."""
        return [one for one in self.parts(of) if _part(one) == Part.ROOT.value]

    def replies(self, of: Rollout) -> list[str]:
        """The parts of its replies, in order."""
        return [_part(one) for one in self.parts(of) if _part(one) != Part.ROOT.value]

    def parts(self, of: Rollout) -> list[Message]:
        """All its messages."""
        return [one for one in self.slack.messages(CHANNEL) if payload(one).get("rollout") == str(of.id)]

    def shown(self, of: Rollout) -> str | None:
        """The state that its one root message shows; None while there is none."""
        roots = self.roots(of)
        assert len(roots) <= 1, f"{len(roots)} roots of {of.workload.path}"
        return str(payload(roots[0])["state"]) if roots else None

    async def becomes(self, of: Rollout, state: State) -> None:
        """Waits until Slack shows the state."""
        await until(lambda: self.shown(of) == state.value, lambda: f"shows {self.shown(of)}, not {state}")

    async def told(self, of: Rollout) -> None:
        """Waits until nothing about it is to be told, and nothing is in doubt."""

        async def is_told() -> bool:
            return not any(d.due for d in await self.store.deliveries_of(of.id))

        await until(is_told, "still due")


@contextlib.asynccontextmanager
async def staged(store_url: str, *, rates: Rates | None = None, **changes: Any) -> AsyncIterator[Stage]:
    """A stage with an empty channel."""
    timing = changes.get("timing", TIMING)
    limits = rates or Rates(enforced=False)
    async with (
        await Store.open(store_url) as store,
        Sandbox(channels=(CHANNEL,), rates=limits) as sandbox,
        connecting.open_session(timing) as session,
    ):
        yield Stage(store=store, slack=sandbox, session=session, **changes)


async def until(condition: Callable[[], Any], words: str | Callable[[], str] = "it did not happen") -> None:
    """Waits until a condition holds, as long as the patience lasts."""
    deadline = time.monotonic() + PATIENCE
    while True:
        answer = condition()
        if await answer if asyncio.iscoroutine(answer) else answer:
            return
        assert time.monotonic() < deadline, words if isinstance(words, str) else words()
        await asyncio.sleep(0.01)


def payload(message: Message) -> Mapping[str, Any]:
    """What a message says to programs."""
    return message.metadata.event_payload if message.metadata else {}


def ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


def _part(message: Message) -> str:
    return str(payload(message)["part"])


def _memory(of: Rollout) -> Memory:
    return Memory(workload=of.workload, resource_version=of.version, rollout=of)


def _transition(of: Rollout) -> Transition:
    kinds = {
        State.PROGRESSING: TransitionKind.PROGRESSED,
        State.UNKNOWN: TransitionKind.LOST,
        **{state: TransitionKind(state.value) for state in State if state.value in set(TransitionKind)},
    }
    return Transition(rollout=of.id, version=of.version, kind=kinds[of.state], at=of.changed_at)
