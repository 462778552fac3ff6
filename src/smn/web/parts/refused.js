// Names each chosen file that the uploader does not send. It is all done here: a run of the script while the other files
// are on their way would drop them.
let listener, place, given;
let refused = { turn: 0, files: [] };

// As Streamlit's uploader refuses them; it names them only until the others have arrived.
const reason = (file) => {
  if (!file.type.startsWith("image/") && !/\.(heic|heif)$/i.test(file.name)) return "type";
  return file.size > given.largest ? "large" : "";
};

const show = () => {
  // The others of a choice start a new turn.
  const shown = [0, 1].includes(given.turn - refused.turn) ? refused.files : [];
  place.querySelector("div").replaceChildren(...shown.map(({ name, why }) => {
    const line = document.createElement("p"), heading = document.createElement("strong");
    heading.textContent = given.words.heading.replace("{name}", () => name) + ".";
    line.setAttribute("role", "alert");
    line.append(heading, " ", given.words[why]);
    return line;
  }));
};

export default function ({ data, parentElement }) {
  [given, place] = [data, parentElement];
  show();
  if (listener) return;
  listener = (event) => {
    if (!event.target.closest?.("[data-testid=stFileUploader]")) return;
    const chosen = [...(event.dataTransfer ?? event.target).files ?? []];
    const files = chosen.map((file) => ({ name: file.name.slice(0, 120), why: reason(file) })).filter((file) => file.why);
    refused = { turn: given.turn, files: files.slice(0, 20) };
    show();
  };
  for (const kind of ["change", "drop"]) document.addEventListener(kind, listener, true);
}
