// Where needs go: a picture of every need of the last two years, from where it came to how it ended or where it stands.

import {make, fill, at, figures} from "./dom.js";
import {FONT, draw, label} from "./curves.js";

const COLOUR = {begun: "#444444", service: "#0060A8", other: "#00704A", nobody: "#B34700"};
const kindOf = (name) => name.includes("service") ? "service" : name === "hidden_need_population_share" || name.startsWith("turned_away") ? "nobody" : "other";

export class Flows {
  constructor(page) {
    this.page = page;
  }

  show(told, titles) {
    const isNew = this.told?.titles.join() !== titles.join() || this.told.told.id !== told.id;
    this.told = {told, titles};
    if (isNew || told.last) this.draw();
  }

  draw() {
    if (!this.told || at("flows").closest("[hidden]")) return;
    const {told, titles} = this.told, {began, ended, open} = this.page.stage.flows;
    const names = {...ended, ...open}, room = at("flows");
    fill(room);
    const drawn = told.scenarios.map(({flows}, which) => {
      const keys = Object.keys(names).filter((name) => name in flows.ends);
      const labels = [`${began.open}: ${flows.open.toFixed(0)}`, `${began.needs_per_1000}: ${flows.new.toFixed(0)}`, "", ...keys.map((name) => `${names[name]}: ${flows.ends[name].toFixed(0)}`)];
      const colours = [COLOUR.begun, COLOUR.begun, COLOUR.begun, ...keys.map((name) => COLOUR[kindOf(name)])];
      const chart = make("div", {className: "chart", role: "img", "aria-label": flows.sentence});
      room.append(make("figure", {}, make("figcaption", {}, make("h3", {}, titles[which]), make("p", {className: "quiet"}, "Needs per 1,000 residents over the last two years.")),
        chart, make("p", {className: "sentence"}, flows.sentence),
        figures(`Needs per 1,000 residents, ${titles[which]}`, `needs-${told.id}-${which}`, ["Where", "Needs"], labels.filter((text) => text)
          .map((text) => [text.slice(0, text.lastIndexOf(": ")), text.slice(text.lastIndexOf(": ") + 2)]))));
      return [chart, [{type: "sankey", arrangement: "snap",
        node: {label: labels.map(label), color: colours, pad: 14, thickness: 14, hovertemplate: "%{label}<extra></extra>"},
        link: {source: [0, 1, ...keys.map(() => 2)], target: [2, 2, ...keys.map((_, k) => k + 3)],
          value: [flows.open, flows.new, ...keys.map((name) => flows.ends[name])].map((value) => Math.max(0, value)),
          color: [COLOUR.begun, COLOUR.begun, ...keys.map((name) => COLOUR[kindOf(name)])].map((one) => `${one}55`)}}],
      {font: {...FONT, size: this.page.curves.size}, margin: {l: 8, r: 8, t: 8, b: 8}, height: 420, paper_bgcolor: "#ffffff"}];
    });
    draw(drawn);
  }
}
