"use strict";
// The report: a list of pictures of which only those in view exist as elements, and what a person decides about them.
// Paths and titles come from anywhere, so text is only ever set as text, never as HTML.

(() => {
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const thumbnails = $("thumbnails").textContent.split("\n");
  const WIDE = 148, HIGH = 180; // pixels of a card, as in report.css
  const DONE = { keep: "Kept", drop: "Rejected", relabel: "Changed" };
  const MARK = { keep: "K", drop: "R", relabel: "C" };
  const OUTCOMES = { unsure: "unsure", movement: "with a movement", not_a_painting: "not a painting", error: "unreadable" };
  const NO_PAINTING = "not-a-painting"; // what is relabelled to when it is no painting
  const ORDER = Object.keys(OUTCOMES);
  const rows = data.rows;
  let order = [], place = 0;
  const el = Page.el;

  const percent = (share) => (share == null ? "" : `${Math.round(100 * share)}%`);
  const named = (movement) => data.movements[movement]?.name ?? data.labels[movement] ?? movement;
  const current = () => rows[order[place]];
  const picture = (at) => (thumbnails[at] ? el("img", { src: `data:image/webp;base64,${thumbnails[at]}`, alt: "", decoding: "async" }) : el("span", { class: "quiet" }, "no picture"));
  const store = DecisionStore.open(data, { tell, changed: () => refresh() });
  const relabel = Relabel.open(data, (movement) => decide("relabel", movement));

  function tell(sentence) {
    $("notice").hidden = !sentence;
    $("notice").textContent = sentence;
  }

  // What holds for a row: its outcome and movement after the person's decision.
  function standing(row) {
    const decision = store.of(row.id);
    if (decision?.decision === "relabel") return { outcome: decision.movement === NO_PAINTING ? "not_a_painting" : "movement", movement: decision.movement };
    if (decision?.decision === "drop" && row.outcome !== "error") return { outcome: "unsure", movement: null };
    return row;
  }

  function said(row) {
    const { outcome, movement } = standing(row);
    if (outcome === "movement" && movement) return named(movement);
    if (outcome === "unsure" && !store.of(row.id)) return row.guesses[0] ? `unsure: ${named(row.guesses[0][0])}?` : "unsure";
    return OUTCOMES[outcome] ?? outcome;
  }

  // How sure the model is; nothing once a person decided otherwise, because the number is not about that.
  const share = (row) => (standing(row) === row ? percent(row.confidence) : "");

  // ---- filter and sort -------------------------------------------------------------------------------------------

  const filters = { outcome: "", movement: "", family: "" };

  function visible(row) {
    const now = standing(row), words = $("search").value.trim().toLowerCase();
    const family = now.outcome === "movement" ? data.movements[now.movement]?.family ?? row.family : now === row ? row.family : null;
    return (!filters.outcome || now.outcome === filters.outcome)
      && (!filters.movement || now.movement === filters.movement || now.movement === null && !store.of(row.id) && row.guesses[0]?.[0] === filters.movement)
      && (!filters.family || family === filters.family)
      && (!words || row.id.toLowerCase().includes(words))
      && (!$("undecided").checked || !store.of(row.id));
  }

  const sure = (row) => row.confidence ?? -1;
  const byPath = (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
  const SORTS = {
    doubt: (a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome) || sure(a) - sure(b) || byPath(a, b),
    least: (a, b) => sure(a) - sure(b) || byPath(a, b),
    most: (a, b) => sure(b) - sure(a) || byPath(a, b),
    name: byPath,
    movement: (a, b) => said(a).localeCompare(said(b)) || sure(b) - sure(a) || byPath(a, b),
  };

  function arrange(keep = null) {
    order = rows.map((_, at) => at).filter((at) => visible(rows[at]));
    const compare = SORTS[$("sort").value];
    order.sort((a, b) => compare(rows[a], rows[b]));
    place = Math.max(0, keep === null ? 0 : order.indexOf(keep));
    $("shown").textContent = `${order.length} of ${rows.length} shown`;
    draw(); reveal(); showDetail();
  }

  // ---- the list --------------------------------------------------------------------------------------------------

  const across = () => Math.max(1, Math.floor(($("list").clientWidth - 4) / WIDE));

  function card(at) {
    const row = rows[at], decision = store.of(row.id)?.decision;
    return el("div", { class: "row", role: "option", "data-mark": decision ? MARK[decision] : null, "data-decision": decision },
      el("div", { class: "mat" }, picture(at)), el("b", {}, said(row)),
      el("span", {}, row.outcome === "error" ? row.error : share(row)), el("span", { title: row.id }, row.title));
  }

  function draw() {
    const columns = across(), list = $("list"), lines = Math.ceil(order.length / columns);
    $("space").style.height = `${lines * HIGH}px`;
    const first = Math.max(0, Math.floor(list.scrollTop / HIGH) - 1);
    const last = Math.min(lines, Math.ceil((list.scrollTop + list.clientHeight) / HIGH) + 1);
    const cards = [];
    for (let at = first * columns; at < Math.min(order.length, last * columns); at++) {
      const made = card(order[at]);
      made.style.left = `${(at % columns) * WIDE}px`;
      made.style.top = `${Math.floor(at / columns) * HIGH}px`;
      made.setAttribute("aria-selected", String(at === place));
      made.setAttribute("aria-posinset", String(at + 1));
      made.setAttribute("aria-setsize", String(order.length));
      made.addEventListener("click", () => go(at));
      cards.push(made);
    }
    $("space").replaceChildren(...cards);
  }

  function reveal() {
    const top = Math.floor(place / across()) * HIGH, list = $("list");
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + HIGH > list.scrollTop + list.clientHeight) list.scrollTop = top + HIGH - list.clientHeight;
  }

  function showDetail() {
    const row = current();
    $("detail").hidden = !row;
    if (!row) return;
    $("large").replaceChildren(picture(order[place]));
    $("title").textContent = row.title;
    $("path").textContent = row.id;
    $("answer").textContent = row.outcome === "error" ? row.error : `${said(row)} ${share(row)}`.trim();
    $("guesses").replaceChildren(...row.guesses.map(([movement, share]) => el("li", {}, `${named(movement)} ${percent(share)}`)));
    $("facts").replaceChildren(...row.facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
    const decision = store.of(row.id);
    $("verdict").dataset.decision = decision?.decision ?? "";
    $("verdict").textContent = decision ? `${DONE[decision.decision]}${decision.movement ? `: ${named(decision.movement)}` : ""}` : "Not decided yet";
  }

  function count(key, label, attribute, number, more = {}) {
    const button = el("button", { type: "button", "aria-pressed": String(filters[attribute] === key), ...more }, `${label} ${number}`);
    button.addEventListener("click", () => {
      filters[attribute] = filters[attribute] === key ? "" : key;
      $("outcome").value = filters.outcome; $("filter").value = filters.movement;
      arrange(); showCounts();
    });
    return button;
  }

  function showCounts() {
    const outcomes = new Map(), movements = new Map(), families = new Map();
    const add = (map, key) => { if (key) map.set(key, (map.get(key) ?? 0) + 1); };
    let decided = 0;
    for (const row of rows) {
      const now = standing(row);
      add(outcomes, now.outcome); add(movements, now.movement === NO_PAINTING ? null : now.movement);
      add(families, now.movement ? data.movements[now.movement]?.family ?? row.family : now === row ? row.family : null);
      decided += store.of(row.id) !== undefined;
    }
    const most = (map) => [...map].sort((a, b) => b[1] - a[1]);
    $("counts").replaceChildren(
      ...ORDER.filter((one) => outcomes.has(one)).map((one) => count(one, OUTCOMES[one], "outcome", outcomes.get(one))),
      ...most(families).map(([one, number]) => count(one, `family ${data.families[one] ?? one}`, "family", number, { class: "family" })),
      ...most(movements).map(([one, number]) => count(one, named(one), "movement", number)),
    );
    $("progress").textContent = `${decided} of ${rows.length} decided${store.unsaved ? `, ${store.unsaved} not saved` : ""}`;
    $("save").disabled = store.unsaved === 0;
    const quoted = (name) => (/^[\w./:-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`);
    $("command").textContent = `smn review apply ${quoted(store.name)} --answers ${quoted(data.answers)} --out corrected.csv`;
  }

  function refresh() { draw(); showDetail(); showCounts(); }

  // ---- moving and deciding ---------------------------------------------------------------------------------------

  function go(at) {
    if (at < 0 || at >= order.length) return;
    place = at;
    reveal(); draw(); showDetail();
  }

  function decide(decision, movement = "") {
    const row = current();
    if (!row) return;
    store.decide(row, decision, { movement });
    if (decision === "undo") return;
    if ($("undecided").checked) { const next = order[place + 1] ?? null; arrange(next); } else go(place + 1);
  }

  const choose = (number) => {
    const guess = current()?.guesses[number - 1];
    if (guess && data.movements[guess[0]]) decide("relabel", guess[0]);
  };

  async function openFile(file) {
    if (await store.load(file)) { tell(""); arrange(order[place] ?? null); }
  }

  async function save() { if (store.unsaved && (await store.save())) tell(""); }

  const DO = {
    keep: () => decide("keep"), reject: () => decide("drop"), undo: () => decide("undo"),
    change: () => { const row = current(); if (row) relabel.ask({ ...row, movement: null }, row.guesses.map(([movement]) => movement), store.of(row.id)?.movement); },
    next: () => go(place + 1), previous: () => go(place - 1),
    below: () => go(Math.min(order.length - 1, place + across())), above: () => go(Math.max(0, place - across())),
    first: () => go(0), last: () => go(order.length - 1), help: () => $("keys").showModal(),
  };
  const KEYS = {
    k: "keep", c: "change", r: "reject", u: "undo", ArrowRight: "next", ArrowLeft: "previous", j: "next",
    ArrowDown: "below", ArrowUp: "above", Home: "first", End: "last", "?": "help",
  };

  Page.onKeys({ save, act: (key) => {
    if (/^[1-9]$/.test(key)) choose(Number(key));
    else if (key in KEYS) DO[KEYS[key]]();
    else return false;
    return true;
  } });

  // ---- setting the page up ---------------------------------------------------------------------------------------

  const used = [...new Set(rows.flatMap((row) => [row.movement, row.guesses[0]?.[0]]).filter(Boolean))].sort((a, b) => named(a).localeCompare(named(b)));
  $("outcome").append(el("option", { value: "" }, "all"), ...ORDER.map((one) => el("option", { value: one }, OUTCOMES[one])));
  $("filter").append(el("option", { value: "" }, "all"), ...used.map((one) => el("option", { value: one }, named(one))));
  $("outcome").addEventListener("change", () => { filters.outcome = $("outcome").value; arrange(); showCounts(); });
  $("filter").addEventListener("change", () => { filters.movement = $("filter").value; arrange(); showCounts(); });
  $("sort").addEventListener("change", () => arrange());
  $("search").addEventListener("input", () => arrange());
  $("undecided").addEventListener("change", () => arrange(order[place] ?? null));
  $("choice").addEventListener("submit", (event) => event.preventDefault());
  $("list").addEventListener("scroll", draw, { passive: true });
  new ResizeObserver(draw).observe($("list"));
  for (const button of document.querySelectorAll("[data-do]")) button.addEventListener("click", () => DO[button.dataset.do]());
  for (const button of document.querySelectorAll("[data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
  $("help").addEventListener("click", DO.help);
  $("save").addEventListener("click", save);
  $("open").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", async () => {
    if ($("file").files[0]) await openFile($("file").files[0]);
    $("file").value = "";
  });
  // On paper everything that is shown is printed, which the list alone would not hold.
  window.addEventListener("beforeprint", () => $("paper").replaceChildren(...order.map(card)));
  window.addEventListener("afterprint", () => $("paper").replaceChildren());

  $("name").textContent = data.name;
  showCounts(); arrange();
})();
