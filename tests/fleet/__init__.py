"""The fleet, seen from tests: see README.md."""

from .herd import Verdict, run
from .scenario import Scenario

__all__ = ["Scenario", "Verdict", "run"]
