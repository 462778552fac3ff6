// Follows the page's own links to a movement without loading the page anew.
let follow;

export default function ({ setTriggerValue }) {
  if (follow) document.removeEventListener("click", follow);
  follow = (event) => {
    const link = event.target.closest?.("a[data-movement]");
    // A link that is to be opened elsewhere is the browser's.
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    setTriggerValue("movement", link.dataset.movement);
    document.querySelector("[data-testid=stMain]")?.scrollTo({ top: 0 });
  };
  document.addEventListener("click", follow);
}
