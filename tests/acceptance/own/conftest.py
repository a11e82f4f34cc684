"""Fixtures of the local runs."""

from acceptance.local.conftest import local as local
from acceptance.local.conftest import run_by_others as run_by_others
