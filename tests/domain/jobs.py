"""A Job of the tests: says what the API server would say, in the fewest words."""

from dataclasses import replace

from shipbell.domain import Condition, JobStatus, Memory, Observation, Owner, Workload
from shipbell.domain.stepping import Step
from tests.domain.deployments import Story, at, template

MIGRATE = Workload(cluster="apps", namespace="shop", kind="Job", name="migrate", uid="uid-job")
NIGHTLY = Owner(kind="CronJob", name="nightly", uid="uid-cron")


def status(**fields: object) -> JobStatus:
    """A Job of one completion that runs."""
    made = JobStatus(completions=1, backoff_limit=2, started_at=at(1), active=1)
    return replace(made, **fields)  # type: ignore[arg-type]  # the tests name only true fields


def ended(type_: str, reason: str = "", when: float = 30, message: str = "") -> Condition:
    """A condition that ends it, or announces that."""
    return Condition(type=type_, status="True", reason=reason, message=message, last_update=at(when))


COMPLETE = ended("Complete", "CompletionsReached")
EXHAUSTED = ended("Failed", "BackoffLimitExceeded", message="Job has reached the specified backoff limit")


def seen(when: float, *conditions: Condition, ready: int = 0, **fields: object) -> Observation:
    """An observation `when` seconds after noon; it was created at noon."""
    made = Observation(
        workload=MIGRATE,
        resource_version=1000 + int(when * 10),
        at=at(when),
        created_at=at(0),
        generation=1,
        observed_generation=1,
        revision=1,
        wanted=1,
        ready=ready,
        available=ready,
        conditions=conditions,
        job=status(),
        template=template("reg.example/shop/migrate:7"),
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # the tests name only true fields


def started() -> Story:
    """A Job that was created after the first look."""
    return Story().sees(seen(0.1, job=status(started_at=None, active=0)), seen(1))


def run(number: int, *conditions: Condition, begin: float, end: float) -> Story:
    """One run of a CronJob, from its creation on."""
    workload = replace(MIGRATE, name=f"nightly-{number}", uid=f"uid-job-{number}")
    begun = replace(
        seen(begin, job=status(started_at=at(begin))),
        workload=workload,
        owner=NIGHTLY,
        created_at=at(begin),
    )
    over = seen(end, *conditions, job=status(started_at=at(begin), active=0))
    return Story().sees(begun, replace(over, workload=workload, owner=NIGHTLY, created_at=at(begin)))


def taken(story: Story, step: Step) -> Memory:
    """What a step leaves behind, kept in the story of its CronJob."""
    story.memory = step.memory
    for rollout in step.rollouts:
        assert rollout.version > getattr(story.rollouts.get(rollout.id), "version", 0)
        story.rollouts[rollout.id] = rollout
    story.transitions.extend(step.transitions)
    return step.memory
