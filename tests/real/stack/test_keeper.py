"""The keeper: what it starts, and that nothing outlives what it should."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest
import redis
from stacks import home_of, keeper_pid, living, row, soon

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.stack.client import Keeper
from goldenpath.stack.homes import abandoned

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")


def query(url, *statements):
    """The rows of the last statement."""

    async def ask():
        connection = await asyncpg.connect(url, ssl=False, timeout=10)
        try:
            return [await connection.fetch(each) for each in statements][-1]
        finally:
            await connection.close()

    return [tuple(each) for each in asyncio.run(ask())]


def tables(url):
    return {name for (name,) in query(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


def test_a_space_has_a_database_with_the_platforms_tables_and_an_empty_one(keeper):
    assert tables(keeper.database("one")) == {"users", "threads", "runs", "messages"}
    assert tables(keeper.database("one", tables=False)) == set()
    assert keeper.database("one") == keeper.database("one")


def test_the_database_is_in_utf_8_and_utc(keeper):
    rows = query(keeper.database("one"), "SELECT upper('é'), current_setting('server_encoding'), now()::text")
    assert rows[0][:2] == ("É", "UTF8")
    assert rows[0][2].endswith("+00")


def test_spaces_do_not_see_each_other(keeper):
    query(keeper.database("one", tables=False), "CREATE TABLE mine (id int)")
    assert tables(keeper.database("two", tables=False)) == set()
    assert keeper.cache("one")[1] != keeper.cache("two")[1]


def test_nobody_comes_in_without_the_password(keeper):
    url = keeper.database("one")
    user, _, rest = url.partition("@")
    with pytest.raises(asyncpg.InvalidPasswordError):
        query(f"{user.rpartition(':')[0]}:wrong@{rest}", "SELECT 1")
    cache = redis.Redis(port=int(keeper.cache("one")[0].rpartition(":")[2].split("/")[0]))
    with pytest.raises(redis.AuthenticationError):
        cache.ping()
    cache.close()


def test_secrets_are_in_no_argument_no_log_and_no_file_of_others(keeper, folder):
    url, (cache, _) = keeper.database("one"), keeper.cache("one")
    secrets = [each.partition("@")[0].rpartition(":")[2] for each in (url, cache)]
    home = home_of(keeper)
    told = " ".join(living(folder, home).values()) + "".join(log.read_text() for log in home.glob("*.log"))
    told += (folder / "keeper.log").read_text() + json.dumps(keeper.status())
    assert all(len(secret) == 32 and secret not in told for secret in secrets)
    assert stat.S_IMODE((folder / "keeper.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) & 0o066 == 0


def test_what_was_committed_outlives_a_killed_postgresql_which_comes_back_on_its_port(keeper):
    url = keeper.database("one", tables=False)
    query(url, "CREATE TABLE kept AS SELECT 7 AS number")
    keeper.kill("one", "database")
    assert row(keeper, "database")["state"] == "killed by signal 9"
    assert not row(keeper, "database")["running"]
    with pytest.raises(ConnectionRefusedError):
        query(url, "SELECT 1")
    keeper.restart("one", "database")
    assert query(url, "SELECT number FROM kept") == [(7,)]


def test_a_killed_valkey_comes_back_empty_on_its_port(keeper):
    url, prefix = keeper.cache("one")
    with redis.Redis.from_url(url) as cache:
        cache.set(f"{prefix}key", "value")
        keeper.kill("one", "cache")
        keeper.restart("one", "cache")
        assert cache.get(f"{prefix}key") is None


def test_a_released_space_leaves_nothing(keeper):
    one, two = keeper.database("one"), keeper.database("two")
    url, prefix = keeper.cache("one")
    with redis.Redis.from_url(url) as cache:
        cache.set(f"{prefix}key", "mine")
        cache.set("two:key", "theirs")
        keeper.release("one")
        assert cache.keys() == [b"two:key"]
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        query(one, "SELECT 1")
    assert tables(two)


def test_a_child_that_dies_is_told_in_the_status(keeper):
    keeper.cache("one")
    os.kill(row(keeper, "cache")["pid"], signal.SIGKILL)
    assert soon(lambda: not row(keeper, "cache")["running"])
    assert row(keeper, "cache")["state"] == "killed by signal 9"


def test_only_what_is_asked_for_is_started(keeper):
    keeper.cache("one")
    assert [each["service"] for each in keeper.status()["servers"]] == ["cache"]


def test_what_is_wanted_is_started_without_being_asked_for(folder, owner):
    keeper = Keeper.at(folder, owner.path, ("database", "cache"))
    assert soon(lambda: {each["service"] for each in keeper.status()["servers"]} == {"database", "cache"})
    keeper.stop()


def test_the_end_leaves_nothing(folder, owner):
    keeper = Keeper.at(folder, owner.path)
    keeper.database("one")
    keeper.cache("one")
    home = home_of(keeper)
    assert len(living(folder, home)) >= 3
    keeper.stop()
    assert not home.exists()
    assert not folder.exists()
    assert soon(lambda: not living(folder, home))
    keeper.stop()


def test_all_ends_when_the_owner_is_killed(folder, owner):
    keeper = Keeper.at(folder, owner.path)
    keeper.database("one")
    keeper.cache("one")
    home = home_of(keeper)
    owner.kill()
    assert soon(lambda: not living(folder, home) and not home.exists() and not folder.exists())


def test_a_keeper_outlives_ctrl_c(keeper, owner):
    keeper.cache("one")
    owner.interrupt()
    assert row(keeper, "cache")["running"]
    assert owner.process.poll() is None


def test_all_ends_when_the_folder_is_removed(folder, owner):
    keeper = Keeper.at(folder, owner.path)
    keeper.cache("one")
    home = home_of(keeper)
    (folder / "keeper.json").unlink()
    assert soon(lambda: not living(folder, home) and not home.exists())


def test_all_dies_with_a_killed_keeper_and_the_next_one_sweeps_its_folder(folder, owner, tmp_path):
    keeper = Keeper.at(folder, owner.path)
    keeper.database("one")
    keeper.cache("one")
    home = home_of(keeper)
    os.kill(keeper_pid(folder), signal.SIGKILL)
    assert soon(lambda: not living(folder, home))
    assert home.exists()
    assert home in list(abandoned())
    with pytest.raises(ServiceUnavailable, match="does not answer"):
        keeper.status()
    second = Keeper.at(folder, owner.path)
    second.cache("one")
    assert soon(lambda: not home.exists())
    assert home_of(second) != home
    second.stop()


@pytest.mark.parametrize("killed", ["keeper", "server"])
def test_no_shared_memory_is_left_behind(folder, owner, killed):
    keeper = Keeper.at(folder, owner.path)
    keeper.database("one")
    home = home_of(keeper)
    shared = (home / "postgres" / "postmaster.pid").read_text().splitlines()[6].split()[1]

    def segments():
        return {line.split()[1] for line in Path("/proc/sysvipc/shm").read_text().splitlines()}

    assert shared in segments()
    if killed == "keeper":
        os.kill(keeper_pid(folder), signal.SIGKILL)
    else:
        keeper.kill("one", "database")
        keeper.stop()
    assert soon(lambda: shared not in segments())
    Keeper.at(folder, owner.path).stop()


def test_two_at_once_do_not_meet(tmp_path, owner):
    keepers = [Keeper.at(tmp_path / name, owner.path, ("database",)) for name in ("a", "b")]
    urls = [keeper.database("main", tables=False) for keeper in keepers]
    query(urls[0], "CREATE TABLE first (id int)")
    assert tables(urls[1]) == set()
    assert home_of(keepers[0]) != home_of(keepers[1])
    keepers[0].stop()
    assert query(urls[1], "SELECT 1") == [(1,)]
    keepers[1].stop()


def test_many_that_start_at_once_share_one_keeper(folder, owner):
    code = (
        "import sys; from pathlib import Path; from goldenpath.stack.client import Keeper\n"
        "print(Keeper.at(Path(sys.argv[1]), Path(sys.argv[2])).status()['pid'])"
    )
    command = [sys.executable, "-c", code, str(folder), str(owner.path)]
    starting = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    pids = {process.communicate(timeout=60)[0] for process in starting}
    assert pids == {f"{keeper_pid(folder)}\n"}
    Keeper.at(folder, owner.path).stop()


def test_a_keeper_without_an_owner_that_lives_does_not_stay(folder, tmp_path):
    (tmp_path / "free.lock").touch()
    keeper = Keeper.at(folder, tmp_path / "free.lock")
    assert soon(lambda: Keeper.there(folder) is None)
    with pytest.raises(ServiceUnavailable):
        keeper.cache("one")


def test_who_says_nothing_holds_nobody_up_and_who_has_no_key_gets_nothing(keeper, folder):
    state = json.loads((folder / "keeper.json").read_text())
    with socket.create_connection(("127.0.0.1", state["port"])) as silent:
        silent.sendall(b'{"key":')
        assert keeper.status()["servers"] == []
    for said in (b'{"key": "guess", "do": "stop", "with": {}}\n', b"GET / HTTP/1.1\r\n\r\n", b"[]\n"):
        with socket.create_connection(("127.0.0.1", state["port"]), 10) as stranger:
            stranger.sendall(said)
            assert b"error" in stranger.recv(1000)
    assert keeper.status()["pid"] == state["pid"]


def test_a_request_that_makes_no_sense_is_refused(keeper):
    with pytest.raises(ServiceUnavailable, match="no such server was started"):
        keeper.kill("one", "cache")
    with pytest.raises(ServiceUnavailable, match="the platform has no such server"):
        keeper.serve("one", "billing")


def test_a_keeper_that_cannot_start_says_why(tmp_path, owner, monkeypatch):
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))
    with pytest.raises(ServiceUnavailable, match=r"(?s)the keeper ended with status 1; the end of its log:\n.*try:"):
        Keeper.at(tmp_path / "run", owner.path)


def test_there_is_nobody_to_ask_where_nobody_keeps(folder):
    assert Keeper.there(folder) is None
    assert not Path(folder).exists()
