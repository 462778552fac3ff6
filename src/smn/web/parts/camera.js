// A live view of the rear camera, not mirrored; what is taken goes to the page's server as a JPEG.
const streams = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const find = (name) => parentElement.querySelector(name);
  const video = find("video"), said = find("p"), start = find(".start"), shoot = find(".shoot"), stop = find(".stop");
  start.textContent = data.words.start;
  shoot.textContent = data.words.shoot;
  stop.textContent = data.words.stop;
  video.setAttribute("aria-label", data.words.alt);
  const close = () => {
    for (const track of streams.get(parentElement)?.getTracks() ?? []) track.stop();
    streams.delete(parentElement);
    video.srcObject = null;
    for (const one of [video, shoot, stop]) one.hidden = true;
    start.hidden = false;
  };
  start.onclick = async () => {
    if (!navigator.mediaDevices?.getUserMedia) {
      said.textContent = data.words.none;
      return;
    }
    said.textContent = data.words.waiting;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: { ideal: "environment" }, width: { ideal: 1920 }, height: { ideal: 1440 } },
      });
      streams.set(parentElement, stream);
      video.srcObject = stream;
      await video.play();
      said.textContent = "";
      start.hidden = true;
      for (const one of [video, shoot, stop]) one.hidden = false;
      shoot.focus();
    } catch (error) {
      said.textContent = error.name === "NotAllowedError" ? data.words.refused : data.words.none;
    }
  };
  shoot.onclick = () => {
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    close();
    setTriggerValue("picture", canvas.toDataURL("image/jpeg", 0.92));
  };
  stop.onclick = close;
  return close;
}
