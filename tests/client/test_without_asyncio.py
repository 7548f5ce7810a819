"""The client without asyncio among threads, processes and at the interpreter's end."""

import asyncio
import os
import subprocess
import sys
import threading

from toolboxai.client import ConnectionClosed, connect_sync
from toolboxai.client.testing import FakeServer


def test_threads_that_share_a_channel_get_each_event_once() -> None:
    server = FakeServer()
    got: list[object] = []

    def work() -> None:
        while (event := channel.next()) is not None:
            got.append(event.data)

    with connect_sync(**server.options()) as client:
        channel = client.subscribe("news")
        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for number in range(200):
            server.publish("news", "n", number)
        server.publish("news", "n", "last")
        while "last" not in got:
            pass
        client.close()
        for worker in workers:
            worker.join(5)
    assert got.count("last") == 1
    assert sorted(each for each in got if isinstance(each, int)) == list(range(200))


def test_who_waits_while_another_thread_leaves_the_block_is_told() -> None:
    asked = threading.Event()
    told: list[BaseException] = []

    async def never() -> str:
        asked.set()
        await asyncio.Event().wait()
        return ""

    def ask() -> None:
        try:
            client.request("GET", "/slow")
        except ConnectionClosed as closed:
            told.append(closed)

    with connect_sync(**FakeServer().options(), token_provider=never) as client:
        asking = threading.Thread(target=ask)
        asking.start()
        assert asked.wait(5)
    asking.join(5)
    assert len(told) == 1


def test_closing_again_is_nothing_and_a_reader_still_gets_what_it_has() -> None:
    server = FakeServer()
    with connect_sync(**server.options()) as client:
        reader = iter(client.subscribe("news"))
        for number in (1, 2):
            server.publish("news", "n", number)
        assert next(reader).data == 1
        client.close()
        client.close()
    client.close()
    assert [event.data for event in reader] == [2]


def test_two_hundred_clients_leave_no_thread_and_no_file() -> None:
    server = FakeServer()
    threads, files = threading.active_count(), len(os.listdir("/dev/fd"))
    for _ in range(200):
        with connect_sync(**server.options()) as client:
            client.subscribe("news")
    assert (threading.active_count(), len(os.listdir("/dev/fd"))) == (threads, files)


PROGRAM = """
import os
from toolboxai.client import ConnectionClosed, connect_sync
from toolboxai.client.testing import FakeServer

held = connect_sync(**FakeServer().options())
client = held.__enter__()
channel = client.subscribe("news")
child = os.fork()
if child == 0:
    try:
        channel.next(5)
    except ConnectionClosed as why:
        print(why, flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""  # nobody leaves the block: the interpreter ends all the same


def test_a_fork_is_told_and_an_interpreter_ends_with_a_client_still_open() -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert "make one after the fork" in ended.stdout
    assert ended.stderr == ""


def test_a_thread_that_waits_for_the_next_event_keeps_to_its_time() -> None:
    server = FakeServer()
    with connect_sync(**server.options()) as client:
        channel = client.subscribe("news")
        waiting = threading.Thread(target=channel.next)
        waiting.start()
        assert channel.next(0.01) is None
        server.publish("news", "n", 1)
        waiting.join(5)
        assert not waiting.is_alive()
