"""The way to an identity provider: real HTTP to one on this machine, whatever it answers."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from oidc_provider import CLIENT_ID, CLIENT_SECRET, Json, provider_open
from oidc_provider import OidcProvider as Far
from toolboxai.adapters import oidc_provider
from toolboxai.adapters.oidc_provider import (
    AGAIN_S,
    DOCUMENT_BYTES,
    FRESH_S,
    PAUSE_S,
    OidcProvider,
    is_sound_url,
)
from toolboxai.errors import InvalidToken, ProviderUnavailable
from toolboxai.testing.clock import ManualClock

WELL_KNOWN, TOKEN, KEYS = "/.well-known/openid-configuration", "/token", "/keys"
VERIFIER = "v" * 43


@pytest.fixture
async def far() -> AsyncIterator[Far]:
    async with provider_open() as far:
        yield far


@pytest.fixture
async def made(far: Far, clock: ManualClock) -> AsyncIterator[Callable[..., OidcProvider]]:
    ways: list[OidcProvider] = []

    def make(**changes: Any) -> OidcProvider:
        given = {
            "issuer": far.issuer,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uri": "https://lessons.school.example/back",
            "label": "Springfield",
            "clock": clock,
            **changes,
        }
        ways.append(OidcProvider(**given))
        return ways[-1]

    yield make
    for way in ways:
        await way.close()


@pytest.fixture
def near(made: Callable[..., OidcProvider]) -> OidcProvider:
    return made()


async def call(near: OidcProvider, path: str) -> object:
    if path == WELL_KNOWN:
        return await near.authorization_endpoint()
    return await (near.keys() if path == KEYS else near.redeem("code", VERIFIER))


async def test_documents_are_fetched_once_an_hour(near: OidcProvider, far: Far, clock: ManualClock) -> None:
    for _ in range(3):
        assert await near.authorization_endpoint() == f"{far.issuer}/authorize"
        assert [key.kid for key in await near.keys()] == ["0"]
    assert sorted(far.asked) == [WELL_KNOWN, KEYS]
    clock.advance(FRESH_S)
    await near.keys()
    assert sorted(far.asked) == [WELL_KNOWN, WELL_KNOWN, KEYS, KEYS]


async def test_keys_that_were_not_enough_are_fetched_again_but_not_at_once(
    near: OidcProvider, far: Far, clock: ManualClock
) -> None:
    await near.keys()
    far.shown = [0, 1]
    assert len(await near.keys(anew=True)) == 1
    clock.advance(AGAIN_S)
    assert [key.kid for key in await near.keys(anew=True)] == ["0", "1"]
    for _ in range(5):
        await near.keys(anew=True)
    assert far.asked.count(KEYS) == 2


@pytest.mark.parametrize("path", [WELL_KNOWN, TOKEN, KEYS])
async def test_a_provider_that_is_slow_holds_nobody_for_long(
    near: OidcProvider, far: Far, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc_provider, "WHOLE_S", 0.3)
    far.hangs = {path}
    with pytest.raises(ProviderUnavailable, match="Springfield does not answer"):
        await call(near, path)


@pytest.mark.parametrize("path", [WELL_KNOWN, TOKEN, KEYS])
@pytest.mark.parametrize(
    "instead",
    [
        (200, b" " * (DOCUMENT_BYTES + 1), {}),
        (200, b"[" * 100_000, {}),
        (200, b"not json", {}),
        (200, b'"\xff"', {}),
        (404, b"", {}),
        (500, b"[" * 100_000, {}),
        (302, b"", {"Location": "http://127.0.0.1:1/inside"}),
    ],
    ids=["oversized", "deep", "no JSON", "no text", "missing", "failing", "redirect"],
)
async def test_what_is_no_answer_is_told_as_one_thing_to_people_and_exactly_to_the_operator(
    near: OidcProvider,
    far: Far,
    path: str,
    instead: tuple[int, bytes, dict[str, str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    far.instead[path] = instead
    with pytest.raises(ProviderUnavailable, match="try again in a minute") as told:
        await call(near, path)
    assert far.issuer not in told.value.message
    (line,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert vars(line)["reason"]


@pytest.mark.parametrize("document", [b"[1]", b"{}", b'{"id_token": 7, "issuer": 7}', b"null"])
@pytest.mark.parametrize("path", [WELL_KNOWN, TOKEN])
async def test_json_of_another_shape_is_no_answer(
    near: OidcProvider, far: Far, path: str, document: bytes
) -> None:
    far.instead[path] = 200, document, {}
    with pytest.raises(ProviderUnavailable):
        await call(near, path)


async def test_who_asks_while_it_has_just_failed_is_told_at_once(
    near: OidcProvider, far: Far, clock: ManualClock
) -> None:
    far.instead[WELL_KNOWN] = 500, b"", {}
    for _ in range(4):
        with pytest.raises(ProviderUnavailable):
            await near.authorization_endpoint()
    assert len(far.asked) == 1
    far.instead.clear()
    clock.advance(PAUSE_S)
    assert await near.authorization_endpoint()


@pytest.mark.parametrize(
    "discovered",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"token_endpoint": "https://user:word@evil.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://"},
        {"authorization_endpoint": "https://login.example/\r\nSet-Cookie: a=b"},
        {"jwks_uri": "http://127.0.0.1:99999/keys"},
    ],
    ids=str,
)
async def test_a_discovery_document_that_leads_astray_is_not_followed(
    near: OidcProvider, far: Far, discovered: Json
) -> None:
    far.discovered = discovered
    with pytest.raises(ProviderUnavailable):
        await near.authorization_endpoint()
    assert far.asked == [WELL_KNOWN]


async def test_nobody_at_the_address_is_told_too(made: Callable[..., OidcProvider]) -> None:
    with pytest.raises(ProviderUnavailable):
        await made(issuer="http://127.0.0.1:1/school").authorization_endpoint()


@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic", None])
async def test_the_client_shows_its_secret_as_the_provider_wants_it(
    near: OidcProvider, far: Far, method: str | None
) -> None:
    if method is not None:
        far.discovered["token_endpoint_auth_methods_supported"] = [method]
    with pytest.raises(
        InvalidToken, match="does not know this sign-in"
    ):  # the client is known, the code is not
        await near.redeem("guessed", VERIFIER)


async def test_a_code_that_is_of_no_form_is_a_strangers_fault(near: OidcProvider, far: Far) -> None:
    far.instead[TOKEN] = 400, b'{"error": "invalid_request"}', {}
    with pytest.raises(InvalidToken):
        await near.redeem("guessed", VERIFIER)


async def test_what_stays_wrong_is_logged_once_in_a_while(
    near: OidcProvider, far: Far, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    far.instead[TOKEN] = 500, b"", {}
    for lines in (1, 2):
        for _ in range(3):
            with pytest.raises(ProviderUnavailable):
                await near.redeem("guessed", VERIFIER)
        said = [record for record in caplog.records if "of no use" in record.getMessage()]
        assert len(said) == lines
        clock.advance(PAUSE_S)


async def test_a_wrong_client_secret_is_the_operators_fault_and_logged_as_such(
    made: Callable[..., OidcProvider], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ProviderUnavailable):
        await made(client_secret="a wrong one").redeem("guessed", VERIFIER)
    assert any("client_secret" in str(vars(record).get("reason")) for record in caplog.records)
    assert "a wrong one" not in str([vars(record) for record in caplog.records])


@pytest.mark.parametrize(
    ("url", "loopback", "sound"),
    [
        ("https://login.school.example/token", False, True),
        ("http://login.school.example/token", False, False),
        ("http://login.school.example/token", True, False),
        ("http://127.0.0.1:8080/token", True, True),
        ("http://127.0.0.1:8080/token", False, False),
        ("https://login.school.example/#x", False, False),
        ("//login.school.example", False, False),
        ("", False, False),
    ],
)
def test_secrets_go_over_https_or_stay_on_this_machine(url: str, loopback: bool, sound: bool) -> None:
    assert is_sound_url(url, loopback=loopback) is sound
