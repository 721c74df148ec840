"""Where a flow was before its module was split: the class is still to be found here."""

from __future__ import annotations

from tests.flows.flows import HumanFlow, LinearFlow

__all__ = ["HumanFlow", "LinearFlow"]
