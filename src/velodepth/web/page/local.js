// Frames computed by the browser itself; the same calls as server.js.

import { Range } from "./browser/range.js";
import { fittedSize } from "./browser/sizes.js";
import { toHalf } from "./frames.js";

const STEP = 1 / 30; // seconds between the frames looked at: a page cannot ask for a file's own times

export class LocalEngine {
  constructor(settings) {
    this.settings = settings;
  }

  video(file, on) {
    const element = document.createElement("video");
    element.src = URL.createObjectURL(file);
    element.muted = true;
    element.preload = "auto";
    return this.work(on, async (look, stopped) => {
      await loaded(element);
      const frames = Math.max(1, Math.round(element.duration / STEP));
      on.expect(Math.min(frames, this.settings.frames));
      for (let k = 0; k < frames && !stopped(); k++) {
        await sought(element, (k + 0.5) * STEP); // the middle: at the border either neighbour may be shown
        if (!await look(element, k * STEP)) break;
      }
      URL.revokeObjectURL(element.src);
    });
  }

  webcam(element, on) {
    const began = performance.now();
    // The next picture is taken when the last one is done: the newest one, and the lag cannot grow.
    return this.work(on, async (look, stopped) => {
      while (!stopped() && await look(element, (performance.now() - began) / 1000));
    });
  }

  // Starts a stream of its own; feed(look, stopped) gives it pictures: look(video element, time) -> false at the limit.
  work(on, feed) {
    const { settings } = this;
    const worker = new Worker(new URL("browser/worker.js", import.meta.url), { type: "module" });
    const range = new Range(settings.range);
    const canvas = document.createElement("canvas"), context = canvas.getContext("2d", { willReadFrequently: true });
    let stopped = false, count = 0, expect = null;
    const told = () => new Promise((resolve, reject) => { expect = { resolve, reject }; });
    worker.onmessage = ({ data }) => {
      if (data.status) on.status(data.status);
      else if (data.problem) expect.reject(new Error(data.problem));
      else expect.resolve(data);
    };
    worker.onerror = (event) => expect.reject(new Error(event.message ?? "the browser cannot run the network"));
    const look = async (element, time) => {
      const size = fittedSize(element.videoWidth, element.videoHeight, settings.picture_side);
      [canvas.width, canvas.height] = size;
      context.drawImage(element, 0, 0, ...size);
      const jpeg = new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
      const answer = told();
      worker.postMessage({ image: context.getImageData(0, 0, ...size) });
      const { index, reason, map, size: depth, camera } = await answer;
      const shown = range.follow(map, depth, time, reason);
      on.frame({ index, time, keyframe: reason, depth, range: shown, camera, blob: new Blob([toHalf(map), await jpeg]) });
      return ++count < settings.frames;
    };
    const run = async () => {
      const ready = told();
      worker.postMessage({ settings, folder: new URL("nano/", location.href).href });
      await ready;
      on.status("Working");
      await feed(look, () => stopped);
    };
    run().then(
      () => on.done({ recording: null, limit: count >= settings.frames }),
      (error) => { on.problem(`${error.message}.`); },
    ).finally(() => worker.terminate());
    return { stop() { stopped = true; }, leave() { stopped = true; } };
  }
}

// Waits until a first frame is there; it may be, as the network takes its time to load.
async function loaded(element) {
  if (element.readyState < HTMLMediaElement.HAVE_CURRENT_DATA && !element.error) {
    await new Promise((resolve) => { element.onloadeddata = element.onerror = resolve; });
  }
  if (element.error) throw new Error("This browser cannot play that file: give another video");
  if (!Number.isFinite(element.duration)) throw new Error("That file does not say how long it is: give another video");
}

function sought(element, time) {
  return new Promise((resolve) => {
    element.onseeked = resolve;
    element.currentTime = time;
  });
}
