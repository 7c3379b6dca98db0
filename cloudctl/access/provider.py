"""Sign-in through an OpenID provider: authorization code with PKCE (OpenID Connect Core 1.0 §3.1, RFC 7636).

Everything about the provider is discovered (OpenID Connect Discovery 1.0 §4). The ID token is checked by its signature
with an asymmetric algorithm, issuer, audience, times and nonce (Core §3.1.3.7); an access token is not kept.
"""

import base64
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ValidationError

from cloudctl.access.errors import SignInRefusedError
from cloudctl.access.open_access import only_this_machine
from cloudctl.access.secret_values import new_secret
from cloudctl.settings import ProviderSettings

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
LEEWAY_S = 60
KEEP_S = 3600.0
"""How long what was discovered, and the keys, are believed, s."""
KEYS_AGAIN_S = 30.0
"""Keys are asked for anew, for one we do not know, no more often than this, s."""
PATIENCE_S = 5.0
MOST_BYTES = 1 << 20
CALLBACK = "api/v1/sign-in/provider/callback"


class Discovery(BaseModel):
    """What we need of the provider's description of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    authorization_response_iss_parameter_supported: bool = False


class _TokenAnswer(BaseModel):
    id_token: str


class _Keys(BaseModel):
    keys: list[dict[str, str | list[str]]]


@dataclass(frozen=True)
class PendingSignOn:
    """One request that is under way."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Answer:
    """What the provider sent back through the browser."""

    code: str
    issuer: str | None = None
    """Parameter `iss` (RFC 9207)."""


@dataclass
class _Known:
    discovery: Discovery | None = None
    discovered: float = 0.0
    keys: KeySet | None = None
    keys_read: float = 0.0


@dataclass
class Provider:
    """One provider; what was discovered is kept for a while."""

    settings: ProviderSettings
    address: str
    """Our own address, with a slash at the end."""
    clock: Callable[[], float] = time.time
    transport: httpx.AsyncBaseTransport | None = None
    _known: _Known = field(default_factory=_Known)

    @property
    def label(self) -> str:
        """What the button says."""
        return self.settings.label

    @property
    def _redirect(self) -> str:
        return self.address + CALLBACK

    async def begin(self) -> tuple[PendingSignOn, str]:
        """Give a new request and the address to send the browser to.

        Raises:
            SignInRefusedError: the provider does not answer, or not as the standard says.
        """
        discovery = await self._discover()
        pending = PendingSignOn(new_secret(), new_secret(), new_secret())
        challenge = base64.urlsafe_b64encode(hashlib.sha256(pending.verifier.encode()).digest()).rstrip(b"=").decode()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self.settings.client_id,
                "redirect_uri": self._redirect,
                "scope": " ".join(self.settings.scopes),
                "state": pending.state,
                "nonce": pending.nonce,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
        )
        joint = "&" if urlsplit(discovery.authorization_endpoint).query else "?"
        return pending, f"{discovery.authorization_endpoint}{joint}{query}"

    async def finish(self, pending: PendingSignOn, answer: Answer) -> Mapping[str, object]:
        """Exchange the code and give the claims of a checked ID token.

        Raises:
            SignInRefusedError: anything is not as it must be; the reason is named.
        """
        discovery = await self._discover()
        if answer.issuer is None and discovery.authorization_response_iss_parameter_supported:
            raise SignInRefusedError("the answer names no issuer")
        if answer.issuer is not None and answer.issuer != discovery.issuer:
            raise SignInRefusedError(f"the answer is of the issuer {answer.issuer!r}")
        form = {
            "grant_type": "authorization_code",
            "code": answer.code,
            "redirect_uri": self._redirect,
            "code_verifier": pending.verifier,
            "client_id": self.settings.client_id,
        }
        client = (self.settings.client_id, self.settings.client_secret) if self.settings.client_secret else None
        body = await self._ask("POST", discovery.token_endpoint, form, client)
        try:
            token = _TokenAnswer.model_validate_json(body).id_token
        except ValidationError as fault:
            raise SignInRefusedError("the provider gave no ID token") from fault
        return await self._checked(token, pending.nonce)

    async def _checked(self, token: str, nonce: str) -> Mapping[str, object]:
        try:
            claims = await self._decoded(token)
            now = int(self.clock())
            jwt.JWTClaimsRegistry(
                now=now,
                leeway=LEEWAY_S,
                iss={"essential": True, "value": self.settings.issuer},
                aud={"essential": True, "value": self.settings.client_id},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(claims)
        except (JoseError, ValueError) as fault:
            raise SignInRefusedError(f"the ID token is not accepted: {fault}") from fault
        audience = claims["aud"]
        party = claims.get("azp")
        if (isinstance(audience, list) and len(audience) > 1 and party is None) or (
            party is not None and party != self.settings.client_id
        ):
            raise SignInRefusedError(f"the ID token is for {party or audience!r}")
        return claims

    async def _decoded(self, token: str) -> dict[str, object]:
        keys = await self._keys(again=False)
        try:
            return dict(jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims)
        except (JoseError, ValueError):
            # the provider may have changed its keys since
            fresh = await self._keys(again=True)
            if fresh is keys:
                raise
            return dict(jwt.decode(token, fresh, algorithms=list(ALGORITHMS)).claims)

    async def _discover(self) -> Discovery:
        now = self.clock()
        if self._known.discovery is not None and now - self._known.discovered < KEEP_S:
            return self._known.discovery
        issuer = self.settings.issuer
        body = await self._ask("GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
        try:
            found = Discovery.model_validate_json(body)
        except ValidationError as fault:
            raise SignInRefusedError(f"{issuer} describes itself badly: {fault.errors()[0]['loc']}") from fault
        if found.issuer != issuer:
            raise SignInRefusedError(f"{issuer} says that it is {found.issuer!r}")
        self._known = _Known(found, now)
        return found

    async def _keys(self, *, again: bool) -> KeySet:
        known, now = self._known, self.clock()
        fresh = known.keys is not None and now - known.keys_read < (KEYS_AGAIN_S if again else KEEP_S)
        if known.keys is not None and fresh:
            return known.keys
        body = await self._ask("GET", (await self._discover()).jwks_uri)
        try:
            keys = KeySet.import_key_set({"keys": list(_Keys.model_validate_json(body).keys)})
        except (ValidationError, JoseError, ValueError) as fault:
            raise SignInRefusedError(f"the keys of {self.settings.issuer} cannot be read") from fault
        self._known.keys, self._known.keys_read = keys, now
        return keys

    async def _ask(
        self, method: str, url: str, form: dict[str, str] | None = None, client: tuple[str, str] | None = None
    ) -> bytes:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and only_this_machine(parts.hostname or "")):
            raise SignInRefusedError(f"{url} is not asked without TLS")
        try:
            async with httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False, transport=self.transport) as http:
                answer = await http.request(
                    method,
                    url,
                    data=form,
                    auth=client or httpx.USE_CLIENT_DEFAULT,
                    headers={"Accept": "application/json"},
                )
        except httpx.HTTPError as fault:
            raise SignInRefusedError(f"{parts.netloc} does not answer: {fault}") from fault
        if answer.status_code != httpx.codes.OK or len(answer.content) > MOST_BYTES:
            raise SignInRefusedError(f"{parts.netloc} answers {answer.status_code} to {parts.path}")
        return answer.content
