"""Feature files are collected as modules are: every way of selecting tests selects scenarios."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

ALL = [
    "features/purse.feature::Ada spends",
    "features/purse.feature::Ada spends too much",
    "features/purse.feature::Many spend[1-1-0]",
    "features/purse.feature::Many spend[9-4-5]",
]


def test_node_ids_carry_feature_scenario_and_row(purse):
    assert purse.ids() == ALL
    assert purse.ids("features") == ALL


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["features/purse.feature::Ada spends"], ALL[:1]),
        (["features/purse.feature::Many spend"], ALL[2:]),
        (["features/purse.feature::Many spend[9-4-5]"], ALL[3:]),
        (["-k", "much or Many"], ALL[1:]),
        (["-m", "quick"], ALL[:1]),
        (["-m", "shop and not quick"], ALL[1:]),
        (["--tags=@shop and not @quick"], ALL[1:]),
        (["--tags", "not @quick"], ALL[1:]),
        (["--deselect", "features/purse.feature::Many spend"], ALL[:2]),
    ],
)
def test_scenarios_are_selected_as_tests_are(purse, args, expected):
    assert purse.ids(*args) == expected


def test_a_scenario_that_is_not_there_is_a_usage_error(purse):
    result = purse.run("features/purse.feature::Bob spends")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: not found: *purse.feature::Bob spends"])


def test_outcomes_and_counts(purse):
    result = purse.run()
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["collected 4 items", "features*purse.feature .F..*"])


def test_the_last_failed_ones_run_alone_and_first(purse):
    purse.run()
    purse.run("--lf").assert_outcomes(failed=1)
    purse.run("--lf", "features/purse.feature").assert_outcomes(failed=1)
    result = purse.run("--ff", "-v")
    result.assert_outcomes(passed=3, failed=1)
    first = next(line for line in result.outlines if ".feature::" in line)
    assert "Ada spends too much FAILED" in first


def test_the_last_failed_row_runs_alone(purse):
    text = (purse.root / "features/purse.feature").read_text(encoding="utf-8")
    purse.file("features/purse.feature", text.replace("| 5    |", "| 6    |"))
    purse.run("-k", "Many").assert_outcomes(passed=1, failed=1)
    result = purse.run("--lf", "-v")
    result.stdout.fnmatch_lines(["*Many spend?9-4-6? FAILED*"])
    result.assert_outcomes(failed=1)


def test_a_run_stops_at_the_first_failure(purse):
    purse.run("-x").assert_outcomes(passed=1, failed=1)


def test_two_scenarios_with_one_name_both_run(project):
    project.file(
        "features/same.feature",
        """
        Feature: Same
          Scenario: Twice
            Given it works
          Scenario: Twice
            Given it fails
          Rule: Again
            Scenario: Twice
              Given it works
        """,
    )
    project.file(
        "conftest.py",
        """
        from goldenpath.bdd import given

        @given("it works")
        def _(): pass

        @given("it fails")
        def _(): assert False
        """,
    )
    path = "features/same.feature"
    assert project.ids() == [f"{path}::Twice", f"{path}::Twice#2", f"{path}::Twice#3"]
    assert project.ids(f"{path}::Twice#2") == [f"{path}::Twice#2"]
    project.run().assert_outcomes(passed=2, failed=1)


def test_signs_with_a_meaning_in_node_ids_are_no_trouble(project):
    project.file(
        "features/signs.feature",
        """
        Feature: Signs
          Scenario: Reads std::map [beta] v1.2
            Given nothing
          Scenario Outline: Rows
            Given nothing
            Examples:
              | a     |
              | x::y  |
              | [z] é |
        """,
    )
    project.file("conftest.py", 'from goldenpath.bdd import given\n@given("nothing")\ndef _(): pass\n')
    ids = project.ids()
    assert [each.partition("::")[2] for each in ids] == ["Reads std:map [beta] v1.2", "Rows[x:y]", "Rows[[z] é]"]
    for each in ids:
        assert project.ids(each) == [each]
    result = project.run("-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*::Reads std:map ?beta? v1.2 PASSED*"])


def test_reports_name_the_scenario_and_its_line(purse):
    purse.run("--junitxml=report.xml", "-o", "junit_family=xunit1")
    cases = list(ET.parse(purse.root / "report.xml").iter("testcase"))
    assert [case.get("name") for case in cases] == [each.partition("::")[2] for each in ALL]
    assert {case.get("classname") for case in cases} == {"features.purse.feature"}
    assert {case.get("file") for case in cases} == {"features/purse.feature"}
    assert [case.get("line") for case in cases] == ["4", "9", "21", "22"]


def test_a_feature_that_does_not_parse_is_an_error_of_that_file_alone(purse):
    purse.file("features/broken.feature", "Feature: Broken\n  Scenario: One\n    Given a\n    Gibberish\n")
    result = purse.run("features/purse.feature", "features/broken.feature")
    result.assert_outcomes(passed=3, failed=1, errors=1)
    result.stdout.fnmatch_lines(["*ERROR collecting features/broken.feature*", "features/broken.feature:4: *"])
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*gherkin*.py*")
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_broken_feature_met_on_a_walk_stops_nobody_else(purse):
    purse.file("features/broken.feature", "Feature: Broken\n  Scenario: One\n    Given a\n    Gibberish\n")
    purse.run().assert_outcomes(passed=3, failed=1, errors=1)


def test_a_feature_in_another_encoding_is_an_error_of_that_file_alone(purse):
    (purse.root / "features/latin.feature").write_bytes("Feature: Café\n".encode("latin-1"))
    result = purse.run()
    result.assert_outcomes(passed=3, failed=1, errors=1)
    result.stdout.fnmatch_lines(["features/latin.feature:1: *UTF-8*"])


def test_a_hollow_scenario_is_counted_beside_one_of_the_same_name(project):
    project.file(
        "features/same.feature", "Feature: Same\n  Scenario: One\n  Scenario: One\n    Given nobody says how\n"
    )
    project.run().stdout.fnmatch_lines(["*no service*1 undefined, 1 empty*"])


def test_what_is_hollow_never_passes(project):
    project.file(
        "features/hollow.feature",
        """
        Feature: Hollow
          Scenario: Empty
          Scenario Outline: No rows
            Given a <thing>
            Examples:
              | thing |
        """,
    )
    project.file("features/comment.feature", "# Feature: Later\n")
    result = project.run("-rs")
    result.assert_outcomes(failed=2, skipped=1)
    result.stdout.fnmatch_lines(["*hollow.feature:2: Empty has no steps*", "*hollow.feature:3: No rows has Examples*"])
    result.stdout.fnmatch_lines(["SKIPPED*comment.feature*"])


def test_a_file_without_a_scenario_alone_is_no_success(project):
    project.file("features/comment.feature", "# Feature: Later\n")
    assert project.run().ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_tags_are_declared_as_markers(purse):
    purse.ini("addopts = --strict-markers\nfilterwarnings = error\n")
    text = (purse.root / "features/purse.feature").read_text(encoding="utf-8")
    purse.file("features/purse.feature", text.replace("@quick", "@quick @_x @issue:123 @priority-1"))
    purse.run("-m", "_x and priority-1").assert_outcomes(passed=1, deselected=3)


def test_a_tag_with_a_colon_is_selected_where_markers_are_not_strict(purse):
    # pytest cannot declare such a name: what follows the colon is its description.
    text = (purse.root / "features/purse.feature").read_text(encoding="utf-8")
    purse.file("features/purse.feature", text.replace("@quick", "@issue:123"))
    purse.run("-m", "issue:123").assert_outcomes(passed=1, deselected=3)
    purse.run("--tags=@issue:123", "--strict-markers").assert_outcomes(passed=1, deselected=3)


def test_a_tag_may_be_a_mark_that_pytest_knows(purse):
    text = (purse.root / "features/purse.feature").read_text(encoding="utf-8")
    purse.file(
        "features/purse.feature",
        text.replace("@quick", "@skip").replace("  Scenario: Ada spends too", "  @xfail\n  Scenario: Ada spends too"),
    )
    purse.run().assert_outcomes(passed=2, skipped=1, xfailed=1)


def test_our_own_features_are_no_python_package_to_pytest(project):
    ids = project.ids("--pyargs", "goldenpath.features")
    assert len(ids) > 60
    assert any(each.startswith("golden_path.feature::") for each in ids)
