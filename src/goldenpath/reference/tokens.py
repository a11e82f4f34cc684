"""Access tokens: what they say and for how long it holds."""

from __future__ import annotations

from typing import Any, Final

from goldenpath.domain.errors import NotSignedIn
from goldenpath.ports.auth import Claims
from goldenpath.ports.clock import Clock, Ids
from goldenpath.reference.signing import Signer

ISSUER: Final = "https://auth.goldenpath.test"
AUDIENCE: Final = "goldenpath"
ACCESS_SECONDS: Final = 900
"""For how long an access token is good. There is no leeway: every service of the platform asks one clock."""

_TYPE: Final = "access"


class AccessTokens:
    """Issues and reads access tokens by the scenario's clock."""

    def __init__(self, signer: Signer, clock: Clock, ids: Ids) -> None:
        self.signer = signer
        self._clock = clock
        self._ids = ids

    def issue(self, *, sub: str, sid: str | None, email: str | None, permissions: tuple[str, ...]) -> str:
        """A token for a user's session, or for a program, which has neither session nor email."""
        now = int(self._clock.now().timestamp())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": sub,
            "iat": now,
            "exp": now + self.lifetime(),
            "jti": self._ids.new("token"),
            "sid": sid,
            "email": email,
            "permissions": list(permissions),
            "token_type": _TYPE,
        }
        return self.signer.sign(claims)

    def read(self, token: str) -> Claims:
        """What a token says that is ours and not expired; whether its session lives is not looked at.

        Raises:
            NotSignedIn: It is forged, for somebody else, no access token, or expired.
        """
        said = self.signer.verify(token, issuer=ISSUER, audience=AUDIENCE)
        if said.get("token_type") != _TYPE:
            raise NotSignedIn("this is no access token", code="invalid_token")
        if self.expired(said["exp"]):
            raise NotSignedIn("the token has expired", code="expired")
        return _claims(said)

    def lifetime(self) -> int:
        """For how many seconds a token is good."""
        return ACCESS_SECONDS

    def expired(self, exp: float) -> bool:
        """Whether the time of a token is over; at ``exp`` itself it is (RFC 7519, 4.1.4)."""
        return self._clock.now().timestamp() >= exp


def _claims(said: dict[str, Any]) -> Claims:
    return Claims(
        iss=said["iss"],
        aud=said["aud"],
        sub=said["sub"],
        iat=said["iat"],
        exp=said["exp"],
        jti=said["jti"],
        sid=said["sid"],
        email=said["email"],
        permissions=tuple(said["permissions"]),
        token_type=said["token_type"],
    )
