"""goldenpath exec: commands that know nothing of this project get the addresses that they want."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from acceptance.generated.writing import write

from goldenpath.cli import main, standard_ports
from goldenpath.stack.binaries import find_postgres
from goldenpath.stack.ports import free_port

GOLDENPATH = [sys.executable, "-m", "goldenpath.cli"]
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:valkey", "-p", "no:cacheprovider"]
ADDRESSES = re.compile(
    r"DATABASE_URL|POSTGRES_|PG|REDIS_|AUTH_|WEBSOCKET_|AGENTS_|BACKEND_|TEST_USER_|JWT_|GOLDENPATH_"
)


def environment(**given):
    """Our variables without any address."""
    known = {name: value for name, value in os.environ.items() if not ADDRESSES.match(name)}
    return known | given


def execute(folder, *words, given=(), check=True, stdin=""):
    """Run ``goldenpath exec`` in a folder."""
    done = subprocess.run(
        [*GOLDENPATH, "exec", *words],
        cwd=folder,
        env=environment(**dict(given)),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def python(code):
    return ["--", sys.executable, "-c", code]


SHOW = "import os; print(*(os.environ.get(n, '-') for n in ({})), sep='\\n')"


def show(*names):
    return python(SHOW.format("".join(f"{name!r}, " for name in names)))


def settings(folder: Path, text: str) -> Path:
    (folder / "goldenpath.toml").write_text(text)
    return folder


def processes(word):
    """The processes of this machine that have a word in their arguments."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in each.read_bytes():
                found.append(each)
        except OSError:
            continue
    return found


def gone(what, within=20):
    end = time.monotonic() + within
    while time.monotonic() < end:
        if not what():
            return True
        time.sleep(0.05)
    return False


def test_two_hundred_files_that_know_nothing_of_us_all_run(tmp_path):
    files = write(tmp_path / "tests", 200)
    before = {path: path.read_bytes() for path in files}
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    # Whoever asks for Docker fails.
    done = execute(tmp_path, "--", *PYTEST, "tests", given={"DOCKER_HOST": "tcp://127.0.0.1:1"})
    last = done.stdout.strip().splitlines()[-1]
    passed = re.match(r"(\d+) passed in", last)
    assert passed, done.stdout
    assert int(passed[1]) >= 200
    assert {path: path.read_bytes() for path in files} == before
    assert len(files) == len(set(before.values())) == 200


def test_the_streams_and_the_status_are_those_of_the_command(tmp_path):
    code = "import sys; print(sys.stdin.read().upper()); print('!', file=sys.stderr); sys.exit(7)"
    done = execute(tmp_path, "--only", "cache", "--quiet", *python(code), stdin="hello", check=False)
    assert (done.returncode, done.stdout, done.stderr) == (7, "HELLO\n", "!\n")


def test_it_tells_what_answers_and_no_password(tmp_path):
    done = execute(tmp_path, "--only", "database", *show("PGPASSWORD", "PGPORT"))
    password, port = done.stdout.split()
    assert f"database: 127.0.0.1:{port}, PostgreSQL" in done.stderr
    assert password not in done.stderr
    assert "cache" not in done.stderr


def test_a_command_that_is_not_there(tmp_path):
    done = execute(tmp_path, "--only", "cache", "--", "no-such-command", check=False)
    assert done.returncode == 127
    assert "no-such-command" in done.stderr


def test_without_a_command_it_says_how(tmp_path):
    done = execute(tmp_path, check=False)
    assert done.returncode == 2
    assert "goldenpath exec -- pytest tests/" in done.stderr


def test_what_the_user_has_set_stays_and_is_not_started(tmp_path):
    theirs = "postgresql://me:mine@db.example.com:5433/shop"
    done = execute(
        tmp_path,
        "--only",
        "database,cache",
        *show("DATABASE_URL", "POSTGRES_HOST", "REDIS_HOST"),
        given={"DATABASE_URL": theirs},
    )
    assert done.stdout.split() == [theirs, "db.example.com", "127.0.0.1"]
    assert "database: yours, by DATABASE_URL" in done.stderr
    assert "PostgreSQL" not in done.stderr


def test_override_gives_ours(tmp_path):
    given = {"DATABASE_URL": "postgresql://me:mine@db.example.com:5433/shop"}
    done = execute(tmp_path, "--only", "database", "--override", *show("DATABASE_URL"), given=given)
    assert re.match(r"postgresql://\w+:\w+@127\.0\.0\.1:\d+/\w+\n", done.stdout)


def test_settings_prepare_and_name_further_variables(tmp_path):
    (tmp_path / "migrate.py").write_text(
        "import os, psycopg\n"
        "with psycopg.connect(os.environ['DATABASE_URL']) as c: c.execute('CREATE TABLE migrated (id int)')\n"
        "print('migrating')\n"
    )
    settings(
        tmp_path,
        f"""
        [exec]
        prepare = ["{sys.executable} migrate.py"]
        [exec.env]
        MY_DB = "{{database.url}}"
        MY_DSN = "DATABASE_URL"
        MY_HOST = "{{PGHOST}}/{{PGPORT}}"
        """,
    )
    code = (
        "import os, psycopg; e = os.environ\n"
        "assert e['MY_DB'] == e['MY_DSN'] == e['DATABASE_URL']\n"
        "assert e['MY_HOST'] == e['PGHOST'] + '/' + e['PGPORT']\n"
        "with psycopg.connect(e['MY_DB']) as c: print(c.execute('SELECT count(*) FROM migrated').fetchone()[0])"
    )
    done = execute(tmp_path, "--only", "database", *python(code))
    assert done.stdout == "0\n"
    assert "migrating" in done.stderr


def test_a_preparation_that_fails_ends_it(tmp_path):
    settings(tmp_path, f'[exec]\nprepare = "{sys.executable} -c exit(3)"\n')
    done = execute(tmp_path, "--only", "cache", *python("print('ran')"), check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "ended with 3" in done.stderr


def test_a_setting_that_names_nothing_is_told(tmp_path):
    settings(tmp_path, '[exec.env]\nMY_DB = "{databse.url}"\n')
    done = execute(tmp_path, "--only", "cache", *python("print('ran')"), check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "exec.env.MY_DB" in done.stderr


def test_the_tests_say_which_servers_they_want(tmp_path):
    (tmp_path / "test_auth.py").write_text(
        "import os, httpx\n\n"
        "def test_it():\n"
        "    assert httpx.get(os.environ['AUTH_SERVICE_URL'] + '/health').status_code == 200\n"
    )
    done = execute(tmp_path, "--", *PYTEST, "test_auth.py::test_it")
    assert "1 passed" in done.stdout
    assert re.findall(r"goldenpath: (\w+):", done.stderr) == ["database", "cache", "auth"]


def test_nothing_is_started_for_tests_that_want_nothing(tmp_path):
    (tmp_path / "conftest.py").write_text(
        "import os, psycopg, pytest\n\n"
        "@pytest.fixture\n"
        "def database(): return psycopg.connect(os.environ['DATABASE_URL'])\n"
    )
    (tmp_path / "test_pure.py").write_text("import os\n\ndef test_it(): assert 'DATABASE_URL' not in os.environ\n")
    (tmp_path / "test_code.py").write_text("import shop\n\ndef test_it(): assert shop\n")
    (tmp_path / "shop.py").write_text("import os\nURL = os.environ['DATABASE_URL']\n")
    done = execute(tmp_path, "--", *PYTEST, "test_pure.py")
    assert "1 passed" in done.stdout
    assert "these tests need no service" in done.stderr
    assert "PostgreSQL" not in done.stderr
    # What the product's code wants, its tests do not say; nor what the settings run first.
    assert "PostgreSQL" in execute(tmp_path, "--", *PYTEST, "-p", "no:warnings", "test_code.py").stderr
    settings(tmp_path, f'[exec]\nprepare = "{sys.executable} -c pass"\n')
    assert "PostgreSQL" in execute(tmp_path, "--", *PYTEST, "test_pure.py", check=False).stderr


def test_a_flush_of_the_cache_signs_nobody_out(tmp_path):
    code = (
        "import os, httpx, redis; e = os.environ; url = e['AUTH_SERVICE_URL']\n"
        "who = {'email': e['TEST_USER_EMAIL'], 'password': e['TEST_USER_PASSWORD']}\n"
        "token = httpx.post(url + '/auth/login', json=who).json()['access_token']\n"
        "redis.Redis.from_url(e['REDIS_URL']).flushdb()\n"
        "print(httpx.get(url + '/auth/me', headers={'Authorization': 'Bearer ' + token}).status_code)"
    )
    assert execute(tmp_path, "--only", "cache,auth", *python(code)).stdout == "200\n"


def test_mocks_answer_over_http_and_have_no_database(tmp_path):
    code = (
        "import os, httpx; e = os.environ\n"
        "who = {'email': e['TEST_USER_EMAIL'], 'password': e['TEST_USER_PASSWORD']}\n"
        "print(httpx.post(e['AUTH_SERVICE_URL'] + '/auth/login', json=who).status_code, 'DATABASE_URL' in e)"
    )
    done = execute(tmp_path, "--mode", "mock", "--only", "database,auth", *python(code))
    assert done.stdout == "200 False\n"
    assert "database: a mock has no address" in done.stderr


def test_a_service_that_others_run_is_used_as_it_is(tmp_path):
    outer = execute(
        tmp_path, "--only", "database", "--quiet", "--", "sh", "-c",
        'GOLDENPATH_DATABASE_URL="$DATABASE_URL" WAS="$DATABASE_URL" env -u DATABASE_URL -u POSTGRES_HOST -u PGHOST '
        f"{' '.join(GOLDENPATH)} exec --mode real --only database -- sh -c 'test \"$DATABASE_URL\" = \"$WAS\"'",
    )  # fmt: skip
    assert "which others run" in outer.stderr


def test_a_real_service_that_is_not_there_is_an_error(tmp_path):
    given = {"GOLDENPATH_DATABASE_URL": f"postgresql://u:secret@127.0.0.1:{free_port()}/d"}
    done = execute(tmp_path, "--mode", "real", "--only", "database", *python("print('ran')"), given=given, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing listens on 127.0.0.1" in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_reach_the_command_whose_end_is_ours(tmp_path, number):
    code = (
        "import os, signal, sys, time\n"
        # not print: the signal may come while the word before is still being written
        "def end(number, frame): os.write(1, b'heard\\n'); sys.exit(40)\n"
        f"signal.signal({int(number)}, end); print('ready', flush=True); time.sleep(60)"
    )
    process = started(tmp_path, "--only", "cache", *python(code))
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (40, "heard\n")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_nothing_is_left_when_it_is_killed(tmp_path):
    code = "import os, time; print(os.environ['PGPORT'], flush=True); time.sleep(600)"
    process = started(tmp_path, *python(code), given={"TMPDIR": str(tmp_path)})
    assert process.stdout.readline().strip().isdecimal()
    kept = [each for each in tmp_path.iterdir() if each.name.startswith("goldenpath-exec-")]
    assert processes(str(kept[0]))
    process.kill()
    process.communicate(timeout=60)
    assert gone(lambda: processes(str(kept[0])))
    assert gone(lambda: list(tmp_path.iterdir()))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals")
def test_nothing_is_left_when_it_ends(tmp_path):
    execute(tmp_path, *python("pass"), given={"TMPDIR": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


def started(folder, *words, given=()):
    return subprocess.Popen(
        [*GOLDENPATH, "exec", "--quiet", *words],
        cwd=folder,
        env=environment(**dict(given)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )


FIXED = """
import psycopg
import redis

URL = "postgresql://shop:s3cret@localhost:@DATABASE@/shop_test"


def test_what_no_variable_changes():
    with psycopg.connect(URL) as connection:
        found = connection.execute("SELECT current_user, current_database()").fetchone()
    assert found == ("shop", "shop_test")


def test_the_cache():
    client = redis.Redis(host="localhost", port=@CACHE@)
    client.set("a", 1)
    assert client.get("a") == b"1"
    client.close()
"""


def test_what_is_written_in_a_test_is_answered_on_the_standard_ports(tmp_path, monkeypatch, capfd):
    ports = {"database": free_port(), "cache": free_port()}
    for service, port in ports.items():
        monkeypatch.setitem(standard_ports.STANDARD, service, port)
    for name in [name for name in os.environ if ADDRESSES.match(name)]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    text = FIXED.replace("@DATABASE@", str(ports["database"])).replace("@CACHE@", str(ports["cache"]))
    (tmp_path / "test_fixed.py").write_text(text)
    status = main(["exec", "--standard-ports", "--", *PYTEST, "-p", "no:cacheprovider", "test_fixed.py"])
    said = capfd.readouterr()
    assert status == 0, said.out
    assert "2 passed" in said.out
    assert f"also on port {ports['database']}" in said.err


@pytest.fixture(autouse=True, scope="module")
def _binaries():
    """Servers to start: without them these tests are skipped at a desk."""
    try:
        find_postgres()
    except Exception as absent:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(absent))
