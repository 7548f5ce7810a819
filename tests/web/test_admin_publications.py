"""What became of a publication, for operators: of all apps, and without their users."""

import random
from collections.abc import AsyncIterator

import httpx2
import pytest

from toolboxai.apps.app import App, AppKey
from toolboxai.apps.registry import AppRegistry
from toolboxai.broker.memory import MemoryBroker
from toolboxai.node.accounts import Accounts
from toolboxai.node.node import Node
from toolboxai.platform.identity.model import Role
from toolboxai.platform.identity.service import IdentityService
from toolboxai.protocol.channel import ChannelName
from toolboxai.testing.clock import ManualClock
from toolboxai.web.admin_publications import admin_publications_routes
from toolboxai.web.application import create_api
from toolboxai.web.security import Authenticator
from wires import Wire, connection

OURS, THEIRS = (App(id=number, keys=(AppKey(f"key-{number}", "s"),)) for number in "34")
A = ChannelName.parse("a")


@pytest.fixture
def node(clock: ManualClock) -> Node:
    dice = random.Random(1)
    broker = MemoryBroker(clock, dice)
    return Node(AppRegistry([OURS, THEIRS], own=OURS), broker, clock=clock, dice=dice)


@pytest.fixture
async def http(node: Node, identity: IdentityService) -> AsyncIterator[httpx2.AsyncClient]:
    for name, role in (("ada", Role.ADMIN), ("anna", Role.TEACHER)):
        await identity.create_user(name, role, "correct horse 7")
    api = create_api([admin_publications_routes(Accounts(node), Authenticator(identity))])
    transport = httpx2.ASGITransport(api)
    url = "http://server/api/v1/admin/publications"
    async with httpx2.AsyncClient(transport=transport, base_url=url) as client:
        client.headers["authorization"] = f"Bearer {await identity.issue_access_token('ada')}"
        yield client


async def test_of_any_app_and_without_its_users(http: httpx2.AsyncClient, node: Node) -> None:
    who = connection("1.1", Wire(), app=THEIRS)
    who.user_id = "a-pupil"
    node.attach(who)
    (theirs,), (ours,) = [await node.publish(app, [A], "e", "1") for app in (THEIRS, OURS)]
    answer = await http.get(f"/{theirs.text}", params={"socket_id": "1.1"})
    told = answer.json()
    assert (answer.status_code, told["app_id"], told["subscribers"]) == (200, "4", 0)
    assert told["socket"]["verdict"] == "not_subscribed"
    assert "a-pupil" not in answer.text
    answer = await http.get(f"/{ours.text}", params={"socket_id": "1.1"})
    assert answer.json()["socket"]["verdict"] == "other_app"
    assert (await http.get(f"/{ours.text}")).json()["socket"] is None


@pytest.mark.parametrize(
    ("path", "status"), [("/gone.1:1", 404), ("/no-id", 404), ("/gone.1:1?socket_id=nobody", 422)]
)
async def test_what_is_no_publication_and_no_socket(http: httpx2.AsyncClient, path: str, status: int) -> None:
    answer = await http.get(path)
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error_code", "message", "details", "request_id"}


async def test_it_is_for_operators(http: httpx2.AsyncClient, node: Node, identity: IdentityService) -> None:
    (published,) = await node.publish(OURS, [A], "e", "1")
    teacher = {"authorization": f"Bearer {await identity.issue_access_token('anna')}"}
    assert (await http.get(f"/{published.text}", headers=teacher)).status_code == 403
    del http.headers["authorization"]
    assert (await http.get(f"/{published.text}")).status_code == 401
