"""Profiles as settings: what is merged over what, what is refused, and that no secret stands in a file."""

import pytest

from goldenpath.config import load
from goldenpath.domain.errors import SettingsError

STAGING = """
[services.auth.real]
url = "http://localhost:8001"
health = "/healthz"
headers = { X-Team = "shop" }

[profiles.staging]
writes = "none"

[profiles.staging.services.auth]
url = "https://auth.staging.example.test"
headers = { X-Api-Key = "{env.STAGING_KEY}" }
ca = "certificates/staging.pem"
proxy = "http://proxy.example.test:3128"
limit = "10/s"

[profiles.staging.services.cache]
url = "rediss://me:{env.STAGING_REDIS}@cache.staging.example.test"

[[profiles.staging.accounts]]
name = "Ada"
email = "ada@example.test"
password_env = "STAGING_ADA_PASSWORD"
permissions = ["chat"]

[profiles.production.services.auth]
"""


@pytest.fixture
def project(tmp_path):
    def write(text):
        (tmp_path / "goldenpath.toml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def refused(root, flags=None, environ=None):
    with pytest.raises(SettingsError) as caught:
        load(root, flags or {}, environ or {})
    return caught.value


def test_without_its_name_a_profile_says_nothing(project):
    settings = load(project(STAGING), {}, {})
    assert (settings.profile, settings.writes) == (None, "own")
    assert settings.service_settings == {
        "auth": {
            "real": {"url": "http://localhost:8001", "health": "/healthz", "headers": {"X-Team": "shop"}},
        }
    }


@pytest.mark.parametrize(("flags", "environ"), [({"profile": "staging"}, {}), ({}, {"GOLDENPATH_PROFILE": "staging"})])
def test_a_profile_lies_over_what_holds_otherwise(project, flags, environ):
    root = project(STAGING)
    settings = load(root, flags, environ)
    assert (settings.profile, settings.writes) == ("staging", "none")
    real = settings.service_settings["auth"]["real"]
    assert real["url"] == "https://auth.staging.example.test"
    assert real["health"] == "/healthz"
    assert real["headers"] == {"X-Team": "shop", "X-Api-Key": "{env.STAGING_KEY}"}
    assert real["ca"] == str(root / "certificates/staging.pem")
    assert real["accounts"] == [
        {
            "name": "Ada",
            "email": "ada@example.test",
            "password_env": "STAGING_ADA_PASSWORD",
            "permissions": ["chat"],
        }
    ]
    assert settings.service_settings["cache"]["real"]["profile"] == "staging"


def test_the_address_of_a_profile_stands_above_a_variable_and_a_variable_above_the_file(project):
    root, environ = project(STAGING), {"GOLDENPATH_AUTH_URL": "http://localhost:2"}
    assert load(root, {"profile": "staging"}, environ).service_settings["auth"]["real"]["url"].startswith("https")
    assert load(root, {"profile": "production"}, environ).service_settings["auth"]["real"]["url"].endswith(":2")
    assert load(root, {}, environ).service_settings["auth"]["real"]["url"] == "http://localhost:2"


def test_an_unknown_name_lists_the_known_ones(project):
    error = refused(project(STAGING), {"profile": "stagin"})
    assert error.message == "there is no profile 'stagin'; did you mean 'staging'?"
    assert (error.where, error.try_next) == ("--profile", "one of: production, staging")
    assert refused(project(""), {}, {"GOLDENPATH_PROFILE": "x"}).where == "GOLDENPATH_PROFILE"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[profiles.a.services.auth]\nheaders = { Authorization = "Bearer abcdefgh" }', 2, "headers.Authorization"),
        ('[profiles.a.services.auth]\nurl = "https://x.test"\nheaders = { X-Api-Key = "k1" }', 3, "headers.X-Api-Key"),
        ('[profiles.a.services.auth]\nurl = "https://me:geheim@x.test"', 2, "profiles.a.services.auth.url"),
        ('[profiles.a.services.auth]\nproxy = "http://me:geheim@x.test"', 2, "profiles.a.services.auth.proxy"),
        ('[profiles.a.services.agents]\nclient_secret = "geheim"', 2, "profiles.a.services.agents.client_secret"),
        ('[[profiles.a.accounts]]\nemail = "a@x.test"\npassword = "geheim"', 1, "profiles.a.accounts: password"),
        ('[[services.auth.accounts]]\nemail = "a@x.test"\npassword = "geheim"', 1, "services.auth.accounts: password"),
    ],
)
def test_a_secret_in_the_file_is_refused_with_its_key_and_never_told(project, text, line, words):
    root = project(text)
    error = refused(root)
    assert error.where == f"{root / 'goldenpath.toml'}:{line}"
    assert words in error.message
    assert "a secret stands in no file" in error.message
    assert "geheim" not in str(error)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[profiles.a]\nwrite = "none"', "there is no setting 'profiles.a.write'; did you mean 'writes'?"),
        ('[profiles.a]\nwrites = "all"', "there is no word for writes 'all'"),
        ('[profiles.a]\nservices = "auth"', "expected a table for each service"),
        ('[profiles.a.services.auth]\nlimit = "10"', "profiles.a.services.auth.limit: limit cannot be '10'"),
        ('[profiles.a.services.auth]\nproxy = "socks5://x"', "proxy cannot be 'socks5://x'"),
        ("[profiles.a.services.auth]\nheaders = { X = 1 }", "headers cannot be {'X': 1}"),
        ("[profiles.a.services.auth]\nca = true", "ca cannot be True"),
        ('[profiles.a.services.auth]\nprofile = "a"', "a table of a service does not say that"),
        ('[services.auth.real]\nprofile = "a"', "a table of a service does not say that"),
        ('[[profiles.a.accounts]]\nemail = "a@x.test"', "an account has an email and a password_env"),
        ('[[profiles.a.accounts]]\nmail = "a@x.test"', "did you mean 'email'?"),
        ('profile = "a"', "there is no setting 'profile'"),
    ],
)
def test_what_is_wrong_is_told(project, text, words):
    assert words in refused(project(text)).message
