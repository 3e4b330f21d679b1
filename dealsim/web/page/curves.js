// Charts of the measures: the baseline and every scenario over time, with bands, a sentence, a table and a download.

import {make, fill, at, drawing, folded, month, table, save, csvOf} from "./dom.js";

// Told apart by colour and by dashes: blue, orange and green that people who see few colours can tell, grey for the base.
export const COLOURS = ["#444444", "#0060A8", "#B34700", "#00704A"];
const DASHES = ["dash", "solid", "dot", "dashdot"];
const INK = "#1c1c1c", GRID = "#dcdcdc";
// Every chart of the page: no tool bar, and above all no button that would send figures away.
export const CONFIG = {displayModeBar: false, displaylogo: false, responsive: true, showSendToCloud: false, showEditInChartStudio: false};
export const FONT = {family: "system-ui, sans-serif", color: INK};

export const number = (value) => value === null || value === undefined ? "no figure" : String(value).replace("-", "−");
// What the chart library would read as markup or as a place to fill in.
export const label = (text) => String(text).replaceAll("<", "‹").replaceAll(">", "›").replaceAll("&", "＆").replaceAll("%{", "% {");
const axis = (size) => ({gridcolor: GRID, linecolor: INK, ticks: "outside", automargin: true, zerolinecolor: "#767676", tickfont: {size}});
const clear = (colour) => `rgba(${[1, 3, 5].map((k) => Number.parseInt(colour.slice(k, k + 2), 16)).join(",")},0.18)`;

// Draws [chart, traces, layout] once all of them stand on the page, since each takes the width of its column from the others.
export const draw = (charts) => charts.forEach(([chart, traces, layout]) => drawing(chart, globalThis.Plotly.newPlot(chart, traces, layout, CONFIG)));

// Runs from which a chart shows the whole of its bands.
const ENOUGH = 8;

export class Curves {
  constructor(stage) {
    this.stage = stage;
    this.isApart = false;
    this.size = 14;
    this.told = null;
    this.when = stage.quarters.length - 1;
    this.figures = new Map();
    for (const measure of stage.measures) at(`curves-${measure.where}`)?.append(this.figure(measure));
  }

  figure(measure) {
    const parts = {
      measure, chart: make("div", {className: "chart", role: "img"}), subtitle: make("p", {className: "quiet"}),
      reading: make("p", {className: "reading quiet"}), sentence: make("p", {className: "sentence"}), rows: make("div", {}),
    };
    this.figures.set(measure.name, parts);
    const saves = make("p", {className: "save"},
      make("button", {type: "button", onclick: () => this.csv(parts)}, "Figures (CSV)", make("span", {className: "unseen"}, ` of ${measure.label}`)),
      make("button", {type: "button", onclick: () => this.picture(parts)}, "Picture (PNG)", make("span", {className: "unseen"}, ` of ${measure.label}`)));
    return make("figure", {id: `figure-${measure.name}`},
      make("figcaption", {}, make("h3", {}, measure.label, make("span", {className: "unit"}, ` ${measure.unit}`)), parts.subtitle),
      parts.chart, parts.reading, parts.sentence,
      make("details", {}, make("summary", {}, "What it is", make("span", {className: "unseen"}, `: ${measure.label}`)), make("p", {}, measure.meaning)),
      folded(measure.label, parts.rows, () => this.tabulate(parts)), saves);
  }

  // `told`: {curves, done, of, id, mark}; `titles`: what every scenario is called, the base first.
  show(told, titles) {
    this.told = {...told, titles};
    const [first, ...rest] = this.figures.values();
    this.draw(first);
    performance.mark(`answer-${told.done}`);
    // the others follow one frame each, so that the first is on the screen at once
    cancelAnimationFrame(this.frame);
    const next = () => {
      const parts = rest.shift();
      if (!parts) return;
      this.draw(parts);
      this.frame = requestAnimationFrame(next);
    };
    this.frame = requestAnimationFrame(next);
    at("clock").setAttribute("aria-valuetext", this.heard());
  }

  lines(parts) {
    const {curves, titles} = this.told, name = parts.measure.name;
    return curves.map((own, which) => ({which, title: titles[which], mean: this.isApart ? own[name].apart : own[name].mean,
      half: this.isApart ? own[name].apart_half : own[name].half})).filter((line) => line.mean);
  }

  // `isOfNewWidth`: the chart has more or less room than when it was drawn.
  draw(parts, isOfNewWidth = false) {
    const {measure, chart} = parts;
    if (!this.told || chart.closest("[hidden]") || !chart.isConnected) return;
    const lines = this.lines(parts), x = this.stage.quarters, traces = [];
    for (const line of lines) {
      const edge = {type: "scatter", mode: "lines", line: {width: 0}, hoverinfo: "skip", showlegend: false, x};
      const [low, high] = [0, 1].map((end) => x.map((_, k) => endsOf(line, k)?.[end] ?? null));
      if (low.some((value) => value !== null)) traces.push({...edge, y: low}, {...edge, y: high, fill: "tonexty", fillcolor: clear(COLOURS[line.which])});
      traces.push({type: "scatter", mode: "lines", name: label(line.title), x, y: line.mean,
        line: {color: COLOURS[line.which], width: this.size > 20 ? 4 : 2.5, dash: DASHES[line.which]},
        hovertemplate: `%{x|%B %Y}: %{y}<extra>${label(line.title)}</extra>`});
    }
    const {done, of, id, near} = this.told, mark = near?.some((moved) => moved.length) ? "nearest real runs, not what was asked for<br>" : "";
    const layout = {
      font: {...FONT, size: this.size}, paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff",
      margin: {l: 50, r: 12, t: 10, b: mark ? 78 : 60}, // a longer key takes nothing from the curves
      height: (this.size > 20 ? 320 : 240) + 1.4 * this.size * Math.max(0, lines.length - 2), hovermode: "x unified", showlegend: true,
      legend: {orientation: "h", x: 0, y: 1.02, yanchor: "bottom", traceorder: "normal"},
      xaxis: {...axis(this.size), type: "date"},
      yaxis: {...axis(this.size), rangemode: this.isApart ? "tozero" : "normal", zeroline: true, ...this.reach(lines)},
      shapes: [{type: "line", xref: "x", yref: "paper", x0: x[this.when], x1: x[this.when], y0: 0, y1: 1, line: {color: "#767676", width: 1, dash: "dot"}}],
      annotations: [{text: `${mark}${id} · ${done} of ${of} runs · ${this.told.mark}`, showarrow: false, xref: "paper", yref: "paper",
        x: 1, y: 0, yshift: -36, xanchor: "right", yanchor: "top", font: {size: Math.max(11, this.size * 0.7), color: "#595959"}}],
    };
    globalThis.Plotly.react(chart, traces, layout, CONFIG);
    if (isOfNewWidth) globalThis.Plotly.Plots.resize(chart);
    fill(parts.subtitle, ...this.subtitle(parts));
    this.tell(parts);
    this.tabulate(parts);
  }

  // A band of a handful of runs can be ten times as wide as what there is to see: it goes beyond the chart until there are more.
  reach(lines) {
    if (this.told.done >= ENOUGH || this.told.last) return {};
    const all = lines.flatMap((line) => line.mean).filter((value) => value !== null), [low, high] = [Math.min(...all), Math.max(...all)];
    const room = 2 * (high - low) || Math.abs(high) * 0.1 || 1;
    return {range: [low - room, high + room]};
  }

  subtitle({measure}) {
    const better = {up: "Higher is better. ", down: "Lower is better. "}[measure.good] ?? "";
    const what = this.isApart ? "Difference from the baseline. " : "";
    const [band, fine] = this.told.done > 1 ? [this.told.done < ENOUGH && !this.told.last ? "95 % band, wider than the chart," : "95 % band", " over parameter sets, by quarter."] : ["One run: no interval yet", ", by quarter."];
    return [`${what}${better}${band}`, make("span", {className: "fine"}, fine)];
  }

  spoken(parts, when) {
    const said = this.lines(parts).map((line) => `${line.title} ${withEnds(line, when)}`);
    return `${month(this.stage.quarters[when])}: ${said.join("; ")}`;
  }

  // What stands at the clock's quarter, to be read and to be heard.
  tell(parts) {
    parts.reading.textContent = this.spoken(parts, this.when);
    parts.chart.setAttribute("aria-label", `${parts.measure.label}: ${parts.reading.textContent}`);
  }

  // What the first measure on the screen stands at, for whoever steps through time by ear.
  heard() {
    const first = [...this.figures.values()].find((parts) => this.told && !parts.chart.closest("[hidden]"));
    return first ? first.chart.getAttribute("aria-label") : "";
  }

  say(rows) {
    for (const [name, parts] of this.figures) parts.sentence.textContent = rows(name);
  }

  tabulate(parts) {
    // a table that somebody stands in is not taken away while runs come in
    if (!this.told || !parts.rows.parentElement.open || (parts.rows.contains(document.activeElement) && !this.told.last)) return;
    const lines = this.lines(parts), last = this.stage.quarters.length - 1;
    const shown = this.stage.quarters.map((_, k) => k).filter((k) => k % 4 === 3 || k === last);
    fill(parts.rows, table(`${parts.measure.label} (${parts.measure.unit}), last quarter of each year, with 95 % interval`,
      ["Quarter to", ...lines.map((line) => line.title)],
      shown.map((k) => [month(this.stage.quarters[k]), ...lines.map((line) => line.mean[k] === null ? "–" : withEnds(line, k))])));
  }

  csv(parts) {
    if (!this.told) return;
    const rows = [["line", "quarter_ends", "mean", "low", "high", "unit", "of", "runs", "id", "what_it_is"]];
    const what = `${this.told.near?.some((moved) => moved.length) ? "nearest real runs, not what was asked for; " : ""}${this.told.mark}`;
    for (const line of this.lines(parts)) {
      line.mean.forEach((mean, k) => rows.push([line.title, this.stage.quarters[k], mean, ...(endsOf(line, k) ?? ["", ""]).map((end) => end && round(end)), parts.measure.unit, this.isApart ? "difference" : "level", this.told.done, this.told.id, what]));
    }
    save(`${parts.measure.name}-${this.told.id}.csv`, csvOf(rows), "text/csv;charset=utf-8");
  }

  async picture(parts) {
    if (!this.told) return;
    const {data, layout} = parts.chart;
    const image = await globalThis.Plotly.toImage({data, layout: {...layout, width: 900, height: 420, margin: {...layout.margin, t: 70},
      title: {text: label(`${parts.measure.label} (${parts.measure.unit})`), font: {size: 18}, x: 0.02, y: 0.97, xanchor: "left", yanchor: "top"}}},
    {format: "png", width: 900, height: 420, scale: 2});
    const bytes = Uint8Array.from(atob(image.slice(image.indexOf(",") + 1)), (sign) => sign.charCodeAt(0));
    save(`${parts.measure.name}-${this.told.id}.png`, bytes, "image/png");
  }

  // The quarter that all views show.
  at(when) {
    this.when = when;
    for (const parts of this.figures.values()) {
      if (parts.chart.data && !parts.chart.closest("[hidden]")) {
        globalThis.Plotly.relayout(parts.chart, {"shapes[0].x0": this.stage.quarters[when], "shapes[0].x1": this.stage.quarters[when]});
        this.tell(parts);
      }
    }
  }
}

// Places of a figure and its interval: two figures of how uncertain it is.
export const placesOf = (half) => half > 0 ? Math.min(4, Math.max(0, 1 - Math.floor(Math.log10(half)))) : 0;

const round = (value) => Number(value.toPrecision(4));

// The ends of a line's band at a quarter; null where it has none.
const endsOf = ({mean, half}, k) => mean[k] === null || half[k] === null ? null : [mean[k] - half[k], mean[k] + half[k]];

const withEnds = (line, k) => {
  const ends = endsOf(line, k);
  if (!ends) return number(line.mean[k]);
  const [mean, low, high] = [line.mean[k], ...ends].map((value) => number(value.toFixed(placesOf(line.half[k]))));
  return `${mean} (${low} to ${high})`;
};
