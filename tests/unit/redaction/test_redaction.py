"""Secrets are masked by key, by shape and by value; one secret has one mark."""

import json

import pytest

from goldenpath.domain.redaction import Redactor, kind_of

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl-_x"


@pytest.fixture
def redactor():
    return Redactor()


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("password", "password"),
        ("newPassword", "password"),
        ("password_hash", "password"),
        ("access_token", "token"),
        ("refreshToken", "token"),
        ("Authorization", "token"),
        ("X-Api-Key", "secret"),
        ("client_secret", "secret"),
        ("Set-Cookie", "cookie"),
        ("ticket", "ticket"),
        ("code_verifier", "verifier"),
        ("DSN", "dsn"),
        ("database_url", "dsn"),
        ("code", "code"),
        ("token_type", None),
        ("token_endpoint", None),
        ("status_code", None),
        ("email", None),
        ("title", None),
        ("key", None),
        ("idempotency_key", None),
    ],
)
def test_keys(key, kind):
    assert kind_of(key) == kind


def test_values_under_secret_keys_are_marked_wherever_they_stand(redactor):
    value = {
        "email": "ada@example.test",
        "password": "tulip-9",
        "grant": {"access_token": "aaaa.bbbb", "expires_in": 900, "token_type": "Bearer"},
        "cookies": ["c1=xyz", "c2=uvw"],
        "count_of_tokens": 5,
        "secret": None,
    }
    assert redactor.value(value) == {
        "email": "ada@example.test",
        "password": "<password 1>",
        "grant": {"access_token": "<token 1>", "expires_in": 900, "token_type": "Bearer"},
        "cookies": ["<cookie 1>", "<cookie 2>"],
        "count_of_tokens": 5,
        "secret": None,
    }


def test_one_secret_has_one_mark_and_another_has_another(redactor):
    assert redactor.value("aaaa1", "token") == "<token 1>"
    assert redactor.value("bbbb2", "token") == "<token 2>"
    assert redactor.value("aaaa1", "refresh_token") == "<token 1>"
    assert redactor.value("aaaa1", "password") == "<token 1>"


def test_workers_of_one_run_never_give_one_mark_to_two_secrets():
    assert Redactor("gw1.").value("aaaa1", "token") == "<token gw1.1>"


def test_what_was_seen_as_a_secret_is_masked_in_later_texts(redactor):
    redactor.value("s3cr3t-value", "client_secret")
    assert redactor.text("assert 's3cr3t-value' == 'x-s3cr3t-value-y'") == "assert '<secret 1>' == 'x-<secret 1>-y'"
    assert redactor.value({"note": "it is s3cr3t-value"}) == {"note": "it is <secret 1>"}


def test_secrets_of_earlier_scenarios_are_masked_as_words(redactor):
    redactor.value("s3cr3t-value", "client_secret")
    redactor.settle()
    assert redactor.text("now 's3cr3t-value' again, and other-words") == "now '<secret 1>' again, and other-words"
    assert redactor.value("s3cr3t-value", "client_secret") == "<secret 1>"


def test_a_password_that_is_a_word_does_not_eat_other_words(redactor):
    redactor.value("pass", "password")
    assert redactor.text("the pass was passed") == "the <password 1> was passed"


def test_a_password_that_is_very_short_is_masked_under_its_key_only(redactor):
    assert redactor.value({"password": "ab", "text": "abstract ab"}) == {
        "password": "<password 1>",
        "text": "abstract ab",
    }


@pytest.mark.parametrize("code", ["cancelled", "not_found", "timed out"])
def test_a_code_that_is_a_word_is_no_secret(redactor, code):
    assert redactor.value({"error": {"code": code}}) == {"error": {"code": code}}


def test_a_code_that_is_none_is_one(redactor):
    assert redactor.value({"code": "a8-Kd93k"}) == {"code": "<code 1>"}
    assert redactor.value({"code": 1008}) == {"code": 1008}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"the token is {JWT}.", "the token is <token 1>."),
        (f"bearer.{JWT}", "bearer.<token 1>"),
        ("Authorization: Bearer abc.def-ghi_123", "Authorization: Bearer <token 1>"),
        ("Basic dXNlcjpwYXNz", "Basic <token 1>"),
        ("we copy the basic template to a basic Template.", "we copy the basic template to a basic Template."),
        ("postgresql://ada:tulip@db:5432/shop", "postgresql://ada:<password 1>@db:5432/shop"),
        ("redis://:tulip@db/0", "redis://:<password 1>@db/0"),
        ("https://app.test/back?code=Ab12-Cd34&state=x", "https://app.test/back?code=<code 1>&state=x"),
        ("/ws?ticket=Ab12-Cd34", "/ws?ticket=<ticket 1>"),
        ("Grant(access_token='abc', token_type='Bearer')", "Grant(access_token='<token 1>', token_type='Bearer')"),
        ('{"password": "two words", "email": "a@b.c"}', '{"password": "<password 1>", "email": "a@b.c"}'),
        ("login(email='a@b.c', password='it\\'s')", "login(email='a@b.c', password='<password 1>')"),
        ("the password is wrong", "the password is wrong"),
        ("expected: a ticket, got: None", "expected: a ticket, got: None"),
        ("https://example.test/a:b/c", "https://example.test/a:b/c"),
        ("", ""),
    ],
)
def test_shapes_in_texts(redactor, text, expected):
    assert redactor.text(text) == expected


def test_equality_shows_between_a_key_and_a_text(redactor):
    assert redactor.value({"access_token": JWT}) == {"access_token": "<token 1>"}
    assert redactor.text(f"got {JWT}") == "got <token 1>"


def test_a_scheme_before_a_token_is_no_part_of_the_secret(redactor):
    assert redactor.value({"Authorization": f"Bearer {JWT}", "access_token": JWT}) == {
        "Authorization": "Bearer <token 1>",
        "access_token": "<token 1>",
    }


def test_a_line_that_was_made_before_a_secret_was_known_is_masked_later(redactor):
    line = json.dumps({"key": "ticket-of-ada 77Xy-88"})
    redactor.value("77Xy-88", "ticket")
    assert "77Xy-88" not in redactor.fresh(line)


def test_values_are_copied_not_changed(redactor):
    value = {"token": "abcdef", "list": [{"password": "tulips"}]}
    redactor.value(value)
    assert value == {"token": "abcdef", "list": [{"password": "tulips"}]}


@pytest.mark.parametrize(
    "said", ["Bearer tulipsarered", "Authorization: basic dHVsaXBz", "authorization=Basic tulipsare"]
)
def test_a_header_is_masked_though_its_credential_is_a_word(said):
    assert "tulip" not in Redactor().text(said)
    assert "dHVsaXBz" not in Redactor().text(said)
