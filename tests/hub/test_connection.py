"""One connection, as the rest of the process sees it."""

from wires import APP, Wire, connection, plain


def test_it_starts_outside_every_channel() -> None:
    alice = connection("1.1", Wire())
    assert (alice.app, alice.socket_id, alice.dialect, alice.channels) == (APP, "1.1", plain, {})
    assert not alice.outbox.closed
