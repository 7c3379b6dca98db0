"""Sign-in through an OpenID provider: a real one on this machine, and one that lies in every way it can."""

import asyncio
import base64
import hashlib
import warnings
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from access_kit import ADDRESS, START, Clock, World, account_world, forget_all
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from cloudctl.access.cookies import PROVIDER_COOKIE
from cloudctl.access.errors import SignInRefusedError
from cloudctl.access.provider import KEYS_AGAIN_S, Answer, PendingSignOn, Provider
from cloudctl.access.provider_accounts import PENDING_S, profile_of
from cloudctl.access.roles import Role
from cloudctl.settings import ProviderSettings

with warnings.catch_warnings(record=True):
    warnings.simplefilter("ignore")  # the provider's own libraries
    import oidc_provider_mock  # type: ignore[import-untyped]  # it has no types

ISSUER = "https://sso.example.cn"
CLIENT = "v2x"
BEGIN = "/api/v1/sign-in/provider"
PENDING = PendingSignOn("state", "nonce", "verifier")
ROLES: dict[str, tuple[str, ...]] = {
    "traffic-police": ("police_operator",),
    "audit": ("auditor",),
    "robots": ("parking_reporter",),
}


def _settings(issuer: str = ISSUER) -> ProviderSettings:
    return ProviderSettings(issuer=issuer, client_id=CLIENT, client_secret="hush", roles=ROLES)


@dataclass
class LyingProvider:
    """Answers as told; by default as it must."""

    key: RSAKey | ECKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    discovery: dict[str, object] = field(default_factory=dict)
    claims: dict[str, object] = field(default_factory=dict)
    header: dict[str, str] = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})
    token: str | None = None
    published: list[dict[str, str | list[str]]] | None = None
    asked: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer one request of ours."""
        self.asked.append((request.url.path, parse_qs(request.content.decode())))
        if request.url.path == "/.well-known/openid-configuration":
            plain = {name: f"{ISSUER}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
            return httpx.Response(200, json={"issuer": ISSUER} | plain | self.discovery)
        if request.url.path == "/jwks_uri":
            keys = KeySet([self.key]).as_dict(private=False)["keys"]
            return httpx.Response(200, json={"keys": keys if self.published is None else self.published})
        return httpx.Response(200, json={"id_token": self.token or self.signed()})

    def signed(self) -> str:
        """An ID token with the claims as told."""
        now = int(START)
        good = {"iss": ISSUER, "aud": CLIENT, "sub": "42", "iat": now, "exp": now + 300, "nonce": "nonce"}
        claims = {name: value for name, value in (good | self.claims).items() if value is not None}
        return jwt.encode(self.header, claims, self.key, algorithms=[self.header["alg"]])

    def provider(self, clock: Clock | None = None) -> Provider:
        """Our side of it."""
        transport = httpx.MockTransport(self.answer)
        return Provider(_settings(), f"{ADDRESS}/", clock=clock or Clock(), transport=transport)


async def test_a_good_token_gives_its_claims_and_the_code_is_exchanged_with_its_verifier() -> None:
    liar = LyingProvider()
    claims = await liar.provider().finish(PENDING, Answer("code"))
    assert claims["sub"] == "42"
    [form] = [form for path, form in liar.asked if path == "/token_endpoint"]
    assert form["code_verifier"] == ["verifier"]
    assert form["redirect_uri"] == [f"{ADDRESS}/api/v1/sign-in/provider/callback"]


async def test_the_browser_is_sent_with_challenge_state_and_nonce_of_its_own() -> None:
    provider = LyingProvider().provider()
    (one, address), (two, _) = await provider.begin(), await provider.begin()
    query = parse_qs(urlsplit(address).query)
    digest = hashlib.sha256(one.verifier.encode()).digest()
    assert query["code_challenge"] == [base64.urlsafe_b64encode(digest).decode().rstrip("=")]
    assert query["code_challenge_method"] == ["S256"]
    assert (query["state"], query["nonce"]) == ([one.state], [one.nonce])
    assert len({one.state, one.nonce, one.verifier, two.state, two.nonce, two.verifier}) == 6


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": f"{ISSUER}/"},
        {"aud": "another"},
        {"aud": ["another", "third"]},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"azp": "another"},
        {"nonce": "replayed"},
        {"exp": int(START) - 61},
        {"iat": int(START) + 120},
        {"nbf": int(START) + 120},
        *({name: None} for name in ("iss", "aud", "sub", "exp", "iat", "nonce")),
    ],
)
async def test_a_token_with_a_wrong_claim_is_refused(claims: dict[str, object]) -> None:
    liar = LyingProvider(claims=claims)
    with pytest.raises(SignInRefusedError):
        await liar.provider().finish(PENDING, Answer("code"))


@pytest.mark.parametrize("claims", [{"exp": int(START) - 30}, {"iat": int(START) + 30}, {"aud": [CLIENT]}])
async def test_clocks_may_differ_by_a_minute(claims: dict[str, object]) -> None:
    assert await LyingProvider(claims=claims).provider().finish(PENDING, Answer("code"))


async def test_a_token_without_a_signature_is_refused() -> None:
    head, body = (
        base64.urlsafe_b64encode(part).decode().rstrip("=")
        for part in (b'{"alg":"none"}', b'{"iss":"https://sso.example.cn","aud":"v2x","sub":"42"}')
    )
    for token in (f"{head}.{body}.", f"{head}.{body}", "", "not a token"):
        with pytest.raises(SignInRefusedError):
            await LyingProvider(token=token or ".").provider().finish(PENDING, Answer("code"))


@pytest.mark.filterwarnings("ignore:This key should not be used")
async def test_a_token_signed_with_another_key_or_a_shared_secret_is_refused() -> None:
    other = LyingProvider()
    stolen = LyingProvider(token=other.signed())
    with pytest.raises(SignInRefusedError):
        await stolen.provider().finish(PENDING, Answer("code"))
    good = LyingProvider()
    public = good.key.as_pem(private=False)
    forged = jwt.encode({"alg": "HS256"}, {"iss": ISSUER, "aud": CLIENT}, OctKey.import_key(public[:64]), ["HS256"])
    with pytest.raises(SignInRefusedError):
        await LyingProvider(key=good.key, token=forged).provider().finish(PENDING, Answer("code"))


async def test_new_keys_of_the_provider_are_asked_for_but_not_without_end() -> None:
    clock, liar = Clock(), LyingProvider()
    provider = liar.provider(clock)
    await provider.finish(PENDING, Answer("code"))
    liar.key, liar.header = RSAKey.generate_key(2048, {"kid": "two"}), {"alg": "RS256", "kid": "two"}
    with pytest.raises(SignInRefusedError):
        await provider.finish(PENDING, Answer("code"))
    clock.now += KEYS_AGAIN_S + 1
    assert await provider.finish(PENDING, Answer("code"))
    assert [path for path, _ in liar.asked].count("/jwks_uri") == 2


async def test_elliptic_keys_are_taken_too() -> None:
    liar = LyingProvider(key=ECKey.generate_key("P-256", {"kid": "ec"}), header={"alg": "ES256", "kid": "ec"})
    assert await liar.provider().finish(PENDING, Answer("code"))


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://evil.example"},
        {"issuer": f"{ISSUER}/"},
        {"token_endpoint": None},
        {"token_endpoint": "http://sso.example.cn/token"},
        {"jwks_uri": "http://sso.example.cn/keys"},
        {"jwks_uri": "file:///etc/passwd"},
    ],
)
async def test_a_provider_that_describes_itself_wrongly_is_refused(discovery: dict[str, object]) -> None:
    with pytest.raises(SignInRefusedError):
        await LyingProvider(discovery=discovery).provider().finish(PENDING, Answer("code"))


async def test_an_answer_of_another_issuer_is_not_mixed_up() -> None:
    with pytest.raises(SignInRefusedError):
        await LyingProvider().provider().finish(PENDING, Answer("code", "https://evil.example"))
    silent = LyingProvider(discovery={"authorization_response_iss_parameter_supported": True})
    with pytest.raises(SignInRefusedError):
        await silent.provider().finish(PENDING, Answer("code"))
    assert await silent.provider().finish(PENDING, Answer("code", ISSUER))


async def test_keys_that_are_none_and_a_silent_provider_are_refused() -> None:
    nothing: list[dict[str, str | list[str]]] = []
    broken: list[dict[str, str | list[str]]] = [{"kty": "RSA"}]
    for published in (nothing, broken):
        with pytest.raises(SignInRefusedError):
            await LyingProvider(published=published).provider().finish(PENDING, Answer("code"))
    with pytest.raises(SignInRefusedError, match="does not answer"):
        await Provider(_settings("http://127.0.0.1:1"), "/").begin()


def test_groups_become_roles_by_the_table_and_nothing_else_does() -> None:
    names = {"organisation_claim": "org", "districts_claim": "where.districts", "lines_claim": "lines"}
    settings = _settings().model_copy(update=names)
    claims = {
        "groups": ["traffic-police", "audit", "strangers"], "roles": ["administrator"], "name": "李伟",
        "org": "changsha", "where": {"districts": ["yuelu"]}, "lines": ["7", 8],
    }  # fmt: skip
    profile = profile_of(claims, settings)
    assert profile.roles == {Role.POLICE_OPERATOR, Role.AUDITOR}
    assert (profile.full_name, profile.organisation) == ("李伟", "changsha")
    assert (list(profile.districts), list(profile.lines)) == (["yuelu"], ["7"])
    assert list(profile_of({"groups": "audit"}, settings).districts) == []


@pytest.mark.parametrize("groups", [None, [], ["strangers"], ["robots"], 7, {"traffic-police": 1}])
def test_who_has_no_group_of_ours_gets_no_role(groups: object) -> None:
    with pytest.raises(SignInRefusedError):
        profile_of({"groups": groups}, _settings())


@pytest.fixture(scope="module")
def real_provider() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with oidc_provider_mock.run_server_in_thread() as server:
            yield f"http://localhost:{server.server_port}"


@pytest.fixture
async def world(module_database: str, tmp_path: Path, real_provider: str) -> AsyncIterator[World]:
    async with account_world(module_database, tmp_path) as made:
        await forget_all(made.desk.database)
        made.desk.provider = Provider(_settings(real_provider), f"{ADDRESS}/")
        yield made


def _register(provider: str, subject: str, **claims: object) -> None:
    httpx.put(f"{provider}/users/{subject}", json=claims, trust_env=False).raise_for_status()


async def _at_provider(address: str, subject: str) -> str:
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(address, data={"sub": subject})
    return answer.headers["location"]


async def _back(browser: httpx.AsyncClient, location: str) -> httpx.Response:
    # the provider's page leads back: a navigation from another site
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": ""}
    request = browser.build_request("GET", location, headers=headers)
    del request.headers["origin"]
    return await browser.send(request)


@pytest.mark.filterwarnings("ignore")
async def test_somebody_comes_in_through_a_real_provider_and_roles_follow_the_groups(
    world: World, real_provider: str
) -> None:
    await asyncio.to_thread(_register, real_provider, "li", groups=["traffic-police"], name="李伟")
    for groups, role in ((["traffic-police"], "police_operator"), (["audit"], "auditor")):
        await asyncio.to_thread(_register, real_provider, "li", groups=groups, name="李伟")
        async with world.browser() as browser:
            begun = await browser.get(BEGIN)
            assert begun.status_code == 303
            back = await _back(browser, await _at_provider(begun.headers["location"], "li"))
            assert (back.status_code, back.headers["location"]) == (303, "/"), world.trail.entries
            me = (await browser.get("/api/v1/me")).json()
            assert (me["name"], me["roles"]) == ("李伟", [role])
    assert len(await world.desk.accounts.list_all()) == 1


@pytest.mark.filterwarnings("ignore")
async def test_an_answer_is_taken_once_in_its_own_browser_and_in_time(world: World, real_provider: str) -> None:
    await asyncio.to_thread(_register, real_provider, "wang", groups=["audit"])
    async with world.browser() as browser, world.browser() as thief:
        begun = await browser.get(BEGIN)
        location = await _at_provider(begun.headers["location"], "wang")
        assert (await _back(thief, location)).headers["location"] == "/sign-in#refused=provider"
        state = str(browser.cookies[PROVIDER_COOKIE])
        assert (await _back(browser, location)).headers["location"] == "/"
        browser.cookies.set(PROVIDER_COOKIE, state, domain="127.0.0.1")
        assert (await _back(browser, location)).headers["location"] == "/sign-in#refused=provider"
        late = await thief.get(BEGIN)
        world.clock.now += PENDING_S + 1
        location = await _at_provider(late.headers["location"], "wang")
        assert (await _back(thief, location)).headers["location"] == "/sign-in#refused=provider"
    assert "this sign-in was not begun here" in str(world.trail.entries[-1])


@pytest.mark.filterwarnings("ignore")
async def test_a_local_account_of_the_same_name_is_not_taken_over(world: World, real_provider: str) -> None:
    await world.person("chief", Role.ADMINISTRATOR)
    await asyncio.to_thread(_register, real_provider, "stranger", groups=["traffic-police"], preferred_username="chief")
    async with world.browser() as browser:
        begun = await browser.get(BEGIN)
        await _back(browser, await _at_provider(begun.headers["location"], "stranger"))
        me = (await browser.get("/api/v1/me")).json()
    assert (me["id"], me["roles"]) == ("user:chief-1", ["police_operator"])


@pytest.mark.filterwarnings("ignore")
async def test_a_disabled_account_does_not_come_in_through_the_provider(world: World, real_provider: str) -> None:
    await asyncio.to_thread(_register, real_provider, "zhao", groups=["audit"])
    async with world.browser() as browser:
        begun = await browser.get(BEGIN)
        await _back(browser, await _at_provider(begun.headers["location"], "zhao"))
        await world.desk.database.run("UPDATE v2x_access.account SET disabled = true")
        begun = await browser.get(BEGIN)
        refused = await _back(browser, await _at_provider(begun.headers["location"], "zhao"))
    assert refused.headers["location"] == "/sign-in#refused=provider"


async def test_without_a_provider_its_routes_say_so(world: World) -> None:
    world.desk.provider = None
    async with world.browser() as browser:
        assert (await browser.get(BEGIN)).status_code == 409
        assert (await browser.get("/api/v1/sign-in")).json() == {"mode": "accounts", "provider": None}
        world.desk.provider = Provider(_settings("http://127.0.0.1:1"), "/")
        assert (await browser.get(BEGIN)).headers["location"] == "/sign-in#refused=provider"
