"""Many sends by one system call: as much of Linux's io_uring as that takes, through ctypes.

The layouts are those of ``linux/io_uring.h``; they are part of the kernel's binary interface and the same on all its
architectures. So are the numbers of the calls where we run; where they are others (MIPS), the kernel knows no such call.
"""

import ctypes
import errno
import mmap
import os
import socket
import struct
import sys
from array import array
from typing import Final

__all__ = ["FRAME_BYTES", "IoUring", "NoIoUring"]

FRAME_BYTES: Final = 1 << 20  # what one call may carry: the kernel reads it from a place of that size

_ENTRIES: Final = 512  # sends handed over by one call
_SETUP, _ENTER = 425, 426  # numbers of the system calls
_SUBMIT_ALL: Final = 1 << 7  # setup: a send that fails does not hold up those behind it; Linux 5.18
_GETEVENTS: Final = 1  # enter: wait for as many completions as it is told
_SQES_AT: Final = 0x10000000  # offset at which a ring's file shows its entries
_ENTRY, _COMPLETION = 64, 16  # bytes
_SEND: Final = 26
_FLAGS: Final = socket.MSG_NOSIGNAL | socket.MSG_DONTWAIT if sys.platform == "linux" else 0


class NoIoUring(Exception):
    """This system gives us no ring; the text says why."""


class _Offsets(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_uint32) for name in ("head", "tail", "mask", "entries", "fourth", "fifth", "sixth")
    ] + [("rest", ctypes.c_uint32 * 3)]


class _Parameters(ctypes.Structure):
    _fields_ = [
        ("sq_entries", ctypes.c_uint32),
        ("cq_entries", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("sq_thread_cpu", ctypes.c_uint32),
        ("sq_thread_idle", ctypes.c_uint32),
        ("features", ctypes.c_uint32),
        ("wq_fd", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32 * 3),
        ("sq", _Offsets),
        ("cq", _Offsets),
    ]


class IoUring:
    """Sends one frame to many sockets. For one thread at a time; every send has its result when a call returns.

    Raises:
        NoIoUring: no Linux, one before 5.18, or one that forbids it (as containers may).
    """

    def __init__(self) -> None:
        if sys.platform != "linux" or os.uname().machine == "alpha":
            raise NoIoUring("only Linux has io_uring")
        # With the interpreter's lock held, as every other write of the loop: another thread would keep it for longer
        # than the sends take.
        self._syscall = ctypes.PyDLL(None, use_errno=True).syscall
        parameters = _Parameters(flags=_SUBMIT_ALL)
        self._file = self._syscall(_SETUP, _ENTRIES, ctypes.byref(parameters))
        if self._file < 0:
            number = ctypes.get_errno()
            raise NoIoUring(f"io_uring_setup: {errno.errorcode.get(number, number)}")
        try:
            self._map(parameters)
            self._try()
        except (OSError, ValueError) as fault:
            self.close()
            raise NoIoUring(f"io_uring: {fault}") from fault

    def _map(self, parameters: _Parameters) -> None:
        self._entries: int = parameters.sq_entries
        self._completions: int = parameters.cq_entries
        slots, results = parameters.sq.sixth, parameters.cq.fifth
        size = max(slots + 4 * self._entries, results + _COMPLETION * self._completions)
        self._numbers = memoryview(mmap.mmap(self._file, size))[: size // 4 * 4].cast("I")
        self._results = self._numbers.cast("B").cast("i")
        self._first_result = results // 4
        self._sq_head, self._sq_tail = parameters.sq.head // 4, parameters.sq.tail // 4
        self._cq_head, self._cq_tail = parameters.cq.head // 4, parameters.cq.tail // 4
        self._place = mmap.mmap(-1, FRAME_BYTES)
        address = ctypes.addressof(ctypes.c_char.from_buffer(self._place))
        entries = memoryview(mmap.mmap(self._file, _ENTRY * self._entries, offset=_SQES_AT))
        for slot in range(self._entries):
            self._numbers[slots // 4 + slot] = slot
            entries[slot * _ENTRY : (slot + 1) * _ENTRY] = struct.pack(
                "=BBHiQQIIII24x", _SEND, 0, 0, -1, 0, address, 0, _FLAGS, slot, 0
            )  # eight bytes come back as they are, of which `_take` reads four: in either byte order the first
        # Two fields of an entry change from call to call: of 16 words the second, and the seventh.
        words = entries.cast("i")
        self._descriptors, self._sizes = words[1::16], words[6::16]

    def _try(self) -> None:
        """Send something to ourselves: a kernel may have the calls and refuse the operation."""
        here, there = socket.socketpair()
        with here, there:
            left = self.send(array("i", [here.fileno()]), b"tried")
            if left or there.recv(8) != b"tried":
                raise OSError(f"a send gave {left}")

    def send(self, descriptors: "array[int]", frame: bytes) -> list[tuple[int, int]]:
        """Send the frame to each socket, without waiting for any.

        Args:
            descriptors: of open sockets.
            frame: at most FRAME_BYTES.

        Returns:
            Of those that did not take all of it: the place in `descriptors`, and how many bytes it took or, negative,
            the error's number.

        Raises:
            OSError: the ring does not tell what became of the sends.
        """
        size = len(frame)
        self._place[:size] = frame
        left: list[tuple[int, int]] = []
        begin, end = 0, len(descriptors)
        while begin < end:
            at = self._numbers[self._sq_head] % self._entries
            count = min(self._entries - at, end - begin)
            self._descriptors[at : at + count] = descriptors[begin : begin + count]
            self._sizes[at : at + count] = array("i", (size,)) * count
            left += self._submit(begin, at, count, size)
            begin += count
        return left

    def _submit(self, begin: int, at: int, count: int, size: int) -> list[tuple[int, int]]:
        numbers = self._numbers
        # Both queues begin empty, also where a call before was broken off in the middle.
        head = numbers[self._cq_head] = numbers[self._cq_tail]
        numbers[self._sq_tail] = (numbers[self._sq_head] + count) & 0xFFFFFFFF
        taken = self._syscall(_ENTER, self._file, count, 0, 0, None, 0)
        left = []
        if taken < count:  # it may lack memory for the moment: what it did not take over is not sent
            taken = max(taken, 0)
            numbers[self._sq_tail] = numbers[self._sq_head]
            left = [(begin + place, -errno.EAGAIN) for place in range(taken, count)]
        # None waits for its socket, so all have ended by now; a result that were read too early would be another's.
        while (numbers[self._cq_tail] - head) & 0xFFFFFFFF < taken:
            if self._syscall(_ENTER, self._file, 0, taken, _GETEVENTS, None, 0) < 0:
                number = ctypes.get_errno()
                if number != errno.EINTR:
                    raise OSError(number, "io_uring does not tell what became of its sends")
        results = self._take(head % self._completions, taken)
        numbers[self._cq_head] = (head + taken) & 0xFFFFFFFF
        if results[2::4].tolist().count(size) != taken:
            found = zip(results[0::4].tolist(), results[2::4].tolist(), strict=True)
            left += [(begin + slot - at, result) for slot, result in found if result != size]
        return left

    def _take(self, first: int, count: int) -> memoryview:
        """The words of so many completions: slot, nothing, result, flags."""
        start = self._first_result + 4 * first
        if first + count <= self._completions:
            return self._results[start : start + 4 * count]
        end = self._first_result + 4 * self._completions
        around = self._results[
            self._first_result : self._first_result + 4 * (first + count - self._completions)
        ]
        return memoryview(array("i", self._results[start:end].tolist() + around.tolist()))

    def close(self) -> None:
        """Give it back; nothing more may be sent."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
