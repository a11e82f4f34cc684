"""The command line of the servers."""

import pytest

from goldenpath.cli import main

ADDRESSES = ("DATABASE_URL", "REDIS_URL", "AUTH_URL", "AGENTS_URL")


@pytest.fixture(autouse=True)
def _no_addresses(monkeypatch):
    for name in ADDRESSES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "auth | agents | gateway"),
        ([], "one service a process"),
        (["auth", "agents"], "one service a process"),
        (["auth"], "$DATABASE_URL"),
        (["agents", "--database-url", "postgresql://x", "--cache-url", "redis://x"], "$AUTH_URL"),
        (["gateway", "--cache-url", "redis://x", "--auth-url", "http://x"], "$AGENTS_URL"),
        (["--mode", "mock", "--fault", "wrong-pasword-accepted"], "'wrong-password-accepted'"),
        (["agents", "--mode", "mock", "--scripts", "no-such-file.toml"], "no-such-file.toml"),
    ],
)
def test_what_cannot_be_served_is_told_with_what_to_try(arguments, said, capsys):
    assert main(["serve", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_help_has_examples(capsys):
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    assert "goldenpath serve --mode mock" in capsys.readouterr().out
