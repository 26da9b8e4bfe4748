// Frames computed by the browser itself; the same calls as server.js.

import { Range } from "./browser/range.js";
import { fittedSize } from "./browser/sizes.js";
import { toHalf } from "./frames.js";

const STEP = 1 / 30; // seconds between the frames looked at: a page cannot ask for a file's own times
const PATIENCE = 20_000; // milliseconds that one of them may take to be found

export class LocalEngine {
  constructor(settings) {
    this.settings = settings;
  }

  video(file, on) {
    if (file.type.startsWith("image/")) return this.photo(file, on);
    const element = document.createElement("video");
    element.src = URL.createObjectURL(file);
    element.muted = true;
    element.preload = "auto";
    return this.work(on, async (look) => {
      try {
        await loaded(element, file.name);
        const frames = Math.max(1, Math.round(element.duration / STEP));
        on.expect(Math.min(frames, this.settings.frames));
        let before = Promise.resolve(true); // the next picture is sought while the last one is computed
        for (let k = 0; k < frames; k++) {
          await sought(element, (k + 0.5) * STEP, file.name); // the middle: at the border either neighbour may be shown
          if (!await before) return;
          before = look(element, k * STEP);
          before.catch(() => {}); // it is heard where it is awaited, if the seek before that succeeds
        }
        await before;
      } finally {
        URL.revokeObjectURL(element.src);
      }
    });
  }

  photo(file, on) {
    return this.work(on, async (look) => {
      const picture = await createImageBitmap(file).catch(() => { // upright, as its EXIF says
        throw new Error(`This browser cannot show ${file.name}: give another photo`);
      });
      on.expect(1);
      await look(picture, 0);
      picture.close();
    });
  }

  webcam(element, on) {
    const began = performance.now();
    // The next picture is taken when the last one is done: the newest one, and the lag cannot grow.
    return this.work(on, async (look) => {
      while (await look(element, (performance.now() - began) / 1000));
    });
  }

  // Starts a stream of its own; feed(look) gives it pictures: look(video element or bitmap, time) -> false once it is to end.
  work(on, feed) {
    const { settings } = this;
    const worker = new Worker(new URL("browser/worker.js", import.meta.url), { type: "module" });
    const range = new Range(settings.range);
    const canvas = document.createElement("canvas"), context = canvas.getContext("2d", { willReadFrequently: true });
    let stopped = false, count = 0, answered, failed;
    // One question at a time.
    const ask = (message) => new Promise((resolve, reject) => {
      [answered, failed] = [resolve, reject];
      worker.postMessage(message);
    });
    worker.onmessage = ({ data }) => {
      if (data.status) on.status(data.status);
      else if (data.problem) failed(new Error(data.problem));
      else answered(data);
    };
    worker.onerror = () => failed(new Error("This browser cannot start the network: reload the page, or use a newer browser"));
    const look = async (element, time) => {
      if (stopped) return false;
      const [width, height] = [element.videoWidth ?? element.width, element.videoHeight ?? element.height];
      const size = fittedSize(width, height, settings.picture_side);
      if (!count) [canvas.width, canvas.height] = size;
      if (String(size) !== String([canvas.width, canvas.height])) {
        throw new Error("The webcam's pictures changed their size: start it again");
      }
      context.drawImage(element, 0, 0, ...size);
      const jpeg = new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
      const { index, reason, map, size: depth, camera } = await ask({ image: context.getImageData(0, 0, ...size) });
      const blob = new Blob([toHalf(map), await jpeg]);
      if (stopped) return false;
      on.frame({ index, time, keyframe: reason, depth, range: range.follow(map, depth, time, reason), camera, blob });
      return ++count < settings.frames;
    };
    const run = async () => {
      await ask({ settings, folder: new URL("nano/", location.href).href });
      on.status("Working");
      await feed(look);
    };
    run().catch((error) => { if (!stopped) throw error; }).then(
      () => on.done({ recording: null, limit: count >= settings.frames }),
      (error) => on.problem(`${error.message}.`),
    ).finally(() => worker.terminate());
    const stop = () => { stopped = true; failed(); }; // what is being computed is not waited for
    return { stop, leave: stop };
  }
}

// Waits until a first frame is there; it may be, as the network takes its time to load.
async function loaded(element, name) {
  if (element.readyState < HTMLMediaElement.HAVE_CURRENT_DATA && !element.error) {
    await new Promise((resolve) => { element.onloadeddata = element.onerror = resolve; });
  }
  if (element.error) throw new Error(`This browser cannot play ${name}: give another video`);
  if (!element.videoWidth) throw new Error(`${name} has no video in it: give a video file`);
  // What a browser recorded does not say how long it is; looking for its end tells.
  if (element.duration === Infinity) await sought(element, Number.MAX_SAFE_INTEGER, name);
  if (!Number.isFinite(element.duration)) throw new Error(`${name} does not say how long it is: give another video`);
}

function sought(element, time, name) {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new Error(`This browser finds no picture at ${time.toFixed(2)} s of ${name}: give another video`));
    const late = setTimeout(fail, PATIENCE);
    element.onseeked = () => { clearTimeout(late); resolve(); };
    element.onerror = fail;
    element.currentTime = time;
  });
}
