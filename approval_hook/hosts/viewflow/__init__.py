"""The Viewflow host: inject the credit gate into a finished flow class, and prove it."""

from approval_hook.hosts.viewflow.injection import inject
from approval_hook.hosts.viewflow.proof import Proof, prove
from approval_hook.spec import Gate

__all__ = ["Gate", "Proof", "inject", "prove"]
