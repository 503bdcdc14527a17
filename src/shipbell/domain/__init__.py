"""What a rollout is: values and rules, standard library only, no I/O and no clock.

Read `rollout` first (the words), then `observation` (what sources say), then `stepping` (how one leads to
the other). A kind of workload is one module of rules: `deployment` is the first.
"""

from shipbell.domain.observation import (
    Condition,
    Container,
    Observation,
    Pod,
    PodsObservation,
    PodTrouble,
    Revision,
    Template,
)
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
