"""Promises of auth that can be broken: each takes the finished service and spoils one of its methods."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from goldenpath.domain.errors import NotFound, NotSignedIn, Refused
from goldenpath.reference.faults import fault

if TYPE_CHECKING:
    from goldenpath.ports.auth import Claims, Client
    from goldenpath.ports.database import UserRow
    from goldenpath.reference.auth import AuthService
    from goldenpath.reference.sessions import SessionRecord
    from goldenpath.reference.signing import Signer


@fault("wrong-password-accepted", "auth", "Any password opens an account")
def _wrong_password_accepted(auth: Any) -> None:
    auth.password_fits = lambda row, password: row is not None


@fault("unknown-user-told-apart", "auth", "A stranger learns which emails have an account")
def _unknown_user_told_apart(auth: Any) -> None:
    honest = auth.refusal

    def refusal(row: UserRow | None) -> Refused:
        answer: Refused = honest(row) if row is not None else NotFound("there is no account with this email")
        return answer

    auth.refusal = refusal


@fault("lockout-missing", "auth", "Passwords can be guessed for ever")
def _lockout_missing(auth: Any) -> None:
    auth.lockout.failed = _nothing


@fault("lockout-never-ends", "auth", "An account that was closed after five failures never opens again")
def _lockout_never_ends(auth: Any) -> None:
    auth.lockout.lock_lifetime = lambda: 10 * 365 * 86_400.0


@fault("lockout-hits-everybody", "auth", "Five failures at one account close every account")
def _lockout_hits_everybody(auth: Any) -> None:
    auth.lockout.lock_key = lambda email: "login-locked"


@fault("success-keeps-failures", "auth", "The right password does not begin the count of failures anew")
def _success_keeps_failures(auth: Any) -> None:
    auth.lockout.forget = _nothing


@fault("refresh-token-works-twice", "auth", "A refresh token that was used renews again")
def _refresh_token_works_twice(auth: Any) -> None:
    auth.refresh_tokens.use = _yes


@fault("reuse-keeps-the-family", "auth", "A stolen refresh token that comes back ends nothing")
def _reuse_keeps_the_family(auth: Any) -> None:
    auth.reused = _nothing


@fault("session-survives-logout", "auth", "Whoever has signed out is still signed in")
def _session_survives_logout(auth: Any) -> None:
    async def logout(access_token: str) -> None:
        await auth.validate(access_token)

    auth.logout = logout


@fault("logout-ends-every-session", "auth", "To sign out on one device signs out on all")
def _logout_ends_every_session(auth: Any) -> None:
    auth.logout = lambda access_token: _end_all(auth, access_token)


@fault("end-session-ends-all", "auth", "To end the session of one device ends those of all")
def _end_session_ends_all(auth: Any) -> None:
    auth.end_session = lambda access_token, session_id: _end_all(auth, access_token)


@fault("end-session-ends-none", "auth", "A session that was ended from another device goes on")
def _end_session_ends_none(auth: Any) -> None:
    async def end_session(access_token: str, session_id: str) -> None:
        if session_id not in {session.id for session in await auth.sessions(access_token)}:
            raise NotFound("there is no such session")

    auth.end_session = end_session


@fault("anybody-ends-sessions", "auth", "One customer can end another's session")
def _anybody_ends_sessions(auth: Any) -> None:
    auth.may_end = lambda mine, other: True


@fault("sessions-list-shows-one", "auth", "The list of devices shows the newest only")
def _sessions_list_shows_one(auth: Any) -> None:
    honest = auth.running_sessions.of_user

    async def of_user(user_id: str) -> list[SessionRecord]:
        every: list[SessionRecord] = await honest(user_id)
        return every[-1:]

    auth.running_sessions.of_user = of_user


@fault("session-end-not-announced", "auth", "Windows stay open after their session has ended")
def _session_end_not_announced(auth: Any) -> None:
    auth.running_sessions.announce_end = _nothing


@fault("token-lives-an-hour", "auth", "A token that says 15 minutes is good for an hour")
def _token_lives_an_hour(auth: Any) -> None:
    auth.tokens.lifetime = lambda: 3600


@fault("five-minutes-of-leeway", "auth", "A token is good for five minutes after its end")
def _five_minutes_of_leeway(auth: Any) -> None:
    honest = auth.tokens.expired
    auth.tokens.expired = lambda exp: honest(exp + 300)


@fault("expired-token-accepted", "auth", "A token is good for as long as its session")
def _expired_token_accepted(auth: Any) -> None:
    auth.tokens.expired = lambda exp: False


@fault("unsigned-token-accepted", "auth", "A token that says it needs no signature is believed")
def _unsigned_token_accepted(auth: Any) -> None:
    auth.tokens.signer = _Credulous(auth.tokens.signer, algorithms=("none",))


@fault("forged-token-accepted", "auth", "A token is believed, whoever signed it")
def _forged_token_accepted(auth: Any) -> None:
    auth.tokens.signer = _Credulous(auth.tokens.signer, algorithms=("RS256",))


@fault("permissions-lost", "auth", "A customer may do nothing of what was agreed")
def _permissions_lost(auth: Any) -> None:
    issue, user_of = auth.tokens.issue, auth.user_of
    auth.tokens.issue = lambda **said: issue(**said | {"permissions": ()})
    auth.user_of = lambda row: replace(user_of(row), permissions=())


@fault("validate-says-another-user", "auth", "Every token belongs to whoever came first")
def _validate_says_another_user(auth: Any) -> None:
    honest, first = auth.tokens.read, []

    def read(token: str) -> Claims:
        claims: Claims = honest(token)
        first.append(claims)
        return first[0]

    auth.tokens.read = read


@fault("code-works-twice", "auth", "An authorization code that was used begins another session")
def _code_works_twice(auth: Any) -> None:
    auth.codes.use = _yes


@fault("code-never-expires", "auth", "An authorization code is good for days")
def _code_never_expires(auth: Any) -> None:
    auth.codes.expired = lambda code: False


@fault("verifier-ignored", "auth", "Who catches an authorization code can use it")
def _verifier_ignored(auth: Any) -> None:
    auth.codes.verifier_fits = lambda verifier, challenge: True


@fault("any-redirect-accepted", "auth", "An authorization code is sent to an address that nobody registered")
def _any_redirect_accepted(auth: Any) -> None:
    auth.codes.address_fits = lambda client, redirect_uri: True


@fault("client-secret-ignored", "auth", "A program is let in with any secret")
def _client_secret_ignored(auth: Any) -> None:
    auth.clients.secret_fits = lambda secret, kept: True


@fault("scope-escalates", "auth", "A program is granted whatever it asks for")
def _scope_escalates(auth: Any) -> None:
    def granted(client: Client, asked: str) -> str:
        return " ".join(asked.split()) or client.scope

    auth.clients.granted = granted


class _Credulous:
    """A signer that believes tokens of some algorithms without a look at the signature."""

    def __init__(self, honest: Signer, algorithms: tuple[str, ...]) -> None:
        self._honest = honest
        self._algorithms = algorithms
        self.sign, self.jwks = honest.sign, honest.jwks

    def verify(self, token: str, *, issuer: str, audience: str) -> dict[str, Any]:
        """The claims, if the honest signer knows them or the algorithm is one of the trusted."""
        try:
            return self._honest.verify(token, issuer=issuer, audience=audience)
        except NotSignedIn:
            said = _parts(token)
            if said is None or said[0].get("alg") not in self._algorithms:
                raise
            return said[1]


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Header and claims of what looks like a JWT."""
    try:
        header, claims, _ = token.split(".")
        opened = [json.loads(base64.urlsafe_b64decode(part + "==")) for part in (header, claims)]
    except ValueError:
        return None
    return opened[0], opened[1]


async def _end_all(auth: AuthService, access_token: str) -> None:
    for session in await auth.sessions(access_token):
        await auth.running_sessions.end(session.id)


async def _nothing(*_: object) -> None:
    """Do nothing where something was promised."""


async def _yes(*_: object) -> bool:
    """Say that it was the first time."""
    return True
