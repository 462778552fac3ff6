// The words of an answer, chosen as smn.predict.phrasing does; the texts are those of phrasing.toml, in site.json.

import { fill } from "./words.js";

const [SURE, FAIRLY] = [80, 50];
const LISTED = 3;

/**
 * An answer in words: level, headline, detail, percent (null where the words speak of no single one), sentence.
 *
 * answer: see `makeAnswer`; site: site.json; language: one of those of `site.phrasing`.
 */
export function phrase(answer, site, language) {
  const texts = site.phrasing[language];
  const level = chooseLevel(answer);
  if (level === "not_a_painting") {
    return describe(level, texts.not_a_painting, texts[`looks_like_${answer.looks_like ?? "unknown"}`]);
  }
  if (level === "guesses") {
    const listed = answer.predictions.slice(0, LISTED).map(
      (guess) => `${nameGuess(guess, site, language)} ${writePercent(guess.probability, site, language)}`,
    );
    return describe(level, texts.guesses, fill(texts.best_guesses, { guesses: listed.join(", ") }));
  }
  if (level === "family") {
    const { family, probability } = answer.families.find((one) => one.family === answer.family);
    const percent = toPercent(probability);
    return describe(level, texts.family[family], write(percent, texts), percent);
  }
  const [movement, other] = answer.predictions.map((guess) => nameGuess(guess, site, language));
  const told = answer.predictions.slice(0, level === "pair" ? 2 : 1);
  const percent = Math.min(told.reduce((sum, guess) => sum + toPercent(guess.probability), 0), 99);
  return describe(level, fill(texts[level], { movement, other }), write(percent, texts), percent);
}

function describe(level, headline, detail, percent = null) {
  const joint = percent === null ? ". " : ", ";
  return { level, headline, detail, percent, joint, sentence: headline + joint + detail };
}

/** What can be said: sure, fairly, perhaps, pair, family, guesses or not_a_painting. */
function chooseLevel(answer) {
  if (answer.outcome === "not_a_painting") return "not_a_painting";
  const [best, second = 0] = answer.predictions.map((guess) => toPercent(guess.probability));
  if (answer.outcome !== "unsure" && best >= FAIRLY) return best >= SURE ? "sure" : "fairly";
  if (best + second >= FAIRLY && 2 * second >= best) return "pair";
  if (answer.outcome === "movement") return "perhaps";
  return answer.families.some((one) => one.family === answer.family) ? "family" : "guesses";
}

/** A share, 0..1, in percent, 0..99. */
function toPercent(share) {
  return Math.min(Math.floor(100 * share + 0.5 + 1e-9), 99);
}

/** A share, 0..1, as `78 %`. */
export function writePercent(share, site, language) {
  return write(toPercent(share), site.phrasing[language]);
}

function write(percent, texts) {
  return percent ? fill(texts.percent, { count: percent }) : texts.under_one;
}

/** A guess's name in a language. */
export function nameGuess(guess, site, language) {
  return site.movements[guess.movement][language];
}
