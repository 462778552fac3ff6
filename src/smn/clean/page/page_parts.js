"use strict";
// What the review page and the report have in common: making elements, and the keyboard.

const Page = {
  // el("p", {class: "quiet"}, "text", node ...)
  el(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== null && child !== ""));
    return made;
  },

  // `act` is given a key and says whether it did something; Ctrl S saves.
  onKeys({ act, save }) {
    document.addEventListener("keydown", (event) => {
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      if ((event.ctrlKey || event.metaKey) && key === "s") { event.preventDefault(); save(); return; }
      const busy = document.querySelector("dialog[open]") || event.target.matches?.("input:not([type=checkbox]), textarea, select");
      if (busy || event.ctrlKey || event.metaKey || event.altKey || event.repeat && !key.startsWith("Arrow")) return;
      if (act(key)) event.preventDefault();
    });
  },
};
