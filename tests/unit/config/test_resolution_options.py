"""Floors, categories, folders, deadlines and the paper's flags, as settings."""

import sys

import pytest

from goldenpath.config import Platform, load
from goldenpath.domain.errors import SettingsError
from goldenpath.domain.values import Mode


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


def test_floors_of_file_variable_and_flags_are_merged(project):
    root = project('[require]\n"@critical" = "local"\nslow = "docker"\nwide = "mock"')
    settings = load(root, {"require": ["slow=real"]}, {"GOLDENPATH_REQUIRE": "wide=local, slow=mock"})
    assert settings.require == {"critical": "local", "slow": "real", "wide": "local"}


@pytest.mark.parametrize(
    ("flags", "where", "words"),
    [
        ({"require": ["critical=lokal"]}, "--require", "there is no tier 'lokal'; did you mean 'local'?"),
        ({"require": ["critical=none"]}, "--require", "there is no tier 'none'"),
        ({"require": ["critical"]}, "--require", "expected TAG=TIER, got 'critical'"),
        ({"category": "unit"}, "--category", "there is no category 'unit'"),
        ({"probe_deadline": "0"}, "--probe-deadline", "expected a number of seconds above 0, got '0'"),
        ({"probe_deadline": "soon"}, "--probe-deadline", "expected a number of seconds above 0"),
        ({"probe_deadline": "nan"}, "--probe-deadline", "expected a number of seconds above 0"),
        ({"real_services": True, "mode": "mock"}, "--real-services", "lets no stand-in answer, and --mode mock"),
    ],
)
def test_what_is_wrong_names_its_flag(tmp_path, flags, where, words):
    error = refused(tmp_path, flags)
    assert error.where == where
    assert words in error.message


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('\n[require]\ncritical = "most"', 3, "there is no tier 'most'"),
        ("[require]\ncritical = 1", 2, "require.critical: expected a text, got 1"),
        ('[paths]\n"tests/a" = "real"', 2, "there is no category 'real'"),
        ("[platform]\nproduct = 3", 2, "platform.product: expected true or false, got 3"),
        ("[platform]\nprodukt = true", 2, "did you mean 'product'?"),
        ('probe_deadline = "soon"', 1, "probe_deadline"),
        ("probe_deadline = -1", 1, "expected a number of seconds above 0, got -1"),
    ],
)
def test_what_is_wrong_in_the_file_names_its_line(project, text, line, words):
    root = project(text)
    error = refused(root)
    assert error.where == f"{root / 'goldenpath.toml'}:{line}"
    assert words in error.message


def test_folders(project):
    root = project('[paths]\n"tests/alone" = "service_independent"\n"tests/real" = "real_services"')
    for name in ("alone", "real"):
        (root / "tests" / name).mkdir(parents=True)
    assert load(root, {}, {}).paths == {"tests/alone": "service_independent", "tests/real": "real_services"}


@pytest.mark.parametrize(("given", "seconds"), [({}, 2.0), ({"probe_deadline": "0.5"}, 0.5)])
def test_the_deadline_of_probes(tmp_path, given, seconds):
    assert load(tmp_path, given, {}).probe_deadline == seconds


def test_the_deadline_may_be_a_whole_number(project):
    assert load(project("probe_deadline = 1"), {}, {}).probe_deadline == 1


def test_the_platform_is_the_product_only_where_it_is_said(project, tmp_path):
    assert load(tmp_path, {}, {}).platform == Platform(product=False)
    assert load(project("[platform]\nproduct = true"), {}, {}).platform == Platform(product=True)


@pytest.mark.parametrize(
    ("flags", "environ", "text"),
    [
        ({"real_services": True}, {}, ""),
        ({"real_services": True}, {}, 'mode = "mock"'),
        ({"real_services": True}, {"GOLDENPATH_MODE": "mock"}, ""),
        ({"real_services": True, "mode": "hybrid"}, {}, ""),
        ({"mode": "real_services"}, {}, ""),
        ({}, {"GOLDENPATH_REAL_SERVICES": "yes"}, ""),
    ],
)
def test_real_services_lets_no_stand_in_answer(project, flags, environ, text):
    settings = load(project(text), flags, environ)
    assert (settings.mode, settings.stand_ins) == (Mode.HYBRID, False)


@pytest.mark.parametrize(
    ("flags", "tags"),
    [
        ({"category": "integration"}, None),
        ({"category": "integration", "tags": "@a or @b"}, "@a or @b"),
        ({"category": "golden_path_integration"}, "@golden_path"),
        ({"category": "golden_path_integration", "tags": "@a or @b"}, "(@a or @b) and @golden_path"),
    ],
)
def test_a_category_narrows_what_is_selected(tmp_path, flags, tags):
    assert load(tmp_path, flags, {}).tags == tags


def test_the_address_of_a_service_comes_from_its_variable_before_the_file(project):
    root = project(
        '[services.auth.real]\nurl = "http://localhost:1"\nshares = ["cache"]\n[services.auth]\ntier = "real"'
    )
    environ = {"GOLDENPATH_AUTH_URL": "http://localhost:2", "GOLDENPATH_BILLING_URL": "http://localhost:3"}
    settings = load(root, {}, environ)
    assert settings.services == {"auth": "real"}
    assert settings.service_settings == {
        "auth": {"real": {"url": "http://localhost:2", "shares": ["cache"]}},
        "billing": {"real": {"url": "http://localhost:3"}},
    }


def test_a_file_that_is_evidently_right_costs_no_heavy_import(project, monkeypatch):
    monkeypatch.setitem(sys.modules, "pydantic", None)  # to import it is an error
    text = (
        'mode = "mock"\nci = true\nfeatures = ["features"]\n[platform]\nproduct = true\n[require]\ncritical = "local"'
    )
    assert load(project(text), {}, {}).platform.product
    with pytest.raises(ImportError):
        load(project("mode = 3"), {}, {})


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("tests/integratoin", "did you mean 'tests/integration'?"),
        ("tests/integratoin/real", "did you mean 'tests/integration'?"),
        ("test", "did you mean 'tests'?"),
        ("tests/xyz", "there is 'tests'"),
        ("/elsewhere/xyz", "there is no folder '/elsewhere/xyz'"),
    ],
)
def test_a_folder_that_is_not_there_has_no_category(project, folder, words):
    root = project(f'mode = "mock"\n[paths]\n"{folder}" = "real_services"')
    (root / "tests" / "integration").mkdir(parents=True)
    with pytest.raises(SettingsError) as wrong:
        load(root, {}, {})
    assert wrong.value.where.endswith("goldenpath.toml:3")
    assert f"there is no folder {folder!r}" in str(wrong.value)
    assert words in str(wrong.value)
