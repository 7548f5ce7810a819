// One authorisation for all channels that a page subscribes to in one tick (a hundred at most), not one for each.
export const batchAuthorizer = (url, headers = {}, waiting = []) => ({ socketId, channelName }, callback) => {
  if (waiting.push({ channelName, callback }) === 1) setTimeout(() => { while (waiting.length) ask(waiting.splice(0, 100)); });
  const ask = async (some) => {
    const body = new URLSearchParams([["socket_id", socketId], ...some.map((each) => ["channel_names[]", each.channelName])]);
    const answer = await fetch(url, { method: "POST", headers, body }).then((reply) => reply.json()).catch(() => ({}));
    for (const { channelName, callback } of some) {
      const auth = answer?.channels?.[channelName] ?? { error_code: answer?.error_code ?? "no answer" };
      callback(auth.auth ? null : new Error(`${channelName}: ${auth.error_code}`), auth.auth ? auth : null);
    }
  };
};
