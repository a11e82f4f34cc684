"""What every auth of the reference platform promises; an adapter is put to it by adding its opener."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from httpx import URL

from goldenpath.adapters.auth.mock import MockAuth
from goldenpath.adapters.cache.mock import MockCache
from goldenpath.adapters.database.mock import MockDatabase
from goldenpath.domain.errors import AccountLocked, Invalid, NotFound, NotSignedIn, WrongCredentials
from goldenpath.ports.adapter import OpenContext
from goldenpath.ports.auth import Claims
from goldenpath.ports.cache import session_key
from goldenpath.ports.clock import ScenarioClock, SeededIds
from goldenpath.reference import passwords

pytestmark = pytest.mark.asyncio
PAGE = "https://app.example.com/back?from=mail"


@dataclass
class Opened:
    auth: Any
    clock: ScenarioClock
    cache: Any
    database: Any

    async def pass_time(self, **by):
        await self.clock.advance(timedelta(**by))


@asynccontextmanager
async def open_mock():
    clock, ids, ports = ScenarioClock(), SeededIds("seed"), {}
    async with AsyncExitStack() as stack:
        for adapter in (MockDatabase(), MockCache(), MockAuth()):
            ports |= await stack.enter_async_context(adapter.open(OpenContext("a scenario", clock, ids, ports)))
        yield Opened(ports["auth"], clock, ports["cache"], ports["database"])


@pytest.fixture(params=[open_mock], ids=["mock"])
def opened(request):
    """Opens auth with its clock, cache and database."""
    return request.param


async def _sign_in(o, name="Ada", device="browser"):
    account = await o.auth.create_account(name)
    return account, await o.auth.login(account.email, account.password, device)


async def _fails(o, email, times):
    for _ in range(times):
        with pytest.raises(WrongCredentials):
            await o.auth.login(email, "wrong")


# --- passwords and lockout


async def test_an_account_can_sign_in_and_is_itself(opened):
    async with opened() as o:
        account = await o.auth.create_account("Ada", ("read", "chat", "chat"))
        grant = await o.auth.login(account.email, account.password)
        assert account.user.permissions == ("chat", "read")
        assert grant.user == account.user == await o.auth.me(grant.access_token)
        assert (grant.token_type, grant.expires_in, grant.scope) == ("Bearer", 900, "")


@pytest.mark.parametrize("name", ["Ada", "Zoë  van Dyk", "李", "", "../'; drop"])
async def test_an_account_has_an_address_whatever_its_name(opened, name):
    async with opened() as o:
        one, other = await o.auth.create_account(name), await o.auth.create_account(name)
        assert one.email != other.email
        assert one.password != other.password
        local, host = one.email.split("@")
        assert host == "example.com"
        assert local.replace("-", "").isalnum()
        assert local.isascii()


async def test_passwords_are_not_kept_as_they_are(opened):
    async with opened() as o:
        account = await o.auth.create_account("Ada")
        row = await o.database.user(account.user.id)
        assert account.password not in row.password_hash


@pytest.mark.parametrize("change", [str.upper, str.title])
async def test_letter_case_of_the_email_is_set_aside(opened, change):
    async with opened() as o:
        account = await o.auth.create_account("Ada")
        assert (await o.auth.login(change(account.email), account.password)).user == account.user


async def test_an_email_that_is_no_text_is_nobodys(opened):
    async with opened() as o:
        with pytest.raises(WrongCredentials):
            await o.auth.login("ada\ud800@example.com", "x")


@pytest.mark.parametrize("wrong", ["", "x", "\0", "\ud800", "p" * 5000])
async def test_unknown_and_wrong_are_told_alike(opened, wrong):
    async with opened() as o:
        account = await o.auth.create_account("Ada")
        with pytest.raises(WrongCredentials) as for_wrong:
            await o.auth.login(account.email, wrong)
        with pytest.raises(WrongCredentials) as for_unknown:
            await o.auth.login("nobody@example.com", wrong)
        assert (type(for_wrong.value), str(for_wrong.value), for_wrong.value.code) == (
            type(for_unknown.value),
            str(for_unknown.value),
            for_unknown.value.code,
        )


@pytest.mark.parametrize("known", [True, False])
async def test_unknown_and_wrong_cost_the_same_work(opened, known, monkeypatch):
    async with opened() as o:
        account, hashed = await o.auth.create_account("Ada"), []
        passwords.nobodys()
        scrypt = hashlib.scrypt
        monkeypatch.setattr(
            hashlib, "scrypt", lambda *a, **k: hashed.append((k["n"], k["r"], k["p"])) or scrypt(*a, **k)
        )
        await _fails(o, account.email if known else "nobody@example.com", 1)
        assert hashed == [(passwords.COST, 8, 1)]


async def test_five_failures_lock_an_account_for_a_quarter_of_an_hour(opened):
    async with opened() as o:
        account = await o.auth.create_account("Ada")
        await _fails(o, account.email, 5)
        for password in (account.password, "wrong"):
            with pytest.raises(AccountLocked) as locked:
                await o.auth.login(account.email.upper(), password)
            assert 890 < locked.value.retry_after <= 900
        await o.pass_time(minutes=14)
        with pytest.raises(AccountLocked) as locked:
            await o.auth.login(account.email, account.password)
        assert 50 < locked.value.retry_after <= 60
        await o.pass_time(minutes=1)
        assert (await o.auth.login(account.email, account.password)).user == account.user


async def test_an_unknown_account_is_locked_alike(opened):
    async with opened() as o:
        await _fails(o, "nobody@example.com", 5)
        with pytest.raises(AccountLocked):
            await o.auth.login("nobody@example.com", "wrong")


async def test_a_success_begins_the_count_anew(opened):
    async with opened() as o:
        account = await o.auth.create_account("Ada")
        for _ in range(3):
            await _fails(o, account.email, 4)
            await o.auth.login(account.email, account.password)


async def test_after_a_lock_the_count_begins_anew(opened):
    async with opened() as o:
        account = await o.auth.create_account("Ada")
        await _fails(o, account.email, 5)
        await o.pass_time(minutes=15)
        await _fails(o, account.email, 4)
        await o.auth.login(account.email, account.password)


async def test_a_lock_touches_no_other_account_and_no_session(opened):
    async with opened() as o:
        (ada, grant), (ben, _) = await _sign_in(o, "Ada"), await _sign_in(o, "Ben")
        await _fails(o, ada.email, 5)
        await o.auth.login(ben.email, ben.password)
        assert await o.auth.me(grant.access_token) == ada.user


async def test_guesses_at_once_are_counted(opened):
    async with opened() as o:
        account = await o.auth.create_account("Ada")
        guesses = [o.auth.login(account.email, "wrong") for _ in range(12)]
        ends = await asyncio.gather(*guesses, return_exceptions=True)
        assert {type(end) for end in ends} <= {WrongCredentials, AccountLocked}
        with pytest.raises(AccountLocked):
            await o.auth.login(account.email, account.password)


# --- tokens


async def test_a_token_says_who_for_whom_and_until_when(opened):
    async with opened() as o:
        account, grant = await _sign_in(o)
        claims = await o.auth.validate(grant.access_token)
        (session,) = await o.auth.sessions(grant.access_token)
        assert claims == Claims(
            iss="https://auth.goldenpath.test",
            aud="goldenpath",
            sub=account.user.id,
            iat=claims.iat,
            exp=claims.iat + grant.expires_in,
            jti=claims.jti,
            sid=session.id,
            email=account.email,
            permissions=("chat",),
            token_type="access",
        )
        assert abs(claims.iat - o.clock.now().timestamp()) < 60


async def test_each_token_has_an_id_of_its_own(opened):
    async with opened() as o:
        account, grant = await _sign_in(o)
        again = await o.auth.login(account.email, account.password)
        assert (await o.auth.validate(grant.access_token)).jti != (await o.auth.validate(again.access_token)).jti


async def test_any_library_can_check_a_token_with_the_published_keys(opened):
    async with opened() as o:
        _, grant = await _sign_in(o)
        keys = jwt.PyJWKSet.from_dict(await o.auth.jwks())
        key = keys[jwt.get_unverified_header(grant.access_token)["kid"]]
        said = jwt.decode(grant.access_token, key, algorithms=["RS256"], audience="goldenpath")
        assert said["iss"] == (await o.auth.discovery())["issuer"]
        assert set(said) == {"iss", "aud", "sub", "iat", "exp", "jti", "sid", "email", "permissions", "token_type"}
        assert not {"d", "p", "q"} & set((await o.auth.jwks())["keys"][0])


async def test_a_token_lives_as_long_as_it_says_and_no_longer(opened):
    async with opened() as o:
        _, grant = await _sign_in(o)
        await o.pass_time(seconds=grant.expires_in - 30)
        await o.auth.validate(grant.access_token)
        await o.pass_time(seconds=30)
        for operation in (o.auth.validate, o.auth.me, o.auth.sessions, o.auth.logout):
            with pytest.raises(NotSignedIn):
                await operation(grant.access_token)


def _parts(token):
    return [json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2]]


def _encoded(part):
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def _forgeries(token, public_pem):
    header, claims = _parts(token)
    signature = token.split(".")[2]
    thief = generate_private_key(public_exponent=65537, key_size=2048)
    by_hmac = hashlib.sha256(public_pem).hexdigest()
    yield "", "empty"
    yield "x", "no token"
    yield token[:-4], "cut"
    yield token + ".x", "four parts"
    yield f"{_encoded(header)}.{_encoded(claims | {'sub': 'mallory'})}.{signature}", "altered"
    yield f"{_encoded(header)}.{_encoded(claims | {'exp': claims['exp'] + 900})}.{signature}", "longer"
    for none in ("none", "None", "NONE"):
        yield f"{_encoded(header | {'alg': none})}.{_encoded(claims)}.", f"alg {none}"
    yield jwt.encode(claims, thief, algorithm="RS256", headers={"kid": header["kid"]}), "another key"
    yield jwt.encode(claims, by_hmac, algorithm="HS256", headers={"kid": header["kid"]}), "HS256"


async def test_forgeries_are_refused_everywhere(opened):
    async with opened() as o:
        account, grant = await _sign_in(o)
        jwk = (await o.auth.jwks())["keys"][0]
        for token, what in [*_forgeries(grant.access_token, jwk["n"].encode()), (grant.refresh_token, "refresh token")]:
            for operation in (o.auth.validate, o.auth.me, o.auth.sessions, o.auth.logout):
                try:
                    await operation(token)
                except NotSignedIn:
                    continue
                pytest.fail(f"{operation.__name__} accepted: {what}")
        assert await o.auth.me(grant.access_token) == account.user


@pytest.mark.parametrize(
    "changed", [{"iss": "https://elsewhere.test"}, {"aud": "other"}, {"aud": ["goldenpath", "other"]}, {"exp": 1}]
)
async def test_a_token_of_ours_for_somebody_else_is_refused(opened, changed):
    async with opened() as o:
        _, grant = await _sign_in(o)
        signer = o.auth.tokens.signer
        claims = _parts(grant.access_token)[1]
        assert await o.auth.validate(signer.sign(claims))
        with pytest.raises(NotSignedIn):
            await o.auth.validate(signer.sign(claims | changed))


@pytest.mark.parametrize("missing", ["iss", "aud", "sub", "exp", "jti", "token_type"])
async def test_a_token_that_lacks_a_claim_is_refused(opened, missing):
    async with opened() as o:
        _, grant = await _sign_in(o)
        claims = _parts(grant.access_token)[1]
        del claims[missing]
        with pytest.raises(NotSignedIn):
            await o.auth.validate(o.auth.tokens.signer.sign(claims))


async def test_a_token_of_another_scenario_is_refused(opened):
    async with opened() as o, opened() as other:
        _, grant = await _sign_in(other)
        with pytest.raises(NotSignedIn):
            await o.auth.validate(grant.access_token)


# --- refreshing


async def test_a_refresh_continues_the_session_and_rotates(opened):
    async with opened() as o:
        account, first = await _sign_in(o)
        await o.pass_time(minutes=16)
        second = await o.auth.refresh(first.refresh_token)
        assert second.refresh_token != first.refresh_token
        assert second.user == account.user
        assert await o.auth.me(second.access_token) == account.user
        (session,) = await o.auth.sessions(second.access_token)
        assert session.last_used_at - session.started_at >= timedelta(minutes=16)


async def test_a_used_refresh_token_ends_the_whole_family_and_nothing_else(opened):
    async with opened() as o:
        account, first = await _sign_in(o)
        phone = await o.auth.login(account.email, account.password, "phone")
        second = await o.auth.refresh(first.refresh_token)
        for token in (first.refresh_token, second.refresh_token):
            with pytest.raises(NotSignedIn):
                await o.auth.refresh(token)
        for grant in (first, second):
            with pytest.raises(NotSignedIn):
                await o.auth.validate(grant.access_token)
        assert await o.auth.me(phone.access_token) == account.user
        await o.auth.refresh(phone.refresh_token)


async def test_of_two_refreshes_at_once_none_leaves_a_session(opened):
    async with opened() as o:
        _, first = await _sign_in(o)
        ends = await asyncio.gather(*(o.auth.refresh(first.refresh_token) for _ in range(2)), return_exceptions=True)
        assert any(isinstance(end, NotSignedIn) for end in ends)
        for grant in [first, *(end for end in ends if not isinstance(end, BaseException))]:
            with pytest.raises(NotSignedIn):
                await o.auth.validate(grant.access_token)


async def test_a_refresh_token_lives_30_days_from_its_issue(opened):
    async with opened() as o:
        _, grant = await _sign_in(o)
        for _ in range(3):
            await o.pass_time(days=29)
            grant = await o.auth.refresh(grant.refresh_token)
        await o.pass_time(days=30)
        with pytest.raises(NotSignedIn):
            await o.auth.refresh(grant.refresh_token)


async def test_a_session_is_kept_as_long_as_its_refresh_token(opened):
    async with opened() as o:
        _, grant = await _sign_in(o)
        key = session_key((await o.auth.validate(grant.access_token)).sid)
        await o.pass_time(days=20)
        await o.auth.refresh(grant.refresh_token)
        assert await o.cache.ttl(key) > 29 * 86_400
        await o.pass_time(days=31)
        assert await o.cache.get(key) is None


@pytest.mark.parametrize("unknown", ["", "x", "\ud800"])
async def test_an_unknown_refresh_token_is_refused(opened, unknown):
    async with opened() as o:
        with pytest.raises(NotSignedIn):
            await o.auth.refresh(unknown)


async def test_an_access_token_refreshes_nothing(opened):
    async with opened() as o:
        _, grant = await _sign_in(o)
        with pytest.raises(NotSignedIn):
            await o.auth.refresh(grant.access_token)


async def test_refresh_tokens_are_not_kept_as_they_are(opened):
    async with opened() as o:
        _, grant = await _sign_in(o)
        assert await o.cache.get(f"refresh:{grant.refresh_token}") is None


# --- sessions


async def test_each_device_has_a_session_oldest_first(opened):
    async with opened() as o:
        account, laptop = await _sign_in(o, device="laptop")
        await o.pass_time(minutes=1)
        phone = await o.auth.login(account.email, account.password, "phone")
        listed = await o.auth.sessions(phone.access_token)
        assert [(session.device, session.current) for session in listed] == [("laptop", False), ("phone", True)]
        assert listed[0].started_at < listed[1].started_at <= o.clock.now()
        assert [session.current for session in await o.auth.sessions(laptop.access_token)] == [True, False]


async def test_logout_ends_this_session_at_once_everywhere(opened):
    async with opened() as o:
        account, laptop = await _sign_in(o, device="laptop")
        phone = await o.auth.login(account.email, account.password, "phone")
        sid = (await o.auth.validate(laptop.access_token)).sid
        async with o.cache.subscribe(f"session-ended:{sid}") as ended:
            await o.auth.logout(laptop.access_token)
            assert await ended.get(1) is not None
        for operation in (o.auth.validate, o.auth.me, o.auth.sessions, o.auth.logout):
            with pytest.raises(NotSignedIn):
                await operation(laptop.access_token)
        with pytest.raises(NotSignedIn):
            await o.auth.refresh(laptop.refresh_token)
        assert await o.cache.get(session_key(sid)) is None
        assert [session.device for session in await o.auth.sessions(phone.access_token)] == ["phone"]


async def test_one_session_can_end_another_of_the_same_user(opened):
    async with opened() as o:
        account, laptop = await _sign_in(o, device="laptop")
        phone = await o.auth.login(account.email, account.password, "phone")
        sid = (await o.auth.validate(phone.access_token)).sid
        async with o.cache.subscribe(f"session-ended:{sid}") as ended:
            await o.auth.end_session(laptop.access_token, sid)
            assert await ended.get(1) is not None
        with pytest.raises(NotSignedIn):
            await o.auth.me(phone.access_token)
        assert await o.auth.me(laptop.access_token) == account.user
        with pytest.raises(NotFound):
            await o.auth.end_session(laptop.access_token, sid)


async def test_another_users_session_is_not_found_and_goes_on(opened):
    async with opened() as o:
        (ada, hers), (_, his) = await _sign_in(o, "Ada"), await _sign_in(o, "Ben")
        sid = (await o.auth.validate(hers.access_token)).sid
        with pytest.raises(NotFound) as for_hers:
            await o.auth.end_session(his.access_token, sid)
        with pytest.raises(NotFound) as for_none:
            await o.auth.end_session(his.access_token, "none")
        assert str(for_hers.value) == str(for_none.value)
        assert await o.auth.me(hers.access_token) == ada.user


async def test_reuse_is_announced(opened):
    async with opened() as o:
        _, grant = await _sign_in(o)
        sid = (await o.auth.validate(grant.access_token)).sid
        await o.auth.refresh(grant.refresh_token)
        async with o.cache.subscribe(f"session-ended:{sid}") as ended:
            with pytest.raises(NotSignedIn):
                await o.auth.refresh(grant.refresh_token)
            assert await ended.get(1) is not None


async def test_a_session_that_ends_while_it_is_renewed_stays_ended(opened):
    async with opened() as o:
        account, _ = await _sign_in(o)
        for delay in range(12):
            grant = await o.auth.login(account.email, account.password)
            renewal = asyncio.ensure_future(o.auth.refresh(grant.refresh_token))
            for _ in range(delay):
                await asyncio.sleep(0)
            await o.auth.logout(grant.access_token)
            (end,) = await asyncio.gather(renewal, return_exceptions=True)
            for one in [grant] if isinstance(end, BaseException) else [grant, end]:
                with pytest.raises(NotSignedIn):
                    await o.auth.validate(one.access_token)


# --- OAuth


def _challenge(verifier):
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


VERIFIER = "v" * 43


async def _authorize(o, account, client, **changes):
    asked = {"client_id": client.id, "redirect_uri": PAGE, "state": "s&t é", "code_challenge": _challenge(VERIFIER)}
    return await o.auth.authorize(account.email, account.password, **asked | changes)


async def _exchange(o, way_back, client, **changes):
    shown = {"client_id": client.id, "redirect_uri": PAGE, "code_verifier": VERIFIER} | changes
    return await o.auth.exchange_code(URL(way_back).params["code"], **shown)


async def test_a_code_is_exchanged_for_a_grant(opened):
    async with opened() as o:
        account, client = await o.auth.create_account("Ada"), await o.auth.register_client(PAGE)
        assert client.secret is None
        way_back = await _authorize(o, account, client)
        params = URL(way_back).params
        assert way_back.startswith("https://app.example.com/back?")
        assert (params["from"], params["state"], set(params)) == ("mail", "s&t é", {"from", "state", "code"})
        grant = await _exchange(o, way_back, client)
        assert grant.user == await o.auth.me(grant.access_token) == account.user
        await o.auth.refresh(grant.refresh_token)


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "https://app.example.com/back"},
        {"redirect_uri": "https://elsewhere.example.net/"},
        {"redirect_uri": PAGE + "&x"},
        {"code_challenge": ""},
        {"code_challenge": "too short"},
        {"code_challenge": VERIFIER + "="},
        {"code_challenge_method": "plain"},
    ],
    ids=str,
)
async def test_only_agreed_requests_are_answered(opened, changed):
    async with opened() as o:
        account, client = await o.auth.create_account("Ada"), await o.auth.register_client(PAGE)
        with pytest.raises(Invalid):
            await _authorize(o, account, client, **changed)


async def test_a_program_on_its_own_behalf_gets_no_code(opened):
    async with opened() as o:
        account, client = await o.auth.create_account("Ada"), await o.auth.register_client(None)
        with pytest.raises(Invalid):
            await _authorize(o, account, client)


@pytest.mark.parametrize(
    "address",
    [
        *("", "back", "/back", "ftp://x.test/", "https://", "https://x.test/#a", "https://x.test:port/"),
        *("https://x.test/a b", "https://x.test/\n", "http://x.test/", "http://localhost.x.test/"),
    ],
)
async def test_an_address_to_return_to_is_absolute_and_guarded(opened, address):
    async with opened() as o:
        with pytest.raises(Invalid):
            await o.auth.register_client(address)


@pytest.mark.parametrize("address", ["https://x.test/back", "http://localhost:8000/back", "http://127.0.0.1/back"])
async def test_only_the_own_machine_is_answered_without_tls(opened, address):
    async with opened() as o:
        assert (await o.auth.register_client(address)).redirect_uri == address


async def test_passwords_count_at_the_company_as_well(opened):
    async with opened() as o:
        account, client = await o.auth.create_account("Ada"), await o.auth.register_client(PAGE)
        for _ in range(5):
            with pytest.raises(WrongCredentials):
                await o.auth.authorize(
                    account.email,
                    "wrong",
                    client_id=client.id,
                    redirect_uri=PAGE,
                    state="",
                    code_challenge=_challenge(VERIFIER),
                )
        with pytest.raises(AccountLocked):
            await o.auth.login(account.email, account.password)


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "nobody"},
        {"redirect_uri": "https://elsewhere.example.net/"},
        {"code_verifier": ""},
        {"code_verifier": "w" * 43},
        {"code_verifier": _challenge(VERIFIER)},
    ],
    ids=str,
)
async def test_a_caught_code_is_of_no_use_and_does_no_harm(opened, changed):
    async with opened() as o:
        account, client = await o.auth.create_account("Ada"), await o.auth.register_client(PAGE)
        way_back = await _authorize(o, account, client)
        with pytest.raises(Invalid):
            await _exchange(o, way_back, client, **changed)
        grant = await _exchange(o, way_back, client)
        assert await o.auth.me(grant.access_token) == account.user


async def test_a_code_is_good_for_a_minute(opened):
    async with opened() as o:
        account, client = await o.auth.create_account("Ada"), await o.auth.register_client(PAGE)
        early, late = await _authorize(o, account, client), await _authorize(o, account, client)
        await o.pass_time(seconds=50)
        await _exchange(o, early, client)
        await o.pass_time(seconds=10)
        with pytest.raises(Invalid):
            await _exchange(o, late, client)


@pytest.mark.parametrize("minutes", [0, 10])
async def test_a_second_use_ends_what_the_first_began(opened, minutes):
    async with opened() as o:
        account, client = await o.auth.create_account("Ada"), await o.auth.register_client(PAGE)
        way_back = await _authorize(o, account, client)
        grant = await _exchange(o, way_back, client)
        await o.pass_time(minutes=minutes)
        with pytest.raises(Invalid):
            await _exchange(o, way_back, client)
        with pytest.raises(NotSignedIn):
            await o.auth.me(grant.access_token)
        with pytest.raises(NotSignedIn):
            await o.auth.refresh(grant.refresh_token)


async def test_of_two_exchanges_at_once_none_leaves_a_session(opened):
    async with opened() as o:
        account, client = await o.auth.create_account("Ada"), await o.auth.register_client(PAGE)
        way_back = await _authorize(o, account, client)
        ends = await asyncio.gather(*(_exchange(o, way_back, client) for _ in range(2)), return_exceptions=True)
        assert any(isinstance(end, Invalid | NotSignedIn) for end in ends)
        for grant in ends:
            if not isinstance(grant, BaseException):
                with pytest.raises(NotSignedIn):
                    await o.auth.me(grant.access_token)


async def test_a_program_signs_in_on_its_own_behalf(opened):
    async with opened() as o:
        client = await o.auth.register_client(None, "reports:read mail:send")
        whole = await o.auth.client_credentials(client.id, client.secret)
        part = await o.auth.client_credentials(client.id, client.secret, "mail:send")
        assert (whole.scope, part.scope) == ("reports:read mail:send", "mail:send")
        assert (whole.user, whole.refresh_token, whole.expires_in) == (None, None, 900)
        claims = await o.auth.validate(part.access_token)
        assert (claims.sub, claims.sid, claims.email) == (client.id, None, None)
        assert claims.permissions == ("mail:send",)
        for operation in (o.auth.me, o.auth.sessions, o.auth.logout):
            with pytest.raises(NotSignedIn):
                await operation(whole.access_token)


async def test_a_program_needs_its_secret(opened):
    async with opened() as o:
        client, other = await o.auth.register_client(None), await o.auth.register_client(None)
        public = await o.auth.register_client(PAGE)
        tries = [(client.id, ""), (client.id, other.secret), ("nobody", client.secret), (public.id, "")]
        told = set()
        for name, secret in tries:
            with pytest.raises(WrongCredentials) as refused:
                await o.auth.client_credentials(name, secret)
            told.add(str(refused.value))
        assert len(told) == 1


async def test_a_program_gets_no_more_than_was_registered(opened):
    async with opened() as o:
        client = await o.auth.register_client(None, "reports:read")
        for scope in ("reports:read accounts:delete", "accounts:delete", "reports"):
            with pytest.raises(Invalid):
                await o.auth.client_credentials(client.id, client.secret, scope)


async def test_discovery_names_what_there_is(opened):
    async with opened() as o:
        said = await o.auth.discovery()
        assert said["code_challenge_methods_supported"] == ["S256"]
        assert said["id_token_signing_alg_values_supported"] == ["RS256"]
        assert {"authorization_code", "client_credentials", "refresh_token"} == set(said["grant_types_supported"])
        assert all(
            said[end].startswith(said["issuer"]) for end in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        )
