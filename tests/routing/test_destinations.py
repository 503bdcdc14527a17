"""Where messages go."""

from shipbell import routing
from shipbell.domain import State
from tests.routing import rollouts


def channel(name: str, profile: routing.Profile = routing.Profile.NORMAL) -> routing.Destination:
    return routing.Destination(sink=routing.Sink.SLACK, channel=name, profile=profile)


def test_a_channel_is_the_same_place_with_and_without_its_hash() -> None:
    assert channel("#deployments").key == channel("deployments").key == "slack:default:deployments"


def test_the_same_name_in_another_workspace_is_another_place() -> None:
    there = routing.Destination(sink=routing.Sink.SLACK, workspace="there", channel="deployments")
    assert there.key != channel("deployments").key


def test_every_configured_destination_is_told() -> None:
    configured = (channel("a"), channel("b"))
    assert routing.match(rollouts.in_state(State.STARTED), configured) == configured


def test_a_place_that_is_configured_twice_is_told_once_by_its_first_entry() -> None:
    loud, quiet = channel("a", routing.Profile.LOUD), channel("#a", routing.Profile.QUIET)
    matched = routing.match(rollouts.in_state(State.STARTED), (loud, channel("b"), quiet))
    assert matched == (loud, channel("b"))


def test_only_an_incoming_webhook_cannot_edit() -> None:
    assert [sink for sink in routing.Sink if not sink.edits] == [routing.Sink.SLACK_WEBHOOK]
