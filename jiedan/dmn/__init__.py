"""DMN 1.1 to 1.5: load a model, take decisions, and say which rules fired.

model = load_model(xml)
result = model.decide("credit_grade", {"score": 72, "blacklisted": False})
result.value, result.fired[0].index, result.fired[0].annotation
"""

from jiedan.dmn.errors import DmnError
from jiedan.dmn.model import Decision, Model, load_model
from jiedan.dmn.results import DecisionResult, FiredRule

__all__ = ["Decision", "DecisionResult", "DmnError", "FiredRule", "Model", "load_model"]
