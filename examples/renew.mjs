// Stay on a channel whose authorisation ends: when it does, ask for another.
export const stayOn = (pusher, name, bind) => {
  const channel = pusher.subscribe(name);
  bind(channel);
  channel.bind("pusher:subscription_expired", () => {
    pusher.unsubscribe(name);
    stayOn(pusher, name, bind);
  });
};
