"""The accountant: what reached Slack, told apart by rollout, and compared with what should have."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from shipbell.sandbox import Message, Sandbox
from shipbell.sandbox.workspace import Version
from tests.live.deployments import until

EVENT = "shipbell_rollout"

OPEN = {"started", "progressing", "paused", "stalled", "failing"}

NOT_SEEN = "not seen"


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """One version of a message, or one reply: what it said from `at` on."""

    at: float
    """Seconds since the epoch."""
    state: str
    shown: str
    """Its text and its blocks, as JSON: to be searched."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Root:
    """The root message of a rollout, as it stands in the channel."""

    rollout: str
    namespace: str
    name: str
    state: str
    text: str
    payload: dict[str, Any]
    edits: int
    replies: tuple[str, ...]
    """The parts of the replies in its thread."""
    tellings: tuple[Telling, ...] = ()
    """Every version of the message, the first one first."""
    thread: tuple[Telling, ...] = ()
    """The replies."""

    def told(self, state: str) -> Telling | None:
        """The first version that said so."""
        return next((telling for telling in self.tellings if telling.state == state), None)

    @property
    def everything(self) -> str:
        """All that it ever showed, its thread included."""
        return "\n".join(telling.shown for telling in (*self.tellings, *self.thread))


class Account:
    """Everything that Shipbell posted into a channel of the sandbox."""

    def __init__(self, slack: Sandbox, channel: str = "deployments") -> None:
        self._slack = slack
        self._channel = channel

    def roots(self, namespace: str | None = None) -> list[Root]:
        """Root messages in the order in which they were posted."""
        messages = self._slack.messages(self._channel)
        told = [m for m in messages if m.metadata is not None and m.metadata.event_type == EVENT]
        roots = [m for m in told if m.thread_ts is None]
        return [
            _root(root, [m for m in told if m.thread_ts == root.ts])
            for root in roots
            if namespace in {None, _payload(root)["namespace"]}
        ]

    def states(self, namespace: str) -> list[str]:
        """Of every root message of the namespace, in the order of the rollouts' starts."""
        roots = sorted(self.roots(namespace), key=lambda root: str(root.payload["started_at"]))
        return [root.state for root in roots]

    async def tells(
        self, namespace: str, state: str, *, name: str = "", patience: float = 60, count: int = 1
    ) -> Root:
        """Waits until so many of its root messages, of one workload if it is named, are in this state; the
        newest of them."""

        def found() -> list[Root]:
            roots = (root for root in self.roots(namespace) if name in {"", root.name})
            return [root for root in roots if root.state == state]

        async def told() -> bool:
            return len(found()) >= count

        def complaint() -> str:
            texts = "\n".join(f"{root.state}: {root.text}" for root in self.roots(namespace))
            return f"{namespace} should be told {state}, and is told:\n{texts or 'nothing'}"

        await until(told, complaint, patience=patience)
        return found()[-1]

    async def becomes(self, namespace: str, states: list[str], *, patience: float = 60) -> None:
        """Waits until the namespace's root messages tell exactly these states, in any order of posting."""

        async def told() -> bool:
            return Counter(self.states(namespace)) == Counter(states)

        def complaint() -> str:
            texts = "\n".join(f"{root.state}: {root.text}" for root in self.roots(namespace))
            return f"{namespace} should be told as {states}, and is as {self.states(namespace)}:\n{texts}"

        await until(told, complaint, patience=patience)

    async def rests(self, namespace: str, last: str, *, patience: float = 60) -> None:
        """Waits until nothing of the namespace is open and its last rollout is in that state."""

        async def told() -> bool:
            states = self.states(namespace)
            return bool(states) and not OPEN & set(states) and states[-1] in {last, "unknown"}

        def complaint() -> str:
            return f"{namespace} should end {last}, and is told as {self.states(namespace)}"

        await until(told, complaint, patience=patience)

    async def settles(self, namespace: str, names: list[str], *, patience: float = 60) -> None:
        """Waits until nothing is open, and of every workload it is told that image 2 is deployed."""

        async def told() -> bool:
            roots = self.roots(namespace)
            calm = not any(root.state in OPEN for root in roots)
            return calm and {root.name for root in roots if "deployed 2 " in root.text} == set(names)

        def complaint() -> str:
            texts = "\n".join(f"{root.state}: {root.text}" for root in self.roots(namespace))
            return f"{namespace} does not settle:\n{texts}"

        await until(told, complaint, patience=patience)

    def check_seen(self, namespace: str, states: list[str]) -> None:
        """As `check`, where a rollout may have come and gone unseen, or ended so; never the last one.

        A message that says that the outcome was not seen is true of any outcome.
        """
        roots = self.roots(namespace)
        seen = Counter(root.state for root in roots if not _is_unseen(root))
        assert not seen - Counter(states), f"{[root.text for root in roots]} of {states}"
        assert len(roots) <= len(states)
        self.check(namespace, [root.state for root in roots])

    def check(self, namespace: str, states: list[str]) -> None:
        """One root per rollout, each in its last state, each text saying it, and none besides."""
        roots = self.roots(namespace)
        assert sorted(root.state for root in roots) == sorted(states), [root.text for root in roots]
        ids = Counter(root.rollout for root in roots)
        assert all(count == 1 for count in ids.values()), f"told twice: {ids}"
        for root in roots:
            assert f"{root.namespace}/{root.name}" in root.text
            assert root.state.replace("_", " ") in root.text.lower(), root.text
            assert len(root.replies) == len(set(root.replies)), f"{root.text}: {root.replies}"


def _is_unseen(root: Root) -> bool:
    """Whether it ended between two looks: the object was gone, or another revision there.

    What was put back in the moment in which it failed is rolled back for whoever looks later.
    """
    return root.state in {"unknown", "rolled_back"} or NOT_SEEN in root.text


def _root(message: Message, replies: list[Message]) -> Root:
    payload = _payload(message)
    return Root(
        rollout=str(payload["rollout"]),
        namespace=str(payload["namespace"]),
        name=str(payload["name"]),
        state=str(payload["state"]),
        text=message.text,
        payload=payload,
        edits=len(message.versions) - 1,
        replies=tuple(str(_payload(reply)["part"]) for reply in replies),
        tellings=tuple(_telling(version) for version in message.versions),
        thread=tuple(_telling(reply.versions[-1]) for reply in replies),
    )


def _telling(version: Version) -> Telling:
    content = version.content
    metadata = content.metadata.event_payload if content.metadata else {}
    shown = json.dumps([content.text, *content.blocks, *content.attachments], ensure_ascii=False)
    return Telling(at=version.at, state=str(metadata.get("state", "")), shown=shown)


def _payload(message: Message) -> dict[str, Any]:
    assert message.metadata is not None
    return dict(message.metadata.event_payload)
