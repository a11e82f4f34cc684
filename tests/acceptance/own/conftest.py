"""Fixtures of the local runs."""

from acceptance.local.conftest import local as local
