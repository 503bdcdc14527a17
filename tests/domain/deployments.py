"""A Deployment of the tests: says what the API server would say, in the fewest words."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from shipbell.domain import (
    Condition,
    Container,
    Memory,
    Observation,
    Pod,
    PodsObservation,
    PodTrouble,
    Policy,
    Revision,
    Rollout,
    Template,
    Transition,
    Workload,
)
from shipbell.domain.stepping import Setting, Step, see_pods, step, tick, vanish

NOON = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
WEB = Workload(cluster="apps", namespace="shop", kind="Deployment", name="web", uid="uid-1")


def at(seconds: float) -> datetime:
    """A moment, in seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def template(image: str) -> Template:
    """A pod template with one container; its digest follows from the image alone."""
    return Template(containers=(Container(name="web", image=image),), spec_digest=f"digest of {image}")


def revision(number: int, hash_: str, *, created: float = 0, image: str = "", **fields: object) -> Revision:
    """A ReplicaSet of the Deployment."""
    made = Revision(
        number=number,
        name=f"web-{hash_}",
        hash=hash_,
        uid=f"rs-{hash_}",
        created_at=at(created),
        template=template(image or f"reg.example/shop/web:{hash_}"),
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # the tests name only true fields


def condition(reason: str, hash_: str, when: float, status: str = "True") -> Condition:
    """The Progressing condition, naming a ReplicaSet as the controller does."""
    return Condition(
        type="Progressing",
        status=status,
        reason=reason,
        message=f'ReplicaSet "web-{hash_}" says {reason}.',
        last_update=at(when),
    )


def refused(hash_: str, when: float) -> Condition:
    """The ReplicaFailure condition of a quota."""
    message = f'pods "web-{hash_}-x7k2p" is forbidden: exceeded quota: small'
    return Condition(
        type="ReplicaFailure", status="True", reason="FailedCreate", message=message, last_update=at(when)
    )


def pod(name: str, hash_: str, *, ready: bool = False, trouble: PodTrouble | None = None) -> Pod:
    """A pod of the Deployment, of the ReplicaSet with that hash."""
    return Pod(name=f"web-{hash_}-{name}", hash=hash_, ready=ready, created_at=at(5), trouble=trouble)


def seen(
    when: float,
    *,
    gen: tuple[int, int] = (1, 1),
    rev: int | None = 1,
    counts: tuple[int, int, int, int] = (2, 2, 2, 2),
    wanted: int = 2,
    rs: tuple[Revision, ...] | None = None,
    **fields: object,
) -> Observation:
    """An observation `when` seconds after noon; `counts` are updated, total, ready, available."""
    updated, total, ready, available = counts
    made = Observation(
        workload=WEB,
        resource_version=1000 + int(when * 10),
        at=at(when),
        created_at=at(-3600),
        generation=gen[0],
        observed_generation=gen[1],
        revision=rev,
        wanted=wanted,
        updated=updated,
        total=total,
        ready=ready,
        available=available,
        deadline=timedelta(minutes=10),
        template=next((r.template for r in (*(rs or ()), B, C) if r.number == rev), A.template),
        revisions=rs,
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # the tests name only true fields


def _no_pods(observation: Observation) -> PodsObservation:
    """What ingest reads of a workload whose pods are gone."""
    return PodsObservation(workload=observation.workload, resource_version=0, at=observation.at, pods=())


@dataclass
class Story:
    """Feeds observations one after the other, as ingest would, and keeps what came of them."""

    memory: Memory | None = None
    policy: Policy = field(default_factory=Policy)
    rollouts: dict[object, Rollout] = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)
    last: Step | None = None

    def baseline(self, observation: Observation) -> "Story":
        """The observation of the first list of all."""
        return self._take(
            step(self.memory, observation, self._setting(observation.at, baseline=True, continuous=False))
        )

    def sees(self, *observations: Observation, continuous: bool = True, recreated: bool = False) -> "Story":
        """Observations of an unbroken watch, unless said otherwise."""
        for observation in observations:
            setting = self._setting(observation.at, continuous=continuous, recreated=recreated)
            taken = step(self.memory, observation, setting)
            if taken.needs_pods:
                taken = step(self.memory, replace(observation, pods=_no_pods(observation)), setting)
            self._take(taken)
        return self

    def waits_until(self, when: float) -> "Story":
        """Lets time pass, and nothing else happen."""
        assert self.memory is not None
        return self._take(tick(self.memory, self._setting(at(when))))

    def sees_pods(self, when: float, *pods: Pod) -> "Story":
        """A look at all its pods."""
        assert self.memory is not None
        version = 1000 + int(when * 10)
        looked = PodsObservation(
            workload=self.memory.workload, resource_version=version, at=at(when), pods=pods
        )
        return self._take(see_pods(self.memory, looked, self._setting(at(when))))

    def misses(self, when: float, resource_version: int = 10**9) -> "Story":
        """A complete list without the workload."""
        assert self.memory is not None
        return self._take(vanish(self.memory, resource_version, self._setting(at(when))))

    @property
    def states(self) -> list[str]:
        """The state of every rollout, in the order in which they began."""
        return [rollout.state.value for rollout in self.rollouts.values()]

    @property
    def told(self) -> list[str]:
        """What happened, in order."""
        return [transition.kind.value for transition in self.transitions]

    @property
    def newest(self) -> Rollout:
        """The rollout that began last."""
        return list(self.rollouts.values())[-1]

    def _take(self, taken: Step) -> "Story":
        self.last, self.memory = taken, taken.memory
        for rollout in taken.rollouts:
            assert rollout.version > getattr(self.rollouts.get(rollout.id), "version", 0)
            self.rollouts[rollout.id] = rollout
        self.transitions.extend(taken.transitions)
        return self

    def _setting(
        self, now: datetime, *, baseline: bool = False, continuous: bool = True, recreated: bool = False
    ) -> Setting:
        return Setting(
            now=now, policy=self.policy, baseline=baseline, continuous=continuous, recreated=recreated
        )


A = revision(1, "aaa", created=-3000)
B = revision(2, "bbb", created=5)
C = revision(3, "ccc", created=8)


def running() -> Story:
    """A Deployment that ran revision 1 whole when Shipbell first looked."""
    return Story().baseline(seen(0, rs=(A,)))


def upgrading() -> Story:
    """The same, four seconds into revision 2."""
    return running().sees(
        seen(5, gen=(2, 1)),
        seen(5.1, gen=(2, 1), rev=2),
        seen(5.2, gen=(2, 2), rev=2, counts=(0, 2, 2, 2), rs=(A, B)),
    )
