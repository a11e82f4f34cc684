"""Reading test files that others wrote: what they need, what would run, and which tests can never fail."""

from goldenpath.authoring.adoption.survey import Offer, survey
from goldenpath.authoring.adoption.values import FileReport, Finding, Kind, Needs, Runs, Survey

__all__ = ["FileReport", "Finding", "Kind", "Needs", "Offer", "Runs", "Survey", "survey"]
