"""The live connection of every page in Chromium: what pusher-js leaves to whoever uses it."""

import pytest

from school import Open
from visit import Visit

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("browser"), pytest.mark.timeout(60)]

# pusher-js puts off each message to the next turn of the page. Left in the same turn in which the answer came in, or
# before it, it would write into a socket that closes.
LEFT_WITH_THE_ANSWER = """async (before) => {
  const { connect, leave } = await import("/static/live.js");
  const config = await (await fetch("/api/v1/realtime/config")).json();
  const turn = () => new Promise((then) => setTimeout(then));
  return await new Promise((told) => {
    const gone = () => {
      pusher.connection.bind("disconnected", () => turn().then(turn).then(() => told(pusher.connection.state)));
      leave(pusher);
    };
    const after = (steps) => (steps === 0 ? gone() : queueMicrotask(() => after(steps - 1)));
    const call = async () => {
      if (before) gone();
      else after(20);
      return { auth: `${config.key}:${"0".repeat(64)}` };
    };
    const pusher = connect({ call }, config);
    pusher.subscribe("private-test-channel");
  });
}"""


@pytest.mark.parametrize("before", [True, False])
def test_whoever_leaves_as_their_subscription_is_signed_writes_into_no_closed_socket(
    opened: Open, visit: Visit, before: bool
) -> None:
    visit.page.goto(opened.server.url)
    assert visit.page.evaluate(LEFT_WITH_THE_ANSWER, before) == "disconnected"
    assert visit.own_faults == []
