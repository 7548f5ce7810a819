"""Environments, agents, plugins and shares, on SQLite and on Postgres."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from content_parts import a_session
from toolboxai.adapters.database.classes import DatabaseClassStore
from toolboxai.adapters.database.content import DatabaseContentStore
from toolboxai.adapters.database.identity import DatabaseIdentityStore
from toolboxai.adapters.database.resources import DatabaseResourceStore
from toolboxai.adapters.database.shares import DatabaseShareStore
from toolboxai.errors import Conflict
from toolboxai.platform.classes.model import Classroom, Member
from toolboxai.platform.identity.model import Organization, Role, User
from toolboxai.platform.identity.policy import Ownership
from toolboxai.platform.resources.model import Resource, ResourceKind, Share, ShareRole
from toolboxai.platform.resources.store import SharePlace

NOW = 1_780_000_000.0
ENV = Resource(ResourceKind.ENVIRONMENT, "env_456", "org_1", "user_1", "Space station", NOW)
AGENT = Resource(ResourceKind.AGENT, "agent_content_123", "org_1", "user_2", "", NOW + 1)
PLUGIN = Resource(ResourceKind.PLUGIN, "plugin_7", "org_2", "user_3", "", NOW + 2)


@pytest.fixture
def store(database: AsyncEngine) -> DatabaseResourceStore:
    return DatabaseResourceStore(database)


@pytest.fixture
def shares(database: AsyncEngine) -> DatabaseShareStore:
    return DatabaseShareStore(database)


def a_share(number: int, user_id: str | None = "user_9", **changes: object) -> Share:
    values = {
        "id": f"share_{number}",
        "kind": "environment",
        "resource_id": "env_456",
        "organization_id": "org_1",
        "user_id": user_id,
        "created_at": NOW + number,
        **changes,
    }
    return Share(**values)  # type: ignore[arg-type]


async def test_resources_are_kept_listed_and_owned(store: DatabaseResourceStore) -> None:
    for each in (PLUGIN, ENV, AGENT):
        await store.add(each)
    assert await store.resources() == [ENV, AGENT, PLUGIN]
    assert await store.resources(ResourceKind.AGENT) == [AGENT]
    assert await store.resource(ResourceKind.ENVIRONMENT, "env_456") == ENV
    assert await store.resource(ResourceKind.AGENT, "env_456") is None
    assert await store.ownership("environment", "env_456") == Ownership("org_1", "user_1")
    for kind, resource_id in (("agent", "env_456"), ("environment", "env_9"), ("class", "env_456")):
        assert await store.ownership(kind, resource_id) is None


async def test_an_id_is_given_once(store: DatabaseResourceStore) -> None:
    await store.add(ENV)
    with pytest.raises(Conflict, match="env_456 is taken"):
        await store.add(ENV)


async def test_what_is_removed_takes_its_shares_along(
    store: DatabaseResourceStore, shares: DatabaseShareStore
) -> None:
    await store.add(ENV)
    await shares.add(a_share(1), most=9)
    other = a_share(2, resource_id="env_457")
    await shares.add(other, most=9)
    assert not await store.remove(ResourceKind.AGENT, "env_456")
    assert await store.remove(ResourceKind.ENVIRONMENT, "env_456")
    assert not await store.remove(ResourceKind.ENVIRONMENT, "env_456")
    assert await shares.shares("environment", "env_456") == []
    assert await shares.share("share_2") == other


async def test_shares_count_for_their_resource_and_organisation_alone(
    database: AsyncEngine, store: DatabaseResourceStore, shares: DatabaseShareStore
) -> None:
    content = DatabaseContentStore(database)
    await content.create(a_session(), active_limit=5)
    await store.add(ENV)
    await shares.add(a_share(1), most=9)
    await shares.add(a_share(2, kind="content_session", resource_id="gen_1", user_id="user_8"), most=9)
    await shares.add(a_share(3, user_id="user_7", organization_id="org_2"), most=9)
    owned = await store.ownership("environment", "env_456")
    assert owned == Ownership("org_1", "user_1", frozenset({"user_9"}))
    session = await content.ownership("content_session", "gen_1")
    assert session == Ownership("org_1", "user_1", frozenset({"user_8"}))


async def test_the_same_share_is_found_again(shares: DatabaseShareStore) -> None:
    first = a_share(1)
    assert await shares.add(first, most=1) == first
    assert await shares.add(a_share(2), most=1) == first
    assert await shares.shares("environment", "env_456") == [first]
    assert await shares.remove("share_1")
    assert not await shares.remove("share_1")
    assert await shares.add(a_share(3), most=1) == a_share(3)


async def test_a_resource_is_shared_with_so_many_at_most(shares: DatabaseShareStore) -> None:
    for number in range(2):
        assert await shares.add(a_share(number, f"user_{number}"), most=2) is not None
    assert await shares.add(a_share(2, "user_2"), most=2) is None
    assert await shares.share("share_2") is None
    assert await shares.add(a_share(3, "user_2", resource_id="env_9"), most=2) is not None


async def test_lists_are_in_their_order_and_paged(shares: DatabaseShareStore) -> None:
    some = [a_share(number, f"user_{number % 3}", resource_id=f"env_{number // 3}") for number in range(6)]
    for each in reversed(some):
        await shares.add(each, most=9)
    assert await shares.shares("environment", "env_0") == some[:3]
    after = SharePlace(some[0].created_at, some[0].id)
    assert await shares.shares("environment", "env_0", after=after, limit=1) == [some[1]]
    assert await shares.shared_with("user_1") == [some[1], some[4]]
    assert await shares.shared_with("user_1", limit=1) == [some[1]]


async def test_a_share_with_a_class_is_one_for_each_of_its_members(
    database: AsyncEngine, store: DatabaseResourceStore, shares: DatabaseShareStore
) -> None:
    classes = DatabaseClassStore(database)
    await store.add(ENV)
    for number in (1, 2):
        await classes.add(Classroom(f"class_{number}", "org_1", "user_1", "7b", False, NOW), most=9)
        await classes.enter(Member(f"class_{number}", f"user_{number}0", "Otter", False, NOW), most=9)
    with_class = a_share(1, user_id=None, class_id="class_1")
    await shares.add(with_class, most=9)
    assert await shares.add(a_share(2, user_id=None, class_id="class_1"), most=9) == with_class
    by_name = a_share(3, "user_10", role=ShareRole.EDITOR)
    await shares.add(by_name, most=9)
    owned = await store.ownership("environment", "env_456")
    assert owned == Ownership("org_1", "user_1", frozenset({"user_10"}), frozenset({"user_10"}))
    assert await shares.shared_with("user_10") == [with_class, by_name]
    assert await shares.classes_between("environment", "env_456", "user_10") == ["class_1"]
    assert await shares.classes_between("environment", "env_456", "user_20") == []
    await classes.remove("class_1")
    assert await shares.shares("environment", "env_456") == [by_name]


async def test_sharing_again_changes_the_role(shares: DatabaseShareStore) -> None:
    await shares.add(a_share(1), most=1)
    changed = await shares.add(a_share(2, role=ShareRole.EDITOR), most=1)
    assert changed == a_share(1, role=ShareRole.EDITOR)


async def test_a_link_is_found_by_its_code_until_it_expires_and_makes_way_then(
    database: AsyncEngine, shares: DatabaseShareStore
) -> None:
    link = a_share(1, user_id=None, code_hash="h" * 64, expires_at=NOW + 60)
    assert await shares.add(link, most=1) == link
    assert await shares.by_code("h" * 64, now=NOW + 59) == link
    assert await shares.by_code("h" * 64, now=NOW + 60) is None
    people = DatabaseIdentityStore(database)
    await people.add_organization(Organization("org_1", "North"))
    guest = User("user_9", "org_1", "guest-9", None, "Otter", Role.STUDENT, guest=True)
    assert await shares.add(a_share(2), most=1, account=guest) is None
    assert await people.user("user_9") is None, "both or neither"
    later = a_share(60)
    assert await shares.add(later, most=1, account=guest) == later, "the link is over"
    assert await people.user("user_9") == guest
