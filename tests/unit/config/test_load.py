"""Settings come from flags, environment, file and defaults, in this order, and every error says where it stands."""

from dataclasses import fields
from pathlib import Path

import pytest

from goldenpath.config import OPTIONS, Settings, StepModules, load
from goldenpath.domain.errors import SettingsError
from goldenpath.domain.values import Mode


@pytest.fixture
def project(tmp_path):
    def write(text, name="goldenpath.toml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return write


def refused(root, flags=None, environ=None):
    with pytest.raises(SettingsError) as caught:
        load(root, flags or {}, environ or {})
    return caught.value


def test_nothing_said_is_hybrid_and_not_explicit(tmp_path):
    settings = load(tmp_path, {}, {})
    assert settings == Settings()
    assert settings.mode is Mode.HYBRID
    assert not settings.explicit
    assert settings.source is None


def test_flag_over_variable_over_file(project):
    root = project('mode = "mock"\noutput = "from-file"\nfault = "from-file"')
    environ = {"GOLDENPATH_MODE": "local", "GOLDENPATH_OUTPUT": "from-variable"}
    settings = load(root, {"mode": "docker"}, environ)
    assert settings.mode is Mode.DOCKER
    assert settings.output == Path("from-variable")
    assert settings.fault == "from-file"


def test_services_of_all_three_are_merged_by_name(project):
    root = project('[services]\nauth = "local"\ncache = "none"\ndatabase = "local"')
    flags = {"services": ["database=docker", "billing=real"]}
    settings = load(root, flags, {"GOLDENPATH_SERVICES": "auth=mock, database=mock"})
    assert settings.services == {"auth": "mock", "cache": "none", "database": "docker", "billing": "real"}


def test_a_services_table_goes_to_its_adapter_without_its_tier(project):
    root = project('[services]\nauth = "mock"\n[services.agents]\ntier = "local"\ncommand = ["run", "me"]\nport = 1')
    settings = load(root, {}, {})
    assert settings.services == {"auth": "mock", "agents": "local"}
    assert settings.service_settings == {"agents": {"command": ["run", "me"], "port": 1}}


def test_step_modules_tags_and_lists(project):
    root = project(
        'steps = ["shop.steps", { module = "billing", features = "features/billing" }]\n'
        'features = ["features"]\nscripts = ["a.toml"]\n[tags]\n"@pay" = "billing"\nsearch = "search"\n'
    )
    settings = load(root, {}, {})
    assert settings.steps == (StepModules("shop.steps"), StepModules("billing", "features/billing"))
    assert settings.features == ("features",)
    assert settings.scripts == (Path("a.toml"),)
    assert settings.service_tags == {"pay": "billing", "search": "search"}


def test_a_variable_with_several_values_is_separated_by_commas(tmp_path):
    settings = load(tmp_path, {}, {"GOLDENPATH_STEPS": "one, two"})
    assert settings.steps == (StepModules("one"), StepModules("two"))


@pytest.mark.parametrize(
    ("name", "mode", "stand_ins"),
    [
        ("service_independent", Mode.MOCK, True),
        ("mock_services", Mode.MOCK, True),
        ("docker_services", Mode.DOCKER, True),
        ("real_services", Mode.HYBRID, False),
        ("hybrid", Mode.HYBRID, True),
    ],
)
def test_the_papers_names_of_modes(tmp_path, name, mode, stand_ins):
    settings = load(tmp_path, {"mode": name}, {})
    assert (settings.mode, settings.stand_ins) == (mode, stand_ins)


def test_the_table_of_a_shared_file(project):
    root = project('[project]\nname = "shop"\n[tool.goldenpath]\nmode = "mock"', "pyproject.toml")
    settings = load(root, {}, {})
    assert settings.mode is Mode.MOCK
    assert settings.explicit
    assert settings.source == root / "pyproject.toml"


def test_our_own_file_stands_before_the_shared_one(project):
    project('[tool.goldenpath]\nmode = "mock"', "pyproject.toml")
    assert load(project('mode = "local"'), {}, {}).mode is Mode.LOCAL


def test_a_shared_file_that_is_broken_and_not_about_us_is_left_to_others(project):
    assert not load(project("[project", "pyproject.toml"), {}, {}).explicit


@pytest.mark.parametrize("flags", [{"mode": "mock"}, {"services": ["auth=mock"]}, {"tags": "@x"}])
def test_a_flag_of_ours_is_explicit(tmp_path, flags):
    assert load(tmp_path, flags, {}).explicit


def test_a_variable_of_ours_is_explicit_and_ci_is_everybodys(tmp_path):
    assert load(tmp_path, {}, {"GOLDENPATH_TAGS": "@x"}).explicit
    assert not load(tmp_path, {}, {"CI": "true"}).explicit


@pytest.mark.parametrize(
    ("flags", "environ", "text", "ci"),
    [
        ({}, {"CI": "true"}, "", True),
        ({}, {"CI": "woodpecker"}, "", True),
        ({}, {"CI": "false"}, "", False),
        ({}, {"CI": ""}, "", False),
        ({"ci": True}, {}, "", True),
        ({}, {}, "ci = true", True),
        ({}, {"CI": "0"}, "ci = true", False),
    ],
)
def test_ci(project, flags, environ, text, ci):
    assert load(project(text), flags, environ).ci is ci


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('\nmod = "mock"', 2, "there is no setting 'mod'; did you mean 'mode'?"),
        ('# one\n\nmode = "mok"', 3, "there is no mode 'mok'; did you mean 'mock'?"),
        ("mode = 5", 1, "mode: expected a text, got 5"),
        ('steps = "one"', 1, "steps: expected a list, got 'one'"),
        ("steps = [\n  'one',\n  5,\n]", 1, "steps.1: expected a text or a table, got 5"),
        ('steps = [{ module = "a", feature = "b" }]', 1, "did you mean 'features'?"),
        ('steps = [{ features = "b" }]', 1, "steps.0: 'module' is missing"),
        ("ci = 'perhaps'", 1, "ci: expected true or false, got 'perhaps'"),
        ("\n[services]\nauth = 'mock'\ncache = 'redis'", 4, "there is no tier 'redis'"),
        ("[services.agents]\nport = 1\ntier = 'lokal'", 3, "did you mean 'local'?"),
        ("[services]\nauth = 3", 2, "services.auth: expected a text or a table, got 3"),
        ("[tags]\nbilling = 1", 2, "tags.billing: expected a text, got 1"),
        ("mode = 'mock'\noutput = [", 2, "this file is no TOML"),
        ("mode = 'mock'\nmode = 'mock'", 2, "this file is no TOML"),
    ],
)
def test_an_error_in_the_file_names_its_line(project, text, line, words):
    root = project(text)
    error = refused(root)
    assert error.where == f"{root / 'goldenpath.toml'}:{line}"
    assert words in error.message


def test_an_error_in_the_shared_file_names_its_line_in_the_whole(project):
    root = project('[project]\nname = "x"\n\n[tool.goldenpath]\nmodes = 1', "pyproject.toml")
    assert refused(root).where == f"{root / 'pyproject.toml'}:5"


def test_a_table_of_ours_that_is_none(project):
    root = project("[tool]\ngoldenpath = 3", "pyproject.toml")
    assert refused(root).message == "this table: expected a table, got 3"


def test_a_settings_file_that_cannot_be_read(tmp_path):
    (tmp_path / "goldenpath.toml").mkdir()
    error = refused(tmp_path)
    assert "cannot be read" in error.message
    assert error.where == str(tmp_path / "goldenpath.toml")


def test_a_file_in_another_encoding(tmp_path):
    (tmp_path / "goldenpath.toml").write_bytes('output = "é"'.encode("latin-1"))
    assert "not UTF-8" in refused(tmp_path).message


@pytest.mark.parametrize(
    ("flags", "where", "words"),
    [
        ({"mode": "hybird"}, "--mode", "there is no mode 'hybird'; did you mean 'hybrid'?"),
        ({"mode": ""}, "--mode", "there is no mode ''"),
        ({"services": ["auth=cloud"]}, "--service", "there is no tier 'cloud'"),
        ({"services": ["auth"]}, "--service", "expected NAME=TIER, got 'auth'"),
    ],
)
def test_an_error_in_a_flag_names_the_flag_and_the_choices(tmp_path, flags, where, words):
    error = refused(tmp_path, flags)
    assert error.where == where
    assert words in error.message
    assert "mock" in error.try_next


def test_an_error_in_a_variable_names_the_variable(tmp_path):
    assert refused(tmp_path, environ={"GOLDENPATH_MODE": "x"}).where == "GOLDENPATH_MODE"


def test_every_option_is_a_field_of_the_settings_and_explains_itself():
    names = {field.name for field in fields(Settings)}
    for option in OPTIONS:
        assert option.name in names
        assert option.help.endswith(".")
        assert option.example
        assert option.flags or option.key


def test_every_example_of_the_file_is_accepted(project):
    for option in OPTIONS:
        if option.key is not None:
            root = project(option.example)
            (root / "tests" / "integration" / "real_services").mkdir(parents=True, exist_ok=True)  # for [paths]
            assert load(root, {}, {}).explicit


def test_no_flag_key_or_variable_belongs_to_two_options():
    for names in (
        [flag for option in OPTIONS for flag in option.flags],
        [option.key for option in OPTIONS if option.key],
        [option.env for option in OPTIONS if option.env],
    ):
        assert len(names) == len(set(names))


def test_what_ambiguous_steps_become_is_an_error_unless_the_settings_say_first(project, tmp_path):
    assert load(tmp_path, {}, {}).ambiguous == "error"
    root = project('ambiguous = "first"')
    assert load(root, {}, {}).ambiguous == "first"
    assert load(root, {}, {"GOLDENPATH_AMBIGUOUS": "error"}).ambiguous == "error"


def test_another_word_for_ambiguous_is_refused_with_its_place(project):
    error = refused(project('mode = "mock"\nambiguous = "last"'))
    assert error.where.endswith("goldenpath.toml:2")
    assert error.try_next == "one of: error, first"
