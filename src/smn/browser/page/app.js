// The page: ways to give a picture, and the answer.

import { drawHeat } from "./heat.js";
import { prepare } from "./loading.js";
import { nameGuess, phrase, writePercent } from "./phrasing.js";
import { LANGUAGES, speak } from "./words.js";

const $ = (id) => document.getElementById(id);
const language = chooseLanguage();
const words = speak(language);
let address; // of the picture that is shown

function chooseLanguage() {
  const wanted = [new URLSearchParams(location.search).get("lang"), ...navigator.languages];
  return wanted.map((one) => one?.slice(0, 2)).find((one) => LANGUAGES.includes(one)) ?? "en";
}

function showTexts(site) {
  document.documentElement.lang = language;
  document.title = words("title");
  for (const place of document.querySelectorAll("[data-text]")) place.textContent = words(place.dataset.text);
  $("about").textContent = words("about", { model: site.model });
  $("licence").textContent = site.licence;
  $("licence").lang = "en";
  for (const one of LANGUAGES) {
    const link = document.createElement("a");
    link.href = `?lang=${one}`;
    link.textContent = one.toUpperCase();
    link.lang = one;
    if (one === language) link.setAttribute("aria-current", "true");
    $("languages").append(link);
  }
}

function say(text) {
  $("state").textContent = text;
}

function showGuesses(site, answer) {
  const rows = answer.predictions.map((guess) => {
    const row = document.createElement("li");
    const [name, chance, track, bar] = ["span", "span", "div", "div"].map((tag) => document.createElement(tag));
    name.textContent = nameGuess(guess, site, language);
    chance.textContent = writePercent(guess.probability, site, language);
    [chance.className, track.className, bar.className] = ["chance", "track", "bar"];
    bar.style.width = `${100 * guess.probability}%`;
    bar.style.background = site.families[site.movements[guess.movement].family].colour;
    track.append(bar);
    row.append(name, chance, track);
    return row;
  });
  $("guesses").replaceChildren(...rows);
}

/** The words of an answer; the heading's text is the sentence that smn says everywhere. */
function showWords({ headline, joint, detail, percent }) {
  const parts = [["headline", headline], ["aside", joint], ["detail", detail]].map(([name, text]) => {
    const part = document.createElement("span");
    part.className = name;
    part.textContent = text;
    return part;
  });
  parts[2].classList.toggle("long", percent === null);
  $("answer").replaceChildren(...parts);
}

function showAnswer(site, { answer, evidence }) {
  const said = phrase(answer, site, language);
  const refused = said.level === "not_a_painting";
  const [first] = answer.predictions;
  showWords(said);
  $("only-guesses").hidden = !refused;
  showGuesses(site, answer);
  const home = site.movements[first.movement].family;
  const family = answer.families.find((one) => one.family === home);
  $("together").hidden = refused;
  $("family").textContent = words("together", { family: site.families[home][language] });
  $("family-chance").textContent = writePercent(family.probability, site, language);
  $("details").hidden = false;
  $("why").hidden = !evidence || refused;
  $("why-note").textContent = words("evidence_note", { movement: nameGuess(first, site, language) });
  if (evidence) drawHeat($("heat"), evidence[0]);
  Object.assign(document.body.dataset, { answer: JSON.stringify(answer) }); // for tests and for the curious
}

/** The place of a picture while smn looks at it. */
function showPicture(file) {
  if (address) URL.revokeObjectURL(address);
  address = URL.createObjectURL(file);
  delete document.body.dataset.answer;
  $("picture").src = address;
  $("picture").alt = words("alt");
  $("show").checked = false;
  for (const id of ["heat", "details", "why", "why-note", "start"]) $(id).hidden = true;
  $("result").hidden = false;
  $("answer").textContent = words("looking");
  $("choose").textContent = words("again");
}

async function lookAt(file, site, ready) {
  if (!file || document.body.classList.contains("busy")) return;
  document.body.classList.add("busy");
  showPicture(file);
  try {
    const look = await ready;
    showAnswer(site, await look(await file.arrayBuffer()));
  } catch (error) {
    $("answer").textContent = words(`bad_${error.code ?? "other"}`);
    document.body.dataset.error = error.code ?? String(error);
  } finally {
    document.body.classList.remove("busy");
  }
}

function listen(site, ready) {
  for (const id of ["camera", "file"]) {
    $(id).addEventListener("change", () => {
      lookAt($(id).files[0], site, ready);
      $(id).value = "";
    });
  }
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("over");
  });
  document.addEventListener("dragleave", () => document.body.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("over");
    lookAt(event.dataTransfer.files[0], site, ready);
  });
  document.addEventListener("paste", (event) => lookAt(event.clipboardData.files[0], site, ready));
  $("show").addEventListener("change", () => {
    for (const id of ["heat", "why-note"]) $(id).hidden = !$("show").checked;
  });
}

async function start() {
  const site = await (await fetch("site.json")).json();
  showTexts(site);
  await navigator.serviceWorker?.register("service_worker.js").catch(() => {}); // without one it works, too
  const bytes = Object.values(site.load).reduce((sum, size) => sum + size, 0);
  const ready = prepare(site, (share) => {
    $("progress").value = share;
    const megabytes = Math.round(bytes / 1e6);
    say(share < 1 ? words("loading", { megabytes, share: Math.floor(100 * share) }) : words("starting"));
  });
  listen(site, ready);
  try {
    await ready;
    say("");
    document.body.dataset.ready = "true";
  } catch (error) {
    say(words("bad_load"));
    document.body.dataset.error = String(error);
  }
  $("progress").hidden = true;
}

start();
