"""The life of the server itself."""

import pytest

from shipbell import sandbox
from tests.sandbox.clients import UNPACED, client_of


async def test_the_port_is_given_back_at_the_end() -> None:
    async with sandbox.Sandbox(rates=UNPACED) as first:
        port = int(first.base_url.rstrip("/").rpartition(":")[2])
    async with sandbox.Sandbox(rates=UNPACED, port=port) as second:
        assert second.base_url == first.base_url


async def test_a_port_that_is_taken_is_an_error() -> None:
    async with sandbox.Sandbox() as first:
        port = int(first.base_url.rstrip("/").rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            await sandbox.Sandbox(port=port).start()


async def test_what_was_said_can_still_be_read_after_the_end() -> None:
    async with sandbox.Sandbox(rates=UNPACED) as slack:
        await client_of(slack).chat_postMessage(channel="deployments", text="x")

    assert [message.text for message in slack.messages("deployments")] == ["x"]
    assert [call.method for call in slack.calls()] == ["chat.postMessage"]


async def test_it_can_stop_in_the_middle_of_an_outage() -> None:
    async with sandbox.Sandbox() as slack:
        slack.order(sandbox.Fault(kind="down", seconds=3600))
        slack.order(sandbox.Fault(kind="down", seconds=3600))


async def test_coming_back_from_nowhere_changes_nothing() -> None:
    async with sandbox.Sandbox(rates=UNPACED) as slack:
        await slack.come_back()
        assert (await client_of(slack).auth_test())["ok"]


async def test_it_listens_on_ipv6_too() -> None:
    async with sandbox.Sandbox(host="::1", rates=UNPACED) as slack:
        assert slack.base_url.startswith("http://[::1]:")
        assert (await client_of(slack).auth_test())["ok"]
