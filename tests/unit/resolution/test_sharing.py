"""The workers of a run look once, and tell each other what they saw."""

import asyncio
import json
import stat
import subprocess
import sys

from goldenpath.domain.values import Availability, Tier
from goldenpath.resolution import Candidate
from goldenpath.resolution.sharing import FILE, shared_probe
from goldenpath.stack.locks import FileLock


class Counting:
    """Its looks are counted in a file, since they may happen in any process."""

    services, tier, stand_in, needs, capabilities = ("cache",), Tier.MOCK, True, (), frozenset()

    def __init__(self, looks, seen):
        self._looks = looks
        self._seen = seen

    async def probe(self):
        with self._looks.open("a") as looks:
            looks.write("x")
        await asyncio.sleep(0.1)
        return self._seen

    def open(self, context):
        raise NotImplementedError


SEEN = Availability(True, "it is there", "7.2", 0.1, to_start=True)


def look(folder, looks, names=("cache.one",), seen=SEEN, deadline=2.0):
    candidates = [Candidate(name, Counting(looks, seen)) for name in names]
    return asyncio.run(shared_probe(folder, candidates, deadline))


WORKER = """
import pathlib, runpy, sys
print(runpy.run_path(sys.argv[1])["look"](*map(pathlib.Path, sys.argv[2:])))
"""


def test_several_processes_look_once(tmp_path):
    command = [sys.executable, "-c", WORKER, __file__, str(tmp_path / "run"), str(tmp_path / "looks")]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    told = [worker.communicate(timeout=60)[0].strip() for worker in workers]
    assert told == [repr({"cache.one": SEEN})] * 3
    assert (tmp_path / "looks").read_text() == "x"


def test_who_comes_later_reads(tmp_path):
    first = look(tmp_path, tmp_path / "looks")
    assert look(tmp_path, tmp_path / "looks") == first
    assert (tmp_path / "looks").read_text() == "x"


def test_a_candidate_that_nobody_has_looked_at_is_looked_at(tmp_path):
    look(tmp_path, tmp_path / "looks")
    assert look(tmp_path, tmp_path / "looks", ("cache.one", "cache.two")).keys() == {"cache.one", "cache.two"}
    assert (tmp_path / "looks").read_text() == "xx"


def test_no_secret_and_no_other_reader(tmp_path):
    look(tmp_path, tmp_path / "looks", seen=Availability(False, "no way to postgresql://ada:s3cret-w0rd@db/x"))
    text = (tmp_path / FILE).read_text()
    assert "s3cret-w0rd" not in text
    assert "no way to" in json.loads(text)["cache.one"]["reason"]
    if sys.platform != "win32":
        assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_torn_file_is_as_good_as_none(tmp_path):
    (tmp_path / FILE).write_text('{"cache.one": {"up": tr')
    assert look(tmp_path, tmp_path / "looks") == {"cache.one": SEEN}


def test_a_process_that_is_stuck_keeps_nobody_waiting(tmp_path):
    stuck = FileLock(tmp_path / "availability.lock")
    assert stuck.acquire()
    try:
        assert look(tmp_path, tmp_path / "looks", deadline=0.2) == {"cache.one": SEEN}
    finally:
        stuck.release()


def test_nothing_to_look_at(tmp_path):
    assert look(tmp_path, tmp_path / "looks", ()) == {}
