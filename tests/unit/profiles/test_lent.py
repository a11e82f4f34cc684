"""People lent: each to one scenario at a time, with the permissions that it needs, and given back as taken."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import nullcontext

import pytest

from goldenpath.domain.errors import NobodyToLend, SettingsError, WrongCredentials
from goldenpath.ports.adapter import OpenContext
from goldenpath.ports.auth import Grant, User
from goldenpath.ports.clock import ScenarioClock, SeededIds
from goldenpath.wire.lent import lending, with_people
from goldenpath.wire.people import locks_folder

URL = "https://auth.staging.example.test"
PASSWORDS = {"ADA": "pw-ada", "BEN": "pw-ben", "CHLOE": "pw-chloe", "EVE": "pw-eve"}


def account(name, *permissions):
    permissions = list(permissions or ("chat",))
    return {
        "name": name,
        "email": f"{name.lower()}@x.test",
        "password_env": name.upper(),
        "permissions": permissions,
    }


ADA, BEN, CHLOE, EVE = account("Ada"), account("Ben"), account("Chloe", "chat", "billing"), account("Eve")


class Service:
    """A sign-in that makes no accounts, and counts wrong passwords as services do."""

    def __init__(self):
        self.open, self.failures, self.signed_in = set(), {}, 0

    async def login(self, email, password, device="browser"):
        name = email.partition("@")[0]
        if password != PASSWORDS[name.upper()]:
            self.failures[email] = self.failures.get(email, 0) + 1
            raise WrongCredentials("the email or the password is wrong")
        self.failures.pop(email, None)
        self.signed_in += 1
        token = f"{email}/{self.signed_in}"
        self.open.add(token)
        return Grant(token, None, "Bearer", 900, User(f"id of {name}", email, ("chat",)))

    async def logout(self, access_token):
        self.open.remove(access_token)


@pytest.fixture(autouse=True)
def _own_locks(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.fixture
def service():
    return Service()


def lent(service, *accounts, people=0, wait=0.2, environ=PASSWORDS):
    context = OpenContext("s", ScenarioClock(), SeededIds("s"), people=people)
    return lending(nullcontext(service), accounts, URL, context, wait=wait, environ=environ)


def test_each_person_gets_an_account_of_its_own_under_its_name_if_there_is_one(service):
    async def go():
        async with lent(service, CHLOE, BEN, ADA, people=3) as auth:
            ada = await auth.create_account("Ada")
            zoe = await auth.create_account("Zoe")
            ben = await auth.create_account("Ben", ("chat", "billing"))
            return ada, zoe, ben

    ada, zoe, ben = asyncio.run(go())
    assert (ada.email, ada.password, ada.user) == ("ada@x.test", "pw-ada", User("id of ada", "ada@x.test", ("chat",)))
    assert zoe.email == "ben@x.test"
    assert (ben.email, ben.user.permissions) == ("chloe@x.test", ("billing", "chat"))


def test_people_are_given_back_as_they_were_taken(service):
    async def go():
        async with lent(service, ADA) as auth:
            ada = await auth.create_account("Ada")
            await auth.login(ada.email, ada.password, "phone")
            with pytest.raises(WrongCredentials):
                await auth.login(ada.email, "wrong")
            assert service.failures
            assert service.open
        assert not service.open
        assert not service.failures
        async with lent(service, ADA) as auth:
            assert (await auth.create_account("Ben")).email == "ada@x.test"

    asyncio.run(go())


@pytest.mark.parametrize(
    ("people", "permissions", "reason"),
    [
        (3, ("chat",), "it needs 3 persons, and 2 accounts can be lent"),
        (0, ("billing",), "too few accounts can be lent: 0 may billing, and the scenario needs more"),
    ],
)
def test_too_few_is_told_at_once(service, people, permissions, reason):
    async def go():
        async with lent(service, ADA, BEN, people=people, wait=3600) as auth:
            await auth.create_account("Ada", permissions)

    with pytest.raises(NobodyToLend, match=reason):
        asyncio.run(asyncio.wait_for(go(), 10))


def test_who_is_not_counted_beforehand_is_lent_one_by_one_until_there_is_none(service):
    async def go():
        async with lent(service, ADA, BEN) as auth:
            for name in ("Ada", "Ben", "Chloe"):
                await auth.create_account(name)

    with pytest.raises(NobodyToLend, match="too few accounts can be lent: 2 may chat"):
        asyncio.run(go())


def test_nobody_is_lent_twice_and_who_waits_in_vain_is_told(service):
    async def go():
        async with lent(service, ADA) as auth:
            await auth.create_account("Ada")
            async with lent(service, ADA) as other:
                with pytest.raises(NobodyToLend, match=r"others held the accounts for 0\.2 s"):
                    await other.create_account("Ada")

    asyncio.run(go())


def test_scenarios_that_need_all_wait_for_each_other_and_never_for_ever(service):
    """Four at once, each of which needs both: none holds one and waits for the other."""
    held = []

    async def scenario():
        async with lent(service, ADA, BEN, people=2, wait=30) as auth:
            emails = {(await auth.create_account("Ada")).email, (await auth.create_account("Ben")).email}
            held.append(emails)
            assert len(held) == 1
            await asyncio.sleep(0.02)
            held.pop()
            return emails

    async def go():
        return await asyncio.gather(*(scenario() for _ in range(4)))

    assert asyncio.run(go()) == [{"ada@x.test", "ben@x.test"}] * 4


async def _once(opening):
    async with opening as auth:
        return await auth.create_account("Ada")


def test_another_run_on_this_machine_holds_them_too_until_it_is_killed(service):
    # Who was lent once has left a lock behind, which is free.
    asyncio.run(_once(lent(service, ADA)))
    (path,) = locks_folder().glob("*.lock")
    code = (
        "import sys, time; from pathlib import Path; from goldenpath.stack.locks import FileLock; "
        "lock = FileLock(Path(sys.argv[1])); print(lock.acquire(), flush=True); time.sleep(600)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    try:
        assert other.stdout.readline() == "True\n"

        with pytest.raises(NobodyToLend, match="others held"):
            asyncio.run(_once(lent(service, ADA, wait=0.2)))
        other.kill()
        other.wait(10)
        assert asyncio.run(_once(lent(service, ADA, wait=30))).email == "ada@x.test"
    finally:
        other.kill()
        other.wait(10)
        other.stdout.close()


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "the variable EVE is not set"),
        ({"EVE": "old"}, "the account eve@x.test that is to be lent cannot sign in"),
    ],
)
def test_a_password_that_is_missing_or_wrong_is_no_skip(service, environ, message):
    async def go():
        async with lent(service, EVE, environ=environ) as auth:
            await auth.create_account("Ada")

    with pytest.raises(SettingsError, match=message) as caught:
        asyncio.run(go())
    assert "pw-eve" not in str(caught.value)


def test_only_who_makes_accounts_makes_fresh_ones():
    table = {"accounts": [EVE]}
    assert with_people(frozenset({"accounts"}), table) == {"accounts", "fresh"}
    assert with_people(frozenset({"sessions"}), table) == {"accounts", "sessions"}
    assert with_people(frozenset({"sessions"}), {}) == {"sessions"}
