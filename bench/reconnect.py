"""``python -m bench.reconnect``: thousands of clients lose their connection at once, and come back.

Each has a private channel: its own, or that of its class. It opens a WebSocket, asks the server's own auth endpoint for a signature on a
connection of its own, as a page on a machine of its own does, and subscribes. `toolboxai serve`, with its application
and its database, has one core; the clients have the other. Meanwhile events go out on another channel, by the clock.
"""

import argparse
import base64
import json
import random
import secrets
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from bench import machine
from bench.bystander import Bystander
from bench.figures import part
from bench.returning import Client, Clients
from bench.servers import APPLICATION, KEY, Running, running
from bench.stand import FILES_BESIDE, IN_FLIGHT
from bench.wire import upgrade_request
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.app.identity import AUDIENCE, ISSUER
from toolboxai.config.model import ENVIRONMENT_KID
from toolboxai.platform.identity.keys import KeyRing, TokenKey
from toolboxai.platform.identity.model import PERMISSIONS, Role
from toolboxai.platform.identity.tokens import TokenService

ALLOWED_S: Final = 10.0
"""Everybody is back, and subscribed, by then."""

CLASS: Final = 30
CALM_S: Final = 1.0  # of the bystander before each storm
AUTH_PATH: Final = "/api/v1/pusher/auth"


class Storm(NamedTuple):
    """What one storm came to; seconds count from the moment in which all connections were lost.

    Attributes:
        clients: who came back.
        failed: who did not.
        p50_s, p99_s, last_s: until so many were subscribed again.
        server_cpu_us: of the server's process, for each client: the loss, the handshake, the authorisation, the subscribe.
        own_share: of its core that the generator used.
        waited: share of the time in which the server was kept off its core, and what was stolen of both.
        calm_p99_ms, storm_p99_ms: of deliveries on another channel, before and meanwhile.
        lost: of those deliveries.
        why: what most of those who did not come back were told.
    """

    clients: int
    failed: int
    p50_s: float
    p99_s: float
    last_s: float
    server_cpu_us: float
    own_share: float
    waited: float
    calm_p99_ms: float
    storm_p99_ms: float
    lost: int
    why: str


def tokens(secret: str, count: int) -> list[tuple[str, str]]:
    """The ids of so many users, and an access token of each; the endpoint asks nobody else who they are."""
    ring = KeyRing([TokenKey.hmac(ENVIRONMENT_KID, secret)])
    service = TokenService(
        ring, issuer=ISSUER, audience=AUDIENCE, clock=SystemClock(), dice=random.SystemRandom()
    )
    role = Role.STUDENT
    users = [f"user_{number}" for number in range(count)]
    return [
        (
            user,
            service.issue_access(
                subject=user,
                organization_id="org_1",
                role=role,
                permissions=PERMISSIONS[role],
                session_id=f"s{user}",
            ).text,
        )
        for user in users
    ]


def place_in_classes(database: Path, users: Sequence[str]) -> list[str]:
    """Put users into classes of `CLASS`, in the order in which they come; the class of each."""
    classes = [f"class_{number // CLASS}" for number in range(len(users))]
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany(
            "INSERT INTO classes (id, organization_id, owner_id, name, names_shown, created_at) "
            "VALUES (?, 'org_1', 'user_teacher', 'bench', 0, 0)",
            [(each,) for each in dict.fromkeys(classes)],
        )
        connection.executemany(
            "INSERT INTO class_members (class_id, user_id, pseudonym, pseudonym_key, made_here, joined_at) "
            "VALUES (?, ?, ?, ?, 0, 0)",
            [(each, user, user, user) for each, user in zip(classes, users, strict=True)],
        )
    return classes


def measured(
    clients: int, rounds: int, home: Path, cores: tuple[int, int], *, in_classes: bool = False
) -> list[Storm]:
    """So many storms of one server.

    Args:
        clients: how many are connected.
        rounds: of each a storm.
        home: for what the server keeps.
        cores: the server's and the clients'.
        in_classes: whether each follows its class's channel, and not its own.
    """
    secret = secrets.token_urlsafe(48)
    env = {"TOOLBOXAI_JWT_SECRET": secret, "TOOLBOXAI_DATABASE_URL": f"sqlite:///{home}/bench.db"}
    kind = replace(APPLICATION, env=env)
    with running(kind, cores[0]) as server, machine.on_core(cores[1]):
        users = tokens(secret, clients)
        channels = [f"private-user-{user}" for user, _ in users]
        if in_classes:
            of_each = place_in_classes(home / "bench.db", [user for user, _ in users])
            channels = [f"private-class-{each}" for each in of_each]
        made = [
            _client(server.port, number, token, channels[number]) for number, (_, token) in enumerate(users)
        ]
        random.Random(1).shuffle(made)  # a class does not stand in line
        return _storms(server, made, rounds)


def _storms(server: Running, made: Sequence[Client], rounds: int) -> list[Storm]:
    bystander = Bystander(server.port)
    left = machine.raise_file_limit() - len(made) - FILES_BESIDE
    everybody = Clients(server.port, bystander, asking_at_once=left)
    everybody.come(made, at_once=IN_FLIGHT)
    refused = {client.refused for client in made if client.refused}
    if refused:
        raise RuntimeError(f"not everybody could come at first: {sorted(refused)[:3]}")
    taken = []
    for _ in range(rounds):
        everybody.idle(CALM_S)
        calm = bystander.take()
        cpu, own, began = machine.cpu_seconds(server.pid), time.process_time(), time.monotonic()
        lookout = machine.Lookout(server.pid)
        everybody.lose(made)
        everybody.come(made, at_once=len(made))
        seconds = max(time.monotonic() - began, 1e-9)
        waited = lookout.share(seconds)
        back = sorted(client.subscribed_at - began for client in made if client.subscribed_at)
        everybody.idle(0.2)
        meanwhile = bystander.take()
        taken.append(
            Storm(
                len(back),
                len(made) - len(back),
                part(back, 0.5),
                part(back, 0.99),
                part(back, 1),
                (machine.cpu_seconds(server.pid) - cpu) / len(made) * 1e6,
                (time.process_time() - own) / seconds,
                waited,
                part(calm.latencies_ms, 0.99),
                part(meanwhile.latencies_ms, 0.99),
                calm.lost + meanwhile.lost,
                why_not(made),
            )
        )
    everybody.lose(made)
    bystander.close()
    return taken


def _client(port: int, number: int, token: str, channel: str) -> Client:
    key = base64.b64encode(number.to_bytes(16, "big")).decode()
    upgrade = upgrade_request(f"/app/{KEY}?protocol=7&client=js&version=8.4.0", port, key=key)
    ask = (
        f"POST {AUTH_PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
    )
    # 200 clients share an address, as in load.c.
    address = f"127.1.{number // 200 // 250}.{number // 200 % 250 + 1}"
    return Client(address, upgrade, ask.encode(), channel)


def why_not(clients: Sequence[Client]) -> str:
    """What most of those who are not subscribed were told; empty where all are."""
    told = Counter(client.refused or "nothing in time" for client in clients if client.subscribed_at is None)
    return told.most_common(1)[0][0][:300] if told else ""


def main() -> int:
    """Measure and print; 0 where everybody was back in time."""
    parser = argparse.ArgumentParser(prog="python -m bench.reconnect", description=__doc__)
    parser.add_argument("--clients", type=int, default=10_000, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    parser.add_argument(
        "--channel",
        choices=("user", "class"),
        default="user",
        help="which each follows (default: %(default)s)",
    )
    options = parser.parse_args()
    clients = min(options.clients, machine.raise_file_limit() - 2 * FILES_BESIDE)
    if clients < options.clients:
        print(f"ONLY {clients} instead of {options.clients} clients: the limit of open files (ulimit -n)")
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        storms = measured(
            clients,
            options.rounds,
            Path(home),
            machine.pinned_cores(),
            in_classes=options.channel == "class",
        )
    print(json.dumps({"machine": machine.describe(), "storms": [storm._asdict() for storm in storms]}))
    for each in storms:
        print(
            f"{each.clients} back ({each.failed} not): half {each.p50_s:.2f} s, p99 {each.p99_s:.2f} s, last "
            f"{each.last_s:.2f} s; server {each.server_cpu_us:.0f} µs each; generator {each.own_share:.0%} of its core; others had {each.waited:.0%} of the server's; "
            f"another channel's p99 {each.storm_p99_ms:.1f} ms, before {each.calm_p99_ms:.1f} ms, lost {each.lost}"
            + (f"; not back: {each.why}" if each.why else "")
        )
    met = all(each.last_s <= ALLOWED_S and not each.failed and not each.lost for each in storms)
    print(f"within {ALLOWED_S:.0f} s: {'met' if met else 'NOT MET'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
