"""The Viewflow host: inject the credit gate into a finished flow class, and prove it."""

from approval_hook.hosts.viewflow.injection import credit_gate, inject
from approval_hook.hosts.viewflow.proof import Proof, prove
from approval_hook.spec import Gate

__all__ = ["Gate", "Proof", "credit_gate", "inject", "prove"]
