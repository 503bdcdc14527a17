"""What one look after the other means for a diagnosis: what stays, what goes, and what is read along."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shipbell.domain import (
    Event,
    LogRequest,
    Memory,
    Pod,
    PodsObservation,
    PodTrouble,
    Policy,
    Rollout,
    State,
)
from shipbell.domain.blaming import complain, wants_log
from shipbell.domain.causes import table
from shipbell.domain.redaction import MASK
from shipbell.domain.stepping import Setting, Step, see_pods
from tests.domain.deployments import at, seen
from tests.domain.deployments import refused as refused_by_condition
from tests.domain.diagnoses import OLD, after, event, found, job_rollout, look, rollout, troubled

CRASH = PodTrouble(reason="CrashLoopBackOff", container="web", exit_code=1, restarts=3)
UNREADY = PodTrouble(reason="ContainersNotReady", container="web", since=at(6))
MOUNT = ('MountVolume.SetUp failed for volume "data" : timed out', 8.0)
REFUSED = 'create Pod web-0 in StatefulSet web failed error: pods "web-0" is forbidden: exceeded quota: small'
READS = Policy(read_logs=True)


def taken(begun: Rollout, observation: PodsObservation, policy: Policy = READS) -> Step:
    """The whole step, as ingest takes it."""
    memory = Memory(workload=begun.workload, resource_version=1, identity=begun.identity, rollout=begun)
    return see_pods(memory, observation, Setting(now=observation.at, policy=policy))


def statefulset() -> Rollout:
    begun = rollout()
    return replace(begun, workload=replace(begun.workload, kind="StatefulSet"))


def refusal(when: float) -> Event:
    return replace(event("FailedCreate", REFUSED, when, uid="uid-1"), kind="StatefulSet", name="web")


# Logs


def test_before_a_crash_is_said_its_log_is_asked_for_and_then_told_without_its_secrets() -> None:
    observation = look(10, troubled(CRASH))
    asked = taken(rollout(), observation)
    wanted = LogRequest(pod="web-bbb-1", container="web", previous=True)

    assert asked.wants_log == wanted
    assert not asked.changed

    written = "connecting\npassword=hunter2hunter2\npanic: no database\n"
    told = taken(rollout(), replace(observation, logs={wanted: written})).rollouts[-1]

    assert told.state is State.FAILING
    assert told.diagnosis is not None
    assert told.diagnosis.log == f"connecting\npassword={MASK}\npanic: no database"


def test_a_log_that_cannot_be_read_is_asked_for_once() -> None:
    observation = look(10, troubled(CRASH))
    wanted = taken(rollout(), observation).wants_log
    assert wanted is not None
    failing = taken(rollout(), replace(observation, logs={wanted: ""})).rollouts[-1]

    again = taken(failing, look(20, troubled(replace(CRASH, restarts=4))))

    assert failing.state is State.FAILING
    assert again.wants_log is None


@pytest.mark.parametrize(
    ("trouble", "policy"),
    [
        (CRASH, Policy()),
        (replace(CRASH, restarts=1), READS),
        (PodTrouble(reason="ImagePullBackOff", message="not found", container="web"), READS),
        (PodTrouble(reason="StartError", container="web", exit_code=128, restarts=3), READS),
    ],
    ids=["logs are off", "it is not said yet", "nothing ran", "it never started"],
)
def test_no_log_is_asked_for_that_is_not_allowed_or_explains_nothing(
    trouble: PodTrouble, policy: Policy
) -> None:
    assert taken(rollout(), look(10, troubled(trouble)), policy).wants_log is None


def test_a_container_that_stands_still_after_its_crash_is_read_as_it_is() -> None:
    wanted = wants_log(rollout(), look(10, troubled(replace(CRASH, ended=True))), at(10), READS)

    assert wanted == LogRequest(pod="web-bbb-1", container="web", previous=False)


def test_a_jobs_log_is_wanted_with_its_first_bad_exit_because_it_may_end_with_it() -> None:
    ended = PodTrouble(reason="Error", container="migrate", exit_code=1, ended=True)
    pod = replace(troubled(ended), hash="uid-job")
    wanted = wants_log(job_rollout(backoff_limit=0), look(10, pod), at(10), READS)

    assert wanted == LogRequest(pod="web-bbb-1", container="migrate", previous=False)


def test_a_log_stays_with_its_diagnosis() -> None:
    wanted = LogRequest(pod="web-bbb-1", container="web", previous=True)
    told = after(
        rollout(), look(10, troubled(CRASH), logs={wanted: "panic"}), look(20, troubled(CRASH)), policy=READS
    ).diagnosis

    assert told is not None
    assert told.log == "panic"


def test_a_log_is_kept_when_the_container_crashes_once_more() -> None:
    wanted = LogRequest(pod="web-bbb-1", container="web", previous=True)
    again = replace(CRASH, restarts=CRASH.restarts + 1)
    told = after(
        rollout(), look(10, troubled(CRASH), logs={wanted: "panic"}), look(20, troubled(again)), policy=READS
    ).diagnosis

    assert told is not None
    assert "4 restarts" in told.cause
    assert told.log == "panic"


def test_a_look_that_comes_late_is_judged_by_its_own_time() -> None:
    """Its pods may have healed since, and the next look is about to say so."""
    early = PodTrouble(reason="ErrImagePull", message="web:bbb: not found", container="web", image="web:bbb")
    memory = taken(rollout(), look(10, troubled(early))).memory
    late = see_pods(memory, look(15, troubled(early)), Setting(now=at(500), policy=READS))

    assert [r.state for r in late.rollouts] in ([], [State.STARTED])


# Events


def test_warnings_are_told_once_each_with_how_often_they_came() -> None:
    pods = [troubled(CRASH, str(number)) for number in range(3)]
    backing_off = [
        event(
            "BackOff",
            f"Back-off restarting failed container web in pod {pod.name}",
            8 + n,
            about=pod,
            count=2,
        )
        for n, pod in enumerate(pods)
    ]
    ordinary = event("LeaderElection", "became leader", 9, warning=False)
    told = found(*pods, events=(*backing_off, ordinary))

    assert told is not None
    assert told.events == ("BackOff (6x): Back-off restarting failed container web in pod web-bbb-2",)


def test_of_many_warnings_the_last_five_are_told_without_their_secrets() -> None:
    many = tuple(event(f"Reason{chr(65 + n)}", "token=abcdefgh12345678", 8 + n) for n in range(8))
    told = found(troubled(CRASH), events=many, when=30)

    assert told is not None
    assert told.events == tuple(f"Reason{letter}: token={MASK}" for letter in "DEFGH")


def test_events_of_before_the_rollout_of_other_revisions_and_of_others_are_not_told() -> None:
    old = troubled(None, hash_=OLD, ready=True)
    events = (
        event("BackOff", "before", 2),
        event("BackOff", "of the old revision", 9, about=old),
        replace(event("BackOff", "of somebody else", 9, uid="somebody"), name="web-api-1"),
        replace(event("Evicted", "gone, but ours", 9, uid="gone"), name="web-bbb-gone"),
    )
    told = found(troubled(CRASH), old, events=events)

    assert told is not None
    assert told.events == ("Evicted: gone, but ours",)


def test_a_pod_of_a_statefulset_that_is_gone_is_nobodys_for_its_name_comes_back() -> None:
    gone = replace(event("Evicted", "gone", 9, uid="gone"), name="web-0")
    told = found(troubled(CRASH), events=(gone,), begun=statefulset())

    assert told is not None
    assert told.events == ()


def test_repetitions_are_no_news() -> None:
    def unhealthy(when: float, count: int) -> Event:
        return event(
            "Unhealthy", f"Readiness probe failed: attempt {count}", when, container="web", count=count
        )

    begun = after(rollout(), look(200, troubled(UNREADY), events=(unhealthy(200, 20),)))
    first = begun.diagnosis
    told = after(begun, look(210, troubled(UNREADY), events=(unhealthy(210, 21),))).diagnosis

    assert first is not None
    assert told is not None
    assert told.events == first.events


def test_a_look_without_events_takes_nothing_back_that_only_events_say() -> None:
    creating = troubled(None)
    probe = event("Unhealthy", "Readiness probe failed: refused", 100, container="web")
    mounted = after(rollout(), look(10, creating, events=(event("FailedMount", *MOUNT),)))
    unready = after(rollout(), look(110, troubled(UNREADY), events=(probe,)))

    assert after(mounted, look(70, creating, events=None)).diagnosis == mounted.diagnosis
    assert after(unready, look(130, troubled(UNREADY), events=None)).diagnosis == unready.diagnosis


def test_a_volume_that_has_come_is_no_cause_any_more() -> None:
    mounted = after(rollout(), look(10, troubled(None), events=(event("FailedMount", *MOUNT),)))
    assert mounted.diagnosis is not None

    events = (event("FailedMount", *MOUNT),)
    assert after(mounted, look(20, troubled(UNREADY), events=events)).diagnosis is None
    assert after(mounted, look(20, troubled(None, ready=True), events=events)).diagnosis is None


# Refusals


def test_refused_pods_of_kinds_without_a_condition_are_told_by_events_after_20_seconds() -> None:
    begun = after(statefulset(), look(10, events=(refusal(10),)))

    assert begun.diagnosis is not None
    assert begun.diagnosis.cause == "Pods cannot be created: exceeded quota: small"
    assert begun.diagnosis.say_at == at(30)
    assert begun.diagnosis.next_step.endswith("kubectl -n shop describe quota")
    assert after(begun, look(20, events=(refusal(20),))).diagnosis == begun.diagnosis


def test_a_refusal_told_by_events_stands_until_a_pod_was_created_after_it() -> None:
    begun = after(statefulset(), look(10, events=(refusal(10),)))
    created = replace(troubled(None), created_at=at(15))

    assert complain(begun, seen(12), Policy()).diagnosis == begun.diagnosis
    assert after(begun, look(12, events=None)).diagnosis == begun.diagnosis
    assert after(begun, look(16, created, events=(refusal(10),))).diagnosis is None


def test_a_refusal_goes_before_a_cause_that_is_not_said_yet() -> None:
    first_crash = replace(troubled(replace(CRASH, restarts=0)), created_at=at(6))
    told = after(statefulset(), look(10, first_crash, events=(refusal(10),))).diagnosis

    assert told is not None
    assert told.reason == "FailedCreate"


def test_a_refusal_and_a_slow_start_do_not_take_turns() -> None:
    halved = seen(70, conditions=(refused_by_condition("bbb", 6),))
    slow = (troubled(UNREADY), troubled(None, hash_=OLD, ready=True))
    begun = complain(rollout(), halved, Policy())
    assert begun.diagnosis is not None
    assert begun.diagnosis.cause == "Pods refused: exceeded quota: small"

    for when in (80, 90):
        begun = complain(after(begun, look(when, *slow)), halved, Policy())
        assert begun.diagnosis is not None
        assert begun.diagnosis.reason == "FailedCreate"


# Which cause


def test_a_cause_that_may_be_said_goes_before_one_that_more_pods_have() -> None:
    stuck = PodTrouble(reason="Unschedulable", message="0/3 nodes are available: 3 Insufficient cpu.")
    told = found(troubled(stuck, "1"), troubled(stuck, "2"), troubled(CRASH, "3"))

    assert told is not None
    assert told.cause.startswith("Container web exits 1")


def test_of_what_may_be_said_the_most_common_is_told() -> None:
    image = PodTrouble(reason="ImagePullBackOff", message="not found", container="web", image="web:2")
    told = found(troubled(image, "1"), troubled(CRASH, "2"), troubled(CRASH, "3"))

    assert told is not None
    assert told.cause == "Container web exits 1, 3 restarts (2 of 3 new pods)"


def test_of_equal_causes_the_one_that_is_known_stays() -> None:
    slow = PodTrouble(reason="ContainersNotInitialized", container="web", since=at(6))
    pods = (troubled(slow), troubled(replace(slow, container="proxy", since=None), "2"))
    first = after(rollout(), look(10, *pods))

    assert after(first, look(10, *pods)) == first


def test_a_pod_that_is_evicted_does_not_replace_the_cause_that_was_said() -> None:
    failing = replace(after(rollout(), look(10, troubled(CRASH))), state=State.FAILING)
    evicted = PodTrouble(reason="EvictionByEvictionAPI")

    told = after(failing, look(12, troubled(evicted))).diagnosis

    assert told is not None
    assert told.reason == "CrashLoopBackOff"


def test_fewer_ready_pods_take_the_calm_away_from_a_failing_rollout() -> None:
    failing = replace(after(rollout(), look(10, troubled(CRASH))), state=State.FAILING)
    calm = after(failing, look(20, troubled(None, ready=True)))
    assert calm.diagnosis is not None
    assert calm.diagnosis.calm_since == at(20)

    told = after(calm, look(25, troubled(None))).diagnosis

    assert told is not None
    assert told.calm_since is None


def test_an_image_that_came_is_not_followed_by_a_complaint_about_a_slow_start() -> None:
    image = PodTrouble(reason="ImagePullBackOff", message="not found", container="web", image="web:2")
    failing = replace(after(rollout(), look(10, troubled(image))), state=State.FAILING)

    told = after(failing, look(20, troubled(replace(UNREADY, since=at(19))))).diagnosis

    assert told is not None
    assert told.reason == "ImagePullBackOff"


# Properties

TROUBLES = st.builds(
    PodTrouble,
    reason=st.sampled_from(sorted({reason for row in table.TABLE for reason in row.reasons} | {"Unknown"})),
    message=st.sampled_from(
        ["", "not found", 'secret "db" not found', "0/3 nodes are available: 3 Insufficient cpu."]
    ),
    container=st.sampled_from(["web", "proxy", ""]),
    init=st.booleans(),
    exit_code=st.sampled_from([None, 0, 1, 137, 139]),
    restarts=st.integers(0, 4),
    ended=st.booleans(),
    since=st.sampled_from([None, at(6), at(100)]),
)


def pods(hash_: str) -> st.SearchStrategy[list[Pod]]:
    def made(troubles: list[PodTrouble | None]) -> list[Pod]:
        return [troubled(trouble, str(number), hash_) for number, trouble in enumerate(troubles)]

    return st.lists(st.none() | TROUBLES, max_size=4).map(made)


def events_about(hash_: str) -> st.SearchStrategy[list[Event]]:
    reasons = st.sampled_from(
        ["Unhealthy", "FailedMount", "FailedAttachVolume", "TriggeredScaleUp", "NodeNotReady", "BackOff"]
    )
    messages = st.sampled_from(["Readiness probe failed: 503", "Liveness probe failed: 500", MOUNT[0]])
    return st.lists(
        st.builds(
            lambda reason, message, when, number: event(
                reason, message, when, about=troubled(None, str(number), hash_), container="web"
            ),
            reasons,
            messages,
            st.integers(6, 300),
            st.integers(0, 3),
        ),
        max_size=4,
    )


@settings(max_examples=60)
@given(pods("bbb"), events_about("bbb"), pods(OLD), events_about(OLD), st.integers(10, 600))
def test_nothing_of_another_revision_ever_changes_the_diagnosis(
    own: list[Pod], about_own: list[Event], others: list[Pod], about_others: list[Event], when: int
) -> None:
    alone = after(rollout(), look(when, *own, events=tuple(about_own)))
    among = after(rollout(), look(when, *others, *own, events=(*about_others, *about_own)))

    assert among.diagnosis == alone.diagnosis


@settings(max_examples=60)
@given(st.lists(st.tuples(pods("bbb"), events_about("bbb") | st.none()), min_size=1, max_size=6))
def test_no_cause_is_said_before_its_patience_is_over(
    looks: list[tuple[list[Pod], list[Event] | None]],
) -> None:
    begun = rollout()
    for number, (own, about) in enumerate(looks):
        observation = look(10 + 60 * number, *own, events=None if about is None else tuple(about))
        before = begun
        begun = taken(begun, observation, Policy()).memory.rollout or begun
        if begun.state is State.FAILING and before.state is not State.FAILING:
            assert begun.diagnosis is not None
            assert begun.diagnosis.say_at is not None
            assert begun.diagnosis.say_at <= observation.at


@given(pods("bbb"), events_about("bbb"), st.integers(10, 300), st.integers(1, 300))
def test_the_same_look_again_moves_nothing_away(
    own: list[Pod], about: list[Event], when: int, later: int
) -> None:
    first = after(rollout(), look(when, *own, events=tuple(about)))
    again = after(first, look(when + later, *own, events=tuple(about)))

    if first.diagnosis is not None and first.diagnosis.say_at is not None:
        assert again.diagnosis is not None
        assert again.diagnosis.say_at is not None
        assert again.diagnosis.say_at <= max(first.diagnosis.say_at, at(when + later))


@given(pods("bbb"), events_about("bbb"), st.integers(10, 600))
def test_a_look_that_brings_nothing_new_changes_nothing(
    own: list[Pod], about: list[Event], when: int
) -> None:
    observation = look(when, *own, events=tuple(about))
    first = after(rollout(), observation)

    assert after(first, observation) == first


@given(TROUBLES, st.sampled_from(["password=hunter2hunter2", "Bearer abcdefgh12345678", "ghp_" + "a1B2" * 9]))
def test_no_secret_in_a_kubelets_words_gets_into_a_diagnosis(trouble: PodTrouble, secret: str) -> None:
    told = found(troubled(replace(trouble, message=f"cannot start: {secret}")), when=900)

    assert secret not in repr(told)


def test_patience_scales_all_waits_alike() -> None:
    stuck = PodTrouble(reason="Unschedulable", message="no node")
    ordered = event("TriggeredScaleUp", "pod triggered scale-up", 10, warning=False)
    quick = after(
        rollout(), look(10, troubled(stuck), events=(ordered,)), policy=Policy(patience=0.01)
    ).diagnosis

    assert quick is not None
    assert quick.say_at == at(10) + timedelta(minutes=15) * 0.01
