"""A feature that has not changed is not parsed again, and nothing on the disk can break that."""

import json
import os
import shutil
import subprocess
import sys
import time
from textwrap import dedent

import msgspec
import pytest

from goldenpath.domain.errors import FeatureError
from goldenpath.gherkin import cache as storage
from goldenpath.gherkin import read

TEXT = """\
    @f
    Feature: F
      Scenario Outline: S
        Given <a> is here
          | x |
        * <a> waves
          \"\"\"json
          {}
          \"\"\"
        Examples:
          | a |
          | 1 |
      Scenario: Empty
    """


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "out" / "cache"


@pytest.fixture
def parsed(monkeypatch):
    """The uris of what was parsed."""
    from goldenpath.gherkin import reading

    seen = []
    parse = reading.parse
    monkeypatch.setattr(reading, "parse", lambda text, uri, kind: [seen.append(uri), parse(text, uri, kind)][1])
    return seen


def entries(folder):
    return sorted((folder / "features").iterdir())


def said(feature):
    return msgspec.structs.asdict(feature) | {"held_envelopes": feature.envelopes}


def test_a_file_is_parsed_once_and_says_the_same_again(feature, folder, parsed):
    fresh, cold, warm = feature(TEXT), feature(TEXT, cache=folder), feature(TEXT, cache=folder)
    assert len(parsed) == 2
    assert said(fresh) == said(cold) == said(warm)
    assert len(entries(folder)) == 1


@pytest.mark.parametrize("text", ["", "Feature: F\n"])
def test_a_hollow_file_is_kept_too(feature, folder, parsed, text):
    assert said(feature(text, cache=folder)) == said(feature(text, cache=folder))
    assert len(parsed) == 1


def test_the_parser_is_not_imported_for_what_is_known(feature, folder):
    path = feature(TEXT, cache=folder).path
    program = f"""\
        import sys
        from pathlib import Path
        from goldenpath.gherkin import read
        path = Path({os.fspath(path)!r})
        known = read(path, rootdir=path.parents[1], features_root=path.parent, cache=Path({os.fspath(folder)!r}))
        assert len(known.pickles) == 1 and known.envelopes
        assert "gherkin" not in sys.modules, "parsed"
        """
    subprocess.run([sys.executable, "-c", dedent(program)], check=True)


def test_a_change_another_place_and_another_root_are_read_anew(feature, folder, parsed, tmp_path):
    first = feature(TEXT, cache=folder)
    assert feature(TEXT + "\n", cache=folder).pickles[0].id == first.pickles[0].id
    assert feature(TEXT, "other.feature", cache=folder).uri == "features/other.feature"
    nearer = read(first.path, rootdir=tmp_path, features_root=tmp_path, cache=folder)
    assert nearer.pickles[0].id == "features/shop.feature::S[1]"
    assert len(parsed) == len(entries(folder)) == 4


def test_another_version_reads_anew(feature, folder, parsed, monkeypatch):
    feature(TEXT, cache=folder)
    monkeypatch.setattr(storage, "_makers", lambda: "another")
    feature(TEXT, cache=folder)
    assert len(parsed) == 2


@pytest.mark.parametrize("where", [0, 5, 20, 400, -1])
@pytest.mark.parametrize("how", ["cut", "flipped", "zeros", "longer"])
def test_a_damaged_entry_is_read_anew(feature, folder, parsed, how, where):
    whole = said(feature(TEXT, cache=folder))
    [entry] = entries(folder)
    raw = bytearray(entry.read_bytes())
    assert len(raw) > 500
    if how == "cut":
        raw = raw[:where]
    elif how == "flipped":
        raw[where] ^= 0x10
    elif how == "zeros":
        raw[where:] = bytes(len(raw[where:]) or 1)
    else:
        raw += b"x"
    entry.write_bytes(raw)
    assert said(feature(TEXT, cache=folder)) == whole
    assert said(feature(TEXT, cache=folder)) == whole
    assert len(parsed) >= 2


def test_an_entry_that_is_sound_and_of_another_shape_is_read_anew(feature, folder, parsed, monkeypatch):
    feature(TEXT, cache=folder)
    [entry] = entries(folder)
    with monkeypatch.context() as patch:
        patch.setattr(storage, "_ENCODER", type("", (), {"encode": lambda self, value: msgspec.msgpack.encode([1])})())
        entry.unlink()
        feature(TEXT, cache=folder)
    assert feature(TEXT, cache=folder).name == "F"
    assert len(parsed) == 3


def test_what_is_refused_is_not_kept(feature, folder):
    for text in ("Given a\n", "Feature: F\n  Scenaro: S\n    Given a\n", b"\xff\xfe"):
        with pytest.raises(FeatureError):
            feature(text, cache=folder)
    assert not folder.exists()


def test_a_cache_that_cannot_be_written_costs_only_time(feature, folder, parsed):
    folder.parent.mkdir()
    folder.write_text("a file, where the folder should be")
    assert said(feature(TEXT, cache=folder)) == said(feature(TEXT, cache=folder))
    assert len(parsed) == 2


def test_nothing_half_written_is_left(feature, folder, monkeypatch):
    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(storage.os, "replace", fail)
    assert feature(TEXT, cache=folder).envelopes
    assert entries(folder) == []


def test_envelopes_survive_an_emptied_cache(feature, folder):
    known = feature(TEXT, cache=folder)
    before = known.envelopes
    shutil.rmtree(folder)
    assert known.envelopes == before


def test_envelopes_are_never_another_content_s(feature, folder):
    known = feature(TEXT, cache=folder)
    shutil.rmtree(folder)
    known.path.write_text("Feature: G\n", encoding="utf-8")
    with pytest.raises(FeatureError, match="was changed") as caught:
        known.envelopes  # noqa: B018
    assert caught.value.where == "features/shop.feature"


def test_what_nobody_used_for_long_and_what_takes_too_much_room_is_removed(tmp_path):
    for days, name in ((40, "old"), (3, "third"), (2, "second"), (1, "first")):
        path = tmp_path / f"{name}.feature"
        path.write_bytes(bytes(100))
        os.utime(path, (time.time() - days * 86400,) * 2)
    storage.prune(tmp_path)
    assert {path.stem for path in tmp_path.iterdir()} == {"first", "second", "third"}
    storage.prune(tmp_path, room=250)
    assert {path.stem for path in tmp_path.iterdir()} == {"first", "second"}


def test_what_is_used_is_not_old(feature, folder):
    feature(TEXT, cache=folder)
    [entry] = entries(folder)
    os.utime(entry, (0, 0))
    feature(TEXT, cache=folder)
    storage.prune(folder / "features")
    assert entries(folder) == [entry]


def test_many_processes_may_read_at_once(feature, folder):
    known = feature(TEXT)
    program = f"""\
        from pathlib import Path
        from goldenpath.gherkin import read
        path = Path({os.fspath(known.path)!r})
        known = read(path, rootdir=path.parents[1], features_root=path.parent, cache=Path({os.fspath(folder)!r}))
        print(known.envelopes.decode().splitlines()[-1])
        """
    running = [subprocess.Popen([sys.executable, "-c", dedent(program)], stdout=subprocess.PIPE) for _ in range(4)]
    told = {process.communicate()[0] for process in running}
    assert [process.returncode for process in running] == [0] * 4
    assert [json.loads(line) for line in told] == [json.loads(known.envelopes.splitlines()[-1])]
    assert len(entries(folder)) == 1
