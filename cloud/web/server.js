/** What the cloud answered: a value, or what people are told of the refusal. @template Value @typedef {{ ok: true, value: Value } | { ok: false, status: number, detail: string }} Answer */

const TOKEN = "holdfast-token";
const RECONNECT_MS = 1000;

/** The token that somebody has typed in, for this tab only; programs of the cloud's own machine need none. */
export const token = {
  get: () => sessionStorage.getItem(TOKEN) ?? "",
  /** @param {string} value */
  set: (value) => sessionStorage.setItem(TOKEN, value),
};

/** @template [Value=any] @param {string} path below the cloud's address, without a slash @returns {Promise<Answer<Value>>} */
export function get(path) {
  return ask(path, { headers: credentials() });
}

/** @template [Value=any] @param {string} path @param {object} [body] @returns {Promise<Answer<Value>>} */
export function post(path, body) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const type = body === undefined ? {} : { "content-type": "application/json" };
  return ask(path, { method: "POST", headers: { ...credentials(), ...type }, ...sent });
}

/** @typedef {"connecting" | "open" | "lost" | "refused"} StreamState */

/**
 * Reads server-sent events until the signal, and comes back when the connection breaks: behind the last event that had an id, if
 * any had. Not an EventSource, which can't show a token.
 * @param {string} path
 * @param {{ onEvent: (data: any) => void, onState: (state: StreamState) => void, signal: AbortSignal }} reader
 */
export async function follow(path, { onEvent, onState, signal }) {
  let lastId = "";
  while (!signal.aborted) {
    onState("connecting");
    try {
      const headers = { ...credentials(), ...(lastId === "" ? {} : { "last-event-id": lastId }) };
      const response = await fetch(path, { headers, signal, cache: "no-store" });
      if (response.status === 401 || response.status === 403) return onState("refused");
      if (response.ok && response.body) {
        onState("open");
        for await (const { id, data } of eventsIn(response.body)) {
          if (id !== undefined) lastId = id;
          onEvent(JSON.parse(data));
        }
      }
    } catch (thrown) {
      if (signal.aborted) return;
      console.info("stream interrupted", thrown);
    }
    onState("lost");
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
  }
}

/** @param {ReadableStream<Uint8Array>} body @returns {AsyncGenerator<{ id?: string, data: string }>} */
async function* eventsIn(body) {
  const reader = body.pipeThrough(/** @type {any} */ (new TextDecoderStream())).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = fieldsOf(block);
      if (event) yield event;
    }
  }
}

/** @param {string} block */
function fieldsOf(block) {
  const lines = block.split("\n");
  const valueOf = (/** @type {string} */ name) =>
    lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trimStart());
  const data = valueOf("data");
  if (data.length === 0) return undefined;
  const [id] = valueOf("id");
  return { data: data.join("\n"), ...(id === undefined ? {} : { id }) };
}

/** @returns {Record<string, string>} */
function credentials() {
  const shown = token.get();
  return shown === "" ? {} : { authorization: `Bearer ${shown}` };
}

/** @param {string} path @param {RequestInit} request @returns {Promise<Answer<any>>} */
async function ask(path, request) {
  try {
    const response = await fetch(path, request);
    const body = await response.json();
    if (response.ok) return { ok: true, value: body };
    return { ok: false, status: response.status, detail: body.detail ?? response.statusText };
  } catch (thrown) {
    return { ok: false, status: 0, detail: `the cloud does not answer: ${String(thrown)}` };
  }
}
