"""``goldenpath init`` and ``goldenpath new``: beginnings that run at once, and write over nothing."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

COMPOSE = """\
services:
  db:
    image: postgres:17
    environment: {POSTGRES_USER: shop, POSTGRES_PASSWORD: hush-hush, POSTGRES_DB: orders}
    ports: ["127.0.0.1:${DB_PORT:-55432}:5432"]
  store:
    image: docker.io/valkey/valkey:8
    ports:
      - target: 6379
        published: "56379"
  identity:
    build: .
    ports: ["8001:80"]
  mailer:
    image: mailhog
"""


def goldenpath(root: Path, *args: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name not in {"CI", "PYTEST_ADDOPTS"}}
    done = subprocess.run(
        [sys.executable, "-m", "goldenpath.cli", *args],
        cwd=root,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


def pytest_says(root: Path, *args: str) -> str:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:valkey", *args]
    environ = {name: value for name, value in os.environ.items() if name not in {"CI", "PYTEST_ADDOPTS"}}
    done = subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout + done.stderr


def settings(root: Path) -> dict:
    return tomllib.loads((root / "goldenpath.toml").read_text())


class TestInit:
    def test_ends_in_the_line_of_a_rehearsal(self, tmp_path):
        said = goldenpath(tmp_path, "init", "--services", "auth,database", "--promises", "signing_in,saved", "--yes")
        last = said.stdout.splitlines()[-1]
        assert "rehearsed on stand-ins" in last
        assert sorted(each.name for each in (tmp_path / "features").iterdir()) == [
            "saved.feature",
            "signing_in.feature",
        ]
        assert settings(tmp_path)["services"]["cache"] == "none"
        assert settings(tmp_path)["tags"] == {"auth": "auth", "database": "database"}

    def test_takes_what_the_repository_tells_and_no_secret(self, tmp_path):
        (tmp_path / "compose.yaml").write_text(COMPOSE)
        (tmp_path / ".env").write_text("AGENT_SERVICE_URL=http://u:s3cr3t@localhost:8002\nOTHER=1\n")
        (tmp_path / "openapi.json").write_text('{"paths": {"/v1/login": {"post": {}}, "/v1/pets": {"get": {}}}}')
        (tmp_path / "app").mkdir()
        (tmp_path / "app/main.py").write_text("from fastapi import FastAPI\n\napi = FastAPI()\n")
        (tmp_path / ".github").mkdir()
        goldenpath(tmp_path, "init", "--yes", "--promises", "signing_in")
        written = (tmp_path / "goldenpath.toml").read_text()
        assert settings(tmp_path)["services"]["events"] == "none"
        assert "hush-hush" not in written
        assert "s3cr3t" not in written
        for told in (
            "compose.yaml: db (postgres:17)",
            "postgresql://shop@localhost:55432/orders",
            "redis://localhost:56379/0",
            "http://localhost:8001",
            ".env: AGENT_SERVICE_URL",
            "http://u@localhost:8002",
            "POST /v1/login",
            "uvicorn app.main:api --port {port}",
        ):
            assert told in written
        assert "mailer" not in written
        assert (tmp_path / ".github/workflows/golden-path.yml").exists()

    def test_names_an_address_where_one_is_given(self, tmp_path):
        given = ["--url", "auth=http://localhost:9", "--command", "agents=python -m shop --port {port}"]
        goldenpath(tmp_path, "init", "--yes", "--services", "auth,agents", "--promises", "signing_in", *given)
        services = settings(tmp_path)["services"]
        assert services["auth"]["real"] == {"url": "http://localhost:9"}
        assert services["agents"]["local"]["command"] == "python -m shop --port {port}"

    def test_leaves_what_is_there(self, tmp_path):
        (tmp_path / "features").mkdir()
        (tmp_path / "features/saved.feature").write_text("Feature: Ours\n")
        said = goldenpath(tmp_path, "init", "--yes", "--services", "auth", "--promises", "all", check=False)
        assert said.returncode == 0  # nothing of auth alone is called saved
        (tmp_path / "goldenpath.toml").unlink()
        said = goldenpath(tmp_path, "init", "--yes", "--services", "database", "--promises", "saved", check=False)
        assert said.returncode == 2
        assert "features/saved.feature: it is there already" in said.stderr.replace("\n", " ")
        assert not (tmp_path / "goldenpath.toml").exists()
        assert (tmp_path / "features/saved.feature").read_text() == "Feature: Ours\n"

    def test_begins_once(self, tmp_path):
        (tmp_path / "pyproject.toml").write_text('[tool.goldenpath]\nsteps = ["steps"]\n')
        said = goldenpath(tmp_path, "init", "--yes", check=False)
        assert said.returncode == 2
        assert "already" in said.stderr

    @pytest.mark.parametrize(
        ("args", "told"),
        [
            (["--services", "auth,billing"], "there is no 'billing'"),
            (["--services", ","], "no name was given"),
            (["--services", "cache", "--promises", "signing_in"], "some of: "),
            (["--url", "auth"], "expected SERVICE=..."),
            (["--url", "billing=http://localhost"], "expected SERVICE=..."),
        ],
    )
    def test_says_what_cannot_be(self, tmp_path, args, told):
        said = goldenpath(tmp_path, "init", "--yes", *args, check=False)
        assert said.returncode == 2
        assert told in said.stderr
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize(
        "text", ["services: [1, 2]", "services: {a: {ports: {b: c}}}", "\t:", "{", "a: !!python/x 1"]
    )
    def test_files_that_say_nothing_are_passed_over(self, tmp_path, text):
        (tmp_path / "compose.yaml").write_text(text)
        (tmp_path / "openapi.json").write_text(text)
        (tmp_path / "broken.py").write_bytes(b"\xff\xfe\x00")
        goldenpath(tmp_path, "init", "--yes", "--services", "auth", "--promises", "signing_in")

    def test_asks_a_person(self, tmp_path):
        person, terminal = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "goldenpath.cli", "init", "--promises", "signing_in"],
            cwd=tmp_path,
            stdin=terminal,
            stdout=subprocess.PIPE,
            text=True,
        )
        os.write(person, b"y\nn\nno\nn\nN\ngitlab\n")
        out, _ = process.communicate(timeout=120)
        os.close(person)
        os.close(terminal)
        assert process.returncode == 0, out
        assert "Does your product have auth: people sign in? [Y/n]" in out
        assert settings(tmp_path)["services"] == {
            "events": "none",
            "agents": "none",
            "database": "none",
            "cache": "none",
            "auth": {},
        }
        assert (tmp_path / ".gitlab/golden-path.yml").exists()


class TestNew:
    def test_a_service_is_rehearsed_at_once(self, tmp_path):
        said = goldenpath(tmp_path, "new", "service", "Credit notes")
        assert "features/credit_notes.feature" in said.stdout
        told = pytest_says(tmp_path, "features/", "--mode", "mock")
        assert "1 scenario rehearsed on stand-ins" in told

    def test_settings_that_people_wrote_stay_as_they_wrote_them(self, tmp_path):
        before = '# ours\nsteps = ["steps"]  # here\n\n[tags]\nauth = "auth"  # kept\n'
        (tmp_path / "goldenpath.toml").write_text(before)
        goldenpath(tmp_path, "new", "service", "billing")
        after = (tmp_path / "goldenpath.toml").read_text()
        assert after.startswith('# ours\nsteps = ["steps"]  # here\n')
        assert 'auth = "auth"  # kept' in after
        assert settings(tmp_path)["tags"] == {"auth": "auth", "billing": "billing"}

    def test_a_feature_speaks_in_our_sentences_where_they_are_used(self, tmp_path):
        (tmp_path / "goldenpath.toml").write_text('steps = ["goldenpath.steps"]\n[tags]\nauth = "auth"\n')
        goldenpath(tmp_path, "new", "feature", "Getting in")
        assert "1 scenario rehearsed" in pytest_says(tmp_path, "features/", "--mode", "mock")

    def test_a_feature_is_a_promise_to_come_where_they_are_not(self, tmp_path):
        goldenpath(tmp_path, "new", "feature", "Getting in")
        assert "1 planned" in pytest_says(tmp_path, "features/", "--mode", "mock")

    def test_a_sentence_runs_as_pending(self, tmp_path):
        for sentence in ("Ada's bill says 15 euros", 'Ada sees "a bill"'):
            goldenpath(tmp_path, "new", "step", "then", sentence)
        (tmp_path / "features").mkdir()
        text = 'Feature: A\n  Scenario: B\n    Then Ada\'s bill says 4 euros\n    And Ada sees "x"\n'
        (tmp_path / "features/a.feature").write_text(text)
        assert "1 pending" in pytest_says(tmp_path, "features/", "--mode", "mock")

    @pytest.mark.parametrize("service", ["auth", "events", "agents", "database", "cache"])
    def test_an_adapter_has_every_operation_and_says_what_is_missing(self, tmp_path, service):
        goldenpath(tmp_path, "new", "adapter", service, "--tier", "local")
        (tmp_path / "goldenpath.toml").write_text(f'steps = ["steps"]\n[tags]\n{service} = "{service}"\n')
        (tmp_path / "steps").mkdir()
        first = {"auth": "me('t')", "events": "ticket('t')", "agents": "thread('t', 'i')", "database": "user('u')"}
        call = first.get(service, "get('k')")
        (tmp_path / "steps/a.py").write_text(
            "from goldenpath.bdd import then\n\n\n@then('it answers')\nasync def _(services):\n"
            f"    await services.{service}.{call}\n"
        )
        (tmp_path / "features").mkdir()
        (tmp_path / "features/a.feature").write_text(f"@{service}\nFeature: A\n  Scenario: B\n    Then it answers\n")
        told = pytest_says(tmp_path, "features/", "--service", f"{service}=local", "-rs")
        assert "is still to be written in golden.own_" in told.replace("\n", " ").replace("  ", " ")
        assert "1 skipped" in told

    @pytest.mark.parametrize(
        ("args", "told"),
        [
            (["service", "auth"], "comes with Golden Path"),
            (["service", "..."], "makes no name"),
            (["adapter", "billing"], "there is no port"),
        ],
    )
    def test_says_what_cannot_be(self, tmp_path, args, told):
        said = goldenpath(tmp_path, "new", *args, check=False)
        assert (said.returncode, told in said.stderr) == (2, True), said.stderr
        assert list(tmp_path.iterdir()) == []

    def test_writes_over_nothing(self, tmp_path):
        goldenpath(tmp_path, "new", "feature", "Paying")
        before = (tmp_path / "features/paying.feature").read_text()
        assert goldenpath(tmp_path, "new", "feature", "Paying", check=False).returncode == 2
        assert (tmp_path / "features/paying.feature").read_text() == before
