"""The command goldenpath."""

import subprocess
import sys
from importlib.metadata import version

import pytest

from goldenpath.cli import main
from goldenpath.cli.layout import docstring, table
from goldenpath.config import OPTIONS
from goldenpath.domain.values import SERVICES
from goldenpath.reference.faults import every
from goldenpath.runtime.observing import operations
from goldenpath.runtime.services import protocol_of


@pytest.fixture
def said(capsys):
    """What a command prints; every line is within 80 columns."""

    def run(*argv):
        assert main(argv) == 0
        out = capsys.readouterr().out
        assert max(map(len, out.splitlines())) <= 80
        return out

    return run


def test_without_a_command_it_helps(capsys):
    assert main([]) == 0
    assert "goldenpath port agents" in capsys.readouterr().out


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    assert "examples:" in capsys.readouterr().out


def test_its_version(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"goldenpath {version('goldenpath')}\n"


def test_the_ports_that_there_are(said):
    first_words = [line.partition(" ")[0] for line in said("port").splitlines()]
    assert [word for word in first_words if word in SERVICES] == list(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_a_port_is_told_with_all_that_it_promises(said, service):
    out = said("port", service)
    for operation in operations(protocol_of(service)):
        assert f"\n{operation}(" in out or f"\nasync {operation}(" in out


def test_an_operation_is_told_with_its_signature_its_meaning_and_its_errors(said):
    out = said("port", "agents")
    assert "async start(access_token: str, prompt: str,\n        thread_id: str | None = None) -> Started\n" in out
    assert "    Ask; without a conversation a new one begins, named by the question's first\n    words." in out
    assert "        Invalid: The question is blank or over 4,000 characters." in out
    assert "async threads(access_token: str, *, limit: int = 20," in out


def test_the_values_of_a_port_are_told_and_those_that_they_hold(said):
    out = said("port", "events")
    assert "Resume(run_id: str, last_seq: int)" in out
    assert "\nConnection\n" in out
    assert "\nEvent(type: str" in out
    assert "async ask(prompt: str, thread_id: str | None) -> Started" in out


def test_a_port_that_there_is_not(capsys):
    assert main(["port", "billing"]) == 2
    error = capsys.readouterr().err
    assert "there is no port 'billing'" in error
    assert "one of: auth, events" in error


def test_every_fault(said):
    out = said("faults")
    for fault in every().values():
        assert f"{fault.name}  ({fault.service})\n    " in out


def test_every_setting_is_documented(said):
    out = said("settings")
    for option in OPTIONS:
        for word in (*option.flags, option.env, *option.example.splitlines()):
            assert word is None or word in out


def test_a_command_that_there_is_not(capsys):
    with pytest.raises(SystemExit) as end:
        main(["prot"])
    assert end.value.code == 2
    assert "prot" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough():
    program = "import sys; from goldenpath.cli import main; sys.exit(main(['port', 'auth']))"
    with subprocess.Popen(
        [sys.executable, "-u", "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        error = process.stderr.read().decode()
        assert (process.wait(), error) == (0, "")


def test_docstrings_keep_their_items():
    text = "One line\nand another.\n\nRaises:\n    NotFound: It is\n        not there.\n    Invalid: It is ``ill``."
    assert list(docstring(text, "  ")) == [
        "  One line and another.",
        "",
        "  Raises:",
        "      NotFound: It is",
        "          not there.",
        "      Invalid: It is ill.",
        "",
    ]


def test_a_table_wraps_its_last_column():
    lines = list(table([("a", "word " * 30), ("long", "x")]))
    assert lines[1].startswith("      word")
    assert lines[-1] == "long  x"
