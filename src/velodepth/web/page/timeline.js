// The slider over time, marks at keyframes, playing.

const REASONS = {
  start: "start", cut: "another scene", motion: "fast motion", uncovered: "much is new", drift: "drifted", moving: "something moves", age: "time for a new look",
  every: "every frame",
};
const reasonOf = ({ keyframe }) => `keyframe: ${REASONS[keyframe] ?? keyframe}`;

export class Timeline {
  // onMove(index): another frame is to be shown.
  constructor({ slider, marks, clock, reason, play }, onMove) {
    Object.assign(this, { slider, marks, clock, reason, play, onMove });
    slider.addEventListener("input", () => this.goTo(slider.value));
    marks.addEventListener("click", ({ target }) => { if (target.dataset.index) this.goTo(target.dataset.index); });
    play.addEventListener("click", () => (this.playing ? this.pause() : this.start()));
    this.clear();
  }

  clear() {
    this.pause();
    Object.assign(this, { frames: [], expected: 0, index: 0, live: true, following: true });
    this.marks.replaceChildren();
    this.layOut();
  }

  // expected: how many frames there will be, or 0 if nobody knows.
  expect(expected) {
    this.expected = expected;
    this.layOut();
  }

  add(frame) {
    this.frames.push(frame);
    if (frame.keyframe) {
      const mark = document.createElement("i");
      mark.title = `Frame ${frame.index}: ${reasonOf(frame)}`;
      mark.dataset.index = frame.index;
      this.marks.append(mark);
    }
    this.layOut();
    if (this.following) this.go(frame.index);
  }

  // No more frames come.
  end() {
    this.live = this.following = false;
    this.expected = 0;
    this.layOut();
  }

  layOut() {
    const last = Math.max(this.frames.length, this.expected, 2) - 1;
    this.marks.style.setProperty("--arrived", Math.min(1, Math.max(0, this.frames.length - 1) / last));
    if (this.last !== last) {
      this.last = last;
      this.slider.max = last;
    }
    for (const mark of this.marks.children) mark.style.left = `${100 * mark.dataset.index / last}%`;
    this.tell();
  }

  // What the visitor asks for; at the newest frame, those that still come are followed.
  goTo(index) {
    this.pause();
    this.go(Number(index));
    this.following = this.live && this.index >= this.frames.length - 1;
  }

  go(index) {
    this.index = Math.min(index, this.frames.length - 1);
    this.slider.value = this.index;
    this.tell();
    if (this.index >= 0) this.onMove(this.frames[this.index]);
  }

  tell() {
    const frame = this.frames[this.index];
    this.clock.textContent = frame ? `${frame.time.toFixed(2)} s · frame ${frame.index}` : "";
    this.reason.textContent = frame?.keyframe ? reasonOf(frame) : "";
    if (frame) this.slider.setAttribute("aria-valuetext", `${frame.time.toFixed(2)} seconds, frame ${frame.index}`);
  }

  start() {
    if (this.frames.length < 2) return;
    if (this.index >= this.frames.length - 1) this.go(0);
    this.following = false;
    this.playing = true;
    this.play.classList.add("playing");
    this.play.setAttribute("aria-label", "Pause");
    const began = performance.now() / 1000 - this.frames[this.index].time;
    const step = () => {
      if (!this.playing) return;
      const now = performance.now() / 1000 - began;
      let index = this.index;
      while (index + 1 < this.frames.length && this.frames[index + 1].time <= now) index++;
      if (index !== this.index) this.go(index);
      if (this.index >= this.frames.length - 1) this.goTo(this.index);
      else requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  pause() {
    this.following = false;
    this.playing = false;
    this.play.classList.remove("playing");
    this.play.setAttribute("aria-label", "Play");
  }
}
