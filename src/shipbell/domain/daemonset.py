"""The rules for DaemonSets: a pod on every node that matches, replaced node by node.

Each rule is what the DaemonSet controller does, see
https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/; success is what `kubectl rollout status`
calls success. Nodes come and go, so that how many pods are wanted is the controller's word alone.
"""

from datetime import datetime

from shipbell.domain import histories
from shipbell.domain.observation import Observation, Revision
from shipbell.domain.rollout import Identity, Memory
from shipbell.domain.workload import Workload

reused = histories.reused
counts = histories.counts
failure = histories.failure
refusal = histories.refusal
confirmed_at = histories.confirmed_at
finished_at = histories.finished_at
keeps_time = histories.keeps_time


def believed(observation: Observation) -> bool:
    """Whether the controller has caught up, so that its counts are of this template."""
    return observation.settled


def is_news(observation: Observation, memory: Memory) -> bool:
    """Whether the template's number is another.

    The API server counts templates in an annotation; where it has none, any change of the spec may be one.
    """
    if memory.identity is None:
        return True
    if observation.revision is None:
        return observation.generation != memory.generation
    return observation.revision != memory.identity.number


def bearer(observation: Observation) -> Revision | None:
    """The newest ControllerRevision of this very template; else the newest of all, if it may be of it.

    It may be an older one: the template was changed once more while the ControllerRevisions were read. None
    where the one that it wants is not there yet.
    """
    revisions = observation.revisions or ()
    exact = [r for r in revisions if r.template == observation.template]
    if exact:
        return histories.with_earlier_number(observation, max(exact, key=_age))
    newest = max(revisions, key=_age, default=None)
    if newest is None or newest.template.containers != observation.template.containers:
        return None
    return histories.with_earlier_number(observation, newest)


def identity(observation: Observation, bearer: Revision | None) -> Identity:
    """The template's number, with the ControllerRevision that bears it."""
    if bearer is None:
        return Identity(number=observation.revision or 0)
    number = observation.revision or bearer.number or 0
    return Identity(number=number, hash=bearer.hash, name=bearer.name, uid=bearer.uid)


def speaks_of(observation: Observation, identity: Identity) -> bool:
    """Updated pods are those of the template that the number was given to."""
    return observation.revision is None or observation.revision == identity.number


def underway(observation: Observation) -> bool | None:
    """At first sight: whether pods are being replaced. What waits for people to do so has waited before."""
    if not believed(observation):
        return None
    return observation.updated < observation.wanted and observation.strategy != "OnDelete"


def idle(observation: Observation, bearer: Revision, known: Identity | None) -> bool:
    """Whether a new object adopted pods that already run (`kubectl delete --cascade=orphan`)."""
    return known is None and bearer.created_at < observation.created_at and complete(observation)


def complete(observation: Observation) -> bool:
    """Every node that wants it has an updated pod that is available; where no node does, at once.

    https://kubernetes.io/docs/reference/kubectl/generated/kubectl_rollout/kubectl_rollout_status/
    """
    o = observation
    return o.settled and o.updated >= o.wanted and o.available >= o.wanted


def emptied(observation: Observation, most_wanted: int) -> bool:
    """Nobody scales it: without a matching node there is nothing left to do."""
    return False


def remedy(workload: Workload) -> str:
    """The revision before is still there to go back to."""
    return f"kubectl -n {workload.namespace} rollout undo daemonset/{workload.name}"


def _age(revision: Revision) -> tuple[int, datetime]:
    """Numbers rise; a controller that did not know its own last revision yet may give one twice."""
    return revision.number or 0, revision.created_at
