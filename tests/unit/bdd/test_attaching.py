"""What steps and hooks attach arrives, in the shape of Cucumber Messages."""

import asyncio
import io
import json
from datetime import date
from pathlib import Path

import pytest

from goldenpath.bdd import attach, link, log, pending
from goldenpath.domain.attaching import Attachment, sink
from goldenpath.domain.errors import Pending, StepError


@pytest.fixture
def attached():
    found = []
    token = sink.set(found.append)
    yield found
    sink.reset(token)


@pytest.mark.parametrize(
    ("data", "media_type", "expected"),
    [
        ("hello", None, Attachment("hello", "IDENTITY", "text/plain")),
        ("hello", "application/octet-stream", Attachment("hello", "IDENTITY", "application/octet-stream")),
        (bytes(range(10)), "text/plain", Attachment("AAECAwQFBgcICQ==", "BASE64", "text/plain")),
        (b"\0", None, Attachment("AA==", "BASE64", "application/octet-stream")),
        (bytearray(b"\0"), "image/png", Attachment("AA==", "BASE64", "image/png")),
        (memoryview(b"\0"), None, Attachment("AA==", "BASE64", "application/octet-stream")),
        (io.BytesIO(b"\0"), "image/jpeg", Attachment("AA==", "BASE64", "image/jpeg")),
        (io.StringIO("hello"), None, Attachment("hello", "IDENTITY", "text/plain")),
    ],
)
def test_text_stays_text_and_bytes_travel_in_base64(attached, data, media_type, expected):
    attach(data, media_type)
    assert attached == [expected]


def test_dicts_and_lists_are_json(attached):
    attach({"who": "Ödön", "born": date(1900, 1, 2)}, file_name="who.json")
    attach([1, None], "application/vnd.api+json")
    first, second = attached
    assert json.loads(first.body) == {"who": "Ödön", "born": "1900-01-02"}
    assert "Ödön" in first.body
    assert (first.encoding, first.media_type, first.file_name) == ("IDENTITY", "application/json", "who.json")
    assert (json.loads(second.body), second.media_type) == ([1, None], "application/vnd.api+json")


def test_a_path_brings_its_name_and_its_kind(attached, tmp_path):
    for name in ("shot.png", "thing.unheard-of"):
        (tmp_path / name).write_bytes(b"\0")
        attach(tmp_path / name)
    attach(tmp_path / "shot.png", "image/x-own", file_name="renamed.png")
    assert [(each.media_type, each.file_name) for each in attached] == [
        ("image/png", "shot.png"),
        ("application/octet-stream", "thing.unheard-of"),
        ("image/x-own", "renamed.png"),
    ]
    assert {each.encoding for each in attached} == {"BASE64"}


def test_an_open_file_has_the_name_that_it_is_given(attached, tmp_path):
    (tmp_path / "document.pdf").write_bytes(b"\0")
    with (tmp_path / "document.pdf").open("rb") as file:
        attach(file, "application/pdf", file_name="renamed.pdf")
        assert not file.closed
    assert attached == [Attachment("AA==", "BASE64", "application/pdf", "renamed.pdf")]


def test_a_log_and_a_link_have_their_media_types(attached):
    log("\x1b[31mred\x1b[0m")
    log(3)
    link("https://cucumber.io")
    link("https://cucumber.io", "Cucumber")
    assert attached == [
        Attachment("\x1b[31mred\x1b[0m", "IDENTITY", "text/x.cucumber.log+plain"),
        Attachment("3", "IDENTITY", "text/x.cucumber.log+plain"),
        Attachment("https://cucumber.io", "IDENTITY", "text/uri-list"),
        Attachment("https://cucumber.io", "IDENTITY", "text/uri-list", "Cucumber"),
    ]


def test_what_json_cannot_carry_is_told_in_signs_that_it_can(attached):
    log("caf\udce9")
    attach("caf\udce9")
    assert [each.body for each in attached] == ["caf\\udce9"] * 2


@pytest.mark.parametrize("call", [lambda: attach("x"), lambda: log("x"), lambda: link("x")])
def test_outside_of_a_run_it_says_so(call):
    with pytest.raises(StepError, match=r"\(\) was called where no scenario is running") as caught:
        call()
    assert "in a step, in a hook" in caught.value.try_next


@pytest.mark.parametrize("data", [None, 3, {1, 2}, object()])
def test_what_cannot_be_shown_is_refused_by_its_kind(attached, data):
    with pytest.raises(StepError, match=f"not {type(data).__name__}"):
        attach(data)
    assert attached == []


def test_a_file_that_is_not_there_says_so(attached, tmp_path):
    with pytest.raises(FileNotFoundError):
        attach(Path(tmp_path / "no.png"))
    assert attached == []


def test_it_is_found_from_tasks_and_threads_of_the_scenario(attached):
    async def step():
        await asyncio.gather(asyncio.to_thread(log, "thread"), asyncio.create_task(in_a_task()))

    async def in_a_task():
        log("task")

    asyncio.run(step())
    assert {each.body for each in attached} == {"thread", "task"}


def test_pending_ends_the_step_with_its_reason():
    with pytest.raises(Pending) as caught:
        pending("the shop is closed")
    assert (caught.value.reason, str(caught.value)) == ("the shop is closed", "the shop is closed")
    with pytest.raises(Pending, match="still to be written"):
        pending()
