"use strict";
// Keeps the decisions: those of a file, whose text is never changed, and those made since, which are appended to it.

const DecisionStore = (() => {
  const same = (row) => DecisionCsv.FIELDS.map((name) => row[name] ?? "").join("\u0000");
  const now = () => new Date().toISOString().replace(/\.\d+Z$/, "Z");

  // data: the page's; tell(text): shows a sentence to the person; changed(): called after every change.
  function open(data, { tell, changed }) {
    const key = `smn-review:${data.data_hash}`;
    let base = "", rows = [], name = data.decisions.name, handle = null;
    let pending = new Map(); // id -> row that no file holds yet
    let standing = new Map();

    const settle = () => { standing = DecisionCsv.standing([...rows, ...pending.values()]); };

    // Take a file's text as what is on file; whatever we hold beyond it stays, unsaved. Returns the problems.
    function adopt(text) {
      const read = DecisionCsv.parse(text, data.spellings);
      if (read.problems.length) return read.problems;
      const onFile = new Set(read.rows.map(same));
      const left = [...rows, ...pending.values()].filter((row) => !onFile.has(same(row)));
      base = text; rows = read.rows; pending = new Map();
      for (const row of left) { pending.delete(row.id); pending.set(row.id, row); }
      settle();
      return [];
    }

    function keepInBrowser() {
      try {
        localStorage.setItem(key, JSON.stringify({ base, name, pending: DecisionCsv.format([...pending.values()]) }));
      } catch (error) {
        tell(`This browser does not keep decisions for this page (${error.name}). Save them to a file before you leave.`);
      }
    }

    // What this browser kept, and the decisions that the page came with.
    function recall() {
      let kept = null;
      try { kept = JSON.parse(localStorage.getItem(key)); } catch { kept = null; } // blocked or damaged
      base = ""; rows = []; pending = new Map();
      if (typeof kept?.base === "string" && typeof kept.pending === "string") {
        adopt(kept.base);
        for (const row of DecisionCsv.parse(kept.pending, data.spellings).rows) pending.set(row.id, row);
        name = String(kept.name ?? name);
      }
      if (!base.startsWith(data.decisions.text)) adopt(data.decisions.text);
      settle();
    }

    function decide(picture, decision, { movement = "", checks = "", note = "" } = {}) {
      const row = { id: picture.id, sha256: picture.sha256, decision, movement, checks, note, decided_at: now() };
      const filed = DecisionCsv.standing(rows).get(picture.id);
      pending.delete(picture.id);
      const already = filed && ["decision", "movement", "note"].every((field) => filed[field] === row[field]);
      if (decision === "undo" ? filed : !already) pending.set(picture.id, row);
      settle(); keepInBrowser(); changed();
    }

    const text = () => {
      const gap = base && !base.endsWith("\n") ? "\n" : "";
      return base + gap + DecisionCsv.format([...pending.values()], base);
    };

    function filed(written) { adopt(written); keepInBrowser(); changed(); }

    async function saveToHandle() {
      handle ??= await window.showSaveFilePicker({
        suggestedName: name, types: [{ description: "Decisions", accept: { "text/csv": [".csv"] } }],
      });
      // The file may have changed since, or hold somebody's lines already: ours are only ever added.
      const problems = adopt(await (await handle.getFile()).text());
      if (problems.length) {
        const refused = handle.name;
        handle = null;
        throw new Error(`${refused} is no decisions file that could be added to: ${problems.join(" ")}`);
      }
      const written = text();
      const stream = await handle.createWritable();
      await stream.write(written);
      await stream.close();
      name = handle.name;
      filed(written);
    }

    function download() {
      const written = text();
      const address = URL.createObjectURL(new Blob([written], { type: "text/csv" }));
      const link = document.createElement("a");
      link.href = address; link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 10000);
      filed(written);
    }

    // Returns whether the decisions were saved.
    async function save() {
      if (!("showSaveFilePicker" in window)) { download(); return true; }
      try {
        await saveToHandle();
        return true;
      } catch (error) {
        if (error.name !== "AbortError") tell(`The decisions could not be saved: ${error.message}`);
        return false;
      }
    }

    // file: what the person chose; picked: its handle, where the browser gives one, to save to it again.
    async function load(file, picked = null) {
      const problems = adopt(await file.text());
      if (problems.length) {
        tell(`${file.name} cannot be used: ${problems.join(" ")} Nothing was changed.`);
        return false;
      }
      name = file.name; handle = picked;
      keepInBrowser(); changed();
      return true;
    }

    window.addEventListener("storage", (event) => { // another tab of this page decided something
      if (event.key === key) { recall(); changed(); }
    });
    window.addEventListener("beforeunload", (event) => { if (pending.size) event.preventDefault(); });
    recall();
    return {
      decide, save, load,
      of: (id) => standing.get(id),
      get unsaved() { return pending.size; },
      get name() { return name; },
    };
  }

  return { open };
})();
