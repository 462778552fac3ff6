// The map of works: what a dot is, where the pointer or the keyboard is, and the work itself where it is chosen.
const NEAR = 12; // pixels
// The drawing shows 1000 x 700 with a margin of 24.
const left = (x) => (1000 * x + 24) / 1048, top = (y) => (700 * (1 - y) + 24) / 748;

// A new run of the page's script gives the same map again, and the keyboard goes on where it was.
const kept = new WeakMap();

export default function ({ data, parentElement, setStateValue }) {
  const find = (name) => parentElement.querySelector(name);
  const frame = find(".frame"), picture = find("img"), ring = find(".ring"), tip = find(".tip");
  picture.src = data.image;
  picture.alt = data.alt;
  const star = find(".star");
  star.style.display = data.star ? "" : "none";
  if (data.star) {
    star.style.left = `${100 * left(data.star[0])}%`;
    star.style.top = `${100 * top(data.star[1])}%`;
  }
  frame.setAttribute("aria-label", data.words.help);
  find(".help").textContent = data.words.help;
  const own = kept.get(frame) ?? { at: -1, source: data.dots, dots: null };
  if (own.source !== data.dots) Object.assign(own, { at: -1, source: data.dots, dots: null });
  kept.set(frame, own);
  // Only for those who point at the map.
  const load = () => (own.dots ??= fetch(data.dots).then((got) => (got.ok ? got.json() : [])).catch(() => []));
  const show = (all, place) => {
    own.at = place;
    ring.hidden = tip.hidden = place < 0;
    frame.classList.toggle("on", place >= 0);
    if (place < 0) return;
    const [x, y, , told] = all[place];
    for (const one of [ring, tip]) one.style.top = `${100 * top(y)}%`;
    ring.style.left = `${100 * left(x)}%`;
    tip.style.left = left(x) < 0.6 ? `calc(${100 * left(x)}% + 14px)` : "auto";
    tip.style.right = left(x) < 0.6 ? "auto" : `calc(${100 - 100 * left(x)}% + 14px)`;
    tip.style.transform = top(y) > 0.8 ? "translateY(-100%)" : "none";
    tip.textContent = told || data.words.unknown;
  };
  const nearest = (all, event) => {
    const box = picture.getBoundingClientRect();
    let best = -1, least = NEAR * NEAR;
    all.forEach(([x, y], place) => {
      const distance = (left(x) * box.width + box.left - event.clientX) ** 2 + (top(y) * box.height + box.top - event.clientY) ** 2;
      if (distance < least) [best, least] = [place, distance];
    });
    return best;
  };
  const choose = (all) => own.at >= 0 && setStateValue("work", all[own.at][2]);
  frame.onpointermove = async (event) => {
    const all = await load();
    show(all, nearest(all, event));
  };
  frame.onpointerleave = () => show([], -1);
  frame.onclick = async (event) => {
    const all = await load();
    show(all, nearest(all, event));
    choose(all);
  };
  frame.onkeydown = async (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step && event.key !== "Enter") return;
    event.preventDefault();
    const all = await load();
    if (!all.length) return;
    if (step) show(all, (own.at + step + all.length) % all.length);
    else choose(all);
  };
}
