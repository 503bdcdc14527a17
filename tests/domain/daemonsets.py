"""A DaemonSet of the tests: says what the API server would say, in the fewest words."""

from dataclasses import replace

from shipbell.domain import Observation, Revision, Workload
from tests.domain.deployments import Story, at, template

AGENT = Workload(cluster="apps", namespace="infra", kind="DaemonSet", name="agent", uid="uid-agent")


def revision(number: int, hash_: str, *, created: float = 0) -> Revision:
    """A ControllerRevision of the DaemonSet."""
    return Revision(
        number=number,
        name=f"agent-{hash_}",
        hash=hash_,
        uid=f"cr-{hash_}",
        created_at=at(created),
        template=template(f"reg.example/infra/agent:{hash_}"),
    )


A = revision(1, "aaa", created=-3000)
B = revision(2, "bbb", created=5)
C = revision(3, "ccc", created=50)


def seen(
    when: float,
    *,
    gen: tuple[int, int] = (1, 1),
    rev: int | None = 1,
    hash_: str = "",
    counts: tuple[int, int, int] = (3, 3, 3),
    wanted: int = 3,
    rs: tuple[Revision, ...] | None = None,
    **fields: object,
) -> Observation:
    """An observation `when` seconds after noon; `counts` are updated, ready, available."""
    updated, ready, available = counts
    hash_ = hash_ or {1: "aaa", 2: "bbb", 3: "ccc"}.get(rev or 0, "aaa")
    made = Observation(
        workload=AGENT,
        resource_version=1000 + int(when * 10),
        at=at(when),
        created_at=at(-3600),
        generation=gen[0],
        observed_generation=gen[1],
        revision=rev,
        wanted=wanted,
        updated=updated,
        total=wanted,
        ready=ready,
        available=available,
        template=template(f"reg.example/infra/agent:{hash_}"),
        revisions=rs,
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # the tests name only true fields


def running() -> Story:
    """A DaemonSet that ran revision A on every node when Shipbell first looked."""
    return Story().baseline(seen(0))


def upgrading(**fields: object) -> Story:
    """The same, as its controller takes up revision B."""
    changed = seen(6, gen=(2, 2), rev=2, counts=(0, 3, 3), rs=(A, B))
    return running().sees(replace(changed, **fields))  # type: ignore[arg-type]  # only true fields
