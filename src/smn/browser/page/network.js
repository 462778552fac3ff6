// The network in ONNX Runtime Web: from a file's bytes to the answer and its evidence.

import * as ort from "./runtime/ort.wasm.bundle.min.mjs";

import { makeAnswer, weighEvidence } from "./answer.js";
import { readPicture } from "./picture.js";
import { makeSquare, normalise } from "./preprocess.js";

/** Load a network. bundle: bundle.json; model, wasm: bytes of model.onnx and of the runtime. */
export async function loadNetwork({ bundle, model, wasm }) {
  ort.env.wasm.wasmBinary = wasm;
  ort.env.wasm.numThreads = 1; // several need headers that a static host does not send
  const session = await ort.InferenceSession.create(new Uint8Array(model), { executionProviders: ["wasm"] });
  return { bundle, session };
}

/**
 * Look at a picture.
 *
 * Returns answer, see `makeAnswer`; width and height of what was decoded; and evidence: for each guess a map, or null
 * where the network tells none. Raises PictureError.
 */
export async function look({ bundle, session }, bytes) {
  const picture = await readPicture(bytes, bundle.preprocess.size);
  const { size } = bundle.preprocess;
  const input = normalise(makeSquare(picture, bundle.preprocess), bundle.preprocess);
  const names = ["logits", "painting", "evidence"].filter((name) => session.outputNames.includes(name));
  const found = await session.run({ image: new ort.Tensor("float32", input, [1, 3, size, size]) }, names);
  const outputs = Object.fromEntries(names.map((name) => [name, found[name].data]));
  const answer = makeAnswer(bundle, outputs);
  const ids = bundle.taxonomy.label.map((label) => label.id);
  const evidence = outputs.evidence === undefined
    ? null : answer.predictions.map((guess) => weighEvidence(bundle, outputs, ids.indexOf(guess.movement)));
  return { answer, evidence, width: picture.width, height: picture.height };
}
