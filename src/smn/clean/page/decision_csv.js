"use strict";
// Reads and writes the CSV of a decisions file exactly as smn.clean.decisions does in Python.

const DecisionCsv = (() => {
  const FIELDS = ["id", "sha256", "decision", "movement", "checks", "note", "decided_at"];
  const SPELLINGS = { keep: "keep", drop: "drop", relabel: "relabel", undo: "undo", reject: "drop", change: "relabel" };

  // An apostrophe keeps a spreadsheet from taking a value for a formula.
  const shield = (value) => (/^'*[=+\-@\t\r]/.test(value) ? "'" + value : value);
  const unshield = (value) => (/^'+[=+\-@\t\r]/.test(value) ? value.slice(1) : value);

  const normalise = (name) =>
    name.normalize("NFKD").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

  // The columns and the separator of a file's text.
  function layout(text) {
    const first = text.replace(/^[\r\n]+/, "").split("\n", 1)[0].replace(/\r$/, "");
    const separator = [",", ";", "\t"].reduce((best, one) =>
      first.split(one).length > first.split(best).length ? one : best);
    const header = records(first, separator).records[0];
    return { fields: (header ? header.cells : []).map((name) => name.trim().toLowerCase()), separator };
  }

  // CSV into records, each with the number of the line it begins at; `broken` is the line that is no CSV.
  function records(text, separator) {
    const found = [];
    let cells = [], cell = "", quoted = false, closed = false, line = 1, start = 1;
    const end = () => { cells.push(cell); cell = ""; closed = false; };
    for (let at = 0; at < text.length; at++) {
      const sign = text[at];
      if (sign === "\n") line++;
      if (quoted) {
        if (sign !== '"') cell += sign;
        else if (text[at + 1] === '"') { cell += '"'; at++; }
        else { quoted = false; closed = true; }
      } else if (sign === separator) end();
      else if (sign === "\n" || sign === "\r") {
        if (sign === "\r" && text[at + 1] === "\n") { at++; line++; }
        end();
        found.push({ line: start, cells });
        cells = []; start = line;
      } else if (closed) return { records: found, broken: start };
      else if (sign === '"' && cell === "") quoted = true;
      else cell += sign;
    }
    if (quoted) return { records: found, broken: start };
    if (cell || closed || cells.length) { end(); found.push({ line: start, cells }); }
    return { records: found, broken: null };
  }

  // A file's text -> { rows, problems }; spellings: normalised name -> movement id.
  function parse(text, spellings) {
    text = text.replace(/^\uFEFF/, "");
    if (!text.trim()) return { rows: [], problems: [] };
    const { fields, separator } = layout(text);
    const missing = ["id", "decision"].filter((name) => !fields.includes(name));
    const twice = FIELDS.filter((name) => fields.indexOf(name) !== fields.lastIndexOf(name));
    if (missing.length || twice.length) {
      const has = missing.length ? `lacks ${missing.join(", ")}` : `repeats ${twice.join(", ")}`;
      return { rows: [], problems: [`Its header ${has}; a decisions file has the columns ${FIELDS.join(", ")}.`] };
    }
    const all = records(text, separator);
    const lines = all.records.filter((one) => one.cells.some((cell) => cell.trim())).slice(1);
    const rows = [], problems = [];
    for (const { line, cells } of lines) {
      if (cells.length > fields.length) {
        problems.push(`Line ${line} has ${cells.length} values for ${fields.length} columns.`);
        continue;
      }
      const value = {};
      for (const name of FIELDS) value[name] = unshield(cells[fields.indexOf(name)] ?? "").trim();
      const row = read(line, value, spellings, problems);
      if (row) rows.push(row);
    }
    if (all.broken !== null) problems.push(`Line ${all.broken} is not CSV.`);
    return { rows, problems };
  }

  function read(line, value, spellings, problems) {
    const before = problems.length;
    const word = value.decision.toLowerCase();
    const decision = Object.hasOwn(SPELLINGS, word) ? SPELLINGS[word] : null;
    const movement = decision === "relabel" ? spellings[normalise(value.movement)] ?? null : "";
    if (!value.id) problems.push(`Line ${line} has no id.`);
    if (!decision) {
      problems.push(`Line ${line} decides '${value.decision}'; allowed are ${Object.keys(SPELLINGS).join(", ")}.`);
    }
    if (value.sha256 && !/^[0-9a-fA-F]{64}$/.test(value.sha256)) {
      problems.push(`Line ${line} has the sha256 '${value.sha256}'; it needs 64 hex digits, or nothing.`);
    }
    if (decision === "relabel" && !value.movement) {
      problems.push(`Line ${line} relabels to nothing; write a movement.`);
    } else if (movement === null) {
      problems.push(`Line ${line}: there is no movement '${value.movement}'.`);
    }
    if (problems.length > before) return null;
    const checks = value.checks.split(/[\s,]+/).filter(Boolean).join(" ");
    return { ...value, decision, movement, checks, sha256: value.sha256.toLowerCase() };
  }

  // Rows as CSV lines that may follow the text `like`; without one, the header comes first.
  function format(rows, like = "") {
    like = like.replace(/^\uFEFF/, "");
    const { fields, separator } = like.trim() ? layout(like) : { fields: FIELDS, separator: "," };
    const quote = (value) =>
      /["\r\n]/.test(value) || value.includes(separator) ? `"${value.replaceAll('"', '""')}"` : value;
    const write = (row) => fields.map((name) => quote(cell(row, name))).join(separator) + "\n";
    const header = like.trim() ? "" : FIELDS.join(",") + "\n";
    return header + rows.map(write).join("");
  }

  function cell(row, name) {
    const value = row[name] ?? "";
    if (name === "note") return shield(value.split(/\s+/).filter(Boolean).join(" "));
    return name === "id" ? shield(value) : value;
  }

  // What counts: the last row of each id, unless it is an undo.
  function standing(rows) {
    const found = new Map();
    for (const row of rows) {
      found.delete(row.id);
      if (row.decision !== "undo") found.set(row.id, row);
    }
    return found;
  }

  return { FIELDS, parse, format, standing, normalise };
})();
