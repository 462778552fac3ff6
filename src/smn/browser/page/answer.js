// From the network's outputs to an answer: calibration, thresholds, refusal and families, as smn.predict.model does it.

/** Probabilities of logits divided by a temperature. */
export function softmax(logits, temperature) {
  const scaled = Array.from(logits, (logit) => logit / temperature);
  const largest = Math.max(...scaled);
  const raised = scaled.map((value) => Math.exp(value - largest));
  const sum = raised.reduce((total, value) => total + value, 0);
  return raised.map((value) => value / sum);
}

const round = (value) => Math.round(value * 1e4) / 1e4;

/** Places of values, the largest first; equals keep their order. */
const rank = (values) => values.map((_, at) => at).sort((a, b) => values[b] - values[a] || a - b);

function sumFamilies(labels, probabilities) {
  const sums = new Map();
  labels.forEach((label, at) => sums.set(label.family, (sums.get(label.family) ?? 0) + probabilities[at]));
  const families = [...sums];
  return rank(families.map(([, sum]) => round(sum))).map((at) => families[at]);
}

/**
 * The answer to one picture, with the keys of smn.predict.Prediction.
 *
 * bundle: bundle.json; logits: (K); painting: the log-odds of each judge, or of the lowest alone.
 */
export function makeAnswer(bundle, { logits, painting }, topK = 5) {
  const labels = bundle.taxonomy.label;
  const { thresholds } = bundle;
  const probabilities = softmax(logits, bundle.temperature);
  const families = sumFamilies(labels, probabilities);
  const order = rank(probabilities);
  const best = probabilities[order[0]];
  const judges = Array.from(painting);
  const lowest = Math.min(...judges);
  const score = 0.5 * (1 + Math.tanh(0.5 * lowest));
  const isPainting = score >= thresholds.painting;
  const sure = best >= thresholds.confidence;
  const familySure = thresholds.family !== undefined && Math.max(...families.map(([, sum]) => sum)) >= thresholds.family;
  let outcome = sure ? "movement" : "unsure";
  let family = sure ? labels[order[0]].family : familySure ? families[0][0] : null;
  if (!isPainting) [outcome, family] = ["not_a_painting", null];
  return {
    outcome,
    movement: outcome === "movement" ? labels[order[0]].id : null,
    confidence: round(best),
    predictions: order.slice(0, topK).map((at) => ({
      movement: labels[at].id, label: labels[at].name, probability: round(probabilities[at]),
    })),
    families: families.map(([id, sum]) => ({ family: id, probability: round(sum) })),
    family,
    is_painting: isPainting,
    painting_score: round(score),
    looks_like: isPainting || !bundle.groups?.length || judges.length !== bundle.groups.length
      ? null : bundle.groups[judges.indexOf(lowest)],
    model: bundle.name,
  };
}

/**
 * Where the picture speaks for a label more than it does on average: G x G values, see smn.explain.weigh_evidence.
 *
 * evidence: (K, G, G), flat; label: which of the K.
 */
export function weighEvidence(bundle, { logits, evidence }, label) {
  const probabilities = softmax(logits, bundle.temperature);
  const count = evidence.length / probabilities.length;
  const summed = new Float64Array(count);
  probabilities.forEach((probability, row) => {
    const weight = ((row === label ? 1 : 0) - probability) / bundle.temperature;
    for (let at = 0; at < count; at++) summed[at] += weight * evidence[row * count + at];
  });
  const mean = summed.reduce((sum, value) => sum + value, 0) / count;
  return summed.map((value) => value - mean);
}
