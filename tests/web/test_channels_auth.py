"""The signatures for channels, as stock clients ask for them."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pusher
import pytest

from identity_parts import PASSWORD, Onlooker
from toolboxai.apps.app import App, AppKey
from toolboxai.platform.identity.authorisations import Authorisations
from toolboxai.platform.identity.limiter import ALLOWANCES, AttemptLimiter, Attempts
from toolboxai.platform.identity.model import Role, User
from toolboxai.platform.identity.policy import ChannelPolicy, Ownership, Reason
from toolboxai.platform.identity.service import IdentityService
from toolboxai.protocol.encryption import ChannelSecrets
from toolboxai.testing.clock import ManualClock
from toolboxai.web.application import create_api
from toolboxai.web.channels_auth import CHANNEL_AUTH_PATHS, ChannelSigner, channels_auth_routes
from toolboxai.web.security import Authenticator

SOCKET = "1234.5678"
OURS = "private-content-generation-gen_ours"
OURS_ENCRYPTED = "private-encrypted-content-generation-gen_ours"
SHARED = "private-content-generation-gen_shared"
FOREIGN = "private-content-generation-gen_foreign"
ROOM = "presence-classroom-class_1"
MASTER_KEY = base64.b64encode(b"a key of 32 bytes, to be guessed").decode()


def own_app() -> App:
    return App(id="1", keys=(AppKey("key", "secret"),))


class Lessons:
    """Anna has a session and a class, shares in Ben's session, and has nothing to do with a third."""

    def __init__(self, anna: User) -> None:
        self._owners = {
            ("content_session", "gen_ours"): Ownership(anna.organization_id, anna.id),
            ("content_session", "gen_shared"): Ownership(
                anna.organization_id, "user_ben", frozenset({anna.id})
            ),
            ("content_session", "gen_foreign"): Ownership(anna.organization_id, "user_ben"),
            ("class", "class_1"): Ownership(anna.organization_id, anna.id),
        }

    async def ownership(self, kind: str, resource_id: str) -> Ownership | None:
        return self._owners.get((kind, resource_id))


@pytest.fixture
async def anna(identity: IdentityService) -> User:
    return await identity.create_user("anna", Role.TEACHER, PASSWORD)


@pytest.fixture
async def stranger(
    identity: IdentityService, anna: User, limiter: AttemptLimiter, authorisations: Authorisations
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client that has not signed in."""
    async with serving(anna, identity, limiter, ChannelSigner(own_app), authorisations) as client:
        yield client


@asynccontextmanager
async def serving(
    anna: User,
    identity: IdentityService,
    limiter: AttemptLimiter,
    signer: ChannelSigner,
    authorisations: Authorisations,
) -> AsyncIterator[httpx2.AsyncClient]:
    policy = ChannelPolicy(Lessons(anna))
    routes = channels_auth_routes(Authenticator(identity), policy, signer, limiter, authorisations)
    transport = httpx2.ASGITransport(create_api([routes], direct=CHANNEL_AUTH_PATHS))
    async with httpx2.AsyncClient(transport=transport, base_url="http://server/api/v1/pusher") as client:
        yield client


@pytest.fixture
async def http(stranger: httpx2.AsyncClient, identity: IdentityService) -> httpx2.AsyncClient:
    """Anna's client."""
    stranger.headers["authorization"] = f"Bearer {await identity.issue_access_token('anna')}"
    return stranger


@pytest.fixture
def library() -> Any:
    """The official server library, which signs with the same key."""
    return pusher.Pusher(app_id="1", key="key", secret="secret")


def code_of(answer: httpx2.Response) -> tuple[int, str]:
    body = answer.json()
    assert set(body) == {"error_code", "message", "details", "request_id"}
    return answer.status_code, body["error_code"]


@pytest.mark.parametrize("channel", [OURS, SHARED, "private-test-channel"])
async def test_a_form_and_an_object_get_the_signature_that_the_official_library_makes(
    http: httpx2.AsyncClient, library: Any, channel: str
) -> None:
    fields = {"socket_id": SOCKET, "channel_name": channel}
    for answer in (await http.post("/auth", data=fields), await http.post("/auth", json=fields)):
        assert answer.status_code == 200
        assert answer.json() == library.authenticate(channel=channel, socket_id=SOCKET)


async def test_a_presence_channel_comes_with_the_member_and_the_signature_over_it(
    http: httpx2.AsyncClient, library: Any, anna: User
) -> None:
    answer = (await http.post("/auth", data={"socket_id": SOCKET, "channel_name": ROOM})).json()
    member = json.loads(answer["channel_data"])
    assert member == {"user_id": anna.id, "user_info": {"role": "teacher"}}
    signer = ChannelSigner(own_app)
    assert answer == signer.channel(SOCKET, ROOM, answer["channel_data"])
    theirs = library.authenticate(channel=ROOM, socket_id=SOCKET, custom_data=member)
    assert theirs == signer.channel(SOCKET, ROOM, theirs["channel_data"])


async def test_the_encrypted_form_of_ones_own_channel_comes_with_its_secret(
    anna: User, identity: IdentityService, limiter: AttemptLimiter, authorisations: Authorisations
) -> None:
    theirs = pusher.Pusher(app_id="1", key="key", secret="secret", encryption_master_key_base64=MASTER_KEY)
    signer = ChannelSigner(own_app, ChannelSecrets(MASTER_KEY, bytes))
    async with serving(anna, identity, limiter, signer, authorisations) as http:
        http.headers["authorization"] = f"Bearer {await identity.issue_access_token('anna')}"
        answer = await http.post("/auth", data={"socket_id": SOCKET, "channel_name": OURS_ENCRYPTED})
        expected = theirs.authenticate(channel=OURS_ENCRYPTED, socket_id=SOCKET)
        assert answer.json() == {**expected, "shared_secret": expected["shared_secret"].decode()}
        assert set(answer.json()) == {"auth", "shared_secret"}
        foreign = "private-encrypted-content-generation-gen_foreign"
        batch = {"socket_id": SOCKET, "channel_names": [OURS_ENCRYPTED, OURS, foreign]}
        channels = (await http.post("/auth", json=batch)).json()["channels"]
        assert channels[OURS_ENCRYPTED] == answer.json()
        assert set(channels[OURS]) == {"auth"}
        assert channels[foreign] == {"error_code": "INSUFFICIENT_PERMISSIONS", "status": 403}


async def test_without_a_master_key_an_encrypted_channel_is_not_signed_and_the_setting_is_named(
    http: httpx2.AsyncClient,
) -> None:
    answer = await http.post("/auth", data={"socket_id": SOCKET, "channel_name": OURS_ENCRYPTED})
    assert code_of(answer) == (503, "PROVIDER_UNAVAILABLE")
    assert "PUSHER_ENCRYPTION_MASTER_KEY_BASE64" in answer.json()["message"]
    batch = {"socket_id": SOCKET, "channel_names": [OURS, OURS_ENCRYPTED]}
    channels = (await http.post("/auth", json=batch)).json()["channels"]
    assert set(channels[OURS]) == {"auth"}
    assert channels[OURS_ENCRYPTED] == {"error_code": "PROVIDER_UNAVAILABLE", "status": 503}


async def test_a_signature_is_for_one_connection(http: httpx2.AsyncClient) -> None:
    signed = [
        (await http.post("/auth", data={"socket_id": socket_id, "channel_name": OURS})).json()["auth"]
        for socket_id in (SOCKET, "1234.5679")
    ]
    assert signed[0] != signed[1]


@pytest.mark.parametrize(
    "channel", [FOREIGN, "private-content-generation-gen_absent", "private-admin", "private-class-class_2"]
)
async def test_what_is_not_ones_own_is_refused_and_nothing_is_told(
    http: httpx2.AsyncClient, channel: str
) -> None:
    answer = await http.post("/auth", data={"socket_id": SOCKET, "channel_name": channel})
    assert code_of(answer) == (403, "INSUFFICIENT_PERMISSIONS")
    assert answer.json()["message"] == f"you may not follow {channel}"


async def test_public_channels_are_not_signed(http: httpx2.AsyncClient) -> None:
    for channel in ("content-generation-gen_ours", "system-notifications"):
        answer = await http.post("/auth", data={"socket_id": SOCKET, "channel_name": channel})
        assert code_of(answer) == (403, "INSUFFICIENT_PERMISSIONS")
        assert "public" in answer.json()["message"]


async def test_without_a_token_nothing_is_signed(stranger: httpx2.AsyncClient) -> None:
    fields = {"socket_id": SOCKET, "channel_name": "private-test-channel"}
    for path in ("/auth", "/user-auth"):
        assert code_of(await stranger.post(path, data=fields)) == (401, "AUTHENTICATION_REQUIRED")
        bad = await stranger.post(path, data=fields, headers={"authorization": "Bearer a.b.c"})
        assert code_of(bad) == (401, "INVALID_TOKEN")
        assert code_of(await stranger.post(f"{path}?token=a.b.c", data=fields)) == (
            401,
            "AUTHENTICATION_REQUIRED",
        )


async def test_who_came_without_a_token_that_holds_is_noted_with_what_they_asked_for(
    stranger: httpx2.AsyncClient, authorisations: Authorisations
) -> None:
    await stranger.post("/auth", data={"socket_id": SOCKET, "channel_name": OURS})
    bad = {"authorization": "Bearer a.b.c"}
    await stranger.post("/auth", json={"socket_id": "?", "channel_names": [OURS, FOREIGN]}, headers=bad)
    unread = await stranger.post("/auth", content=b"\xff", headers=bad)
    assert code_of(unread) == (401, "INVALID_TOKEN")
    noted = {(each.channel, each.user_id, each.decision.reason) for each in authorisations.refused(None)}
    assert noted == {
        (OURS, None, Reason.NOT_SIGNED_IN),
        (OURS, None, Reason.BAD_TOKEN),
        (FOREIGN, None, Reason.BAD_TOKEN),
    }


@pytest.mark.parametrize(
    "socket_id",
    [
        "",
        "1",
        "1.",
        ".1",
        "1.2.3",
        "a.b",
        "1.2:x",
        "1.2\n",
        "-1.2",
        " 1.2",
        "1" * 21 + ".2",
        "\u0661.\u0662",
        None,
    ],
)
async def test_a_socket_id_is_two_numbers(http: httpx2.AsyncClient, socket_id: str | None) -> None:
    fields = {
        "channel_name": "private-test-channel",
        **({} if socket_id is None else {"socket_id": socket_id}),
    }
    for path in ("/auth", "/user-auth"):
        answer = await http.post(path, json=fields)
        assert code_of(answer) == (422, "VALIDATION_ERROR")
        assert set(answer.json()["details"]["fields"]) == {"socket_id"}


@pytest.mark.parametrize("name", ["", "private-test channel", "private-x:y", "private-é", "x" * 201, None, 5])
async def test_a_name_that_is_none_is_refused(http: httpx2.AsyncClient, name: Any) -> None:
    answer = await http.post("/auth", json={"socket_id": SOCKET, "channel_name": name})
    assert code_of(answer) == (422, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"[]"),
        ("application/json", b'"x"'),
        ("application/json", b"[" * 20_000),
        ("application/json", b"\xff"),
        ("application/x-www-form-urlencoded", b"\xff=1"),
        ("application/x-www-form-urlencoded", b"socket_id=%ff"),
        ("application/x-www-form-urlencoded", b"a=1&" * 300),
        ("application/x-www-form-urlencoded", b""),
        ("multipart/form-data; boundary=x", b"--x--"),
        ("text/plain", b"socket_id=1.2"),
    ],
)
async def test_a_body_that_cannot_be_read_is_an_error_of_the_sender(
    http: httpx2.AsyncClient, kind: str, body: bytes
) -> None:
    for path in ("/auth", "/user-auth"):
        answer = await http.post(path, content=body, headers={"content-type": kind})
        assert code_of(answer) == (422, "VALIDATION_ERROR")


async def test_a_body_has_a_bound(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/auth", content=b"x" * 70_000)
    assert code_of(answer) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_batch_answers_for_each_name(http: httpx2.AsyncClient) -> None:
    names = [OURS, FOREIGN, ROOM, "system-notifications", "not a name", OURS]
    form = await http.post(
        "/auth",
        content="&".join(
            [f"socket_id={SOCKET}", *(f"channel_names[]={name.replace(' ', '+')}" for name in names)]
        ),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    for answer in (form, await http.post("/auth", json={"socket_id": SOCKET, "channel_names": names})):
        assert answer.status_code == 200
        channels = answer.json()["channels"]
        assert set(channels) == set(names)
        signer = ChannelSigner(own_app)
        assert channels[OURS] == signer.channel(SOCKET, OURS, None)
        assert set(channels[ROOM]) == {"auth", "channel_data"}
        assert channels[FOREIGN] == {"error_code": "INSUFFICIENT_PERMISSIONS", "status": 403}
        assert channels["system-notifications"] == {"error_code": "INSUFFICIENT_PERMISSIONS", "status": 403}
        assert channels["not a name"] == {"error_code": "VALIDATION_ERROR", "status": 422}


async def test_a_name_that_utf8_cannot_carry_is_one_more_name_that_is_none(http: httpx2.AsyncClient) -> None:
    body = f'{{"socket_id":"{SOCKET}","channel_names":["\\ud800","{OURS}"]}}'
    answer = await http.post("/auth", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
    channels = answer.json()["channels"]
    assert channels["\ud800"].keys() == {"error_code", "status"}
    assert channels[OURS].keys() == {"auth"}


@pytest.mark.parametrize("names", [[], [5], "private-test-channel", ["private-test-channel"] * 101, {}])
async def test_a_batch_is_a_list_of_up_to_a_hundred_names(http: httpx2.AsyncClient, names: Any) -> None:
    answer = await http.post("/auth", json={"socket_id": SOCKET, "channel_names": names})
    assert code_of(answer) == (422, "VALIDATION_ERROR")


async def test_a_connection_signs_in_as_the_user_of_the_token(
    http: httpx2.AsyncClient, library: Any, anna: User
) -> None:
    answer = (await http.post("/user-auth", data={"socket_id": SOCKET})).json()
    assert json.loads(answer["user_data"]) == {"id": anna.id, "user_info": {"role": "teacher"}}
    signer = ChannelSigner(own_app)
    assert answer["auth"] == signer.user(SOCKET, answer["user_data"])
    theirs = library.authenticate_user(SOCKET, {"id": anna.id})
    assert theirs["auth"] == signer.user(SOCKET, theirs["user_data"])


async def test_a_page_of_forty_channels_that_reconnects_often_is_served(http: httpx2.AsyncClient) -> None:
    for number in range(200):
        answer = await http.post("/auth", data={"socket_id": f"1.{number}", "channel_name": OURS})
        assert answer.status_code == 200


async def test_whoever_guesses_names_is_slowed_down(http: httpx2.AsyncClient, clock: ManualClock) -> None:
    for guess in range(ALLOWANCES[Attempts.CHANNEL_AUTH].account.patience.free + 1):
        await http.post(
            "/auth", data={"socket_id": SOCKET, "channel_name": f"private-content-generation-gen_{guess}"}
        )
    answer = await http.post("/auth", data={"socket_id": SOCKET, "channel_name": OURS})
    assert code_of(answer) == (429, "RATE_LIMIT_EXCEEDED")
    assert answer.headers["retry-after"] == "1"
    clock.advance(1)
    assert (await http.post("/auth", data={"socket_id": SOCKET, "channel_name": OURS})).status_code == 200


def test_the_oldest_key_signs_as_it_is_at_that_moment() -> None:
    pairs = [AppKey("old", "s1"), AppKey("new", "s2")]
    signer = ChannelSigner(lambda: App(id="1", keys=tuple(pairs)))
    for oldest in ("old", "new"):
        signed = (signer.channel(SOCKET, OURS, None)["auth"], signer.user(SOCKET, "{}"))
        assert [auth.partition(":")[0] for auth in signed] == [oldest, oldest]
        del pairs[0]


async def test_each_refusal_is_remembered_with_its_reason_and_what_is_signed_is_not(
    http: httpx2.AsyncClient, anna: User, authorisations: Authorisations, onlooker: Onlooker
) -> None:
    onlooker.open = True
    names = [OURS, FOREIGN, "private-admin", "news", "private-a b", OURS_ENCRYPTED]
    await http.post("/auth", json={"socket_id": SOCKET, "channel_names": names})
    await http.post("/auth", json={"socket_id": SOCKET, "channel_name": FOREIGN})
    assert [(each.channel, each.decision.reason, each.count) for each in authorisations.refused(None)] == [
        (FOREIGN, Reason.FOREIGN, 2),
        (OURS_ENCRYPTED, Reason.NO_KEY, 1),
        ("private-a b", Reason.BAD_NAME, 1),
        ("news", Reason.NO_ROW, 1),
        ("private-admin", Reason.NO_ROW, 1),
    ]
    assert {each.user_id for each in authorisations.refused(None)} == {anna.id}
    assert onlooker.seen == [(True, OURS), *((False, name) for name in names[1:]), (False, FOREIGN)]
