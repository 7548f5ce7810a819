"""Every number of the protocol and of the guide that is not an app's own setting, with unit and source."""

from typing import Final

__all__ = [
    "APP_CLOSE_GRACE_S",
    "AUTH_TIMESTAMP_WINDOW_S",
    "BATCH_EVENTS",
    "CHANNELS_PER_EVENT",
    "CHANNELS_PER_SOCKET",
    "CONTROL_FRAMES",
    "CONTROL_FRAMES_S",
    "CURSORS",
    "CURSOR_S",
    "DEPARTED",
    "DEPARTED_STAYS",
    "ESCAPED_BYTES",
    "EVENT_BYTES_BESIDE",
    "EVENT_NAME_CHARS",
    "FAN_OUT_SLICE",
    "FEED_ENTRIES",
    "FEED_GATHER_S",
    "FEED_IDLE_S",
    "FEED_ITEMS",
    "FEED_PER_S",
    "FEED_READERS",
    "FEED_RESERVE",
    "FEED_WAITING",
    "FEED_WAIT_S",
    "FRAGMENT_BYTES",
    "HANDSHAKE_TIMEOUT_S",
    "HEAD_BYTES",
    "HEAD_LINES",
    "HEARTBEAT_S",
    "HISTORY_BYTES",
    "HTTP_BODY_BYTES",
    "HTTP_IDLE_S",
    "HTTP_SESSIONS",
    "INBOUND_BYTES",
    "INBOUND_QUEUE",
    "LEFT_OUT",
    "MESSAGE_BYTES",
    "OLD_AUTH_S",
    "OLD_CLAIMS",
    "OLD_ECHOES_PER_S",
    "OLD_ECHO_BYTES",
    "OLD_ECHO_IDLE_S",
    "OLD_ENVIRONMENTS",
    "OLD_HINT_S",
    "OLD_PING_S",
    "OLD_RECALLED",
    "OUTBOX_BYTES",
    "POLL_BYTES",
    "POLL_ITEMS",
    "POLL_WAIT_S",
    "POST_BYTES",
    "PUBLICATIONS",
    "RATE_WINDOW_S",
    "RECEIPT_CHANNEL_S",
    "RECEIPT_MESSAGE_PAUSE_S",
    "RECEIPT_PAUSE_S",
    "REFUSALS",
    "REMEMBERED",
    "RESUME_BYTES",
    "RESUME_EVENTS",
    "RESUME_S",
    "SENT_AWAY",
    "SERIES_PERIOD_S",
    "SERIES_POINTS",
    "SESSION_GRACE_S",
    "SIGN_IN_FIRST_S",
    "SLICE_BYTES",
    "STAYS",
    "STREAM_COMMENT_S",
    "STREAM_REOPENS_S",
    "STREAM_RETRY_MS",
    "STREAM_UNITS",
    "SUBSCRIPTION_COUNT_EACH",
    "SUBSCRIPTION_COUNT_S",
    "SWEPT_AT_ONCE",
    "TLS_LINGER_S",
    "TLS_LOOK_S",
    "TURN_BYTES",
    "TURN_REQUESTS",
    "USER_ID_CHARS",
    "WAITING",
    "WAITING_PER_ADDRESS",
    "WATCHLIST_USERS",
    "WEBHOOK_BATCH_EVENTS",
    "WEBHOOK_HOLD_S",
    "WEBHOOK_RETURN_S",
    "WEBHOOK_TRYING_S",
]

# The Channels protocol
CHANNELS_PER_EVENT: Final = 100  # one POST events names at most so many channels (protocol 2.1)
BATCH_EVENTS: Final = 10  # one POST batch_events carries at most so many (protocol 2.1)
EVENT_NAME_CHARS: Final = 200  # protocol 2.1
USER_ID_CHARS: Final = 200  # the widest that a stock server library lets through (protocol 2.1)
WATCHLIST_USERS: Final = 100  # of a longer list the first are taken (protocol 2.1)
SUBSCRIPTION_COUNT_EACH: Final = 100  # up to so many connections each change of their number is told (2.6)
SUBSCRIPTION_COUNT_S: Final = 5.0  # above it, one telling in so long (protocol 2.6)
WEBHOOK_HOLD_S: Final = 3.0  # who is back within it has not been away, as webhooks tell it (protocol 6)
WEBHOOK_RETURN_S: Final = 10.0  # the same, after a start of the server: clients come back spread over seconds
WEBHOOK_BATCH_EVENTS: Final = 50  # one body gathers at most so many (protocol 6)
WEBHOOK_TRYING_S: Final = 300.0  # a webhook this old is not tried again by itself (protocol 6)
AUTH_TIMESTAMP_WINDOW_S: Final = 600  # a signature this old, or older, is refused (protocol 5.1)
HTTP_BODY_BYTES: Final = 64 * 1024  # of a signed request, beside the data of its events (protocol 5.2)
ESCAPED_BYTES: Final = 6  # JSON may write one byte of data as \u0000
CHANNELS_PER_SOCKET: Final = (
    1000  # memory a stranger can take with one connection; stock pages use a few dozen
)

# The transport
MESSAGE_BYTES: Final = 64 * 1024  # one WebSocket message; 1009 above (decisions, RFC 6455)
FRAGMENT_BYTES: Final = (
    64  # a message comes in as many fragments as its longest has of these; browsers send it whole
)
CONTROL_FRAMES: Final = (
    1000  # pings, and pongs that nobody asked for, of one WebSocket within CONTROL_FRAMES_S
)
CONTROL_FRAMES_S: Final = 10.0  # who keeps a line open sends one in it
HEAD_BYTES: Final = 16 * 1024  # one request head; 431 above
HEAD_LINES: Final = 128  # of one request head; 431 above. Browsers behind two proxies send some 40
WAITING: Final = 10_000  # connections without a whole request; fewer where few descriptors are to be had
WAITING_PER_ADDRESS: Final = (
    1000  # of one peer, for longer than a second; a proxy that is not named keeps some hundred
)
SENT_AWAY: Final = 1000  # WebSockets that have had their refusal and are still there
SLICE_BYTES: Final = (
    2 * 1024
)  # of one WebSocket at once: some hundred of the smallest frames, a few milliseconds
TURN_REQUESTS: Final = 64  # of one HTTP connection at once
TURN_BYTES: Final = 64 * 1024  # who hands in as much at once is read on only after everyone else had a turn
HANDSHAKE_TIMEOUT_S: Final = 10.0  # a request head must be whole by then, or the connection ends
TLS_LINGER_S: Final = (
    0.5  # after a refusal: what a peer still sends is thrown away, so that no reset overtakes the answer
)
TLS_LOOK_S: Final = (
    60.0  # between two looks at the certificate's files: renewals come weeks before they are needed
)
HTTP_IDLE_S: Final = 65.0  # an idle keep-alive connection of a publisher; above the 60 s of common proxies
OUTBOX_BYTES: Final = (
    1 << 20
)  # 1 MiB waits for one slow connection at most: about 100 events of the largest size
HISTORY_BYTES: Final = OUTBOX_BYTES // 2  # kept of one channel at most: a newcomer is handed it all at once
RESUME_S: Final = 120.0  # what was published is kept so long for those who come back; a lift, a tunnel, a lid
RESUME_EVENTS: Final = 5000  # of one channel at most, in HISTORY_BYTES
RESUME_BYTES: Final = 64 << 20  # of all channels of one app at most, with what an event takes beside its text
EVENT_BYTES_BESIDE: Final = 800  # measured: an event that is kept, beside its text
REMEMBERED: Final = 20_000  # channels of all apps that are remembered though nobody follows them
SWEPT_AT_ONCE: Final = 5_000  # channels that are looked through in one go, so that nobody waits
CURSOR_S: Final = 900.0  # so long it is remembered that someone was there, to tell of what is gone by then
RECEIPT_PAUSE_S: Final = (
    0.002  # between two questions for receipts on one connection, for what is written meanwhile
)
RECEIPT_CHANNEL_S: Final = (
    0.00002  # longer for each channel of the connection: all of them stand in a receipt
)
RECEIPT_MESSAGE_PAUSE_S: Final = 1.0  # where they wake the page
SIGN_IN_FIRST_S: Final = 1.0  # so long a subscribe waits for a sign-in that may tell who comes back
CURSORS: Final = 200_000  # of one app at most; beyond, the oldest are forgotten
APP_CLOSE_GRACE_S: Final = 5.0  # a connection told to go is aborted after this (decisions, slow consumer)
INBOUND_QUEUE: Final = (
    100  # messages of one connection that wait behind a pending subscribe before reading pauses
)
INBOUND_BYTES: Final = 256 << 10  # of them together: a hundred of the longest would be 6 MiB

# Fan-out
FAN_OUT_SLICE: Final = 1_000  # subscribers of a channel who are written to in one turn of the loop: some 5 ms

# What became of the last publications
PUBLICATIONS: Final = (
    20_000  # of all apps that are remembered: some 8 MB, and 30 if all names are of the longest
)
LEFT_OUT: Final = 20_000  # remembered cases of a subscriber that was left out: some 3 MB
DEPARTED: Final = 5_000  # connections that are gone and remembered: some 6 MB
DEPARTED_STAYS: Final = 20_000  # and their subscriptions together
STAYS: Final = 32  # subscriptions of an open connection that are over and remembered
REFUSALS: Final = 32  # channels that an open connection was refused, and why

# What is told live to operators
FEED_ENTRIES: Final = 2000  # that are remembered while somebody reads: less than 1 MB
FEED_PER_S: Final = 50  # entries in a second, of all kinds together
FEED_RESERVE: Final = 3  # of them, what each kind has for itself
FEED_ITEMS: Final = 500  # in one answer
FEED_WAIT_S: Final = 25  # an answer waits at most so long; below the patience of proxies
FEED_GATHER_S: Final = 0.1  # and so long after the first entry, for what comes with it
FEED_IDLE_S: Final = 60.0  # without a reader, then it is closed; one that waits comes back sooner
FEED_READERS: Final = 20  # different wishes of readers that are remembered
FEED_WAITING: Final = 50  # readers that wait at the same time
SERIES_POINTS: Final = 600  # of the charts, one a second
SERIES_PERIOD_S: Final = 1.0
RATE_WINDOW_S: Final = 10.0  # over which a connection's rates are taken

# HTTP fallback transports and event streams
HEARTBEAT_S: Final = 20.0  # of silence, then a heartbeat; stock clients wait for 25 and more (protocol 7.3)
HTTP_SESSIONS: Final = (
    10_000  # of fallback transports in one process: nobody has to hold a connection for one
)
SESSION_GRACE_S: Final = (
    10.0  # so long a session lives without a request that brings it frames (protocol 7.3)
)
STREAM_UNITS: Final = (
    262_144  # UTF-16 units; a stock client that has more of one answer asks anew (protocol 7.3)
)
STREAM_REOPENS_S: Final = 25.0  # so long an answer waits for that: a slow line has to bring it all first
POST_BYTES: Final = 2 * MESSAGE_BYTES + 1024  # one post of messages: JSON in JSON has each quote escaped
STREAM_COMMENT_S: Final = 15.0  # of silence on an event stream, then a comment: below the patience of proxies
STREAM_RETRY_MS: Final = 2000  # after which readers of event streams come back
POLL_WAIT_S: Final = 25  # a long poll waits at most so long; below the patience of proxies
POLL_ITEMS: Final = 100  # events in one answer to a long poll
POLL_BYTES: Final = 256 * 1024  # and of their bytes; the first goes whatever its size

# The old sockets
OLD_AUTH_S: Final = 10.0  # who has not signed in by then is closed (requirements G12)
OLD_PING_S: Final = 30.0  # between two pings; silence of twice that is the end (requirements G19)
OLD_ENVIRONMENTS: Final = 100  # followed by one connection; a place has one, a busy tool a dozen
OLD_HINT_S: Final = 0.25  # a client that has just signed in may say so long how far it has come already
OLD_RECALLED: Final = (
    200  # events of a session at most that a newcomer is handed; as many as its channel keeps
)
OLD_CLAIMS: Final = 100  # that wait on one connection; an agent does so many tasks at once, at most
OLD_ECHO_BYTES: Final = 4 * 1024  # of one message on the echo endpoint (requirements G11)
OLD_ECHO_IDLE_S: Final = 60.0  # of silence there, then the end (requirements G11)
OLD_ECHOES_PER_S: Final = 100  # more is no test of a connection
