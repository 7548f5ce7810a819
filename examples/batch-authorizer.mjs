// One authorisation for all channels that a page subscribes to in one tick, instead of one for each.
export const batchAuthorizer = (url, fields = {}, headers = {}) => {
  let waiting = [];
  const ask = async (requests) => {
    const body = new URLSearchParams([...Object.entries(fields), ["socket_id", requests[0].socketId]]);
    for (const { channelName } of requests) body.append("channel_names[]", channelName);
    const answer = await fetch(url, { method: "POST", headers, body });
    if (!answer.ok) throw new Error(`authorisation failed with status ${answer.status}`);
    const { channels } = await answer.json();
    for (const { channelName, callback } of requests) {
      const auth = channels[channelName] ?? { error_code: "NOT_ANSWERED" };
      callback(auth.auth ? null : new Error(`${channelName}: ${auth.error_code}`), auth.auth ? auth : null);
    }
  };
  return ({ socketId, channelName }, callback) => {
    if (waiting.push({ socketId, channelName, callback }) > 1) return;
    setTimeout(() => {
      const requests = waiting.splice(0);
      ask(requests).catch((error) => requests.forEach(({ callback }) => callback(error, null)));
    });
  };
};
