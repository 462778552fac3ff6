// Loads the network's files, keeps them for the next visit, and starts the worker that answers.

/** The files of this page, from the browser's own store or else from where the page came from. */
async function load(path, version, onBytes) {
  const store = globalThis.caches ? await caches.open(version) : null;
  let response = await store?.match(path);
  if (!response) {
    response = await fetch(path);
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    await store?.put(path, response.clone());
  }
  const parts = [];
  for (const reader = response.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    onBytes(value.length);
  }
  return new Blob(parts).arrayBuffer();
}

/** From here on neither this page nor a worker that it starts can send or fetch anything, its own server included. */
function forbidRequests() {
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = "connect-src 'none'";
  document.head.append(policy);
}

/** A worker that inherits the page's policy: one from a file of its own would not. */
function startWorker() {
  const code = `import ${JSON.stringify(new URL("worker.js", import.meta.url).href)};`;
  return new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })), { type: "module" });
}

/**
 * Load everything. Returns `look(bytes)`, which resolves to what network.js's `look` returns.
 *
 * site: site.json; onProgress is called with the share, 0..1, of the bytes that are there.
 */
export async function prepare(site, onProgress) {
  const sizes = Object.values(site.load);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let bytes = 0;
  const onBytes = (count) => onProgress(Math.min((bytes += count) / total, 1));
  const [bundle, model, wasm] = await Promise.all(
    Object.keys(site.load).map((path) => load(path, site.version, onBytes)),
  );
  forbidRequests();
  const ask = connect(startWorker());
  const text = new TextDecoder().decode(bundle);
  await ask({ load: { bundle: JSON.parse(text), model, wasm } }, [model, wasm]);
  return async (picture) => (await ask({ bytes: picture }, [picture])).seen;
}

/** Sends messages to a worker; each resolves to its reply, or raises an error with the reply's code. */
function connect(worker) {
  const waiting = new Map();
  let count = 0;
  worker.onmessage = ({ data }) => {
    const { resolve, reject } = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.code) reject(Object.assign(new Error(data.detail), { code: data.code }));
    else resolve(data);
  };
  worker.onerror = (event) => {
    for (const { reject } of waiting.values()) reject(new Error(event.message));
    waiting.clear();
  };
  return (message, moved) =>
    new Promise((resolve, reject) => {
      const id = ++count;
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, ...message }, moved);
    });
}
