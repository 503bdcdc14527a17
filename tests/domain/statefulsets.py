"""A StatefulSet of the tests: says what the API server would say, in the fewest words."""

from dataclasses import replace

from shipbell.domain import Observation, Revision, Workload
from tests.domain.deployments import Story, at, template

DB = Workload(cluster="apps", namespace="shop", kind="StatefulSet", name="db", uid="uid-db")


def revision(number: int, name: str, *, created: float = 0, image: str = "") -> Revision:
    """A ControllerRevision of the StatefulSet; its pods are known by its name."""
    return Revision(
        number=number,
        name=f"db-{name}",
        hash=f"db-{name}",
        uid=f"cr-{name}",
        created_at=at(created),
        template=template(image or f"reg.example/shop/db:{name}"),
    )


A = revision(1, "aaa", created=-3000)
B = revision(2, "bbb", created=5)
C = revision(3, "ccc", created=50)
BOTH = (A, B)


def seen(
    when: float,
    *,
    gen: tuple[int, int] = (1, 1),
    update: str = "aaa",
    current: str = "aaa",
    counts: tuple[int, int, int, int] = (3, 3, 3, 3),
    wanted: int = 3,
    rs: tuple[Revision, ...] | None = None,
    **fields: object,
) -> Observation:
    """An observation `when` seconds after noon; `counts` are updated, total, ready, available."""
    updated, total, ready, available = counts
    made = Observation(
        workload=DB,
        resource_version=1000 + int(when * 10),
        at=at(when),
        created_at=at(-3600),
        generation=gen[0],
        observed_generation=gen[1],
        revision=None,
        update_revision=f"db-{update}" if update else "",
        current_revision=f"db-{current}" if current else "",
        wanted=wanted,
        updated=updated,
        total=total,
        ready=ready,
        available=available,
        template=template(f"reg.example/shop/db:{update}"),
        revisions=rs,
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # the tests name only true fields


def running(**fields: object) -> Story:
    """A StatefulSet that ran revision A whole when Shipbell first looked."""
    return Story().baseline(seen(0, **fields))  # type: ignore[arg-type]  # the tests name only true fields


def upgrading(**fields: object) -> Story:
    """The same, as its controller takes up revision B."""
    changed = seen(6, gen=(2, 2), update="bbb", counts=(0, 3, 3, 3), rs=BOTH)
    return running().sees(replace(changed, **fields))  # type: ignore[arg-type]  # only true fields
