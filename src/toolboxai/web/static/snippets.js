// The same publication as a program: curl, Python, JavaScript. The token is never in them: it comes from the environment.

const ROUTE = "/api/v1/realtime/trigger";
const TOKEN = "TOOLBOXAI_TOKEN";

/** By language, a program that publishes `body` ({channel, event, data}) at the server with this address. */
export const SNIPPETS = {
  curl: (origin, body) => `# export ${TOKEN}=an access token
curl -sS -X POST '${origin}${ROUTE}' \\
  -H "Authorization: Bearer $${TOKEN}" -H 'Content-Type: application/json' \\
  --data-binary @- <<'JSON'
${JSON.stringify(body, null, 2)}
JSON
`,
  Python: (origin, body) => `# ${TOKEN} in the environment: an access token
import json
import os
from urllib.request import Request, urlopen

body = ${python(body)}
request = Request(
    "${origin}${ROUTE}",
    data=json.dumps(body).encode(),
    headers={"Authorization": f"Bearer {os.environ['${TOKEN}']}", "Content-Type": "application/json"},
)
print(urlopen(request).read().decode())
`,
  JavaScript: (origin, body) => `// ${TOKEN} in the environment: an access token. Node, as a module
const answer = await fetch("${origin}${ROUTE}", {
  method: "POST",
  headers: { Authorization: \`Bearer \${process.env.${TOKEN}}\`, "Content-Type": "application/json" },
  body: JSON.stringify(${indented(JSON.stringify(body, null, 2), "  ").replaceAll('"__proto__":', '["__proto__"]:')}),
});
if (!answer.ok) throw new Error(await answer.text());
console.log(await answer.text());
`,
};

/** JSON as Python writes it; texts are the same in both. */
function python(value, indent = "") {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const within = `${indent}    `;
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const parts = Array.isArray(value)
    ? value.map((each) => python(each, within))
    : Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${python(each, within)}`);
  if (parts.length === 0) return open + close;
  return `${open}\n${parts.map((part) => `${within}${part},\n`).join("")}${indent}${close}`;
}

function indented(text, indent) {
  return text.replaceAll("\n", `\n${indent}`);
}
