"""The log of webhooks for admins, and the receiver of our own app."""

import json
from collections.abc import AsyncIterator, Mapping

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from identity_parts import PASSWORD
from servers import KEY, SECRET, digest
from toolboxai.adapters.database.webhooks import DatabaseWebhookStore
from toolboxai.apps.app import App, AppKey
from toolboxai.metrics import Metrics
from toolboxai.node.webhooks.store import Delivery, Outcome, State
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.service import IdentityService
from toolboxai.testing.clock import ManualClock
from toolboxai.web.application import create_api
from toolboxai.web.security import Authenticator
from toolboxai.web.webhooks import WEBHOOK_BODIES, webhook_log_routes, webhook_receiver_routes

OWN = App(id="3", keys=(AppKey(KEY, SECRET), AppKey("newer", "other")))
LOG = "/api/v1/admin/webhooks"
RECEIVER = "/api/v1/pusher/webhook"


@pytest.fixture
def database_backend() -> str:
    """HTTP is the subject."""
    return "sqlite"


@pytest.fixture
def store(database: AsyncEngine) -> DatabaseWebhookStore:
    return DatabaseWebhookStore(database)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def http(
    store: DatabaseWebhookStore, identity: IdentityService, clock: ManualClock, metrics: Metrics
) -> AsyncIterator[httpx2.AsyncClient]:
    for name, role in (("ada", Role.ADMIN), ("anna", Role.TEACHER)):
        await identity.create_user(name, role, PASSWORD)
    routes = [
        webhook_log_routes(store, clock, Authenticator(identity)),
        webhook_receiver_routes(lambda: OWN, metrics),
    ]
    transport = httpx2.ASGITransport(create_api(routes, larger_bodies=WEBHOOK_BODIES))
    async with httpx2.AsyncClient(transport=transport, base_url="http://server") as client:
        yield client


@pytest.fixture
async def people(http: httpx2.AsyncClient, identity: IdentityService) -> Mapping[str, dict[str, str]]:
    return {
        name: {"authorization": f"Bearer {await identity.issue_access_token(name)}"}
        for name in ("ada", "anna")
    }


@pytest.fixture
async def filled(store: DatabaseWebhookStore, clock: ManualClock) -> None:
    body = '{"time_ms":1,"events":[{"name":"cache_miss","channel":"a"}]}'
    url, now = "https://school.example/hook?token=secret", clock.now()
    some = [Delivery(f"wh_{n}", "3", url, ("a",), body, "k", now, now, State.PENDING) for n in range(4)]
    await store.write([*some, Delivery("wh_x", "4", url, ("a",), body, "k", now, now, State.PENDING)], [])
    await store.record([Outcome("wh_1", State.DEAD, 9, now, 500, "it answered 500")])


def code_of(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error_code"]


People = Mapping[str, dict[str, str]]


@pytest.mark.usefixtures("filled")
async def test_the_log_is_paged_and_filtered(http: httpx2.AsyncClient, people: People) -> None:
    first = (await http.get(LOG, params={"limit": 3, "app_id": "3"}, headers=people["ada"])).json()
    assert [item["id"] for item in first["items"]] == ["wh_3", "wh_2", "wh_1"]
    more = {"limit": 3, "app_id": "3", "cursor": first["next_cursor"]}
    rest = (await http.get(LOG, params=more, headers=people["ada"])).json()
    assert ([item["id"] for item in rest["items"]], rest["next_cursor"]) == (["wh_0"], None)
    dead = await http.get(LOG, params={"state": "dead"}, headers=people["ada"])
    assert [item["id"] for item in dead.json()["items"]] == ["wh_1"]
    assert "secret" not in dead.text
    for wrong in ("state=lost", "limit=0", "limit=101", "cursor=x"):
        assert code_of(await http.get(f"{LOG}?{wrong}", headers=people["ada"])) == (422, "VALIDATION_ERROR")


@pytest.mark.usefixtures("filled")
async def test_one_is_shown_and_replayed(
    http: httpx2.AsyncClient, people: People, store: DatabaseWebhookStore, clock: ManualClock
) -> None:
    shown = (await http.get(f"{LOG}/wh_1", headers=people["ada"])).json()
    assert (shown["state"], shown["last_error"], json.loads(shown["body"])["time_ms"]) == (
        "dead",
        "it answered 500",
        1,
    )
    clock.advance(60)
    answer = await http.post(f"{LOG}/wh_1/replay", headers=people["ada"])
    assert (answer.status_code, answer.json()["state"], answer.json()["attempts"]) == (202, "pending", 0)
    assert json.loads(answer.json()["body"])["time_ms"] == int(clock.now() * 1000)
    assert code_of(await http.post(f"{LOG}/wh_1/replay", headers=people["ada"])) == (409, "CONFLICT")
    for method, path in (("GET", f"{LOG}/wh_9"), ("POST", f"{LOG}/wh_9/replay")):
        answer = await http.request(method, path, headers=people["ada"])
        assert code_of(answer) == (404, "RESOURCE_NOT_FOUND")


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("GET", "/wh_1"), ("POST", "/wh_1/replay")])
async def test_only_admins_may(
    http: httpx2.AsyncClient, people: People, store: DatabaseWebhookStore, method: str, path: str
) -> None:
    refused = await http.request(method, LOG + path, headers=people["anna"])
    assert code_of(refused) == (403, "INSUFFICIENT_PERMISSIONS")
    assert code_of(await http.request(method, LOG + path)) == (401, "AUTHENTICATION_REQUIRED")
    found = await store.find("wh_1")
    assert found is not None
    assert found.state is State.DEAD


# ---- receiving ----------------------------------------------------------------------------------------------------

BODY = '{"time_ms": 1327078148132,  "events":[{"name":"client_event","channel":"a","data":"ü"}]}'


def signed(body: str, key: str = KEY, secret: str = SECRET) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "x-pusher-key": key,
        "x-pusher-signature": digest(body, secret),
    }


async def test_what_a_key_of_ours_has_signed_is_taken(http: httpx2.AsyncClient, metrics: Metrics) -> None:
    for headers in (signed(BODY), signed(BODY, "newer", "other")):
        answer = await http.post(RECEIVER, content=BODY.encode(), headers=headers)
        assert (answer.status_code, answer.json()) == (200, {"events": 1})
    assert metrics.webhooks_received_total == 2


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-pusher-key": KEY},
        {"x-pusher-signature": digest(BODY)},
        signed(BODY, "newer"),
        signed(BODY, "unknown"),
        signed(BODY, "unknown", "no such key"),
        signed(BODY.replace("a", "b")),
        {**signed(BODY), "x-pusher-signature": digest(BODY).upper()},
        {**signed(BODY), "x-pusher-signature": "ü"},
    ],
)
async def test_what_nobody_of_ours_has_signed_is_refused(
    http: httpx2.AsyncClient, metrics: Metrics, headers: dict[str, str]
) -> None:
    encoded = {name.encode(): value.encode() for name, value in headers.items()}
    answer = await http.post(RECEIVER, content=BODY.encode(), headers=encoded)
    assert code_of(answer) == (401, "INVALID_TOKEN")
    assert metrics.webhooks_received_total == 0


@pytest.mark.parametrize("body", ["", "[]", '{"time_ms":1}', '{"time_ms":1,"events":[{"name":1}]}'])
async def test_what_is_signed_and_no_webhook_is_told(http: httpx2.AsyncClient, body: str) -> None:
    answer = await http.post(RECEIVER, content=body.encode(), headers=signed(body))
    assert code_of(answer) == (422, "VALIDATION_ERROR")


async def test_a_body_has_a_bound(http: httpx2.AsyncClient) -> None:
    most = WEBHOOK_BODIES[RECEIVER]
    filler = '{"time_ms":1,"events":[],"x":"' + "x" * (most - 32) + '"}'
    assert len(filler) == most
    assert (await http.post(RECEIVER, content=filler.encode(), headers=signed(filler))).status_code == 200
    longer = filler + " "
    answer = await http.post(RECEIVER, content=longer.encode(), headers=signed(longer))
    assert code_of(answer) == (413, "PAYLOAD_TOO_LARGE")
