// Stands behind the guide's block in one module: what a test may ask of the page.
import { createRoot } from 'react-dom/client';
import { StrictMode } from 'react';

const root = createRoot(document.getElementById('root'));

/** Everything that was shown, in order. */
window.shown = [];
new MutationObserver(() => {
  const text = document.getElementById('root').innerText;
  if (text !== window.shown.at(-1)) window.shown.push(text);
}).observe(document.getElementById('root'), { subtree: true, childList: true, characterData: true });

/** Show the guide's component; again, with another session, it is the same one with another property. */
window.show = (sessionId, { strict = false } = {}) => {
  const component = <ContentGenerationProgress sessionId={sessionId} />;
  root.render(strict ? <StrictMode>{component}</StrictMode> : component);
};

/** The guide's hook alone, with what it is given and what it gives. */
function Hooked({ url, token }) {
  window.hooked = useWebSocket(url, token);
  return <p>Hook: {window.hooked.connectionStatus}</p>;
}
window.hook = (url, token) => root.render(<Hooked url={url} token={token} />);

/** The component is taken away. */
window.leave = () => root.render(null);
