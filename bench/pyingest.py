"""What ``c/ingest.c`` does, where there is no gcc: the same arguments, the same answer, in Python.

It sleeps until it is answered, so that the server pays for waking it, and with 16 messages under way it may be slower
than the server: CPU per message holds, messages a second are a lower bound.
"""

import json
import socket
import sys
import time
from collections.abc import Sequence

from bench import machine
from bench.wire import take_frame

WARM_S = 0.05
STUCK_S = 5.0
TEXT = 1
PING = b'{"type":"ping"'  # an old socket asks now and then whether anybody is there; that answers nothing


def heard(listener: socket.socket, buffer: bytearray, texts: int) -> None:
    """Wait for so many text frames."""
    while texts:
        data = listener.recv(1 << 18)
        if not data:
            raise ConnectionError("the server is gone")
        buffer += data
        while (frame := take_frame(buffer)) is not None:
            texts -= frame[0] == TEXT and not frame[1].startswith(PING)


def main(words: Sequence[str], frames: bytes) -> dict[str, float]:
    """Say the frames, one of each speaker, as ``c/ingest.c`` tells."""
    pid, seconds, depth = int(words[0]), float(words[1]), int(words[2])
    listener, *speakers = [socket.socket(fileno=int(word)) for word in words[3:]]
    listener.settimeout(STUCK_S)
    size = len(frames) // len(speakers)
    batches = [frames[at : at + size] * depth for at in range(0, len(frames), size)]
    buffer, counted, waited = bytearray(), 0, 0.0
    began = time.monotonic()
    ends, spent, warm = began + WARM_S, 0.0, False
    while True:
        for speaker, batch in zip(speakers, batches, strict=True):
            speaker.sendall(batch)
        said = time.monotonic()
        heard(listener, buffer, depth * len(speakers))
        now = time.monotonic()
        counted, waited = counted + depth * len(speakers), waited + now - said
        if now < ends:
            continue
        if warm:
            break
        warm, counted, waited, began, ends = True, 0, 0.0, now, now + seconds
        spent = machine.cpu_seconds(pid)
    spent = machine.cpu_seconds(pid) - spent
    for each in (listener, *speakers):
        each.detach()
    return {"seconds": now - began, "server_cpu_s": spent, "messages": counted, "looked_in_vain_s": waited}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:], sys.stdin.buffer.read())))
