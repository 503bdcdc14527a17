"""Commands to see it without a cluster or a Slack workspace: the demonstration and the sandbox."""

import asyncio
import signal

import click

DEMO_PORT = 8065
SANDBOX_PORT = 8065


@click.command()
@click.option("--port", default=DEMO_PORT, show_default=True, help="Where the page with the channel is.")
@click.option("--context", help="A context of your kubeconfig: watch that cluster instead of a recorded one.")
def demo(port: int, context: str | None) -> None:
    """See it in a browser, with nothing set up.

    The page is a channel of the sandbox Slack, the cluster a recording of a real one. Only
    --context takes a live cluster, never KUBECONFIG by itself: it may be production.
    """
    from shipbell import demo as demonstration

    raise SystemExit(asyncio.run(demonstration.run(port, context)))


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=SANDBOX_PORT, show_default=True, help="The port; 0 takes a free one.")
@click.option("--channel", "channels", multiple=True, help="A channel to have; can be repeated.")
def sandbox(host: str, port: int, channels: tuple[str, ...]) -> None:
    """Run a server that behaves like Slack.

    Its page shows the channels live.
    """
    asyncio.run(_serve(host, port, channels))


async def _serve(host: str, port: int, channels: tuple[str, ...]) -> None:
    from shipbell import sandbox as slack

    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    names = tuple(name.removeprefix("#") for name in channels) or slack.DEFAULT_CHANNELS
    async with slack.Sandbox(host=host, port=port, channels=names) as server:
        click.echo(f"Open {server.base_url} in a browser, and point Shipbell here:")
        click.echo(f"  SHIPBELL_SLACK_API_URL={server.api_url}")
        click.echo(f"  SHIPBELL_SLACK_TOKEN={slack.DEFAULT_TOKEN}")
        click.echo(f"  SHIPBELL_SLACK_CHANNEL='#{names[0]}'")
        click.echo("Ctrl-C ends it.")
        await stopped.wait()
