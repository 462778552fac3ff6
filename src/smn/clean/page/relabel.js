"use strict";
// The dialog that asks for a movement: a text field that narrows a list, after the ARIA pattern of a combobox.

const Relabel = (() => {
  // data: the page's; accept(movement): called with the id that was chosen.
  function open(data, accept) {
    const dialog = document.getElementById("relabel");
    const input = document.getElementById("movement");
    const list = document.getElementById("movements");
    let offered = [], shown = [], active = 0;

    function ask(picture, suggested, current) {
      const first = [current, ...suggested].filter((id, at, all) => id && data.movements[id] && all.indexOf(id) === at);
      offered = [...first, ...Object.keys(data.movements).filter((id) => !first.includes(id))]
        .filter((id) => id !== picture.movement)
        .map((id) => ({ id, ...data.movements[id], tag: suggested.includes(id) ? "suggested" : "" }));
      const given = data.movements[picture.movement]?.name ?? picture.movement ?? "nothing";
      document.getElementById("relabel-what").textContent = `${picture.title || "Untitled"}, given as ${given}`;
      input.value = "";
      narrow();
      dialog.showModal();
      input.focus();
    }

    function narrow() {
      const wanted = DecisionCsv.normalise(input.value);
      const rank = (one) => {
        const names = [DecisionCsv.normalise(one.name), DecisionCsv.normalise(one.id)];
        if (names.some((name) => name.startsWith(wanted))) return 0;
        return names.some((name) => name.includes(wanted)) ? 1 : 2;
      };
      shown = offered.map((one) => ({ one, at: rank(one) })).filter(({ at }) => at < 2)
        .sort((a, b) => a.at - b.at).map(({ one }) => one);
      list.replaceChildren(...(shown.length ? shown.map(option) : [none()]));
      choose(0);
    }

    function option(one, at) {
      const item = document.createElement("li");
      item.id = `movement-${at}`;
      item.setAttribute("role", "option");
      const years = document.createElement("span");
      years.className = "quiet";
      years.textContent = [one.tag, one.years].filter(Boolean).join(" · ");
      item.append(one.name, " ", years);
      item.addEventListener("click", () => finish(at));
      return item;
    }

    function none() {
      const item = document.createElement("li");
      item.className = "quiet";
      item.setAttribute("role", "option");
      item.setAttribute("aria-disabled", "true");
      item.textContent = "No movement has such a name.";
      return item;
    }

    function choose(at) {
      active = Math.max(0, Math.min(shown.length - 1, at));
      [...list.children].forEach((item, place) => {
        item.setAttribute("aria-selected", String(shown.length > 0 && place === active));
      });
      if (!shown.length) { input.removeAttribute("aria-activedescendant"); return; }
      input.setAttribute("aria-activedescendant", `movement-${active}`);
      list.children[active].scrollIntoView({ block: "nearest" });
    }

    function finish(at) {
      if (!shown[at]) return;
      dialog.close();
      accept(shown[at].id);
    }

    input.addEventListener("input", narrow);
    input.addEventListener("keydown", (event) => {
      const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
      if (event.key in moves) choose(active + moves[event.key]);
      else if (event.key === "Enter" && !event.isComposing) finish(active);
      else return;
      event.preventDefault();
    });
    return { ask };
  }

  return { open };
})();
