"""The command goldenpath adopt."""

from __future__ import annotations

import json

import pytest

from goldenpath.cli import main

TEXT = """
import os

URL = os.environ["DATABASE_URL"]
KEY = os.environ["SHOP_KEY"]


def test_a():
    pass


def test_with_a_name_that_is_much_longer_than_a_line_of_a_terminal_can_be_with_or_without_an_end(x):
    assert True
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_shop.py").write_text(TEXT)
    (tmp_path / "tests" / "test_broken.py").write_text("def test_a(:\n")
    return tmp_path


def test_it_tells_people(project, capsys):
    assert main(["adopt", "tests"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "tests/test_broken.py: not read: line 1: " in out
    assert "needs what we do not give: SHOP_KEY" in out
    assert "test_a: empty" in out
    assert out.splitlines()[-3] == "2 tests can never fail"


def test_it_tells_programs(project, capsys):
    assert main(["adopt", "--json", "tests"]) == 0
    told = json.loads(capsys.readouterr().out)
    broken, shop = told["files"]
    assert broken["runs"] == "unread"
    assert shop["needs"]["required"] == ["DATABASE_URL", "SHOP_KEY"]
    assert [each["kind"] for each in shop["never_fail"]] == ["empty", "constant"]
    assert told["summary"]["files"] == 2
    assert told["summary"]["never_fail"]["empty"] == 1


def test_the_settings_are_heard(project, capsys):
    (project / "goldenpath.toml").write_text('[exec.env]\nSHOP_KEY = "{database.url}"\n')
    assert main(["adopt", "tests/test_shop.py"]) == 0
    assert "runs with goldenpath exec" in capsys.readouterr().out


def test_its_status(project, capsys):
    assert main(["adopt", "--check", "tests"]) == 1
    (project / "tests" / "test_good.py").write_text("def test_a(x): assert x\n")
    assert main(["adopt", "--check", "tests/test_good.py"]) == 0
    assert main(["adopt", "nowhere"]) == 2
    assert "there is no nowhere" in capsys.readouterr().err


def test_nothing_is_imported(project, capsys):
    (project / "tests" / "test_evil.py").write_text("raise SystemExit(9)\n\ndef test_a(x):\n    assert x\n")
    assert main(["adopt", "tests", "--summary"]) == 0
    assert capsys.readouterr().out.startswith("3 test files, 3 tests\n")


def test_what_would_move_the_cursor_is_not_printed(project, capsys):
    (project / "tests" / "test_\x1b[2J.py").write_text("def test_a(): pass\n")
    assert main(["adopt", "tests"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_one_of_a_kind_is_told_as_one(project, capsys):
    (project / "tests" / "test_one.py").write_text("import docker\ndef test_a(): pass\n")
    assert main(["adopt", "tests/test_one.py", "--summary"]) == 0
    assert capsys.readouterr().out.split("\n") == [
        *("1 test file, 1 test", "       1  needs Docker", "1 test can never fail", "       1  empty", "")
    ]


def test_another_machine_is_told_as_such(project, capsys):
    text = "import os, httpx\nK = os.environ['SHOP_KEY']\ndef test_a(): assert httpx.get('https://a.example.com/x')\n"
    (project / "tests" / "test_far.py").write_text(text)
    assert main(["adopt", "tests/test_far.py"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "needs what we do not give: SHOP_KEY; asks another machine: a.example.com" in told


def test_nothing_to_check_is_an_error(project, capsys):
    (project / "empty").mkdir()
    assert main(["adopt", "--check", "empty"]) == 2
    assert "there is no test in empty" in capsys.readouterr().err
    assert main(["adopt", "empty"]) == 0
