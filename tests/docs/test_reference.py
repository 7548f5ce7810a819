"""What the reference pages list is what the code has: no more, no less."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from toolboxai import errors, limits
from toolboxai.cli.exits import EXIT_HELP
from toolboxai.cli.main import cli
from toolboxai.close_codes import CloseCode
from toolboxai.config.allow_table import AllowTable
from toolboxai.config.app_table import APPLICATION_HISTORY, AppTable
from toolboxai.config.environment import APP_VARIABLES, BESIDE_SETTINGS, VARIABLES
from toolboxai.config.leaves import leaves, shown
from toolboxai.config.legacy_table import LegacyTable
from toolboxai.config.load import DEFAULT_FILE
from toolboxai.config.model import Settings
from toolboxai.legacy.deprecation import Deprecation, Mode, replacement
from toolboxai.legacy.endpoints import ENDPOINTS, called
from toolboxai.metrics import METRICS
from toolboxai.platform.identity.model import PEOPLE, PERMISSIONS
from toolboxai.platform.public_forms import PUBLIC_NAMES
from toolboxai.protocol.channel import ChannelKind
from toolboxai.protocol.session import _HANDLERS
from toolboxai.transport.operations import Operations
from toolboxai.transport.soketi_names import SOKETI_NAMES

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
KINDS = ("toml", "text", "json")


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of every table row below a heading, up to the next; the head of the table is left out."""
    text = (DOCS / page).read_text(encoding="utf-8")
    section = re.split(r"^## ", text.split(f"\n## {heading}\n", 1)[1], flags=re.MULTILINE)[0]
    cells = [line.strip()[1:-1].split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in cells[2:]]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# ---- settings -----------------------------------------------------------------------------------------------


def settings_in_code() -> dict[str, tuple[list[str], str]]:
    """path -> names in the environment, default as the table writes it."""
    app = AppTable.model_validate({"id": "1", "key": "k", "secret": "s"})
    names = {row.path: list(row.names) for row in VARIABLES}
    names |= {f"apps.{row.path}": list(row.names) for row in APP_VARIABLES}
    found = {}
    for leaf in (*leaves(Settings()), *leaves(app, "apps.0.")):
        if leaf.path == "apps":
            continue
        path = leaf.path.replace("apps.0.", "apps.")
        found[path] = (names.get(path, []), _default(path, leaf.default))
    return found


def _default(path: str, value: Any) -> str:
    if path == "apps.id" or value is None:
        return ""
    return json.dumps(shown(value))


def test_every_setting_is_documented_with_its_names_and_its_default() -> None:
    written = {}
    for setting, environment, default, _meaning in (
        *rows("settings.md", "Values"),
        *rows("settings.md", "Apps"),
    ):
        written[code(setting)[0]] = (
            code(environment),
            "".join(code(default)),
        )
    assert written == settings_in_code()


def test_every_variable_beside_the_settings_is_documented() -> None:
    written = {code(variable)[0] for variable, _, _ in rows("settings.md", "Variables that are no settings")}
    assert written == BESIDE_SETTINGS - {"TOOLBOXAI_TEST_FULL"}  # our own tests read that one


def test_the_rules_for_what_the_application_publishes_are_the_documented_ones() -> None:
    written = [
        (code(pattern)[0], events, seconds) for pattern, events, seconds in rows("settings.md", "History")
    ]
    assert written == [
        (rule.pattern, f"{rule.events}", f"{rule.seconds:.0f}") for rule in APPLICATION_HISTORY
    ]


def test_the_file_has_the_documented_name() -> None:
    assert f"`{DEFAULT_FILE}` in the working directory" in (DOCS / "settings.md").read_text(encoding="utf-8")


def test_what_stands_on_public_names_is_documented_field_by_field() -> None:
    written = {
        (code(channel)[0], code(event)[0]): code(fields)
        for channel, event, fields in rows("legacy.md", "Public names")
        if code(event)
    }
    assert written == {
        (name.channel, kind): [name.id_name, *fields]
        for name in PUBLIC_NAMES
        for kind, fields in name.messages.items()
    }


# ---- operations ---------------------------------------------------------------------------------------------


def test_every_metric_is_documented_in_the_words_of_the_exposition() -> None:
    written = {
        code(name)[0]: (kind, tuple(code(labels)), meaning)
        for name, kind, labels, meaning in rows("operations.md", "Metrics")
    }
    assert written == {
        f"toolboxai_{name}": (family.kind, family.labels, family.help) for name, family in METRICS.items()
    }


def test_soketis_names_are_documented_with_the_numbers_that_they_tell() -> None:
    page = (DOCS / "operations.md").read_text(encoding="utf-8")
    section = page.split("\n## Under soketi's names\n", 1)[1].split("\n## ", 1)[0]
    written = re.findall(r"^\| `soketi_(\w+)` \| (\w+) \| `toolboxai_(\w+)`", section, re.MULTILINE)
    assert written == [(name, each.kind, each.ours) for name, each in SOKETI_NAMES.items()]


def test_the_documented_bounds_for_strangers_are_the_ones_in_force() -> None:
    written = {bound: value for bound, value, _, _ in rows("operations.md", "Strangers")}
    expected = {
        "a request's head": f"{limits.HEAD_BYTES // 1024} KiB, {limits.HEAD_LINES} lines, "
        f"whole within {limits.HANDSHAKE_TIMEOUT_S:.0f} s",
        "what comes beside a body in chunks": f"{limits.HEAD_BYTES // 1024} KiB",
        "connections without a whole request, handshakes and keep-alive together": f"{limits.WAITING:,}, or half",
        "the same, of one peer, for longer than a second": f"{limits.WAITING_PER_ADDRESS:,};",
        "one message, its fragments together": f"{limits.MESSAGE_BYTES // 1024} KiB, "
        f"{limits.MESSAGE_BYTES // limits.FRAGMENT_BYTES:,} fragments",
        "pings, and pongs that nobody asked for": f"{limits.CONTROL_FRAMES:,} in {limits.CONTROL_FRAMES_S:.0f} s",
        "WebSockets that were refused and do not go": f"{limits.APP_CLOSE_GRACE_S:.0f} s, {limits.SENT_AWAY:,}",
        "what waits for one connection": f"{limits.OUTBOX_BYTES >> 20} MiB",
    }
    assert {name: value for name, value in expected.items() if not written[name].startswith(value)} == {}
    counters = {name for row in rows("operations.md", "Strangers") for name in code(row[3])}
    assert counters <= METRICS.keys()


def test_the_documented_fields_of_a_listed_network_are_the_ones_that_are_read() -> None:
    assert [code(field)[0] for field, _ in rows("settings.md", "Schools")] == list(AllowTable.model_fields)


def test_every_path_for_operators_is_documented() -> None:
    assert {path for row in rows("operations.md", "Health") for path in code(row[0])} == Operations.paths


# ---- protocol -----------------------------------------------------------------------------------------------


def test_every_close_code_is_documented() -> None:
    written = {int(number): code(name)[0] for number, name, _, _ in rows("protocol.md", "Close codes")}
    assert written == {member.value: member.name for member in CloseCode}


def test_every_kind_of_channel_is_documented() -> None:
    written = {prefix for row in rows("protocol.md", "Kinds of channel") for prefix in code(row[0])}
    assert written == {kind.value.prefix for kind in ChannelKind if kind.value.prefix}


def test_every_message_of_a_client_is_documented() -> None:
    written = {name for row in rows("protocol.md", "Messages of the client") for name in code(row[0])}
    assert written == {*_HANDLERS, "client-…"}


@pytest.mark.parametrize(
    "heading",
    [
        "Connecting",
        "Messages of the client",
        "Messages of the server",
        "Kinds of channel",
        "The signed HTTP API",
    ],
)
def test_every_row_of_the_protocol_says_whether_it_is_done(heading: str) -> None:
    assert {row[1] for row in rows("protocol.md", heading)} <= {"done", "differs", "not yet"}


def test_the_documented_limits_are_the_ones_in_force() -> None:
    app = AppTable.model_validate({"id": "1", "key": "k", "secret": "s"})
    whole_body = limits.HTTP_BODY_BYTES + limits.BATCH_EVENTS * limits.ESCAPED_BYTES * app.event_bytes
    written = {row[0]: row[1] for row in rows("protocol.md", "Limits")}
    expected = {
        "channel name": f"{app.channel_name_chars} characters",
        "event name": f"{limits.EVENT_NAME_CHARS} characters",
        "event data": f"{app.event_bytes:,} bytes",
        "channels of one event": f"{limits.CHANNELS_PER_EVENT}",
        "events of one batch": f"{limits.BATCH_EVENTS}",
        "body of a signed request": f"{whole_body // 1024} KiB",
        "age of a signature": f"{limits.AUTH_TIMESTAMP_WINDOW_S} s",
        "client events": f"{app.client_events_per_s} a second",
        "channels of one connection": f"{limits.CHANNELS_PER_SOCKET:,}",
        "users of a presence channel": f"{app.presence_members}",
        "`user_info`": f"{app.presence_info_bytes:,} bytes",
        "a user's id": f"{limits.USER_ID_CHARS} characters",
        "a watchlist": f"{limits.WATCHLIST_USERS} users",
        "a cached event": f"{app.cache_ttl_s:,.0f} s",
        "one message": f"{limits.MESSAGE_BYTES // 1024} KiB",
        "fragments of one message": f"{limits.MESSAGE_BYTES // limits.FRAGMENT_BYTES:,}",
        "pings, and pongs that were not asked for": f"{limits.CONTROL_FRAMES:,} in {limits.CONTROL_FRAMES_S:.0f} s",
        "bytes that wait for one connection": f"{limits.OUTBOX_BYTES >> 20} MiB",
        "silence": f"{app.activity_timeout_s} s, then a probe, then {app.pong_timeout_s:.0f} s",
        "connections of one app": "no limit",
        "connections of one address to one app": "no limit",
        "connects of one address to one app": "no limit",
        "a request's head": f"{limits.HEAD_BYTES // 1024} KiB, whole within {limits.HANDSHAKE_TIMEOUT_S:.0f} s",
        "lines of a request's head": f"{limits.HEAD_LINES}",
        "a pause within the body of another request": f"{limits.HANDSHAKE_TIMEOUT_S:.0f} s",
        "an idle keep-alive connection": f"{limits.HTTP_IDLE_S:.0f} s",
    }
    assert written.keys() == expected.keys()
    assert {name: value for name, value in expected.items() if not written[name].startswith(value)} == {}


# ---- old sockets ---------------------------------------------------------------------------------------------


def test_every_old_endpoint_is_documented_with_what_replaces_it() -> None:
    written = {
        code(path)[0]: (code(channel)[0], code(public)[0], tuple(code(events)))
        for path, channel, public, events in rows("legacy.md", "Endpoints")
    }
    expected = {}
    for endpoint in ENDPOINTS.values():
        resource_id = "".join(re.findall(r"\{\w+\}", endpoint.path))
        expected[endpoint.path] = tuple(replacement(endpoint, resource_id))
    assert written == expected


def test_every_old_endpoint_is_marked_as_deprecated_among_the_routes() -> None:
    written = {code(route)[0]: does for route, _, does in rows("rest.md", "Routes") if "/ws/" in route}
    assert written.keys() == {f"GET {endpoint.path}" for endpoint in ENDPOINTS.values()}
    for endpoint in ENDPOINTS.values():
        does = written[f"GET {endpoint.path}"]
        assert does.startswith("deprecated; ")
        assert endpoint.private.rstrip("-") in does


def test_every_mode_of_an_old_endpoint_is_documented() -> None:
    assert [code(row[0])[0] for row in rows("legacy.md", "Modes")] == list(Mode)


def test_the_documented_headers_and_facts_are_those_of_the_documented_settings() -> None:
    text = (DOCS / "legacy.md").read_text(encoding="utf-8")
    settings, headers, facts = (re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)[0] for kind in KINDS)
    table = LegacyTable.model_validate(tomllib.loads(settings)["legacy"])
    call = called("/ws/content/gen_abc123")
    assert call is not None
    told = Deprecation(table.policies(), lambda: "/app/KEY", notice=table.notice)
    assert dict(line.split(": ", 1) for line in re.sub(r",\n +", ", ", headers).splitlines()) == told.headers(
        call
    )
    assert json.loads(facts) == told.facts(call)


# ---- command line -------------------------------------------------------------------------------------------


def test_every_command_is_documented() -> None:
    written = {code(command)[0] for command, _ in rows("cli.md", "Commands")}
    assert written == set(_commands(get_command(cli), "toolboxai"))


def _commands(command: Any, path: str) -> list[str]:
    inner = getattr(command, "commands", None)
    if inner is None:
        return [path]
    shown = [(name, each) for name, each in inner.items() if not each.hidden]
    return [found for name, each in shown for found in _commands(each, f"{path} {name}")]


def test_every_exit_status_is_documented() -> None:
    written = {int(status): meaning for status, meaning in rows("cli.md", "Exit statuses")}
    assert written == {int(status): meaning for status, meaning in EXIT_HELP.items()}


# ---- errors -------------------------------------------------------------------------------------------------


def test_every_error_code_of_the_rest_routes_is_documented() -> None:
    kinds = [getattr(errors, name) for name in errors.__all__]
    codes = {kind.error_code: kind.status for kind in kinds if issubclass(kind, errors.RequestError)}
    written = {code(name)[0]: int(status) for name, status, _ in rows("rest.md", "Errors")}
    assert {name: status for name, status in codes.items() if written.get(name) != status} == {}


def test_the_roles_have_the_documented_permissions() -> None:
    written = {row[0]: set(code(row[1])) for row in rows("rest.md", "Signing in")}
    written["admin"] |= written["teacher"]  # as the page says in words
    assert written == {role.value: set(PERMISSIONS[role]) for role in PEOPLE}


@pytest.mark.parametrize(
    "said",
    [code(row[0])[0] for row in rows("troubleshooting.md", "The server does not start") if code(row[0])],
)
def test_the_quoted_complaints_are_the_ones_that_the_code_makes(said: str) -> None:
    sources = (ROOT / "src").rglob("*.py")
    assert any(said in source.read_text(encoding="utf-8") for source in sources)
