// Views that explain: each lever's share, one person in two worlds, people and their ties, the places. Each is asked for
// when it is opened, and says so when what it shows belongs to an older wish.

import {make, fill, at, csvOf, drawing, figures, list, month, save, table} from "./dom.js";
import {COLOURS, CONFIG, FONT, draw, label, number} from "./curves.js";

// A view asks for its own kind of message, and says what it waits for, that it is there, or why it is not.
class View {
  // `says` is where its words stand, apart from its pictures where it has several.
  constructor(page, kind, title, waiting, says = kind) {
    Object.assign(this, {page, kind, title, waiting, says});
  }

  async ask() {
    this.newest = null;
    fill(at(this.kind));
    this.wait(this.waiting);
    this.isFirst = true;
    await this.page.ask(this.kind, (message) => this.hear(message));
  }

  hear(message) {
    if (message.kind === this.kind) {
      this.newest = message;
      this.show(message);
      this.isFirst = false;
      if (message.done === message.of) at("view-says").textContent = `${this.title} is shown.`;
    } else if (message.kind === "failed") this.wait(message.said);
    else if (message.kind === "late") {
      this.isFirst = true; // what is drawn may be of the first runs
      if (this.newest) this.show(this.newest);
      at("view-says").textContent = message.said;
      at(this.says).prepend(make("p", {className: "notice"}, `${message.said} `, make("button", {type: "button", onclick: () => this.ask()}, "Go on")));
    }
  }

  wait(text) {
    fill(at(this.says), make("p", {className: "quiet"}, text));
    at("view-says").textContent = text;
  }
}

// Each lever's share by knock-out.
export class Why extends View {
  constructor(page) {
    super(page, "why", "Why it happened", "Living the scenario again without each lever …", "why-says");
  }

  show({measures, done, of}) {
    // in between only the count moves, so that nobody loses their place
    if (!this.isFirst && done < of) {
      at("why-count").textContent = `${done} of ${of} runs`;
      return;
    }
    fill(at("why"));
    const isWhole = done === of;
    fill(at("why-says"), make("p", {className: "quiet"}, "What goes away when one lever is put back and all else stays: ", make("span", {id: "why-count"}, `${done} of ${of} runs`),
      ". Levers overlap, so the parts need not add up to the whole: what two levers do only together goes with either of them, and what each would do in the other's place goes with neither.",
      !isWhole && " Words stand here once all runs are lived."));
    draw(measures.map((measure) => {
      const rows = [["The whole change", measure.whole.text], ...measure.parts.map((part) => [`Only with: ${part.label}`, part.text + (part.shown || !isWhole ? "" : ", cannot be told from nothing")]),
        ["Left over: what levers do together, or for each other", measure.together.text]];
      const chart = make("div", {className: "chart", role: "img", "aria-label": rows.map((row) => row.join(": ")).join("; ")});
      const bars = [{label: "The whole change", ...measure.whole}, ...measure.parts];
      at("why").append(make("figure", {}, make("figcaption", {}, make("h3", {}, measure.label, make("span", {className: "unit"}, ` ${measure.unit}`)),
        make("p", {className: "quiet"}, "Last two years; bars: mean; lines: 95 % interval over parameter sets.")), chart,
      make("p", {className: "sentence"}, isWhole ? measure.sentence : "Not all runs are lived yet."),
      figures(`${measure.label} (${measure.unit})`, `why-${measure.name}`, ["Part", "Change (95 % interval)"], rows)));
      return [chart, [{type: "bar", orientation: "h", y: bars.map((bar) => label(bar.label)), x: bars.map((bar) => bar.mean),
        marker: {color: bars.map((_, k) => k ? COLOURS[1] : COLOURS[0])},
        error_x: {type: "data", symmetric: false, array: bars.map((bar) => bar.high - bar.mean), arrayminus: bars.map((bar) => bar.mean - bar.low)},
        hovertemplate: "%{y}: %{x:.4g}<extra></extra>"}],
      {font: {...FONT, size: this.page.curves.size}, height: 90 + 34 * bars.length * (this.page.curves.size / 14), margin: {l: 10, r: 16, t: 8, b: 40}, yaxis: {automargin: true, autorange: "reversed"}, xaxis: {zeroline: true, automargin: true}, showlegend: false}];
    }));
  }
}

// One person in two worlds.
export class People extends View {
  constructor(page) {
    super(page, "people", "One person in two worlds", "Looking for people whose lives run differently …");
  }

  show({lives}) {
    if (!lives.length) {
      this.wait("Nobody of the people followed lives differently in the two worlds.");
      return;
    }
    const room = make("div", {});
    const choose = make("fieldset", {className: "choices"}, make("legend", {}, "Whose life"), lives.map((life, k) => make("label", {className: "choice"},
      make("input", {type: "radio", name: "life", checked: k === 0, onchange: () => this.one(room, lives[k])}), ` ${life.name}`)));
    fill(at("people"), make("p", {className: "quiet"}, "Invented people, the same in both worlds; one pair of lives, so no interval. One life proves nothing."), choose, room);
    this.one(room, lives[0]);
  }

  one(room, life) {
    const chart = make("div", {className: "chart", role: "img", "aria-label": life.chart.sentence});
    fill(room, make("h3", {}, `${life.name} (invented person)`), make("p", {}, life.who), make("p", {}, life.why_chosen),
      make("div", {className: "notice"}, make("h4", {}, `Their lives part in ${life.parting.when}`),
        list([`${life.base}: ${life.parting.base || "nothing happens."}`, `${life.own}: ${life.parting.own || "nothing happens."}`, `Why: ${life.parting.why}.`])),
      make("p", {className: "quiet"}, life.chart.subtitle), chart, make("p", {}, life.chart.sentence),
      make("details", {}, make("summary", {}, "The weeks of both lives"), table("What happens in both worlds", ["Week of", life.base, life.own],
        life.weeks.map(([day, before, after]) => [day, before || "–", after || "–"])),
      make("p", {className: "save"}, make("button", {type: "button", onclick: () => save("invented-person.csv", csvOf([["week_of", life.base, life.own], ...life.weeks]), "text/csv;charset=utf-8")}, "Weeks (CSV)")), life.left_out ? make("p", {}, `${life.left_out} weeks more are left out.`) : null));
    const shapes = life.chart.layout.shapes ?? [];
    draw([[chart, life.chart.data, {...life.chart.layout, font: {...life.chart.layout.font, size: this.page.curves.size},
      shapes: [...shapes, {type: "line", xref: "x", yref: "paper", y0: 0, y1: 1, line: {color: "#767676", width: 1, dash: "dot"}}]}]]);
    this.clock = {chart, shape: shapes.length};
    this.at(this.page.clock.when);
  }

  // The clock's quarter as a line.
  at(when) {
    if (!this.clock?.chart.isConnected || at("people").closest("[hidden]")) return;
    const {chart, shape} = this.clock, x = this.page.stage.quarters[when];
    drawing(chart, globalThis.Plotly.relayout(chart, {[`shapes[${shape}].x0`]: x, [`shapes[${shape}].x1`]: x}));
  }
}

const STANDS = ["no need", "in need, with a service", "in need, with no service", "in crisis"];
const SHAPES = ["circle", "square", "triangle-up", "x"];
const FILLS = ["#b9b9b9", "#0060A8", "#B34700", "#8c0030"];

// How many stand in each way, and how many volunteer.
const counted = (signs) => [...STANDS.map((_, kind) => [...signs].filter((sign) => sign % 4 === kind).length), [...signs].filter((sign) => sign >= 4).length];

// People and their ties: the same places on the page in every world and every quarter.
export class Network extends View {
  constructor(page) {
    super(page, "network", "People and their ties", "Drawing people and their ties …", "network-says");
  }

  show(told) {
    this.told = told;
    this.titles = this.page.titles();
    const [x, y] = [0, 1].map((k) => told.places.map((place) => place[k]));
    this.lines = {type: "scatter", mode: "lines", hoverinfo: "skip", showlegend: false, line: {color: "rgba(0,0,0,0.12)", width: 1},
      x: told.ties.flatMap(([one, other]) => [x[one], x[other], null]), y: told.ties.flatMap(([one, other]) => [y[one], y[other], null])};
    this.xy = {x, y};
    fill(at("network"));
    fill(at("network-says"), make("p", {className: "quiet"}, `${told.places.length} invented people who live near each other, in the first pair of lives. A ring marks a volunteer. Move the clock to see them change.`));
    this.charts = told.worlds.map((_, which) => {
      const chart = make("div", {className: "chart", role: "img"}), says = make("p", {}), title = this.titles[which];
      at("network").append(make("figure", {}, make("figcaption", {}, make("h3", {}, title)), chart, says,
        figures(`People out of ${told.places.length}, quarter by quarter, ${title}`, `people-${which}`, ["Quarter to", ...STANDS, "volunteer"], told.worlds[which].map((signs, k) =>
          [month(this.page.stage.quarters[k]), ...counted(signs).map(String)]))));
      return {chart, says};
    });
    this.at(this.page.clock.when);
  }

  at(when) {
    if (!this.told || at("network").closest("[hidden]")) return;
    this.told.worlds.forEach((quarters, which) => {
      const signs = [...quarters[when]].map(Number), {chart, says} = this.charts[which];
      const traces = STANDS.map((stands, kind) => {
        const who = signs.map((sign, k) => [sign, k]).filter(([sign]) => sign % 4 === kind);
        // a point that is nowhere keeps the key whole where nobody stands so
        return {type: "scatter", mode: "markers", name: stands, showlegend: true, hoverinfo: "skip",
          x: [...who.map(([, k]) => this.xy.x[k]), null], y: [...who.map(([, k]) => this.xy.y[k]), null],
          marker: {symbol: SHAPES[kind], size: kind ? 10 : 6, color: FILLS[kind], line: {color: "#1c1c1c", width: who.map(([sign]) => sign >= 4 ? 1.6 : 0)}}};
      });
      drawing(chart, globalThis.Plotly.react(chart, [this.lines, ...traces], {font: {...FONT, size: this.page.curves.size}, height: 420, margin: {l: 8, r: 8, t: 8, b: 8}, hovermode: false,
        xaxis: {visible: false, fixedrange: true}, yaxis: {visible: false, fixedrange: true}, legend: {orientation: "h", x: 0, y: 1.02, yanchor: "bottom"}}, CONFIG));
      const counts = counted(quarters[when]), said = `${this.page.clock.said}: ${STANDS.map((stands, kind) => `${counts[kind]} ${stands}`).join(", ")}; ${counts[STANDS.length]} volunteer.`;
      says.textContent = said;
      chart.setAttribute("aria-label", `${this.titles[which]}. ${said}`);
    });
  }
}

// The places as tiles: a colour and a figure each, quarter by quarter.
export class Places extends View {
  constructor(page) {
    super(page, "places", "Seven places", "Living a larger borough that has all seven places …");
    this.measure = 0;
  }

  show(told) {
    this.told = told;
    this.titles = this.page.titles();
    if (!this.isFirst) {
      this.count.textContent = `${told.done} of ${told.of} runs`;
      this.at(this.page.clock.when);
      return;
    }
    this.count = make("span", {}, `${told.done} of ${told.of} runs`);
    const choose = make("label", {}, "Measure ", make("select", {onchange: (event) => { this.measure = event.target.selectedIndex; this.at(this.page.clock.when); }},
      told.measures.map((one, k) => make("option", {selected: k === this.measure}, `${one.label} (${one.unit})`))));
    this.room = make("div", {className: "grid"});
    this.figures = make("div", {});
    fill(at("places"), make("p", {className: "quiet"}, `${told.size.toLocaleString("en-GB")} invented citizens; the names only mark seven areas. Mean of `, this.count,
      `. Below it: in ${this.titles[0]} the lowest and highest run; in the others the difference from it, with the lowest and highest pair. Tiles stand in a fixed order; this is no map. Move the clock to see them change.`), choose, this.room, this.figures);
    this.at(this.page.clock.when);
  }

  at(when) {
    if (!this.told || at("places").closest("[hidden]")) return;
    const measure = this.told.measures[this.measure], every = measure.mean.flat(2).filter((value) => value !== null);
    const [low, high] = [Math.min(...every), Math.max(...every)];
    const reach = (world, k) => `${signed(measure.low[world][k][when], world)} to ${signed(measure.high[world][k][when], world)}`;
    const below = (world, k) => world ? `${signed(measure.apart[world][k][when], world)} (${reach(world, k)})` : reach(world, k);
    const said = (world, k) => world ? `${short(measure.mean[world][k][when])}; ${below(world, k)}` : `${short(measure.mean[world][k][when])} (${below(world, k)})`;
    fill(this.room, measure.mean.map((world, which) => make("figure", {}, make("figcaption", {}, make("h3", {}, this.titles[which])),
      make("div", {className: "tiles", role: "list"}, this.told.places.map((place, k) => {
        const value = world[k][when], depth = value === null || high === low ? 0 : (value - low) / (high - low);
        return make("div", {className: "tile", role: "listitem", style: `--depth: ${(8 + 62 * depth).toFixed(0)}%`},
          make("strong", {}, place), make("span", {}, short(value)), make("small", {}, below(which, k)));
      })))), make("p", {className: "quiet"}, `${measure.label}, ${measure.unit}, quarter to ${this.page.clock.said}. Darker: more, from ${short(low)} to ${short(high)}.`));
    const wasOpen = this.figures.querySelector("details")?.open;
    fill(this.figures, figures(`${measure.label} (${measure.unit}), quarter to ${this.page.clock.said}`, `places-${measure.name}`,
      ["Place", ...this.titles], this.told.places.map((place, k) => [place, ...measure.mean.map((_, world) => said(world, k))])));
    this.figures.querySelector("details").open = Boolean(wasOpen);
  }
}

// Three figures are more than so few runs can tell apart.
const short = (value) => value === null ? "no figure" : number(Number(value.toPrecision(3)));

// A difference from the first world carries its sign.
const signed = (value, world) => world && value > 0 ? `+${short(value)}` : short(value);
