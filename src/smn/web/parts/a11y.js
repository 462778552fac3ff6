// What Streamlit leaves to others: the page's language, and names for those who have the page read to them.
let observer;

export default function ({ data }) {
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
}
