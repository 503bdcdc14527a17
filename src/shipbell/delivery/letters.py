"""From a claim to a letter: renders what the store holds now, for the destination's sink. Pure."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from shipbell import rendering
from shipbell.delivery.planning import Step
from shipbell.delivery.sending import Letter
from shipbell.routing import Part
from shipbell.store import Claim


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrapping:
    """What a letter needs beyond its claim."""

    options: rendering.Options
    channel: str
    attempt: int
    successor_link: str | None = None


def compose(claim: Claim, step: Step, wrapping: Wrapping, now: datetime) -> Letter:
    """The complete message of a step, with the contract for programs."""
    root = claim.posts.get(Part.ROOT)
    reply = step.part is not Part.ROOT and claim.destination.sink.edits
    return Letter(
        channel=wrapping.channel,
        message=_message(claim, step, wrapping, now),
        metadata=rendering.metadata(claim.rollout, step.part, wrapping.attempt),
        thread_ts=root.ts if reply and root else None,
        broadcast=step.broadcast,
    )


def plain(letter: Letter) -> Letter:
    """The same in one sentence, for a Slack that refuses the blocks."""
    return replace(letter, message=replace(letter.message, blocks=()))


def digest(letter: Letter) -> str:
    """The same for letters that say the same to people, and whose state is the same to programs."""
    payload = letter.metadata.get("event_payload", {})
    said = (letter.message.text, letter.message.blocks, payload.get("state"), payload.get("finished_at"))
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:32]


def _message(claim: Claim, step: Step, wrapping: Wrapping, now: datetime) -> rendering.Message:
    options = replace(
        wrapping.options,
        detail=claim.destination.detail,
        successor_link=wrapping.successor_link,
        mention=wrapping.options.mention if step.mention else "",
    )
    if not claim.destination.sink.edits:
        return rendering.plain(claim.rollout, claim.transitions, options, now)
    if step.part is Part.ROOT:
        return rendering.root(claim.rollout, claim.transitions, options, now)
    return rendering.reply(claim.rollout, step.part, claim.transitions, options, now)
