"use strict";
// The page: shows one picture at a time with what was found, and a strip of all pictures of the chosen check.
// Titles, names and notes come from anywhere, so text is only ever set as text, never as HTML.

(() => {
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const DONE = { keep: "Kept", drop: "Dropped", relabel: "Relabelled" };
  const MARK = { keep: "K", drop: "D", relabel: "R" };
  const CHUNK = 300; // thumbnails that the strip gets at a time

  const checks = Object.fromEntries(data.checks.map((check) => [check.name, check]));
  const groups = [...data.checks, data.everything]; // each has a name, a title and its pictures, the worst first
  let group = groups[0], place = 0, history = [], filled = 0;
  const el = Page.el;

  const titled = (picture) => picture.title || "Untitled";
  const made = (picture) => picture.artist || "Unknown artist";
  const named = (movement) => data.movements[movement]?.name ?? movement ?? "No movement";
  const current = () => data.pictures[group.pictures[place]];
  const store = DecisionStore.open(data, { tell, changed: refresh });
  const relabel = Relabel.open(data, (movement) => decide("relabel", movement));
  const ofThisGroupFirst = (findings) => [...findings].sort((a, b) => (b.check === group.name) - (a.check === group.name));
  const isDecided = (number) => store.of(data.pictures[number].id) !== undefined;
  const hidden = (number) => $("undecided").checked && isDecided(number);

  function tell(sentence) {
    $("notice").hidden = !sentence;
    $("notice").replaceChildren(sentence, " ");
    if (!sentence) return;
    const close = el("button", { type: "button" }, "Close");
    close.addEventListener("click", () => tell(""));
    $("notice").append(close);
  }

  // ---- the picture and its label -------------------------------------------------------------------------------

  function figure(picture, caption) {
    const alt = `${titled(picture)}, ${made(picture)}`;
    const open = `Open the file of ${alt}`;
    let shown = el("div", { class: "card" }, el("strong", {}, titled(picture)), el("span", {}, made(picture)),
      el("small", {}, picture.reason || "The picture cannot be shown."));
    if (picture.picture) {
      // Never more than twice its size: a soft little picture must not pass for a blurred one.
      shown = el("img", { src: picture.picture, alt, decoding: "async" });
      shown.addEventListener("load", () => { shown.style.maxWidth = `${2 * shown.naturalWidth}px`; });
    }
    const mat = picture.original
      ? el("a", { class: "mat", href: picture.original, target: "_blank", rel: "noopener", "aria-label": open, title: "Open the file" }, shown)
      : el("div", { class: "mat" }, shown);
    return el("figure", {}, mat, caption ? el("figcaption", {}, caption) : null);
  }

  function facts(picture) {
    const size = picture.width && picture.height ? `${picture.width} × ${picture.height} pixels` : "";
    return [picture.year, picture.source, picture.split, size].filter(Boolean).join(" · ");
  }

  function showPictures(picture) {
    const others = picture.findings.filter((one) => one.other && data.others[one.other]);
    // The copy that the chosen check speaks of; only one, so that both stay large.
    const pair = others.find((one) => one.check === group.name) ?? others[0];
    if (!pair) { $("pictures").replaceChildren(figure(picture)); $("pictures").className = ""; return; }
    const other = pair.where ? `${checks[pair.check].title}, in ${pair.where}` : checks[pair.check].title;
    $("pictures").className = "pair";
    $("pictures").replaceChildren(figure(picture, "This picture"), figure(data.others[pair.other], other));
  }

  function showFinding(finding) {
    const check = checks[finding.check];
    const percent = (value) => `${Math.round(1000 * value) / 10}%`;
    const words = `score ${finding.score.toFixed(2)}, a finding below ${finding.threshold.toFixed(2)}`;
    const scale = el("span", { class: "scale", "aria-hidden": "true" }, el("span", { class: "score" }), el("span", { class: "limit" }));
    scale.children[0].style.width = percent(finding.score);
    scale.children[1].style.left = percent(finding.threshold);
    return el("li", { class: finding.check === group.name ? "asked" : null },
      el("h3", {}, check.title), el("p", {}, check.meaning), scale, el("p", { class: "quiet" }, words),
      finding.words ? el("p", {}, finding.words) : null, compared(finding));
  }

  // The other picture of a pair, in words.
  function compared(finding) {
    const other = data.others[finding.other];
    if (!other) return null;
    const rest = [named(other.movement), facts(other)].filter(Boolean).join(" · ");
    return el("p", { class: "other" }, el("strong", {}, titled(other)), `, ${made(other)}`, el("br"), el("span", { class: "quiet" }, rest));
  }

  // What the given and the suggested movement look like, to compare with the picture.
  function compare(picture, findings) {
    const finding = findings.find((one) => one.suggestion);
    if (!finding) return null;
    const side = (movement, words) => el("div", {}, el("dt", {}, words, " ", el("strong", {}, named(movement))),
      el("dd", {}, el("ul", {}, ...(data.movements[movement]?.traits ?? []).map((trait) => el("li", {}, trait)))));
    const sure = (words, probability) => {
      if (probability == null) return words;
      const share = Math.round(100 * probability);
      return `${words}, ${share < 1 ? "under 1" : share > 99 ? "over 99" : share} in 100`;
    };
    return el("li", { class: "compare" }, el("dl", {}, side(picture.movement, sure("given", finding.given)),
      side(finding.suggestion, sure("suggested", finding.probability))));
  }

  function showStage() {
    const picture = current();
    showPictures(picture);
    $("title").textContent = titled(picture);
    $("maker").textContent = made(picture);
    $("facts").textContent = facts(picture);
    $("given").replaceChildren("Given as ", el("strong", {}, named(picture.movement)));
    const ordered = ofThisGroupFirst(picture.findings);
    $("findings").replaceChildren(...[...ordered.map(showFinding), compare(picture, ordered)].filter(Boolean));
    $("label").scrollTop = 0;
    $("place").textContent = `${place + 1} of ${group.pictures.length}`;
    const next = [picture, ...[1, 2, 3].map((step) => data.pictures[group.pictures[place + step]])];
    for (const one of next) if (one?.picture) new Image().src = one.picture; // so that moving on is instant
  }

  function showVerdict() {
    const standing = store.of(current().id);
    const to = standing?.decision === "relabel" ? `: ${named(standing.movement)}` : "";
    $("verdict").textContent = standing ? `${DONE[standing.decision]}${to}` : "Not decided yet";
    $("verdict").dataset.decision = standing?.decision ?? "";
    for (const button of document.querySelectorAll(".actions button")) {
      const pressed = button.dataset.do === standing?.decision;
      if (button.dataset.do !== "undo") button.setAttribute("aria-pressed", String(pressed));
    }
    if (document.activeElement !== $("note")) $("note").value = standing?.note ?? "";
  }

  // ---- the strip, the checks, the progress ---------------------------------------------------------------------

  function thumbnail(at) {
    const picture = data.pictures[group.pictures[at]];
    const shown = picture.picture
      ? el("img", { src: picture.picture, alt: "", loading: "lazy", decoding: "async", width: 72, height: 72 })
      : el("span", { class: "card", "aria-hidden": "true" }, "?");
    const button = el("button", { type: "button", tabindex: -1 }, shown);
    button.addEventListener("click", () => go(at));
    return el("li", {}, button);
  }

  function fillStrip(least) {
    const parts = [];
    while (filled < group.pictures.length && filled < least) parts.push(thumbnail(filled++));
    $("strip").append(...parts);
    parts.forEach((item, at) => markThumbnail(item, filled - parts.length + at));
  }

  function markThumbnail(item, at) {
    const number = group.pictures[at], picture = data.pictures[number];
    const decision = store.of(picture.id)?.decision;
    item.hidden = hidden(number) && at !== place;
    item.dataset.mark = decision ? MARK[decision] : "";
    item.dataset.decision = decision ?? "";
    const button = item.firstChild;
    button.tabIndex = at === place ? 0 : -1;
    button.setAttribute("aria-current", String(at === place));
    button.setAttribute("aria-label", `${at + 1}: ${titled(picture)}, ${made(picture)}, ${decision ? DONE[decision] : "not decided"}`);
  }

  function showStrip() {
    fillStrip(Math.max(filled, place + CHUNK));
    [...$("strip").children].forEach(markThumbnail);
    const item = $("strip").children[place], strip = $("strip");
    if (!strip.classList.contains("overview")) strip.scrollLeft = item.offsetLeft - (strip.clientWidth - item.clientWidth) / 2;
  }

  function showChecks() {
    groups.forEach((one, at) => {
      const done = one.pictures.filter(isDecided).length;
      const button = $("checks").children[at].firstChild;
      button.lastChild.textContent = `${done} of ${one.pictures.length}`;
      button.setAttribute("aria-current", String(one === group));
      button.classList.toggle("done", done === one.pictures.length);
    });
    const done = data.pictures.filter((_, number) => isDecided(number)).length;
    $("bar").value = done;
    $("progress").textContent = `${done} of ${data.pictures.length} decided${store.unsaved ? `, ${store.unsaved} not saved` : ""}`;
    $("save").disabled = store.unsaved === 0;
    const quoted = (name) => (/^[\w./:-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`);
    $("command").textContent = `smn clean apply ${quoted(data.manifest)} --decisions ${quoted(store.name)} --out CLEANED`;
  }

  function refresh() {
    if (!data.pictures.length) return;
    showVerdict(); showStrip(); showChecks();
  }

  // ---- moving and deciding -------------------------------------------------------------------------------------

  function go(at) {
    place = at;
    showStage(); refresh();
    try { sessionStorage.setItem(`smn-place:${data.data_hash}`, JSON.stringify([group.name, current().id])); } catch { /* only a comfort */ }
  }

  function move(step) {
    for (let at = place + step; at >= 0 && at < group.pictures.length; at += step) {
      if (!hidden(group.pictures[at])) { go(at); return; }
    }
  }

  function enter(chosen, id) {
    group = chosen;
    filled = 0;
    $("strip").replaceChildren();
    $("group").textContent = group.title;
    $("meaning").textContent = `${group.meaning} ${group.pictures.length} pictures, the worst first.`;
    const wanted = group.pictures.findIndex((number) => data.pictures[number].id === id);
    const undecided = group.pictures.findIndex((number) => !isDecided(number));
    go(Math.max(0, wanted >= 0 ? wanted : undecided));
    const list = $("checks"), item = list.children[groups.indexOf(group)];
    list.scrollLeft = item.offsetLeft - (list.clientWidth - item.clientWidth) / 2;
  }

  function onwards() {
    const all = group.pictures, next = [...all.keys()].map((step) => (place + 1 + step) % all.length);
    const at = next.find((one) => !isDecided(all[one]));
    if (at !== undefined) { go(at); return `Next: ${titled(current())}, ${made(current())}.`; }
    return "Every picture of this check is decided.";
  }

  function decide(decision, movement = "") {
    const picture = current();
    const found = picture.findings.map((one) => one.check).join(" ");
    history = [...history.filter((one) => one.id !== picture.id), { group: group.name, id: picture.id }];
    store.decide(picture, decision, { movement, checks: found, note: $("note").value });
    $("note").blur();
    const to = movement ? ` as ${named(movement)}` : "";
    $("said").textContent = `${DONE[decision]}${to}: ${titled(picture)}. ${onwards()}`;
  }

  function undo() {
    if (!store.of(current().id)) {
      const last = history.findLast((one) => store.of(one.id));
      if (!last) { $("said").textContent = "There is nothing to undo."; return; }
      enter(groups.find((one) => one.name === last.group), last.id);
    }
    history = history.filter((one) => one.id !== current().id);
    store.decide(current(), "undo");
    $("said").textContent = `Not decided any more: ${titled(current())}.`;
  }

  function askMovement() {
    const picture = current();
    const suggested = ofThisGroupFirst(picture.findings).map((one) => one.suggestion).filter(Boolean);
    relabel.ask(picture, suggested, store.of(picture.id)?.movement);
  }

  function overview() {
    const wide = $("strip").classList.toggle("overview");
    $("overview").setAttribute("aria-pressed", String(wide));
    if (wide) fillStrip(place + 4 * CHUNK);
    showStrip();
  }

  async function openFile() {
    if (!("showOpenFilePicker" in window)) { $("file").click(); return; }
    try {
      const [handle] = await window.showOpenFilePicker({ types: [{ description: "Decisions", accept: { "text/csv": [".csv"] } }] });
      await loadFile(await handle.getFile(), handle);
    } catch (error) {
      if (error.name !== "AbortError") tell(`The file could not be opened: ${error.message}`);
    }
  }

  async function loadFile(file, handle) {
    if (await store.load(file, handle)) { tell(""); $("said").textContent = `Opened ${file.name}.`; }
  }

  async function save() {
    if (store.unsaved && (await store.save())) { tell(""); $("said").textContent = `Saved to ${store.name}.`; }
  }

  const DO = {
    keep: () => decide("keep"), drop: () => decide("drop"), relabel: askMovement, undo,
    next: () => move(1), previous: () => move(-1), note: () => $("note").focus(), overview,
    help: () => $("keys").showModal(),
  };
  const KEYS = {
    k: "keep", d: "drop", r: "relabel", u: "undo", j: "next", ArrowRight: "next", ArrowDown: "next",
    ArrowLeft: "previous", ArrowUp: "previous", n: "note", o: "overview", "?": "help",
  };

  Page.onKeys({ save, act: (key) => key in KEYS && data.pictures.length > 0 && (DO[KEYS[key]](), true) });

  // ---- setting the page up -------------------------------------------------------------------------------------

  for (const button of document.querySelectorAll("[data-do]")) button.addEventListener("click", () => DO[button.dataset.do]());
  for (const button of document.querySelectorAll("[data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
  $("help").addEventListener("click", DO.help);
  $("overview").addEventListener("click", overview);
  $("open").addEventListener("click", openFile);
  $("save").addEventListener("click", save);
  $("file").addEventListener("change", async () => {
    if ($("file").files[0]) await loadFile($("file").files[0], null);
    $("file").value = "";
  });
  $("undecided").addEventListener("change", refresh);
  $("note").addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === "Escape") $("note").blur(); });
  $("note").addEventListener("change", () => {
    const standing = store.of(current().id);
    if (standing) store.decide(current(), standing.decision, { ...standing, note: $("note").value });
  });
  $("strip").addEventListener("scroll", () => {
    const strip = $("strip");
    const left = strip.scrollWidth - strip.scrollLeft - strip.clientWidth + strip.scrollHeight - strip.scrollTop - strip.clientHeight;
    if (left < 2000) fillStrip(filled + CHUNK);
  }, { passive: true });

  $("name").textContent = `Review of ${data.name}`;
  $("bar").max = Math.max(1, data.pictures.length);
  $("empty").hidden = data.pictures.length > 0;
  $("main").hidden = !data.pictures.length;
  for (const one of groups) {
    const button = el("button", { type: "button" }, el("span", {}, one.title), el("span", { class: "count" }));
    button.addEventListener("click", () => enter(one));
    $("checks").append(el("li", {}, button));
  }
  if (data.pictures.length) {
    let last = null;
    try { last = JSON.parse(sessionStorage.getItem(`smn-place:${data.data_hash}`)); } catch { last = null; }
    enter(groups.find((one) => one.name === last?.[0]) ?? groups[0], last?.[1]);
  }
})();
