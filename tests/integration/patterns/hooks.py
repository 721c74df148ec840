"""Where the gate stands in each flow of the catalogue, and how it is put there for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.test import override_settings

from approval_hook import Gate, triggers
from approval_hook.hosts.viewflow.binding import Binding
from approval_hook.hosts.viewflow.injection import eject, inject
from approval_hook.testing import Script
from tests.flows.facts import facts_of
from tests.flows.patterns import bases, basic, branching, cancelling, cycles, ending, instances, state
from tests.flows.patterns import triggers as t
from tests.flows.patterns.catalogue import FLOWS

#: Flows whose protected or acceptance nodes are others than ``decide`` and none.
_SPECIAL: dict[type, tuple[tuple[str, ...], tuple[str, ...]]] = {
    basic.SequenceFlow: (("decide",), ("accept",)),
    basic.ParallelSplitFlow: (("decide",), ("visit",)),
    basic.SynchronizationFlow: (("decide",), ("split",)),
    basic.ExclusiveChoiceFlow: (("decide", "decide_on_promise"), ("review",)),
    basic.SimpleMergeFlow: (("decide",), ("channel",)),
    branching.CancellingDiscriminatorFlow: (("join",), ()),
    branching.LocalMergeFlow: (("decide",), ("district",)),
    branching.ThreadFlow: (("decide",), ("copy",)),
    cycles.ArbitraryCyclesFlow: (("decide",), ("prepare",)),
    cycles.RecursionFlow: (("decide",), ("visit",)),
    instances.DesignTimeInstancesFlow: (("decide",), ("inspect",)),
    instances.OpenEndedInstancesFlow: (("decide",), ("ask",)),
    instances.RunTimeInstancesFlow: (("end",), ("draw",)),
    state.DeferredPageFlow: (("decide",), ("accept",)),
    state.DeferredReviewFlow: (("decide",), ("race",)),
    state.InterleavedParallelFlow: (("turn",), ()),
    state.MilestoneFlow: (("decide",), ("published",)),
    cancelling.CancelTaskFlow: (("decide",), ("visit",)),
    cancelling.CancelCaseFlow: (("decide",), ("accept",)),
    t.ReminderFlow: (("decide",), ("accept",)),
    t.TimerDecisionFlow: (("decide",), ("accept",)),
    t.TimerFlow: (("wait",), ("publish",)),
    t.TransientTriggerFlow: (("session",), ()),
    ending.HandedOnFlow: (("decide", "decide_alone", "record"), ("large",)),
    ending.CompensationFlow: (("decide", "undo_all"), ("reserve",)),
    ending.EscalationFlow: (("decide", "discuss"), ("survey",)),
    bases.CateringFlow: (("decide",), ("accept",)),
    bases.SeveralStartsFlow: (("decide",), ("accept",)),
}


def gate_of(flow_class: type) -> Gate:
    """The gate of a flow of the catalogue."""
    protects, accepts = _SPECIAL.get(flow_class, (("decide",), ()))
    return Gate("food-business", facts_of, protects, accepts)


@contextmanager
def gated(flow_class: Any, *, database: bool = True) -> Iterator[Binding]:
    """Have the gate in a flow, and unless told otherwise in the database, for the time being."""
    binding = inject(flow_class, gate_of(flow_class))
    try:
        if database:
            triggers.install()
        yield binding
    finally:
        eject(flow_class)
        if database:
            triggers.install()


@contextmanager
def scripted(*, remote: bool) -> Iterator[Script]:
    """Answer every credit query from a script for the time being."""
    script = Script()
    real = settings.APPROVAL_HOOK
    options = {"script": script, "remote": remote}
    platform = {"BACKEND": "approval_hook.testing.ScriptedPlatform", "OPTIONS": options}
    with override_settings(APPROVAL_HOOK={**real, "PLATFORMS": {**real["PLATFORMS"], "province": platform}}):
        yield script


__all__ = ["FLOWS", "gate_of", "gated", "scripted"]
