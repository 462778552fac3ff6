// Copies the answer as text, with the address that shows it again.
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button"), said = parentElement.querySelector("span");
  button.textContent = data.words.copy;
  said.textContent = "";
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(`${data.text}\n${location.href}`);
      said.textContent = data.words.done;
    } catch {
      said.textContent = data.words.failed; // no https, or the browser does not allow it
    }
  };
}
