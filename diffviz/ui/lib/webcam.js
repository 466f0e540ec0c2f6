// The webcam: a live image, a button that takes a picture, and one that closes it again.

import { make } from "./dom.js";
import { context2d } from "./pixels.js";

/** Show the camera in `place`; onPicture(blob) gets the picture taken, say(sentence) what is wrong. @param {HTMLElement} place @param {(blob: Blob | null) => void} onPicture @param {(sentence: string) => void} say */
export async function openWebcam(place, onPicture, say) {
  if (place.childElementCount) return; // open already
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user" } });
  } catch {
    return say("There is no camera that this page may use.");
  }
  const video = make("video", { srcObject: stream, autoplay: true, muted: true, playsInline: true });
  const take = make("button", { type: "button" }, "Take the picture");
  const close = make("button", { type: "button" }, "Close");
  const stop = () => {
    for (const track of stream.getTracks()) track.stop();
    place.replaceChildren();
  };
  take.addEventListener("click", () => {
    const canvas = make("canvas", { width: video.videoWidth, height: video.videoHeight });
    context2d(canvas).drawImage(video, 0, 0);
    canvas.toBlob((blob) => onPicture(blob), "image/png");
    stop();
  });
  close.addEventListener("click", stop);
  place.replaceChildren(video, take, close);
}
