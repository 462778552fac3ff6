// What Streamlit leaves to others: the page's language, names for those who have the page read to them, and which of the
// chosen files are not sent.
let observer, listener, waiting;
let told = false; // whether files of an earlier choice are named as refused

export default function ({ data, setStateValue }) {
  document.documentElement.lang = data.language;
  const mend = () => {
    const zone = document.querySelector("[data-testid=stFileUploaderDropzone]");
    if (!zone) return;
    // It has a name, so it is not there for looks only; its button's words are set by style, which is not read.
    if (zone.getAttribute("role") !== "group") zone.setAttribute("role", "group");
    const button = zone.querySelector("[data-testid=stBaseButton-secondary]");
    if (button && button.getAttribute("aria-label") !== data.choose) button.setAttribute("aria-label", data.choose);
  };
  mend();
  observer?.disconnect();
  observer = new MutationObserver(mend);
  observer.observe(document.body, { childList: true, subtree: true });

  // As the uploader refuses them; it names them only until the others have arrived.
  const why = (file) => {
    if (!file.type.startsWith("image/") && !/\.(heic|heif)$/i.test(file.name)) return "type";
    return file.size > data.largest ? "large" : "";
  };
  const look = (event) => {
    if (!event.target.closest?.("[data-testid=stFileUploader]")) return;
    const given = [...(event.dataTransfer ?? event.target).files ?? []];
    const files = given.map((file) => ({ name: file.name, why: why(file) })).filter((file) => file.why).slice(0, 20);
    if (!files.length && !told) return;
    // A run of the script would drop the addresses that the other files wait for, so they come first.
    const others = given.length > files.length, until = Date.now() + 5000, zone = event.target.closest("[data-testid=stFileUploader]");
    const started = () => !others || !zone.isConnected || zone.querySelector("[data-testid=stFileChip]:not([aria-invalid=true])");
    clearInterval(waiting);
    waiting = setInterval(() => {
      if (!started() && Date.now() < until) return;
      clearInterval(waiting);
      told = files.length > 0;
      setStateValue("refused", { turn: data.turn, files });
    }, 100);
  };
  if (listener) for (const kind of ["change", "drop"]) document.removeEventListener(kind, listener, true);
  listener = look;
  for (const kind of ["change", "drop"]) document.addEventListener(kind, listener, true);
}
