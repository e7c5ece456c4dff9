"""The fleet, seen from tests: see README.md."""

from .herd import PROGRAM, Verdict, run
from .scenario import Scenario

__all__ = ["PROGRAM", "Scenario", "Verdict", "run"]
