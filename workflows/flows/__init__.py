"""The licensing flows. They know nothing of the credit check, which joins from the settings."""

from workflows.flows.food import FoodBusinessFlow
from workflows.flows.ridehailing import RideHailingDriverFlow

__all__ = ["FoodBusinessFlow", "RideHailingDriverFlow"]
