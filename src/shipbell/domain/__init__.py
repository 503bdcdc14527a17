"""What a rollout is: values and rules, standard library only, no I/O and no clock.

Read `rollout` first (the words), then `observation` (what sources say), then `stepping` (how one leads to
the other). A kind of workload is one module of rules, such as `deployment`, and one row in `rules`.
"""

from shipbell.domain.observation import (
    Condition,
    Container,
    JobStatus,
    Observation,
    Owner,
    Revision,
    Template,
)
from shipbell.domain.pods import Event, LogRequest, Pod, PodsObservation, PodTrouble
from shipbell.domain.policy import Policy
from shipbell.domain.rollout import (
    Diagnosis,
    Identity,
    ImageChange,
    Memory,
    Rollout,
    RolloutKind,
    State,
    Transition,
    TransitionKind,
    rollout_id,
)
from shipbell.domain.telling import Detail, Part
from shipbell.domain.workload import Workload

__all__ = [
    "Workload",
    "Observation",
    "Condition",
    "Container",
    "Template",
    "Revision",
    "Pod",
    "PodTrouble",
    "PodsObservation",
    "Event",
    "LogRequest",
    "JobStatus",
    "Owner",
    "Identity",
    "Rollout",
    "RolloutKind",
    "State",
    "Transition",
    "TransitionKind",
    "Diagnosis",
    "ImageChange",
    "Memory",
    "Policy",
    "Part",
    "Detail",
    "rollout_id",
]
