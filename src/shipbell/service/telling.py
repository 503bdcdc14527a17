"""The right half, put together: from due deliveries to Slack."""

import os
import random
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Self

import aiohttp

from shipbell import rendering, routing
from shipbell.config import Settings
from shipbell.config.settings import Uncertain
from shipbell.delivery import connecting as wires
from shipbell.delivery import hand, pacing, sending, slack, timing, webhook, worker, workspaces
from shipbell.delivery.clock import SystemClock
from shipbell.metrics import Metrics
from shipbell.service import connecting
from shipbell.store import Store


class Telling:
    """Everything that speaks to Slack, and how it fares."""

    def __init__(
        self, settings: Settings, deliveries: worker.Worker, workspace: workspaces.Workspace | None
    ) -> None:
        self._settings = settings
        self._worker = deliveries
        self._workspace = workspace

    @classmethod
    @asynccontextmanager
    async def open(
        cls, settings: Settings, store: Store, metrics: Metrics, *, sample: bool = False
    ) -> AsyncIterator[Self]:
        """The worker with its senders, on one HTTP session; `sample` marks all that it sends as a test."""
        pace = delivery_timing(settings)
        async with wires.open_session(pace) as session:
            workspace = _workspace(settings, store, session, pace)
            setting = hand.Setting(
                store=store,
                senders=_senders(settings, store, session, pace, workspace),
                clock=SystemClock(),
                timing=pace,
                options=rendering.Options(environment=settings.environment, sample=sample),
                rather_twice=settings.slack.uncertain is Uncertain.RATHER_TWICE,
            )
            owner = f"{socket.gethostname()}-{os.getpid()}"
            deliveries = worker.Worker(setting, owner=owner, metrics=metrics)
            yield cls(settings, deliveries, workspace)

    async def run(self) -> None:
        """Until `stop`. Slack is asked who we are at once, so that a wrong token is said at the start."""
        if self._workspace is not None:
            await self._workspace.closed_until()
        await self._worker.run()

    def stop(self) -> None:
        """Begins nothing new; `run` ends when what is in hand is done."""
        self._worker.stop()

    def wake(self) -> None:
        """There may be something to tell."""
        self._worker.wake()

    async def ping(self) -> str:
        """Why messages cannot be delivered; empty if they can. Asks Slack, if it is time to ask again."""
        if self._workspace is not None:
            await self._workspace.closed_until()
        return await self._worker.ping()

    def about(self) -> Mapping[str, str]:
        """Who we are in Slack and where messages go, for one line of log."""
        told = {"channel": ", ".join(d.channel for d in connecting.destinations(self._settings))}
        identity = self._workspace.identity if self._workspace else None
        return told | ({"team": identity.team, "bot": identity.user} if identity else {})


def delivery_timing(settings: Settings) -> timing.Timing:
    """Delivery's durations on the configured scale of time."""
    return timing.Timing().scaled(settings.advanced.time_factor)


def slack_calls(settings: Settings, session: aiohttp.ClientSession, pace: timing.Timing) -> slack.Slack:
    """The Web API with the configured token."""
    base_url = settings.slack.api_url
    spoken_to = slack.Settings(
        token=connecting.slack_token(settings), base_url=base_url, proxy=wires.environment_proxy(base_url)
    )
    return slack.Slack(spoken_to, session, pace)


def _workspace(
    settings: Settings, store: Store, session: aiohttp.ClientSession, pace: timing.Timing
) -> workspaces.Workspace | None:
    """The workspace of the bot token, if there is one."""
    if not any(d.sink is routing.Sink.SLACK for d in connecting.destinations(settings)):
        return None
    calls = slack_calls(settings, session, pace)
    return workspaces.Workspace(calls, store, clock=SystemClock(), timing=pace, jitter=random.random)


def _senders(
    settings: Settings,
    store: Store,
    session: aiohttp.ClientSession,
    pace: timing.Timing,
    workspace: workspaces.Workspace | None,
) -> Mapping[routing.Sink, sending.Sender]:
    # A delivery of an earlier configuration may still want a sink that is not configured any more.
    senders: dict[routing.Sink, sending.Sender] = {
        routing.Sink.SLACK_WEBHOOK: _webhooks(settings, store, session, pace)
    }
    if workspace is not None:
        senders[routing.Sink.SLACK] = workspace
    return senders


def _webhooks(
    settings: Settings, store: Store, session: aiohttp.ClientSession, pace: timing.Timing
) -> webhook.Webhooks:
    url = connecting.webhook_url(settings)
    return webhook.Webhooks(
        {connecting.WEBHOOK: url} if url else {},
        session=session,
        pace=pacing.Pace(store, workspace=connecting.WEBHOOK, clock=SystemClock(), timing=pace),
        timing=pace,
        proxy=wires.environment_proxy("https://hooks.slack.com/"),
    )
