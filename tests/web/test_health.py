"""What probes and Prometheus get."""

import asyncio
from datetime import timedelta

import structlog
from tests.web import clients

from shipbell import errors
from shipbell.web import health


async def ready() -> str:
    return ""


async def waiting() -> str:
    return "no complete list yet"


async def broken() -> str:
    raise errors.StoreError("the store is away")


async def stuck() -> str:
    await asyncio.Event().wait()
    return ""


async def buggy() -> str:
    raise RuntimeError("xoxb-very-secret")


async def test_the_process_is_alive_whatever_is_broken_around_it() -> None:
    async with clients.served(pings={"store": broken}) as served:
        for path in ("/livez", "/health"):
            answer = await served.ask("GET", path)
            assert (answer.status, answer.json) == (200, {"status": "alive"})


async def test_it_is_ready_when_every_part_is() -> None:
    async with clients.served(pings={"store": ready, "slack": ready}) as served:
        answer = await served.ask("GET", "/readyz")

    assert answer.status == 200
    assert answer.json == {"status": "ready", "parts": {"store": "ready", "slack": "ready"}}


async def test_a_part_that_is_not_ready_is_named_with_its_reason() -> None:
    pings = {"store": broken, "slack": ready, "kubernetes": waiting}
    async with clients.served(pings=pings) as served:
        answer = await served.ask("GET", "/readyz")

    assert answer.status == 503
    assert answer.json["status"] == "not ready"
    assert answer.json["parts"] == {
        "store": "the store is away",
        "slack": "ready",
        "kubernetes": "no complete list yet",
    }


async def test_a_part_that_does_not_answer_is_not_waited_for() -> None:
    parts = await health.Health({"slack": stuck, "store": ready}, timedelta(milliseconds=10)).parts()

    assert parts == {"slack": "no answer within 0.01 s", "store": "ready"}


async def test_a_defect_of_ours_is_a_500_without_a_word_about_it() -> None:
    async with clients.served(pings={"slack": buggy}) as served:
        with structlog.testing.capture_logs() as lines:
            answer = await served.ask("GET", "/readyz")

    assert (answer.status, answer.json) == (500, {"error": "internal error"})
    assert [line["event"] for line in lines] == ["request failed"]


async def test_metrics_are_brought_up_to_date_before_they_are_read() -> None:
    scraped = []

    async def scrape() -> None:
        scraped.append(True)

    async with clients.served(before_scrape=scrape) as served:
        answer = await served.ask("GET", "/metrics")

    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert "shipbell_build_info{" in answer.body
    assert scraped == [True]
