// What is found, in sentences: whoever is worse off first. The sentences are the report's own; nothing is judged here.

import {make, fill, at, list, table} from "./dom.js";
import {shownValue} from "./controls.js";
import {placesOf} from "./curves.js";

// Words while runs come in, before verdicts can be given: the same figure as the headline's, over the same years.
export const soFar = (stage, told, titles, which) => {
  const measure = stage.measures[0], [apart, half] = told.lead?.[which] ?? [null, null];
  if (apart === null) return "";
  const places = half === null ? 0 : placesOf(half), shown = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(places)}`;
  const band = half === null ? "no interval yet" : `95 % interval ${shown(apart - half)} to ${shown(apart + half)}`;
  return `So far, from ${told.done} of ${told.of} runs: ${measure.label.toLowerCase()} under ${titles[which]} ${shown(apart)} (${band}) ${measure.unit}, over the last two years.`;
};

export class Answer {
  constructor(stage) {
    this.stage = stage;
  }

  // A new wish: what was found stays until there is more.
  begin(of) {
    at("progress").max = of;
    at("progress").removeAttribute("value");
    at("count").textContent = `0 of ${of} runs`;
    this.old(true);
  }

  // Whether the words that stand here are of before the last change.
  old(isOld) {
    at("older").hidden = !isOld || !at("headline").textContent;
    for (const name of ["answer", "more"]) at(name).classList.toggle("old", isOld);
  }

  // Nothing more comes: the bar goes back to what stands here.
  rest(told) {
    at("progress").value = told?.done ?? 0;
    at("count").textContent = told ? `${told.done} of ${told.of} runs` : "";
  }

  // While runs come in.
  count(told, titles, which) {
    at("progress").max = told.of;
    at("progress").value = told.done;
    at("count").textContent = `${told.done} of ${told.of} runs`;
    if (told.standing) at("standing").textContent = told.standing;
    if (!told.last) at("so-far").textContent = soFar(this.stage, told, titles, which);
  }

  full(told, titles, which) {
    const own = told.scenarios[which];
    const title = titles[which], base = titles[0];
    this.old(false);
    at("so-far").textContent = "";
    at("headline").textContent = own.headline;
    at("loses").classList.toggle("nobody", !own.loses.length);
    at("loses").textContent = own.loses.length ? `Worse under ${title}: ${own.loses.join("; ")}.` : `Nobody is shown to be worse off under ${title}; that is not proof that nobody is.`;
    at("caution").hidden = !own.caution;
    at("caution").textContent = own.caution;
    const worse = own.worse.length ? list(own.worse) : make("p", {}, "No headline measure, fifth or place is shown to be worse off. That is not proof that nobody is: small harms need more runs to be seen.");
    fill(at("found"), make("h3", {}, `Worse under ${title}`), worse,
      own.warnings.length && make("div", {className: "notice"}, make("h4", {}, "Note"), list(own.warnings)));
    fill(at("more-found"),
      own.groups_worse.length && table(`Fifths and places worse off under ${title} than under ${base}`, ["Measure", "Worse for", "Difference (95 % interval)"],
        own.groups_worse.map((row) => [row.measure, row.group, row.difference])),
      make("h3", {}, `Better under ${title}`), own.better.length ? list(own.better) : make("p", {}, "Nothing is shown to be better."),
      own.other.length && make("details", {}, make("summary", {}, `Different, neither good nor bad: ${own.other.length}`), list(own.other)),
      own.unsure.length && make("details", {}, make("summary", {}, `Cannot be told: ${own.unsure.length}`), list(own.unsure)));
  }

  // Between the points of a packed page: what was asked, and how far off the runs are that stand here.
  near(moved, titles) {
    const said = moved.flatMap((dials, k) => dials.map(({dial, asked, shown, unit}) => `${titles[k + 1]}: ${dial} ${shownValue(shown)} instead of ${shownValue(asked)} (${unit})`));
    at("near").hidden = !said.length;
    at("near-too").hidden = !said.length;
    at("near-too").textContent = "These views show the nearest real runs in this file, not what was asked for.";
    at("near").textContent = said.length ? `These are the nearest real runs in this file, not what was asked for. ${said.join("; ")}.` : "";
  }

  nothing() {
    this.old(false);
    at("headline").textContent = "Nothing is moved yet: the scenario is the baseline. Move a slider or begin from a ready scenario.";
    at("so-far").textContent = "";
    at("loses").textContent = "";
    at("caution").hidden = true;
    fill(at("found"));
    fill(at("more-found"), make("p", {className: "quiet"}, "This stands here once something is moved and all runs are lived."));
  }
}
