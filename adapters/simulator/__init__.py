"""A credit platform to try things on: a real HTTP server that behaves, and misbehaves on request.

It listens on this computer only and holds synthetic subjects only. Run it as a process
of its own with ``python -m adapters.simulator``, or inside a test as ``with Simulator(...)``.
"""

from adapters.simulator.control import ControlClient
from adapters.simulator.faults import Fault, FaultKind
from adapters.simulator.register import SimulatedIdentifier, SimulatedRecord, SimulatedSubject
from adapters.simulator.server import Simulator

__all__ = [
    "ControlClient",
    "Fault",
    "FaultKind",
    "SimulatedIdentifier",
    "SimulatedRecord",
    "SimulatedSubject",
    "Simulator",
]
