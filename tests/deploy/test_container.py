"""The container file and the compose file, as far as a machine without an engine can judge them."""

import json
import re
import subprocess
import sys
from fnmatch import fnmatchcase
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from proxies import DEPLOY
from server_process import ROOT
from toolboxai import limits
from toolboxai.config.environment import APP_VARIABLES, VARIABLES
from toolboxai.config.model import ServerTable
from toolboxai.transport.operations import Operations
from toolboxai.transport.server import WEB_GRACE_S

TOOLS = Path(sys.executable).parent
CONTAINERFILE = DEPLOY / "Containerfile"
COMPOSE = DEPLOY / "compose.yaml"
OURS = {name for row in (*VARIABLES, *APP_VARIABLES) for name in row.names}


def instructions() -> list[tuple[str, str]]:
    """Each with what it is given, continued lines joined."""
    text = re.sub(r"\\\n\s*", "", CONTAINERFILE.read_text(encoding="utf-8"))
    words = [line.partition(" ") for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(name, rest.strip()) for name, _, rest in words]


def last(name: str) -> str:
    return [rest for instruction, rest in instructions() if instruction == name][-1]


def composed() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(COMPOSE)
    return found


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = composed()["services"]
    return found


def quiet(*command: str) -> None:
    done = subprocess.run(
        [str(TOOLS / command[0]), *command[1:]], capture_output=True, text=True, timeout=15, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


# ---- Containerfile ------------------------------------------------------------------------------------------


def test_the_linter_finds_nothing() -> None:
    assert "hadolint ignore" not in CONTAINERFILE.read_text(encoding="utf-8")
    quiet("hadolint", "--no-color", str(CONTAINERFILE))


def test_what_it_copies_is_there_and_reaches_the_engine() -> None:
    let_through = [
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    ]
    copied = [
        source
        for name, rest in instructions()
        if name == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]
    assert copied
    for source in copied:
        assert (ROOT / source).exists(), source
        assert any(source == name or fnmatchcase(source, f"{name}/*") for name in let_through), source


def test_everything_is_installed_by_hash_from_the_lock_of_the_product() -> None:
    commands = [each for name, rest in instructions() if name == "RUN" for each in rest.split("&&")]
    installs = [each for each in commands if "pip install" in each]
    assert len(installs) == 2
    assert "--require-hashes -r requirements/core.lock" in installs[0]
    assert "--no-deps --no-build-isolation ." in installs[1]


def test_it_is_no_root_and_ends_as_the_server_expects() -> None:
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", last("USER"))
    assert last("STOPSIGNAL") == "SIGTERM"
    assert json.loads(last("ENTRYPOINT")) + json.loads(last("CMD")) == ["toolboxai", "serve"]


def test_it_listens_where_it_says_and_its_health_is_asked_there() -> None:
    assert last("EXPOSE") == str(ServerTable().port)
    asked = re.search(r"http://127\.0\.0\.1:(\d+)(/\w+)", last("HEALTHCHECK"))
    assert asked is not None
    assert (asked[1], asked[2] in Operations.paths) == (str(ServerTable().port), True)


def test_what_it_asks_in_its_health_check_is_a_program() -> None:
    command = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    assert command[:2] == ["python", "-c"]
    compile(command[2], "health", "exec")


# ---- compose ------------------------------------------------------------------------------------------------


def test_the_compose_file_is_one_by_its_schema() -> None:
    quiet("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE))


def test_nobody_may_do_more_than_needed(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service.get("privileged") is None, name
    assert {name for name, service in services.items() if service.get("cap_add")} == {"caddy"}
    assert {name for name, service in services.items() if service.get("ports")} == {"caddy"}


def test_the_server_is_given_the_time_to_leave(services: dict[str, dict[str, Any]]) -> None:
    given = re.fullmatch(r"(\d+)s", services["toolboxai"]["stop_grace_period"])
    assert given is not None
    longest_s = ServerTable().drain_s + limits.APP_CLOSE_GRACE_S + 0.5 + WEB_GRACE_S
    assert int(given[1]) > max(longest_s, ServerTable().drain_s + 10)


def test_every_variable_is_a_setting_and_no_secret_has_a_default(services: dict[str, dict[str, Any]]) -> None:
    environment = services["toolboxai"]["environment"]
    assert environment.keys() <= OURS
    for name in ("PUSHER_SECRET", "TOOLBOXAI_JWT_SECRET"):
        assert environment[name].startswith(f"${{{name}:?")
    assert ":?" in services["database"]["environment"]["POSTGRES_PASSWORD"]


def test_the_trusted_proxy_is_the_one_in_the_file(services: dict[str, dict[str, Any]]) -> None:
    networks = composed()["networks"]
    (front,) = networks["front"]["ipam"]["config"]
    trusted = services["toolboxai"]["environment"]["TOOLBOXAI_TRUSTED_PROXIES"]
    assert ip_network(trusted) == ip_network(front["subnet"])
    assert {name for name, service in services.items() if "front" in service["networks"]} == {
        "toolboxai",
        "caddy",
    }
    assert networks["back"]["internal"] is True


def test_caddy_is_told_where_the_server_is(services: dict[str, dict[str, Any]]) -> None:
    caddy = services["caddy"]
    asked = set(re.findall(r"\{\$(\w+)", (DEPLOY / "Caddyfile").read_text(encoding="utf-8")))
    assert asked == caddy["environment"].keys()
    assert caddy["environment"]["TOOLBOXAI_UPSTREAM"] == f"toolboxai:{ServerTable().port}"
    assert (DEPLOY / caddy["volumes"][0].split(":")[0]).is_file()
