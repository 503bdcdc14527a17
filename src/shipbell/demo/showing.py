"""Sets the stage of the demonstration, says what to look at, and clears it away again."""

import asyncio
import contextlib
import signal
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import click
import msgspec

from shipbell import errors, log, service
from shipbell.config import Settings
from shipbell.demo import replay
from shipbell.sandbox import DEFAULT_TOKEN, Sandbox
from shipbell.service.clock import now_utc
from shipbell.web import serving

CONTEXT = "recording"

STORY = """\
A recorded cluster is being played, as it was, for {seconds:.0f} seconds:

   2 s  mitlearn/mitlearn-app      a good rollout: watch its new pods become ready
   9 s  shop/checkout              crashes, and is undone
  20 s  mitlearn/mitlearn-celery   is only scaled up: no message, because that is no rollout
  28 s  shop/cart                  is overtaken by a newer version before it is done
  33 s  mitlearn/mitlearn-nextjs   its image does not exist; then it is mended
  48 s  shop/search                is restarted
"""

LIVE = "Rollouts in the context {context!r} are told as they happen.\n"


async def run(port: int, context: str | None) -> int:
    """Runs until Ctrl-C; `context` names a live cluster instead of the recorded one."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    log.configure("warning", "auto")
    try:
        async with Sandbox(port=port) as slack, _stage(slack, context) as (settings, recording):
            await _show(slack, settings, recording, context, stop)
    except OSError as error:
        raise errors.ShipbellError(f"cannot listen on port {port}: {error.strerror}; try --port 0") from error
    click.echo("\nThe demonstration is over; nothing of it is left.")
    return 0


@asynccontextmanager
async def _stage(slack: Sandbox, context: str | None) -> AsyncIterator[tuple[Settings, replay.Replay | None]]:
    """A folder that goes away with the demonstration: store and, for the recording, a kubeconfig."""
    with tempfile.TemporaryDirectory(prefix="shipbell-demo-") as folder:
        directory = Path(folder)
        if context is not None:
            yield _settings(slack, directory, {"context": context}), None
            return
        recording = replay.Replay(replay.load(), now=now_utc)
        async with serving.serving(recording.application(), "127.0.0.1", 0) as port:
            kubeconfig = _kubeconfig(directory, f"http://127.0.0.1:{port}")
            yield _settings(slack, directory, {"kubeconfig": kubeconfig}), recording


async def _show(
    slack: Sandbox,
    settings: Settings,
    recording: replay.Replay | None,
    context: str | None,
    stop: asyncio.Event,
) -> None:
    click.echo(f"Open  {slack.base_url}  in a browser: it is a Slack channel, and it is live.\n")
    story = STORY.format(seconds=recording.seconds) if recording else LIVE.format(context=context)
    click.echo(f"{story}\nCtrl-C ends it.")
    async with service.running(settings) as running:
        watched = asyncio.create_task(_play_when_ready(running, recording), name="recording")
        try:
            await running.until(stop)
        finally:
            watched.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watched


async def _play_when_ready(running: service.Running, recording: replay.Replay | None) -> None:
    """The recording begins when its first list has been taken: what changes from then on is news."""
    await running.listed.wait()
    if recording is not None:
        await recording.play()
        click.echo("The recording is over. The channel stays until Ctrl-C.")


def _settings(slack: Sandbox, directory: Path, kubernetes: Mapping[str, object]) -> Settings:
    return Settings.model_validate(
        {
            "cluster": "demo",
            "environment": "production",
            "labels": ("ol.mit.edu/*", "app.kubernetes.io/version", "app.kubernetes.io/component"),
            "slack": {"channel": "#deployments", "token": DEFAULT_TOKEN, "api_url": slack.api_url},
            "kubernetes": kubernetes,
            "store": {"url": f"sqlite:///{directory / 'shipbell.db'}"},
            "web": {"host": "127.0.0.1", "port": 0},
        }
    )


def _kubeconfig(directory: Path, url: str) -> Path:
    """Points to the recording as people point to their clusters."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [{"name": CONTEXT, "cluster": {"server": url}}],
        "users": [{"name": CONTEXT, "user": {}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT}}],
    }
    path = directory / "kubeconfig"
    path.write_bytes(msgspec.json.encode(document))  # JSON is YAML
    return path
