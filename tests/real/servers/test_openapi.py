"""What the servers say of themselves is true: every route is asked, and every answer fits its description."""

from __future__ import annotations

import re
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import pytest
from jsonschema import Draft202012Validator

from .conftest import sign_in

pytestmark = pytest.mark.asyncio


class Described:
    """One server's description, and which of its routes were asked so far."""

    def __init__(self, document: dict) -> None:
        self._document = document
        self.components = {"components": _closed(document.get("components", {}))}
        self.left = {(path, method) for path, each in document["paths"].items() for method in each}

    def check(self, answer) -> None:
        method, path = answer.request.method.lower(), answer.request.url.path
        template = next(each for each in self._document["paths"] if re.fullmatch(re.sub(r"{\w+}", "[^/]+", each), path))
        responses = self._document["paths"][template][method]["responses"]
        assert str(answer.status_code) in responses, f"{method} {template} does not say that it answers {answer}"
        content = responses[str(answer.status_code)].get("content")
        if content is None:
            assert not answer.content
        else:
            assert answer.headers["Content-Type"] == "application/json"
            schema = content["application/json"]["schema"]
            Draft202012Validator(schema | self.components).validate(answer.json())
        self.left.discard((template, method))


def _closed(components: dict) -> dict:
    """The same schemas, in which an object has no other properties than those that are described."""
    for schema in components.get("schemas", {}).values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return components


async def described(here, name: str) -> Described:
    return Described((await here.client.get(f"{here.urls[name]}/openapi.json")).json())


class Asking:
    """Asks one server, and has each answer checked."""

    def __init__(self, here, name: str, description: Described) -> None:
        self._here, self._url, self._description = here, here.urls[name], description

    async def __call__(self, status: int, method: str, path: str, *, token: str | None = None, **what):
        headers = dict(self._here.headers()) | ({"Authorization": f"Bearer {token}"} if token else {})
        answer = await self._here.client.request(method, self._url + path, headers=headers, **what)
        assert answer.status_code == status, answer.text
        self._description.check(answer)
        return answer


async def test_auth(platform):
    async with platform.scenario() as here:
        description = await described(here, "auth")
        ask = Asking(here, "auth", description)
        account = await here.auth.create_account("ada")
        who = {"email": account.email, "password": account.password}
        granted = (await ask(200, "POST", "/auth/login", json=who)).json()
        assert granted["user"] == {"id": account.user.id, "email": account.email, "permissions": ["chat"]}
        token = granted["access_token"]
        await ask(401, "POST", "/auth/login", json=who | {"password": "wrong"})
        await ask(422, "POST", "/auth/login", json={"email": 7})
        await ask(422, "POST", "/auth/login", content=b"{")
        for _ in range(5):
            await ask(401, "POST", "/auth/login", json={"email": "eve@example.com", "password": "guess"})
        assert (
            int(
                (await ask(429, "POST", "/auth/login", json={"email": "eve@example.com", "password": "x"})).headers[
                    "Retry-After"
                ]
            )
            > 0
        )
        granted = (await ask(200, "POST", "/auth/refresh", json={"refresh_token": granted["refresh_token"]})).json()
        await ask(401, "POST", "/auth/refresh", json={"refresh_token": "unknown"})
        refused = await ask(401, "GET", "/auth/me")
        assert refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        assert refused.json()["error"]["code"] == "no_token"
        await ask(200, "GET", "/auth/me", token=token)
        await ask(200, "POST", "/auth/validate", json={"token": token})
        await ask(401, "POST", "/auth/validate", json={"token": "forged"})
        [session] = (await ask(200, "GET", "/auth/sessions", token=token)).json()["sessions"]
        await ask(404, "DELETE", "/auth/sessions/unknown", token=token)
        await ask(204, "DELETE", f"/auth/sessions/{session['id']}", token=token)
        await ask(204, "POST", "/auth/logout", token=await sign_in(here))
        assert "token_endpoint" in (await ask(200, "GET", "/.well-known/openid-configuration")).json()
        [key] = (await ask(200, "GET", "/.well-known/jwks.json")).json()["keys"]
        assert key["alg"] == "RS256"
        await _oauth(here, ask, who)
        await _operation(ask)
        assert not description.left


async def _oauth(here, ask, who: dict) -> None:
    async def refused(status: int, path: str, code: str, **what) -> None:
        assert (await ask(status, "POST", path, **what)).json()["error"] == code

    verifier = secrets.token_urlsafe(32)
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    client = await here.auth.register_client("https://app.example.com/back")
    asked = {"client_id": client.id, "redirect_uri": client.redirect_uri, "state": "a b&c"}
    form = who | asked | {"code_challenge": challenge, "code_challenge_method": "S256", "response_type": "code"}
    answer = await ask(302, "POST", "/oauth/authorize", data=form)
    back = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert back["state"] == ["a b&c"]
    assert (await ask(401, "POST", "/oauth/authorize", data=form | {"password": "wrong"})).json()[
        "error"
    ] == "invalid_credentials"
    assert (await ask(400, "POST", "/oauth/authorize", data=form | {"client_id": "nobody"})).json()[
        "error"
    ] == "invalid_request"
    # Without a method it would be plain, which OAuth 2.1 does not have.
    await ask(
        400,
        "POST",
        "/oauth/authorize",
        data={name: text for name, text in form.items() if name != "code_challenge_method"},
    )

    exchange = {"grant_type": "authorization_code", "code": back["code"][0], "code_verifier": verifier}
    exchange |= {"client_id": client.id, "redirect_uri": client.redirect_uri}
    granted = await ask(200, "POST", "/oauth/token", data=exchange)
    assert granted.headers["Cache-Control"] == "no-store"
    assert (await here.auth.me(granted.json()["access_token"])).email == who["email"]
    await refused(400, "/oauth/token", "invalid_grant", data=exchange)
    again = {"grant_type": "refresh_token", "refresh_token": granted.json()["refresh_token"]}
    await refused(400, "/oauth/token", "invalid_grant", data=again)

    program = await here.auth.register_client(None, "read write")
    own = {"grant_type": "client_credentials", "client_id": program.id, "client_secret": program.secret}
    assert (await ask(200, "POST", "/oauth/token", data=own | {"scope": "read"})).json()["scope"] == "read"
    await refused(400, "/oauth/token", "invalid_scope", data=own | {"scope": "admin"})
    assert (await ask(401, "POST", "/oauth/token", data=own | {"client_secret": "x"})).json()[
        "error"
    ] == "invalid_client"
    assert (await ask(400, "POST", "/oauth/token", data={"grant_type": "password"})).json()[
        "error"
    ] == "unsupported_grant_type"
    await refused(400, "/oauth/token", "invalid_request")
    await refused(400, "/oauth/token", "invalid_request", content=b"a=1&a=2")
    await refused(400, "/oauth/token", "invalid_request", content="ü=1".encode())


async def _operation(ask) -> None:
    assert (await ask(200, "GET", "/health")).json()["status"] == "ok"
    assert (await ask(200, "GET", "/ready")).json()["status"] == "ready"


async def test_agents(platform):
    async with platform.scenario() as here:
        description = await described(here, "agents")
        ask = Asking(here, "agents", description)
        token = await sign_in(here)
        begun = {"title": "Plans", "idempotency_key": "k"}
        thread = (await ask(201, "POST", "/api/threads", token=token, json=begun)).json()
        assert (await ask(201, "POST", "/api/threads", token=token, json=begun)).json() == thread
        assert thread["created_at"].endswith(("Z", "+00:00"))
        await ask(422, "POST", "/api/threads", token=token, json={"title": ""})
        await ask(401, "GET", "/api/threads", token="forged")
        await ask(201, "POST", "/api/threads", token=token, json={"title": "More"})
        page = (await ask(200, "GET", "/api/threads?limit=1", token=token)).json()
        last = (await ask(200, "GET", f"/api/threads?after={page['next']}", token=token)).json()
        assert [each["title"] for each in page["threads"] + last["threads"]] == ["More", "Plans"]
        assert last["next"] is None
        for limit in ("0", "many"):
            await ask(422, "GET", f"/api/threads?limit={limit}", token=token)
        await ask(200, "GET", f"/api/threads/{thread['id']}", token=token)
        await ask(404, "GET", f"/api/threads/{thread['id']}", token=await sign_in(here, "bob"))
        run = (
            await ask(202, "POST", "/api/runs", token=token, json={"prompt": "hello", "thread_id": thread["id"]})
        ).json()
        await ask(404, "POST", "/api/runs", token=token, json={"prompt": "hello", "thread_id": "unknown"})
        await here.agents.finished(token, run["run_id"])
        assert (await ask(200, "GET", f"/api/runs/{run['run_id']}", token=token)).json()["status"] == "completed"
        await ask(404, "GET", "/api/runs/unknown", token=token)
        said = (await ask(200, "GET", f"/api/threads/{thread['id']}/messages", token=token)).json()["messages"]
        assert [each["role"] for each in said] == ["user", "assistant"]
        await ask(409, "POST", f"/api/runs/{run['run_id']}/cancel", token=token)
        await _operation(ask)
        assert not description.left


async def test_gateway(platform):
    async with platform.scenario() as here:
        description = await described(here, "gateway")
        ask = Asking(here, "gateway", description)
        assert (await ask(201, "POST", "/api/ws-tickets", token=await sign_in(here))).json()["expires_in"] == 60
        await ask(401, "POST", "/api/ws-tickets")
        await _operation(ask)
        assert not description.left


async def test_what_is_not_there_is_refused_in_the_same_shape(platform):
    async with platform.scenario() as here:
        for name, url in here.urls.items():
            for method, path, status in (("GET", "/nothing?ticket=x", 404), ("DELETE", "/health", 405)):
                answer = await here.client.request(method, url + path)
                assert (answer.status_code, set(answer.json()["error"])) == (status, {"code", "message"}), name
