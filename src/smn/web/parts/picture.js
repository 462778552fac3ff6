// The picture, what speaks for a movement laid over it, and the photograph that it was found in.
const FULL = 80;
let seen;

export default function ({ data, parentElement, setStateValue }) {
  const find = (name) => parentElement.querySelector(name);
  const over = find(".over"), base = find(".base"), whole = find(".whole"), button = find(".why");
  const slider = find("input[type=range]"), given = find("input[type=checkbox]"), choice = find("select");
  base.src = data.base;
  base.alt = data.alt;
  over.src = data.over || "data:,";
  over.hidden = !data.over;
  whole.src = data.whole || "data:,";
  whole.alt = data.wholeAlt || "";
  find(".reasons").hidden = !data.over;
  find(".photographed").hidden = !data.whole;
  button.textContent = data.words.why;
  find(".strength").textContent = data.words.strength;
  find(".of span").textContent = data.words.of;
  find(".photographed span").textContent = data.words.original;
  find(".help").textContent = data.words.help;
  choice.replaceChildren(...data.guesses.map(([id, name]) => new Option(name, id, false, id === data.chosen)));
  const show = () => {
    const unchanged = given.checked && data.whole;
    over.style.opacity = unchanged ? 0 : slider.value / 100;
    find(".stack").hidden = Boolean(unchanged);
    whole.hidden = !unchanged;
    find(".of").hidden = slider.value === "0";
    find(".help").hidden = !data.over || unchanged || slider.value === "0";
    slider.setAttribute("aria-valuetext", `${slider.value} %`);
    button.setAttribute("aria-pressed", String(slider.value !== "0"));
  };
  slider.oninput = show;
  button.onclick = () => {
    slider.value = slider.value === "0" ? FULL : 0;
    show();
  };
  given.onchange = show;
  choice.onchange = () => setStateValue("movement", choice.value);
  show();
  // A new answer's evidence shows itself for a moment, so that it is known to be there.
  if (data.over && data.peek && seen !== data.id && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
    const still = FULL / 100;
    over.animate([{ opacity: 0 }, { opacity: still, offset: 0.3 }, { opacity: still, offset: 0.7 }, { opacity: 0 }],
      { duration: 2600, delay: 500 });
  }
  seen = data.id;
}
