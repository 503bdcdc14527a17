"""Controllers of StatefulSets, DaemonSets and Jobs for property tests: legal streams of observations.

They know what the real ones do to a status, in which order, and they know the truth of every revision, to be
compared with the verdicts. `controller` does the same for Deployments.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from shipbell.domain import Condition, JobStatus, Observation, Revision
from tests.domain import daemonsets, jobs, statefulsets
from tests.domain.deployments import at

IMAGES = ("a", "b", "c")


class Simulator(Protocol):
    """What the properties ask of each."""

    stream: list[Observation]
    succeeded: dict[int, datetime]
    """When the API called which number's revision successful for the first time."""

    def sync(self) -> None:
        """The controller catches up."""

    def work(self) -> None:
        """Its pods get on by one step."""

    def finish(self) -> None:
        """Whatever was going on comes to its end."""

    def delete(self) -> None:
        """The object is gone."""


@dataclass
class History:
    """ControllerRevisions: one that is rolled out again gets a number above all others."""

    numbers: dict[str, int] = field(default_factory=dict)
    created: dict[str, float] = field(default_factory=dict)

    def take(self, image: str, now: float) -> None:
        """The controller gives the template its revision."""
        newest = max(self.numbers.values(), default=0)
        if image not in self.numbers:
            self.created[image] = now
            self.numbers[image] = newest + 1
        elif self.numbers[image] < newest:
            self.numbers[image] = newest + 1


@dataclass
class StatefulSet:
    """A StatefulSet, its controller and its pods; every action appends what a watch would see."""

    image: str = "a"
    wanted: int = 2
    partition: int = 0
    on_delete: bool = False
    generation: int = 1
    observed: int = 0
    clock: float = 0.0
    update: str = ""
    current: str = ""
    history: History = field(default_factory=History)
    pods: list[tuple[str, bool]] = field(default_factory=list)
    stream: list[Observation] = field(default_factory=list)
    succeeded: dict[int, datetime] = field(default_factory=dict)
    gone: bool = False

    def edit(self, image: str) -> None:
        """A new template."""
        self._change(image=image)

    def scale(self, wanted: int) -> None:
        """Other replicas."""
        self._change(wanted=wanted)

    def let(self, partition: int) -> None:
        """Another partition."""
        self._change(partition=partition)

    def keep(self, on_delete: bool) -> None:
        """The other strategy."""
        self._change(on_delete=on_delete)

    def sync(self) -> None:
        """The controller catches up."""
        self.history.take(self.image, self.clock + 1)
        self.update = self.image
        self.current = self.current or self.image
        self.observed = self.generation
        self._say()

    def work(self) -> None:
        """One step: a pod away, a pod ready, a pod made, or a pod of another revision replaced."""
        if self.observed != self.generation:
            return
        ready = [i for i, pod in enumerate(self.pods) if not pod[1]]
        old = [i for i, pod in enumerate(self.pods) if pod[0] != self.update and i >= self.partition]
        if len(self.pods) > self.wanted:
            self.pods.pop()
        elif ready:
            self.pods[ready[0]] = (self.pods[ready[0]][0], True)
        elif len(self.pods) < self.wanted:
            kept = len(self.pods) < self.partition and not self.on_delete
            self.pods.append((self.current if kept else self.update, False))
        elif old and not self.on_delete:
            self.pods[old[-1]] = (self.update, False)
        self._say()

    def drop(self) -> None:
        """Somebody deletes a pod, which comes back as the strategy says."""
        if self.pods and self.observed == self.generation:
            kept = self.partition > 0 and not self.on_delete
            self.pods[0] = (self.current if kept else self.update, False)
            self._say()

    def flap(self) -> None:
        """A pod becomes unready for a moment."""
        if self.pods:
            self.pods[-1] = (self.pods[-1][0], False)
            self._say()

    def wait(self) -> None:
        """Longer than anybody's patience."""
        self.clock += 700
        self._say()

    def delete(self) -> None:
        """The object is gone."""
        if not self.gone:
            self._say(deleted=True)
            self.gone = True

    def finish(self) -> None:
        """Whatever was going on comes to its end."""
        self._change(wanted=max(1, self.wanted), partition=0, on_delete=False)
        self.sync()
        for _ in range(30):
            self.work()

    def _change(self, **spec: object) -> None:
        if all(getattr(self, key) == value for key, value in spec.items()):
            return
        for key, value in spec.items():
            setattr(self, key, value)
        self.generation += 1
        self._say()

    def _conclude(self) -> None:
        updated = sum(image == self.update for image, _ in self.pods)
        whole = len(self.pods) == self.wanted and all(ready for _, ready in self.pods)
        partition = 0 if self.on_delete else self.partition
        if not whole or self.observed != self.generation:
            return
        if updated == self.wanted and not partition and not self.on_delete:
            self.current = self.update
        if updated >= self.wanted - partition:
            self.succeeded.setdefault(self.history.numbers[self.update], at(self.clock))

    def _say(self, *, deleted: bool = False) -> None:
        self.clock += 1
        self._conclude()
        updated = sum(image == self.update for image, _ in self.pods)
        ready = sum(ready for _, ready in self.pods)
        self.stream.append(
            statefulsets.seen(
                self.clock,
                gen=(self.generation, self.observed),
                update=self.update,
                current=self.current,
                counts=(updated, len(self.pods), ready, ready),
                wanted=self.wanted,
                rs=tuple(self._revision(image) for image in self.history.numbers),
                partition=self.partition,
                strategy="OnDelete" if self.on_delete else "RollingUpdate",
                created_at=at(0),
                deleted=deleted,
            )
        )

    def _revision(self, image: str) -> Revision:
        return statefulsets.revision(self.history.numbers[image], image, created=self.history.created[image])


@dataclass
class DaemonSet:
    """A DaemonSet, its controller and the pods on its nodes."""

    image: str = "a"
    nodes: int = 2
    on_delete: bool = False
    number: int = 1
    generation: int = 1
    observed: int = 0
    clock: float = 0.0
    taken: str = ""
    history: History = field(default_factory=History)
    pods: list[tuple[str, bool]] = field(default_factory=list)
    stream: list[Observation] = field(default_factory=list)
    succeeded: dict[int, datetime] = field(default_factory=dict)
    gone: bool = False

    def edit(self, image: str) -> None:
        """A new template, which the API server numbers at once."""
        if image != self.image:
            self.image = image
            self.number += 1
            self.generation += 1
            self._say()

    def scale(self, nodes: int) -> None:
        """Nodes come or go, and their pods with them."""
        self.nodes = nodes
        del self.pods[nodes:]
        self._say()

    def keep(self, on_delete: bool) -> None:
        """The other strategy."""
        if on_delete != self.on_delete:
            self.on_delete = on_delete
            self.generation += 1
            self._say()

    def sync(self) -> None:
        """The controller catches up."""
        self.history.take(self.image, self.clock + 1)
        self.taken = self.image
        self.observed = self.generation
        self._say()

    def work(self) -> None:
        """One step: a pod ready, a pod made, or an old pod replaced."""
        if self.observed != self.generation:
            return
        unready = [i for i, pod in enumerate(self.pods) if not pod[1]]
        old = [i for i, pod in enumerate(self.pods) if pod[0] != self.taken]
        if unready:
            self.pods[unready[0]] = (self.pods[unready[0]][0], True)
        elif len(self.pods) < self.nodes:
            self.pods.append((self.taken, False))
        elif old and not self.on_delete:
            self.pods[old[0]] = (self.taken, False)
        self._say()

    def drop(self) -> None:
        """Somebody deletes a pod."""
        if self.pods and self.observed == self.generation:
            self.pods[0] = (self.taken, False)
            self._say()

    def flap(self) -> None:
        """A pod becomes unready for a moment."""
        if self.pods:
            self.pods[-1] = (self.pods[-1][0], False)
            self._say()

    def wait(self) -> None:
        """Longer than anybody's patience."""
        self.clock += 700
        self._say()

    def delete(self) -> None:
        """The object is gone."""
        if not self.gone:
            self._say(deleted=True)
            self.gone = True

    def finish(self) -> None:
        """Whatever was going on comes to its end."""
        self.keep(False)
        self.sync()
        for _ in range(30):
            self.work()

    def _say(self, *, deleted: bool = False) -> None:
        self.clock += 1
        updated = sum(image == self.taken for image, _ in self.pods)
        ready = sum(ready for _, ready in self.pods)
        if self.observed == self.generation and updated >= self.nodes and ready >= self.nodes:
            self.succeeded.setdefault(self.number, at(self.clock))
        self.stream.append(
            daemonsets.seen(
                self.clock,
                gen=(self.generation, self.observed),
                rev=self.number,
                hash_=self.image,
                counts=(updated, ready, ready),
                wanted=self.nodes,
                rs=tuple(self._revision(image) for image in self.history.numbers),
                strategy="OnDelete" if self.on_delete else "RollingUpdate",
                created_at=at(0),
                deleted=deleted,
            )
        )

    def _revision(self, image: str) -> Revision:
        return daemonsets.revision(self.history.numbers[image], image, created=self.history.created[image])


@dataclass
class Job:
    """A Job, its controller and its pod."""

    completions: int = 2
    status: JobStatus = field(default_factory=lambda: JobStatus(completions=2, backoff_limit=1))
    ready: int = 0
    suspended: bool = False
    clock: float = 0.0
    conditions: tuple[Condition, ...] = ()
    stream: list[Observation] = field(default_factory=list)
    succeeded: dict[int, datetime] = field(default_factory=dict)
    gone: bool = False

    def suspend(self, suspended: bool) -> None:
        """Suspended, which takes its pods, or resumed, which starts its clock anew."""
        if suspended == self.suspended or self._is_over():
            return
        self.suspended, self.ready = suspended, 0
        started_at = None if suspended else at(self.clock)
        self.status = replace(self.status, active=0, started_at=started_at)
        self._say()

    def sync(self) -> None:
        """The controller counts, announces an ending, and when all pods are gone says it."""
        if self._is_over() or self.suspended:
            return
        if self.status.started_at is None:
            self.status = replace(self.status, started_at=at(self.clock))
        announced = self._announced()
        if not announced:
            self._say()
        elif any(c.type == announced[0] for c in self.conditions):
            self._end(announced[1])
        else:
            self.conditions = (*self.conditions, jobs.ended(announced[0], when=self.clock))
            self._say()

    def work(self) -> None:
        """A pod is made, becomes ready, and succeeds."""
        if self._is_over() or self.suspended or self._announced():
            return
        if not self.status.active:
            self.status = replace(self.status, active=1)
        elif not self.ready:
            self.ready = 1
        else:
            self.ready = 0
            self.status = replace(self.status, active=0, succeeded=self.status.succeeded + 1)
        self._say()

    def fail(self) -> None:
        """The pod fails."""
        if self.status.active and not self._is_over() and not self._announced():
            self.ready = 0
            self.status = replace(self.status, active=0, failed=self.status.failed + 1)
            self._say()

    def wait(self) -> None:
        """Longer than anybody's patience."""
        self.clock += 700
        self._say()

    def delete(self) -> None:
        """The object is gone, by hand or by its time to live."""
        if not self.gone:
            self._say(deleted=True)
            self.gone = True

    def finish(self) -> None:
        """Whatever was going on comes to its end."""
        self.suspend(False)
        for _ in range(8):
            self.work()
            self.sync()

    def _announced(self) -> tuple[str, str] | None:
        if self.status.succeeded >= self.completions:
            return "SuccessCriteriaMet", "Complete"
        return ("FailureTarget", "Failed") if self.status.failed > self.status.backoff_limit else None

    def _end(self, type_: str) -> None:
        self.conditions = (*self.conditions, jobs.ended(type_, when=self.clock))
        if type_ == "Complete":
            self.succeeded.setdefault(1, at(self.clock))
            self.status = replace(self.status, finished_at=at(self.clock))
        self._say()

    def _is_over(self) -> bool:
        return any(c.type in {"Complete", "Failed"} for c in self.conditions)

    def _say(self, *, deleted: bool = False) -> None:
        self.clock += 1
        self.stream.append(
            jobs.seen(
                self.clock,
                *self.conditions,
                ready=self.ready,
                job=self.status,
                paused=self.suspended,
                created_at=at(0),
                deleted=deleted,
            )
        )
