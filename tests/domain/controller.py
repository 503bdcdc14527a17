"""A Deployment controller for property tests: legal streams of observations, in any order of events.

It knows what the real one does to a status (which number it gives, what it updates before what, which
words it leaves standing), and it knows the truth of every revision, to be compared with the verdicts.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from shipbell.domain import Condition, Observation, Revision
from tests.domain.deployments import at, revision, seen, template

IMAGES = ("a", "b", "c")


@dataclass
class Set:
    """A ReplicaSet in the making."""

    image: str
    number: int
    created: float
    earlier: tuple[int, ...] = ()
    total: int = 0
    ready: int = 0

    def revision(self) -> Revision:
        """As the API would show it."""
        made = revision(self.number, f"hash-{self.image}", created=self.created, image=self.image)
        return replace(
            made, earlier_numbers=self.earlier, total=self.total, ready=self.ready, available=self.ready
        )


@dataclass
class Controller:
    """A Deployment, its controller and its pods; every action appends what a watch would see."""

    image: str = "a"
    wanted: int = 2
    paused: bool = False
    generation: int = 1
    observed: int = 0
    number: int | None = None
    clock: float = 0.0
    sets: dict[str, Set] = field(default_factory=dict)
    progressing: Condition | None = None
    stream: list[Observation] = field(default_factory=list)
    succeeded: set[int] = field(default_factory=set)
    gone: bool = False

    def edit(self, image: str) -> None:
        """A new template."""
        self._change(image=image)

    def scale(self, wanted: int) -> None:
        """Other replicas."""
        self._change(wanted=wanted)

    def pause(self, paused: bool) -> None:
        """Paused or resumed."""
        self._change(paused=paused)

    def annotate(self, number: int) -> None:
        """A false number, by hand or from an exported manifest: it stands until the controller looks."""
        self.number = number
        self.generation += 1
        self._say()

    def sync(self) -> None:
        """The controller catches up: first the number, then the status."""
        if self.paused:
            self.number = max((s.number for s in self.sets.values()), default=self.number)
        else:
            self._number()
        self.observed = self.generation
        own = self.sets.get(self.image)
        if own is not None and not self.paused:
            self._conclude(own)
        return self._say()

    def work(self) -> None:
        """One step of the rolling update: a new pod ready, or an old one gone."""
        own = self.sets.get(self.image)
        if own is None or self.paused or self.observed != self.generation:
            return
        old = next((s for s in self.sets.values() if s is not own and s.total), None)
        if own.ready < min(own.total, self.wanted):
            own.ready += 1
        elif own.total != self.wanted:
            own.total += 1 if own.total < self.wanted else -1
            own.ready = min(own.ready, own.total)
        elif old is not None:
            old.total, old.ready = old.total - 1, max(0, old.ready - 1)
        self._conclude(own)
        self._say()

    def time_out(self) -> None:
        """The deadline passes; the controller says so once."""
        own = self.sets.get(self.image)
        if own is None or self.paused or self.observed != self.generation or self._complete(own):
            return
        self.clock += 700
        if self.progressing is None or self.progressing.status == "True":
            self.progressing = self._condition("ProgressDeadlineExceeded", own, "False")
        self._say()

    def flap(self) -> None:
        """A pod becomes unready for a moment."""
        own = self.sets.get(self.image)
        if own is not None and own.ready:
            own.ready -= 1
            self._say()

    def delete(self) -> None:
        """The object is gone."""
        if not self.gone:
            self._say(deleted=True)
            self.gone = True

    def finish(self) -> None:
        """Whatever was going on comes to its end."""
        if self.paused:
            self.pause(False)
        if self.wanted == 0:
            self.scale(1)
        self.sync()
        for _ in range(40):
            self.work()

    def _change(self, **spec: object) -> None:
        if all(getattr(self, key) == value for key, value in spec.items()):
            return
        for key, value in spec.items():
            setattr(self, key, value)
        self.generation += 1
        self._say()

    def _number(self) -> None:
        highest = max((s.number for s in self.sets.values()), default=0)
        own = self.sets.get(self.image)
        if own is None:
            own = self.sets[self.image] = Set(image=self.image, number=highest + 1, created=self.clock + 1)
            self.progressing = self._condition("NewReplicaSetCreated", own)
        elif own.number < highest:
            own.earlier, own.number = (*own.earlier, own.number), highest + 1
        if self.number != own.number:
            self.number = own.number
            self._say()

    def _conclude(self, own: Set) -> None:
        if self._complete(own):
            self.succeeded.add(own.number)
            self.progressing = self._condition("NewReplicaSetAvailable", own)

    def _complete(self, own: Set) -> bool:
        others = sum(s.total for s in self.sets.values() if s is not own)
        return own.total == own.ready == self.wanted and others == 0

    def _condition(self, reason: str, own: Set, status: str = "True") -> Condition:
        message = f'ReplicaSet "web-hash-{own.image}" says {reason}.'
        return Condition(
            type="Progressing", status=status, reason=reason, message=message, last_update=at(self.clock)
        )

    def _say(self, *, deleted: bool = False) -> None:
        self.clock += 1
        own = self.sets.get(self.image)
        total, ready = (sum(getattr(s, k) for s in self.sets.values()) for k in ("total", "ready"))
        self.stream.append(
            seen(
                self.clock,
                gen=(self.generation, self.observed),
                rev=self.number,
                counts=(own.total if own else 0, total, ready, ready),
                wanted=self.wanted,
                rs=tuple(s.revision() for s in self.sets.values()),
                template=template(self.image),
                paused=self.paused,
                created_at=at(0),
                deadline=timedelta(hours=10),
                conditions=(self.progressing,) if self.progressing else (),
                deleted=deleted,
            )
        )
