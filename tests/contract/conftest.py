"""One simulator process for the session, set back before each test."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import ClassVar

import pytest

from adapters.appkey import AppKeyPlatform
from adapters.gateway import GatewayPlatform
from adapters.joint_reward import JointRewardPlatform
from adapters.message_gateway import MessageGatewayPlatform
from adapters.platform import HttpPlatform
from adapters.sealed_gateway import SealedGatewayPlatform
from adapters.simulator import ControlClient, Fault, FaultKind, SimulatedRecord, SimulatedSubject
from adapters.simulator.keys import SimulatedKeys, SmKeys
from approval_hook.policy.subjects import Subject, organisation
from approval_hook.testing import PlatformContract, Received

ROOT = Path(__file__).parents[2]

#: What "seconds" has to be for a fault to bite within the contract's deadline.
SECONDS = {"slow": 5.0, "drip": 0.15, "drip_head": 0.15, "clock_skew": 3600.0, "clock_behind": 3600.0}


def row(record_id: str, **changes: str) -> SimulatedRecord:
    """A general row with some fields changed."""
    plain = {"list_type": "penalty", "severity": "2", "title": "行政处罚", "decided_on": "20260105"}
    return SimulatedRecord(record_id, **(plain | changes))


@dataclass(frozen=True)
class RunningSimulator:
    """A simulator process and how to reach it."""

    process: subprocess.Popen[str]
    url: str
    control: ControlClient
    paasid: str
    token: str
    keys: SimulatedKeys

    def platform(self, **options: object) -> GatewayPlatform:
        """A gateway adapter connected to it."""
        return GatewayPlatform("province", self.url, self.paasid, self.token, **options)  # type: ignore[arg-type] # test options

    def appkey(self, **options: object) -> AppKeyPlatform:
        """An adapter for the appKey shape connected to it."""
        return AppKeyPlatform("city", self.url, self.paasid, self.token, **options)  # type: ignore[arg-type] # test options

    def joint_reward(self, **options: object) -> JointRewardPlatform:
        """An adapter for the joint-reward shape connected to it."""
        return JointRewardPlatform("reward", self.url, self.paasid, self.token, **options)  # type: ignore[arg-type] # test options

    def sealed(self, **options: object) -> SealedGatewayPlatform:
        """An adapter for the gateway with envelopes connected to it."""
        return sealed_gateway(self.url, self.paasid, self.token, self.keys, **options)

    def messages(self, **options: object) -> MessageGatewayPlatform:
        """An adapter for the gateway with DES messages connected to it."""
        return message_gateway(self.url, self.paasid, self.token, self.keys, **options)

    def end(self) -> None:
        """Kill the process, as a crash would."""
        self.process.kill()
        self.process.wait(timeout=10)
        self.control.close()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


def sealed_gateway(url: str, paasid: str, token: str, keys: SimulatedKeys, **options: object) -> SealedGatewayPlatform:
    """An adapter with the keys of a simulator."""
    assert keys.sm is not None
    given = {
        "app_code": keys.sm.app_code,
        "sm4_key": keys.sm.sm4,
        "private_key": keys.sm.caller_private,
        "public_key": keys.sm.caller_public,
        "platform_public_key": keys.sm.platform_public,
    }
    return SealedGatewayPlatform("ministry", url + "/sealed", paasid, token, **(given | options))  # type: ignore[arg-type] # test options


def message_gateway(
    url: str, paasid: str, token: str, keys: SimulatedKeys, **options: object
) -> MessageGatewayPlatform:
    """An adapter with the key of a simulator, which asks two of its lists."""
    given = {
        "des_key": keys.des,
        "area_code": "440100",
        "black_lists": {"penalty": "B-001"},
        "red_lists": {"integrity_model": "R-001"},
    }
    return MessageGatewayPlatform("town", url, paasid, token, **(given | options))  # type: ignore[arg-type] # test options


def start_simulator(*arguments: str) -> RunningSimulator:
    """Start a simulator as a process of its own and wait until it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "adapters.simulator", "--while-stdin-open", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    control = ControlClient(ready["control"], ready["control_token"])
    keys = SimulatedKeys(ready["keys"]["des"], SmKeys(**ready["keys"]["sm"]))
    return RunningSimulator(process, ready["url"], control, ready["paasid"], ready["token"], keys)


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[RunningSimulator]:
    """The process shared by the tests that do not kill it."""
    running = start_simulator()
    yield running
    running.end()


@pytest.fixture
def simulator(simulator_process: RunningSimulator) -> RunningSimulator:
    """The shared process, empty and well-behaved."""
    simulator_process.control.reset()
    return simulator_process


class OnSimulator(PlatformContract):
    """The contract against the shared simulator: how it misbehaves, and what it received.

    Attributes:
        clean: a subject without rows.
        hit: a subject with ``rows``.
        rows: what the simulator holds about ``hit``.
        unknown: a firm that the simulator does not hold, because every shipped adapter asks about firms.
    """

    clean: ClassVar[Subject]
    hit: ClassVar[Subject]
    rows: ClassVar[tuple[SimulatedRecord, ...]]
    unknown: ClassVar[Subject] = organisation("示例丁科技有限公司", "93441900MA5FKAEH45", on=date(2026, 10, 1))

    def connect(self, simulator: RunningSimulator) -> HttpPlatform:
        """The adapter under test, connected to it."""
        raise NotImplementedError("say which adapter")

    @pytest.fixture
    def platform(self, simulator: RunningSimulator) -> Iterator[HttpPlatform]:
        """The adapter on a simulator that knows both subjects."""
        simulator.control.put(SimulatedSubject.of(self.clean))
        simulator.control.put(SimulatedSubject.of(self.hit, *self.rows))
        platform = self.connect(simulator)
        yield platform
        platform.close()

    @pytest.fixture
    def subject_clean(self) -> Subject:
        """The one without rows."""
        return self.clean

    @pytest.fixture
    def subject_hit(self) -> Subject:
        """The one with rows."""
        return self.hit

    @pytest.fixture
    def subject_unknown(self) -> Subject:
        """The one that is not held."""
        return self.unknown

    @pytest.fixture
    def shape_failures(self, simulator: RunningSimulator) -> Callable[[], Sequence[Mapping[str, str]]]:
        """What broke inside the simulator since the test began."""
        return simulator.control.failures

    @pytest.fixture
    def break_with(self, simulator: RunningSimulator) -> Callable[[str, int | None], None]:
        """Faults by the simulator's control interface."""

        def put(fault: str, times: int | None) -> None:
            seconds = SECONDS.get(fault, 1.0)
            simulator.control.fault(Fault(FaultKind(fault), seconds=seconds, times=times))

        return put

    @pytest.fixture
    def received(self, simulator: RunningSimulator) -> Callable[[], Sequence[Received]]:
        """The simulator's ledger."""
        return lambda: [
            Received(line["asked"], not line["outcome"].startswith("refused:")) for line in simulator.control.ledger()
        ]
