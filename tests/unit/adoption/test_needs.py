"""What test files need, and what it takes to run them."""

from __future__ import annotations

import os
import sys
from textwrap import dedent

import pytest

from goldenpath.authoring.adoption import Offer, Runs, survey

OFFER = Offer({"DATABASE_URL": "database", "PGHOST": "database", "REDIS_URL": "cache", "AUTH_SERVICE_URL": "auth"})


@pytest.fixture
def report(tmp_path):
    def look(text, offer=OFFER, conftest=""):
        (tmp_path / "pytest.ini").write_text("[pytest]\n")
        (tmp_path / "conftest.py").write_text(dedent(conftest))
        (tmp_path / "test_it.py").write_text(dedent(text) + "\ndef test_it(x):\n    assert x\n")
        (file,) = survey([tmp_path], offer).files
        return file

    return look


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("", Runs.ALONE),
        ("import sqlalchemy\nE = sqlalchemy.create_engine('sqlite://')", Runs.ALONE),
        ("import httpx\nC = httpx.Client(base_url='http://testserver')", Runs.ALONE),
        ("'''postgresql://localhost:5432/x is the address.'''", Runs.ALONE),
        ("CORS = ['http://localhost:3000']", Runs.ALONE),
        ("import os\nHOME = os.environ.get('HOME_OF_MINE', '/tmp')", Runs.ALONE),
        ("import os\nURL = os.environ['DATABASE_URL']", Runs.EXEC),
        ("from os import environ as e\nURL = e['DATABASE_URL']", Runs.EXEC),
        ("import os\nURL = os.getenv('DATABASE_URL', 'postgresql://postgres:p@localhost:5432/test')", Runs.EXEC),
        ("from os import getenv\nURL = getenv('REDIS_URL') or 'redis://localhost'", Runs.EXEC),
        ("URL = get_env().get('DATABASE_URL', 'postgresql://localhost:5432/test')", Runs.EXEC),
        ("import asyncpg", Runs.EXEC),
        ("URL = '{DATABASE_URL}'.format(**os.environ)\nimport os", Runs.EXEC),
        ("import psycopg\nC = psycopg.connect()", Runs.EXEC),
        ("URL = 'postgresql://postgres:p@localhost:5432/test'", Runs.STANDARD),
        ("URL = 'postgresql+asyncpg://postgres:p@127.0.0.1/test'", Runs.STANDARD),
        ("URL = 'redis://localhost'", Runs.STANDARD),
        ("import redis\nC = redis.Redis()", Runs.STANDARD),
        ("import redis\nC = redis.Redis(host='localhost')", Runs.STANDARD),
        ("import os, psycopg\nC = psycopg.connect(host=os.getenv('PGHOST', 'x'), port=5432)", Runs.STANDARD),
        ("D = {'host': 'localhost', 'port': 6379}", Runs.STANDARD),
        ("import os\nURL = f\"postgresql://{os.environ['PGHOST']}:5432/x\"", Runs.STANDARD),
        ("import psycopg2\nC = psycopg2.connect('dbname=test user=me host=localhost')", Runs.STANDARD),
        ("import os\nURL = os.getenv('SHOP_DB', 'postgresql://localhost:5432/shop')", Runs.STANDARD),
        ("URL = 'postgresql://postgres:p@localhost:5433/test'", Runs.SETTINGS),
        ("URL = 'postgresql://me:p@db.example.com/test'", Runs.SETTINGS),
        ("import httpx\nURL = 'http://localhost:8081'", Runs.SETTINGS),
        ("import os\nURL = os.environ['SHOP_SEARCH_URL']", Runs.SETTINGS),
        ("import docker", Runs.DOCKER),
        ("from testcontainers.postgres import PostgresContainer", Runs.DOCKER),
        ("import subprocess\nsubprocess.run(['docker', 'compose', 'up'])", Runs.DOCKER),
    ],
)
def test_what_it_takes(report, text, runs):
    assert report(text).runs is runs


def test_a_name_that_the_settings_map_is_given(report):
    text = "import os\nURL = os.environ['SHOP_DB']"
    assert report(text).missing == ("SHOP_DB",)
    assert report(text, Offer({**OFFER.variables, "SHOP_DB": "database"})).runs is Runs.EXEC


def test_what_is_set_already_or_by_the_test_itself_is_no_need(report):
    text = "import os\nKEY = os.environ['SHOP_KEY']"
    assert report(text, Offer({}, frozenset({"SHOP_KEY"}))).runs is Runs.ALONE
    assert report(f"{text}\nos.environ['SHOP_KEY'] = 'x'").runs is Runs.ALONE
    assert report(f"{text}\ndef fixed(monkeypatch): monkeypatch.setenv('SHOP_KEY', 'x')").runs is Runs.ALONE


def test_the_conftests_above_count(report):
    file = report("", conftest="import os\nURL = os.environ['DATABASE_URL']\n")
    assert (file.runs, file.needs.required) == (Runs.EXEC, {"DATABASE_URL"})


def test_services_and_logins_are_told(tmp_path):
    (tmp_path / "test_a.py").write_text(
        "import os, redis\nA = os.environ['AUTH_SERVICE_URL']\nB = 'postgresql://shop:s3cret@localhost:5432/x'\n"
        "def test_a(x): assert x\n"
    )
    found = survey([tmp_path], OFFER)
    assert found.services == {"auth", "cache", "database"}
    assert found.logins == {"postgresql://shop:s3cret@localhost:5432/x"}
    assert "s3cret" not in repr(found)


HOSTILE = {
    "syntax": (b"def test_a(:\n    pass\n", "line 1"),
    "binary": (b"\x00\x01\x02", "binary"),
    "coding": (b"# coding: klingon\n", "unknown encoding"),
    "latin": (b"x = '\xff\xfe'\n", ""),
    "deep": (b"x = " + b"(" * 5000 + b")" * 5000, ""),
    "minus": (b"x = " + b"-" * 60_000 + b"1", ""),
    "large": (b"#" * 2_100_000, "too large"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_python_is_told_in_a_line(tmp_path, name):
    raw, reason = HOSTILE[name]
    (tmp_path / "test_bad.py").write_bytes(raw)
    (tmp_path / "test_good.py").write_text("def test_a(x): assert x\n")
    bad, good = survey([tmp_path], OFFER).files
    assert (bad.runs, good.runs) == (Runs.UNREAD, Runs.ALONE)
    assert reason in bad.problem
    assert len(bad.problem.splitlines()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_in_a_circle_and_what_is_no_file(tmp_path):
    (tmp_path / "test_good.py").write_text("def test_a(x): assert x\n")
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "test_self.py").symlink_to(tmp_path / "test_self.py")
    (tmp_path / "test_nowhere.py").symlink_to(tmp_path / "nothing")
    (tmp_path / "test_folder.py").mkdir()
    os.mkfifo(tmp_path / "test_pipe.py")
    found = {each.path.rpartition("/")[2]: each.problem for each in survey([tmp_path], OFFER).files}
    assert set(found) == {"test_good.py", "test_self.py", "test_nowhere.py", "test_pipe.py"}
    assert found["test_pipe.py"] == "no regular file"
    assert found["test_self.py"]
    assert found["test_nowhere.py"]


def test_many_files_are_read_in_several_processes_and_told_in_order(tmp_path):
    for number in range(150):
        (tmp_path / f"test_{number:03}.py").write_text("def test_a(x): assert x\ndef test_b(): pass\n")
    told = []
    found = survey([tmp_path], OFFER, lambda done, of: told.append((done, of)))
    assert [each.path for each in found.files] == sorted(each.path for each in found.files)
    assert (len(found.files), found.tests) == (150, 300)
    assert told == [(number, 150) for number in range(1, 151)]


ELSEWHERE = [
    ("httpx.get('https://staging.example.com/health')", "staging.example.com"),
    ("httpx.get('https://staging.example.com:8443/health')", "staging.example.com:8443"),
    ("URL = 'https://staging.example.com'\nhttpx.get(f'{URL}/health')", "staging.example.com"),
    ("ROOT = 'https://staging.example.com'\nURL = f'{ROOT}/v1'\nhttpx.post(URL + '/orders')", "staging.example.com"),
    ("C = httpx.Client(base_url='https://staging.example.com/v1')", "staging.example.com"),
    ("import websockets\nwebsockets.connect('wss://10.1.2.3/ws')", "10.1.2.3"),
    ("import os\nURL = os.getenv('SHOP_URL', 'https://staging.example.com')", "staging.example.com"),
    ("URL = 'postgresql://me:p@db.example.com/test'", "db.example.com:5432"),
]


@pytest.mark.parametrize(("text", "place"), ELSEWHERE)
def test_what_asks_another_machine_is_told_with_or_without_a_port(report, text, place):
    file = report(f"import httpx\n{text}")
    assert (file.runs, file.missing, file.elsewhere) == (Runs.SETTINGS, (place,), (place,))


@pytest.mark.parametrize(
    "text",
    [
        "USER = {'picture': 'https://cdn.example.com/a.png'}",
        "import respx\nhttpx.get('https://staging.example.com')",
        "from unittest.mock import patch\nP = patch('httpx.get')\nhttpx.get('https://staging.example.com')",
        "def test_a(httpx_mock):\n    assert httpx.get('https://staging.example.com')",
        "def test_a(monkeypatch):\n    monkeypatch.setattr(httpx, 'get', 1)\n    httpx.get('https://a.example.com')",
        "C = httpx.Client(transport=T, base_url='https://staging.example.com')",
        "httpx.get('https://api.invalid/')",
    ],
)
def test_a_host_elsewhere_that_is_data_or_answered_here_is_no_need(report, text):
    assert report(f"import httpx\n{text}").runs is Runs.ALONE


CONFTEST = """
import os
import asyncpg
import pytest

URL = os.environ.get("DATABASE_URL", "postgresql://localhost:5432/x")


async def connect():
    return await asyncpg.connect(URL)


@pytest.fixture
async def connection():
    return await connect()


@pytest.fixture(name="orders")
def _orders(connection):
    return connection


@pytest.fixture
def token():
    return os.environ["AUTH_SERVICE_URL"]
"""


@pytest.mark.parametrize(
    ("text", "variables", "drivers"),
    [
        ("", set(), set()),
        ("def helper(connection): return connection", set(), set()),
        ("def test_a(connection): assert connection", {"DATABASE_URL"}, {"asyncpg"}),
        ("class TestA:\n    def test_a(self, orders): assert orders", {"DATABASE_URL"}, {"asyncpg"}),
        ("import pytest\npytestmark = pytest.mark.usefixtures('orders')", {"DATABASE_URL"}, {"asyncpg"}),
        ("def test_a(request): assert request.getfixturevalue('orders')", {"DATABASE_URL"}, {"asyncpg"}),
        ("import pytest\n@pytest.fixture\ndef own(orders): ...\ndef test_a(own): assert own",
         {"DATABASE_URL"}, {"asyncpg"}),
        ("import pytest\n@pytest.fixture(autouse=True)\ndef own(orders): ...", {"DATABASE_URL"}, {"asyncpg"}),
        ("import pytest\n@pytest.fixture\ndef orders(): ...\ndef test_a(orders): assert orders", set(), set()),
        ("import pytest\n@pytest.fixture\ndef orders(orders): ...\ndef test_a(orders): assert orders",
         {"DATABASE_URL"}, {"asyncpg"}),
        ("from conftest import connect\ndef test_a(x): assert connect()", {"DATABASE_URL"}, {"asyncpg"}),
        ("def test_a(token): assert token", {"AUTH_SERVICE_URL"}, set()),
    ],
)  # fmt: skip
def test_what_a_conftest_needs_is_needed_by_the_tests_that_use_its_fixtures(report, text, variables, drivers):
    needs = report(text, conftest=CONFTEST).needs
    assert (needs.variables | needs.required) >= variables
    assert bool(needs.variables | needs.required) is bool(variables)
    assert needs.drivers == drivers


@pytest.mark.parametrize(
    "text",
    [
        "import os\nos.environ.setdefault('DATABASE_URL', 'x')",
        "import os\nimport pytest\n@pytest.fixture(autouse=True)\ndef own(): return os.environ['DATABASE_URL']",
        "import os\ndef pytest_configure(): connect()\ndef connect(): return os.environ['DATABASE_URL']",
    ],
)
def test_what_a_conftest_does_unasked_is_needed_by_all(report, text):
    assert report("", conftest=text).runs is Runs.EXEC


def test_fixtures_of_the_settings_are_used_by_all(tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\nusefixtures = token\n")
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text("def test_it(x): assert x\n")
    assert survey([tmp_path], OFFER).services == {"auth"}


@pytest.mark.parametrize(
    ("text", "is_alone"),
    [("import json, pytest", True), ("import shop", False), ("from . import a", False), ("import subprocess", False)],
)
def test_whether_anything_may_want_a_service_unsaid(tmp_path, text, is_alone):
    (tmp_path / "test_it.py").write_text(f"{text}\ndef test_it(): assert 1 + x == 2\n")
    assert survey([tmp_path], OFFER).is_alone is is_alone
