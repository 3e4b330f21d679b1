// One clock for every view: a quarter, moved by hand, a step at a time, or by playing. It never starts by itself.

import {at, month} from "./dom.js";

export class Clock {
  constructor(stage, listen) {
    this.quarters = stage.quarters;
    this.listen = listen;
    this.when = this.quarters.length - 1;
    const slider = at("clock");
    slider.max = this.quarters.length - 1;
    slider.addEventListener("input", () => this.to(Number(slider.value)));
    at("clock-back").addEventListener("click", () => this.to(this.when - 1));
    at("clock-on").addEventListener("click", () => this.to(this.when + 1));
    at("clock-play").addEventListener("click", () => this.timer ? this.stop() : this.play());
    this.to(this.when);
  }

  to(when) {
    this.when = Math.min(this.quarters.length - 1, Math.max(0, when));
    const said = this.said = month(this.quarters[this.when]);
    at("clock").value = this.when;
    at("clock-says").textContent = said;
    at("clock").setAttribute("aria-valuetext", this.listen(this.when) || said);
  }

  play() {
    if (this.when === this.quarters.length - 1) this.to(0);
    at("clock-play").textContent = "Pause";
    this.timer = setInterval(() => {
      if (this.when >= this.quarters.length - 1) this.stop();
      else this.to(this.when + 1);
    }, 500);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    at("clock-play").textContent = "Play";
  }
}
