"""Whatever a platform does, its adapter says "no record" only where the platform's own register says so.

Every shipped adapter, over real HTTP, against registers and faults that hypothesis draws.
"""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adapters
from adapters.appkey import AppKeyPlatform
from adapters.gateway import GatewayPlatform
from adapters.joint_reward import JointRewardPlatform
from adapters.platform import HttpPlatform
from adapters.simulator import Fault, FaultKind, SimulatedRecord, SimulatedSubject, Simulator
from adapters.simulator.faults import HARMLESS
from adapters.simulator.shapes import Shape
from adapters.simulator.shapes.appkey import AppKeyShape
from adapters.simulator.shapes.gateway import PAGE_ROWS, GatewayShape
from adapters.simulator.shapes.joint_reward import JointRewardShape
from adapters.simulator.shapes.message_gateway import MessageGatewayShape
from adapters.simulator.shapes.sealed_gateway import SealedGatewayShape
from approval_hook.errors import PlatformError
from approval_hook.policy.records import CreditReport, MatchGrade, QueryStatus
from approval_hook.policy.subjects import Subject, organisation, person
from approval_hook.policy.synthetic import synthetic_firm_name, synthetic_resident_id, synthetic_uscc
from approval_hook.testing import make_query
from tests.contract.conftest import SECONDS, message_gateway, row, sealed_gateway

EXAMPLES = 2_000 if os.environ.get("LONG") == "1" else 25
ON = date(2026, 10, 1)

#: Faults that show only in that time runs out, so that little of it is given to them.
TIMED = frozenset({FaultKind.SLOW, FaultKind.DRIP, FaultKind.DRIP_HEAD, FaultKind.HANG})

Make = Callable[[Simulator], HttpPlatform]
ADAPTERS: dict[str, tuple[type[Shape], Make]] = {
    "gateway": (GatewayShape, lambda s: GatewayPlatform("it", s.url, s.paasid, s.token)),
    "appkey": (AppKeyShape, lambda s: AppKeyPlatform("it", s.url, s.paasid, s.token)),
    "joint_reward": (JointRewardShape, lambda s: JointRewardPlatform("it", s.url, s.paasid, s.token)),
    "sealed_gateway": (SealedGatewayShape, lambda s: sealed_gateway(s.url, s.paasid, s.token, s.keys)),
    "message_gateway": (MessageGatewayShape, lambda s: message_gateway(s.url, s.paasid, s.token, s.keys)),
}
#: Shapes that are asked about organisations alone.
ORGANISATIONS_ONLY = (AppKeyShape, JointRewardShape)


@dataclass(frozen=True)
class Scene:
    """One register and one way to misbehave, for a question about ``subject``."""

    subject: Subject
    known: bool
    own: tuple[SimulatedRecord, ...]  # rows that are the subject's, or may be
    others: tuple[SimulatedRecord, ...]  # rows of a firm of the same or a longer name
    tail: str  # what the longer name ends with
    fault: Fault | None

    @property
    def clean(self) -> bool:
        """What the register itself says."""
        return self.known and not self.own


@st.composite
def scenes(draw: st.DrawFn, shape: type[Shape]) -> Scene:
    """Registers with and without rows, subjects known and unknown, every fault that the shape can show."""
    rng = random.Random(draw(st.integers(0, 10_000)))  # noqa: S311 - invents subjects, not secrets
    if draw(st.booleans()) or shape in ORGANISATIONS_ONLY:
        subject = organisation(synthetic_firm_name(rng), synthetic_uscc(rng), on=ON)
    else:
        subject = person("陈示例", synthetic_resident_id(rng, born_on=date(1990, 1, 1)), on=ON)
    number = subject.identifiers[0].number
    shown = st.sampled_from([number, "", number[:6] + "*" * 8 + number[14:]])
    many = draw(st.sampled_from([0, 0, 0, 1, 3, PAGE_ROWS + 2]))
    own = tuple(row(f"R-{n}", id_number=draw(shown)) for n in range(many))
    kinds = [None, *(kind for kind in FaultKind if not shape.cannot_show(kind))]
    kind = draw(st.sampled_from(kinds))
    fault = None
    if kind is not None:
        fault = Fault(
            kind,
            seconds=SECONDS.get(kind.value, 1.0),
            retry_after=60,
            probability=draw(st.sampled_from([1.0, 1.0, 0.5])),
            path=draw(st.sampled_from([None, *shape.paths])),
        )
    return Scene(
        subject=subject,
        known=draw(st.sampled_from([True, True, True, False])),
        own=own,
        others=tuple(row(f"N-{n}") for n in range(draw(st.sampled_from([0, 0, 1, 2])))),
        tail=draw(st.sampled_from(["", "天河分公司"])),
        fault=fault,
    )


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    """One simulator inside this process, for every example."""
    with Simulator(seed=1) as simulator:
        yield simulator


def is_sure(fault: Fault | None, shape: type[Shape]) -> bool:
    """Whether a fault strikes the reply with the rows, which is that of the last path, and does harm."""
    if fault is None or fault.probability < 1.0 or fault.path not in (None, shape.paths[-1]):
        return False
    return fault.kind is FaultKind.SLOW or fault.kind not in HARMLESS


def outcome(running: Simulator, platform: HttpPlatform, scene: Scene) -> CreditReport | PlatformError:
    """Set the scene and ask."""
    running.register.reset()
    running.faults.clear()
    running.ledger.clear()
    namesake = organisation(scene.subject.name + scene.tail, "93441900MA5FKAEH45", on=ON)
    running.register.put(SimulatedSubject.of(namesake, *scene.others))
    if scene.known:
        running.register.put(SimulatedSubject.of(scene.subject, *scene.own))
    if scene.fault is not None:
        running.faults.add(scene.fault)
    timed = scene.fault is not None and scene.fault.kind in TIMED
    try:
        return platform.query(make_query(scene.subject, "never-clean"), timeout=0.3 if timed else 10)
    except PlatformError as error:
        return error


def concrete(kind: type[HttpPlatform]) -> Iterator[type[HttpPlatform]]:
    """Every class below that can be made, however far below."""
    for below in kind.__subclasses__():
        if not inspect.isabstract(below):
            yield below
        yield from concrete(below)


def test_every_shipped_adapter_is_here() -> None:
    """Whoever adds an adapter over HTTP adds it to this test."""
    for module in pkgutil.iter_modules(adapters.__path__, "adapters."):
        importlib.import_module(module.name)
    shipped = {c.__module__ for c in concrete(HttpPlatform) if c.__module__.startswith("adapters.")}
    assert shipped == {f"adapters.{name}" for name in ADAPTERS}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_never_clean_unless_the_register_says_so(running: Simulator, adapter: str) -> None:
    """OK is complete: every row of the subject, and none only where there is none; a sure fault is never OK."""
    shape, make = ADAPTERS[adapter]
    platform = make(running)

    @settings(max_examples=EXAMPLES, deadline=None, database=None)
    @given(scene=scenes(shape))
    def check(scene: Scene) -> None:
        answer = outcome(running, platform, scene)
        ok = isinstance(answer, CreditReport) and answer.status is QueryStatus.OK
        if scene.fault is None:
            assert ok is scene.known
        if is_sure(scene.fault, shape):
            assert not ok, f"{scene.fault} was taken for an answer"
        if isinstance(answer, CreditReport) and ok:
            assert answer.records or scene.clean
            own = {r.record_id for r in scene.own}
            assert {r.record_id for r in answer.records} >= own
            assert {r.record_id for r in answer.records if r.match is MatchGrade.EXACT} <= own

    check()
    platform.close()


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_clean_register_can_be_told(running: Simulator, adapter: str) -> None:
    """The property above is not kept by never saying "no record" at all."""
    _, make = ADAPTERS[adapter]
    platform = make(running)
    firm = organisation("广州示例乙商贸有限公司", "91440300MA5FKAEH40", on=ON)
    answer = outcome(running, platform, Scene(firm, True, (), (row("N-1"),), "", None))
    assert isinstance(answer, CreditReport)
    assert (answer.status, answer.records) == (QueryStatus.OK, ())
    platform.close()
