// What the visitor does, and what follows from it.

import { Colours, Scale } from "./colours.js";
import { npz, ply, save } from "./downloads.js";
import { fromHalf, opened } from "./frames.js";
import { Panels } from "./panels.js";
import { PointView } from "./points.js";
import { Timeline } from "./timeline.js";

const $ = (id) => document.getElementById(id);
const settings = await (await fetch("settings.json")).json();
const here = settings.engine === "browser";
const { Engine } = await import(here ? "./local.js" : "./server.js").then((m) => ({ Engine: m.LocalEngine ?? m.ServerEngine }));
const engine = new Engine(settings);

const colours = new Colours(settings.colours, settings.unknown, fromHalf);
const panels = new Panels($("picture"), $("depth"), $("metres"), colours, new Scale($("scale"), settings.colours));
const points = pointView($("points"));
const timeline = new Timeline(
  { slider: $("time"), marks: $("marks"), clock: $("clock"), reason: $("reason"), play: $("play") }, show,
);

let work = null; // what the engine does now
let camera = null; // the webcam's MediaStream
let wanted = null, showing = false;

function pointView(panel) {
  try {
    return new PointView(panel);
  } catch { // all else works without
    panel.textContent = "This browser draws no points: it has no WebGL.";
    return { show() {}, clear() {} };
  }
}

// Shows a frame; of those that come while one is being opened, the last.
async function show(frame) {
  wanted = frame;
  if (showing) return;
  showing = true;
  while (wanted) {
    const next = wanted;
    wanted = null;
    const open = await opened(next);
    if (next === timeline.frames[next.index]) { // not of a video that was left meanwhile
      panels.show(next, open);
      points.show(next, open);
      document.body.dataset.shown = next.index;
    }
    open.picture.close();
  }
  showing = false;
}

function begin(name, start) {
  clear();
  $("start").hidden = true;
  $("problem").hidden = true;
  $("work").hidden = false;
  $("actions").hidden = $("stop").hidden = false;
  $("mp4").hidden = here;
  $("mp4").setAttribute("aria-disabled", "true");
  $("mp4").removeAttribute("href");
  $("ply").disabled = $("npz").disabled = true;
  $("facts").replaceChildren();
  $("status").textContent = "Starting";
  document.body.dataset.state = "working";
  const arrivals = [], mine = (work = {});
  const on = {
    status(text) { $("status").textContent = text; },
    expect(frames) { timeline.expect(frames); },
    frame(frame) {
      arrivals.push(performance.now());
      if (arrivals.length > 31) arrivals.shift();
      timeline.add(frame);
      $("ply").disabled = $("npz").disabled = false;
      const rate = 1000 * (arrivals.length - 1) / (arrivals.at(-1) - arrivals[0]);
      tell(name, rate);
    },
    done({ recording, limit }) {
      end("Done");
      if (!timeline.frames.length) { // stopped before the first one
        goToStart();
        return;
      }
      if (limit) $("status").textContent = `The first ${timeline.frames.length} frames; velodepth run takes longer videos`;
      if (recording) {
        $("mp4").href = recording;
        $("mp4").download = "velodepth.mp4";
        $("mp4").setAttribute("aria-disabled", "false");
      }
      document.body.dataset.state = "done";
    },
    problem(sentence) {
      end("");
      warn(sentence);
      document.body.dataset.state = "problem";
      if (!timeline.frames.length) goToStart();
    },
  };
  // What an engine says of work that was left is not heard.
  const heard = Object.entries(on).map(([name, react]) => [name, (told) => { if (work === mine) react(told); }]);
  Object.assign(mine, start(Object.fromEntries(heard)));
}

function tell(name, rate) {
  const { frames } = timeline, keyframes = $("marks").children.length;
  const share = `${Math.round(100 * keyframes / frames.length)} %`;
  if (rate) $("status").textContent = `${rate.toFixed(1)} frames/s`;
  const lens = 2 * Math.atan(0.5 / frames.at(-1).camera[0]) * 180 / Math.PI;
  const facts = {
    Source: name, Frames: frames.length, Keyframes: `${keyframes} (${share})`, "Field of view": `${lens.toFixed(0)}°`,
    Computed: here ? "in this browser" : "by the server", Model: settings.preset,
  };
  $("facts").replaceChildren(...Object.entries(facts).flatMap(([name, value]) => {
    const [term, fact] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = name;
    fact.textContent = value;
    return [term, fact];
  }));
}

// No more frames come.
function end(status) {
  camera?.getTracks().forEach((track) => track.stop());
  camera = null;
  $("stop").hidden = true;
  $("status").textContent = status;
  timeline.end();
}

function leave() {
  work?.leave?.();
  work = null;
  camera?.getTracks().forEach((track) => track.stop());
  camera = null;
}

function clear() {
  leave();
  timeline.clear();
  panels.clear();
  points.clear();
  delete document.body.dataset.shown;
}

function warn(sentence) {
  $("problem").textContent = sentence;
  $("problem").hidden = false;
}

function goToStart() {
  clear();
  $("work").hidden = $("actions").hidden = true;
  $("start").hidden = false;
  $("status").textContent = "";
  document.body.dataset.state = "start";
}

function video(file) {
  begin(file.name, (on) => engine.video(file, on));
}

const NO_WEBCAM = {
  NotAllowedError: "The browser does not let this page use the webcam: allow it, then try again.",
  NotFoundError: "No webcam was found: plug one in, then try again.",
};

async function webcam() {
  if (!navigator.mediaDevices) {
    warn("Browsers lend the webcam only to pages of https or of this machine: open the page that way.");
    return;
  }
  let stream;
  $("camera").disabled = true; // until the visitor has answered the browser
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
  } catch (error) {
    warn(NO_WEBCAM[error.name] ?? "The webcam gives no picture: close what else uses it, then try again.");
    return;
  } finally {
    $("camera").disabled = false;
  }
  const element = document.createElement("video");
  element.srcObject = stream;
  element.muted = true;
  await element.play();
  begin("webcam", (on) => engine.webcam(element, on));
  camera = stream;
  stream.getVideoTracks()[0].onended = () => work.stop(); // it was unplugged
}

function chosen() {
  const [file] = $("file").files;
  $("file").value = "";
  if (file) video(file);
}

$("file").addEventListener("change", chosen);
$("camera").addEventListener("click", webcam);
$("demo").addEventListener("click", async () => {
  const answer = await fetch("demo.mp4").catch(() => null);
  if (answer?.ok) video(new File([await answer.blob()], "sample.mp4"));
  else warn("The sample did not come: see that the server runs, then try again.");
});
$("again").addEventListener("click", () => { $("problem").hidden = true; goToStart(); });
$("stop").addEventListener("click", () => work.stop());
$("ply").addEventListener("click", async () => {
  const frame = timeline.frames[timeline.index];
  save(await ply(frame), `velodepth-${String(frame.index).padStart(6, "0")}.ply`);
});
$("npz").addEventListener("click", async () => save(await npz(timeline.frames), "velodepth.npz"));

for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => { event.preventDefault(); $("drop").classList.add("over"); });
}
for (const name of ["dragleave", "drop"]) document.addEventListener(name, () => $("drop").classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  if (event.dataTransfer.files[0]) video(event.dataTransfer.files[0]);
});

$("where").textContent = here
  ? "The video stays on this device: your browser computes the depth."
  : `The server computes the depth of the first ${settings.frames} frames and forgets the video when you leave. `;
if (!here) {
  const link = document.createElement("a");
  link.href = "local/";
  link.textContent = "Compute in this browser instead";
  $("where").append(link);
}
document.body.dataset.state = "start";
$("start").inert = false;
chosen(); // a file that was chosen while this page was still loading
