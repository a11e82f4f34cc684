"""From a server's refusal back to the port's error."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from goldenpath.domain.errors import (
    AccountLocked,
    Conflict,
    GoldenPathError,
    Invalid,
    NotFound,
    NotSignedIn,
    Refused,
    ServiceUnavailable,
    WrongCredentials,
)
from goldenpath.reference.clients.failures import failure


def _body(code, message="so it is", **more):
    return json.dumps({"error": {"code": code, "message": message, **more}}).encode()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "x", Invalid),
        (401, "invalid_credentials", WrongCredentials),
        (401, "invalid_client", WrongCredentials),
        (401, "session_ended", NotSignedIn),
        (403, "forbidden", Refused),
        (404, "no_thread", NotFound),
        (409, "ended", Conflict),
        (422, "too_long", Invalid),
        (429, "locked", AccountLocked),
    ],
)
def test_a_refusal_keeps_its_kind_code_and_sentence(status, code, kind):
    error = failure("auth", status, _body(code))
    assert type(error) is kind
    assert (error.code, str(error)) == (code, "so it is")


def test_a_refusal_of_oauth_is_read_as_well():
    error = failure("auth", 400, b'{"error": "invalid_grant", "error_description": "used before"}')
    assert type(error) is Invalid
    assert (error.code, str(error)) == ("invalid_grant", "used before")


@pytest.mark.parametrize("status", [502, 503, 504])
def test_what_stands_before_a_lost_service_says_that_it_is_lost(status):
    error = failure("agents", status, b"<html>Bad Gateway</html>")
    assert isinstance(error, ServiceUnavailable)
    assert error.service == "agents"


def test_a_service_that_has_lost_another_names_that():
    error = failure("auth", 503, _body("unavailable", "no connection", service="database"))
    assert isinstance(error, ServiceUnavailable)
    assert (error.service, error.reason) == ("database", "no connection")


@pytest.mark.parametrize("status", [500, 418, 501])
def test_a_broken_service_is_neither_lost_nor_a_refusal(status):
    error = failure("auth", status, b"")
    assert type(error) is GoldenPathError
    assert str(status) in str(error)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b'{"error": null}', b"\xff", b'{"detail": "no"}'])
def test_a_body_of_any_shape_leaves_the_meaning_of_the_status(body):
    assert type(failure("agents", 404, body)) is NotFound


@pytest.mark.parametrize(("header", "seconds"), [("840", 840), ("0.5", 0.5), (None, 0), ("soon", 0)])
def test_a_locked_account_says_for_how_long(header, seconds):
    error = failure("auth", 429, _body("locked"), header)
    assert isinstance(error, AccountLocked)
    assert error.retry_after == seconds


def test_the_end_of_a_lock_may_be_a_date():
    header = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    error = failure("auth", 429, b"", header)
    assert isinstance(error, AccountLocked)
    assert 590 < error.retry_after <= 600
