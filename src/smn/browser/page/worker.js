// Answers beside the page, so that the page stays responsive. It gets everything by message and can request nothing.

import { loadNetwork, look } from "./network.js";

let network;

self.onmessage = async ({ data }) => {
  try {
    if (data.load) {
      network = loadNetwork(data.load);
      await network;
      self.postMessage({ id: data.id });
    } else {
      self.postMessage({ id: data.id, seen: await look(await network, new Uint8Array(data.bytes)) });
    }
  } catch (error) {
    self.postMessage({ id: data.id, code: error.code ?? "other", detail: String(error) });
  }
};
