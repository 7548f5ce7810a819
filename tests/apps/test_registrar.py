"""What may be done to the apps of the database, and what each refusal says."""

import random
from collections.abc import Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.apps import DatabaseAppStore
from toolboxai.app.stored_apps import app_parser
from toolboxai.apps.app import App, AppKey
from toolboxai.apps.registrar import KEYS, AppRegistrar
from toolboxai.apps.registry import AppRegistry
from toolboxai.config import Settings
from toolboxai.errors import Conflict, RequestError, ResourceNotFound, ValidationError
from toolboxai.testing.clock import ManualClock

OURS = App(id="1", keys=(AppKey("ours", "s"),))
FILE = AppRegistry([OURS, App(id="2", keys=(AppKey("theirs", "s"),))], own=OURS)


@pytest.fixture
def store(database: AsyncEngine) -> DatabaseAppStore:
    return DatabaseAppStore(database)


@pytest.fixture
def registrar(store: DatabaseAppStore, clock: ManualClock) -> AppRegistrar:
    return AppRegistrar(
        store,
        parse=app_parser(Settings()),
        configured=lambda: FILE,
        clock=clock,
        dice=random.Random(1),
    )


async def test_an_app_is_made_with_an_id_a_key_and_a_secret(
    registrar: AppRegistrar, store: DatabaseAppStore
) -> None:
    made = await registrar.create({"event_bytes": 20_000}, name="Club")
    assert made.id.isdecimal()
    ((key, secret),) = [(kept.pair.key, kept.pair.secret) for kept in made.keys]
    assert len(key) >= 20
    assert len(secret) >= 49  # 256 bits in base 36
    assert secret not in repr(made)
    assert await store.app(made.id) == made
    another = await registrar.create({}, app_id="77")
    assert another.id == "77"
    assert another.keys[0].pair.key != key


@pytest.mark.parametrize(
    ("settings", "field", "text"),
    [
        ({"event_bytes": 0}, "event_bytes", "greater than or equal to 1"),
        ({"event_byte": 1}, "event_byte", "did you mean 'event_bytes'?"),
        ({"allowed_origins": ["nowhere"]}, "allowed_origins.0", "is not an origin"),
        ({"max_connections_per_ip": -5}, "max_connections_per_ip", "greater than or equal to 0"),
        ({"key": "k"}, "key", "keys are made by the server"),
        ({"secret": "s"}, "secret", "keys are made by the server"),
        ({"keys": []}, "keys", "keys are made by the server"),
        ({"id": "3"}, "id", "never changes"),
        ({"enabled": False}, "enabled", "beside the settings"),
    ],
)
async def test_a_setting_that_cannot_work_is_told_and_nothing_is_kept(
    registrar: AppRegistrar,
    store: DatabaseAppStore,
    settings: dict[str, object],
    field: str,
    text: str,
) -> None:
    kept = await registrar.create({"cache_ttl_s": 60}, app_id="7")
    for refused in (registrar.create(settings), registrar.change("7", settings)):
        with pytest.raises(ValidationError) as fault:
            await refused
        assert list(fault.value.details["fields"]) == [field]
        assert text in fault.value.details["fields"][field]
    assert await store.apps() == [kept]


async def test_a_change_leaves_what_it_does_not_name(registrar: AppRegistrar, clock: ManualClock) -> None:
    made = await registrar.create({"event_bytes": 20_000, "cache_ttl_s": 60}, name="Club")
    clock.advance(5)
    changed = await registrar.change(made.id, {"cache_ttl_s": None, "max_connections": 3})
    assert changed.settings == {"event_bytes": 20_000, "max_connections": 3}
    assert (changed.name, changed.enabled, changed.keys) == ("Club", True, made.keys)
    assert (changed.created_at, changed.updated_at) == (made.created_at, made.updated_at + 5)
    off = await registrar.change(made.id, {}, enabled=False, name="Clubs")
    assert (off.enabled, off.name, off.settings) == (False, "Clubs", changed.settings)


async def test_a_name_is_bounded(registrar: AppRegistrar) -> None:
    with pytest.raises(ValidationError, match="201 characters, at most 200"):
        await registrar.create({}, name="n" * 201)


async def test_a_key_is_added_behind_the_old_one_and_the_old_one_can_go(
    registrar: AppRegistrar, store: DatabaseAppStore
) -> None:
    made = await registrar.create({}, app_id="7")
    old = made.keys[0].pair
    new = await registrar.add_key("7")
    assert await keys(store) == [old, new]
    await registrar.revoke_key("7", old.key)
    assert await keys(store) == [new]
    with pytest.raises(Conflict, match="last active key"):
        await registrar.revoke_key("7", new.key)
    with pytest.raises(ResourceNotFound, match="no active key"):
        await registrar.revoke_key("7", old.key)


async def keys(store: DatabaseAppStore) -> list[AppKey]:
    app = await store.app("7")
    assert app is not None
    return [kept.pair for kept in app.keys]


async def test_active_keys_are_bounded(registrar: AppRegistrar) -> None:
    await registrar.create({}, app_id="7")
    for _ in range(KEYS - 1):
        await registrar.add_key("7")
    with pytest.raises(Conflict, match=f"{KEYS} active keys"):
        await registrar.add_key("7")


@pytest.mark.parametrize(
    "call",
    [
        lambda registrar, app_id: registrar.change(app_id, {}, enabled=False),
        lambda registrar, app_id: registrar.remove(app_id),
        lambda registrar, app_id: registrar.add_key(app_id),
        lambda registrar, app_id: registrar.revoke_key(app_id, "ours"),
    ],
    ids=["change", "remove", "add a key", "revoke a key"],
)
@pytest.mark.parametrize(
    ("app_id", "kind", "text"),
    [
        ("1", Conflict, "stands in the settings file or the environment and is our own; change it there"),
        ("2", Conflict, "stands in the settings file or the environment; change it there"),
        ("9", ResourceNotFound, "there is no app 9"),
    ],
)
async def test_apps_of_the_file_are_changed_there(
    registrar: AppRegistrar,
    call: Callable[[AppRegistrar, str], object],
    app_id: str,
    kind: type[RequestError],
    text: str,
) -> None:
    with pytest.raises(kind, match=text):
        await call(registrar, app_id)  # type: ignore[misc]  # each of the table is a coroutine


async def test_an_id_is_taken_once(registrar: AppRegistrar) -> None:
    await registrar.create({}, app_id="7")
    for taken in ("1", "7"):
        with pytest.raises(Conflict, match="choose another"):
            await registrar.create({}, app_id=taken)


async def test_what_is_removed_is_gone(registrar: AppRegistrar, store: DatabaseAppStore) -> None:
    await registrar.create({}, app_id="7")
    await registrar.remove("7")
    assert await store.apps() == []
