// Frames computed by the server that the page came from (web/app.py).
//
// An engine has video(file, on) and webcam(element, on); each answers {stop(), leave()}: end it, or
// forget it. on.expect(frames), on.frame(frame),
// on.done({recording (URL or null), limit}), on.problem(sentence), on.status(text).

import { unpack } from "./frames.js";

const LOST = "The connection to the server was lost: see that it runs, then start again.";

export class ServerEngine {
  constructor(settings) {
    this.settings = settings;
  }

  video(file, on) {
    const most = this.settings.upload_bytes;
    if (file.size > most) {
      on.problem(`${file.name} is too large: give at most ${Math.floor(most / 2 ** 20)} MB.`);
      return { stop() {}, leave() {} };
    }
    let socket = null;
    const upload = new XMLHttpRequest(); // fetch does not tell how far an upload is
    upload.open("POST", `streams?name=${encodeURIComponent(file.name)}`);
    upload.responseType = "json";
    upload.upload.onprogress = (event) => on.status(`Sending ${Math.round(100 * event.loaded / event.total)} %`);
    upload.onerror = () => on.problem(LOST);
    upload.onload = () => {
      if (upload.status !== 201) {
        on.problem(upload.response ? sentence(upload.response.error, file.name)
          : `The server refused ${file.name} with status ${upload.status}: ask who runs it.`); // a proxy in between
        return;
      }
      const { id, frames } = upload.response;
      on.expect(frames ?? 0);
      socket = open(`streams/${id}`, id, file.name, on);
    };
    upload.send(file);
    const leave = () => { upload.abort(); socket?.close(); };
    return { stop() { halt(socket, leave, on); }, leave };
  }

  webcam(element, on) {
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d");
    const began = performance.now();
    let stopped = false;
    const send = async () => {
      if (stopped) return;
      const scale = Math.min(1, this.settings.picture_side / Math.max(element.videoWidth, element.videoHeight));
      [canvas.width, canvas.height] = [element.videoWidth * scale, element.videoHeight * scale].map(Math.round);
      context.drawImage(element, 0, 0, canvas.width, canvas.height);
      const time = new Float64Array([(performance.now() - began) / 1000]);
      const jpeg = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
      if (!stopped && socket.readyState === WebSocket.OPEN) socket.send(new Blob([time, jpeg]));
    };
    const leave = () => { stopped = true; socket.close(); };
    const finish = (told) => { stopped = true; on.done(told); };
    // The next picture is taken when the last one was answered: the newest one, and the lag cannot grow.
    const socket = open("webcam", null, null, { ...on, done: finish, begun: send, frame(frame) { on.frame(frame); send(); } });
    return { stop() { stopped = true; halt(socket, leave, on); }, leave };
  }
}

// Asks the server to come to an end, or, while it is not there yet, does without it.
function halt(socket, leave, on) {
  if (socket?.readyState === WebSocket.OPEN) {
    socket.send("stop");
  } else {
    leave();
    on.done({ recording: null, limit: false });
  }
}

function open(path, id, name, on) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url);
  let ended = false;
  socket.binaryType = "arraybuffer";
  socket.onmessage = ({ data }) => {
    if (typeof data !== "string") {
      on.frame(unpack(data));
      return;
    }
    const told = JSON.parse(data);
    if (told.id) {
      id = told.id;
      on.begun();
      return;
    }
    ended = true;
    if (told.error) on.problem(sentence(told.error, name));
    else on.done({ recording: told.done.recording ? `streams/${id}/side.mp4` : null, limit: told.done.limit });
  };
  socket.onclose = () => { if (!ended) on.problem(LOST); };
  const close = socket.close.bind(socket);
  socket.close = () => { ended = true; close(); };
  return socket;
}

// The name of a file stays as it is.
function sentence(text, file) {
  return `${text.startsWith(file) ? text : text[0].toUpperCase() + text.slice(1)}.`;
}
