// The sliders: six dials first, the other levers and other explanations one step away.

import {make, fill, at, dayOf, list} from "./dom.js";
import {valueOf, readyOf} from "./state.js";

// A hundredth of what a 0–1 lever can do is more than anyone can tell apart; twenty steps are enough.
const stepOf = (lever) => lever.whole || lever.high - lever.low > 40 ? 1 : Number(((lever.high - lever.low) / 20).toPrecision(2));

export const shownValue = (value) => typeof value === "number" ? String(Number(value.toFixed(2))) : Array.isArray(value)
  ? value.map(words).join(", ") || "none" : words(String(value));

export const words = (name) => name.replaceAll("_", " ");

const moneyOf = (lever, value) => `${lever.unit.startsWith("£") ? "£" : ""}${shownValue(value)}`;

// Where levers of one dial stand, "0.5 and 0.15", and what there is to say of it: "from Apr 2013", "ends at", "2011: 0.6".
const standOf = (lever, stands) => {
  const values = [...new Set(stands.map(({value}) => moneyOf(lever, value ?? lever.old)))], {value, from, isEnd} = stands[0];
  const was = values.length > 1 || value !== lever.old ? `2011: ${moneyOf(lever, lever.old)}` : "";
  return {said: values.join(" and "), note: isEnd ? "ends at" : from && from !== "April 2011" ? `from ${shortMonth(from)}` : was};
};

const shortMonth = (text) => text.replace(/^(\w{3})\w*/, "$1");

const GRADES = {
  official: "official figures", published: "published studies", claimed: "the council's own account",
  derived: "worked out from other figures", calibrated: "fitted to national figures", assumed: "assumed: nobody has measured it",
  rival: "another explanation",
};

export class Controls {
  // `changed(levers, value, isDragging)`, `begun(name)`, `based(name)`, `rivalled(names)`: what the room does.
  constructor(stage, room) {
    this.stage = stage;
    this.room = room;
    this.parts = new Map();
    fill(at("dials"), stage.dials.map((dial) => this.slider(dial, dial.moves, dial.practice)));
    fill(at("more-levers"), stage.more.map((lever) => lever.many ? this.several(lever) : lever.choices.length
      ? this.choice(lever) : this.slider(lever, [lever.name], "")));
    fill(at("rivals"), stage.rivals.map((rival) => make("label", {className: "tick"},
      make("input", {type: "checkbox", value: rival.name, onchange: () => room.rivalled(this.rivals())}), ` ${rival.meaning}`)));
    fill(at("base"), stage.compare_with.map((name) => make("option", {value: name}, readyOf(stage, name).title)));
    fill(at("begins"), [...stage.bases, ...stage.presets].map((one) => make("option", {value: one.name}, one.title)));
    at("base").addEventListener("change", () => room.based(at("base").value));
    at("begins").addEventListener("change", () => room.begun(at("begins").value));
  }

  rivals() {
    return [...at("rivals").querySelectorAll("input:checked")].map((one) => one.value);
  }

  about(lever, practice) {
    return make("details", {className: "about"}, make("summary", {}, "About", make("span", {className: "unseen"}, ` ${lever.label}`)),
      make("p", {}, `${lever.meaning}. Unit: ${lever.unit}.`), practice && make("p", {}, practice),
      make("p", {}, `Evidence: ${GRADES[lever.grade]}. ${lever.source}`));
  }

  slider(lever, moves, practice) {
    const id = `lever-${lever.name}`, output = make("output", {htmlFor: id, "aria-live": "off"});
    const input = make("input", {type: "range", id, min: lever.low, max: lever.high, step: stepOf(lever), "aria-describedby": `${id}-was`});
    const tell = (isDragging) => this.room.changed(moves, Number(input.value), isDragging);
    input.addEventListener("input", () => tell(true));
    input.addEventListener("change", () => tell(false));
    const was = make("span", {id: `${id}-was`, className: "was"});
    const back = make("button", {type: "button", className: "back", title: "Put back", onclick: () => { input.focus(); this.room.restored(moves); }},
      make("span", {"aria-hidden": "true"}, "↺"), make("span", {className: "unseen"}, `Put back ${lever.label}`));
    const mark = make("span", {className: "mark", "aria-hidden": "true"});
    this.parts.set(lever.name, (state, which) => {
      const scenario = state.scenarios[which], stands = moves.map((name) => valueOf(this.stage, scenario, name));
      const {said, note} = standOf(lever, stands);
      input.value = stands[0].value ?? lever.old;
      output.value = said;
      input.setAttribute("aria-valuetext", `${said} ${lever.unit}`);
      was.textContent = note;
      back.classList.toggle("away", !moves.some((name) => name in scenario.levers));
    });
    mark.style.setProperty("--where", (lever.old - lever.low) / (lever.high - lever.low));
    return make("div", {className: "dial"}, make("div", {className: "head"}, make("label", {htmlFor: id}, lever.label), make("span", {}, was, " ", output)),
      make("div", {className: "track"}, input, mark), back, this.about(lever, practice));
  }

  choice(lever) {
    const id = `lever-${lever.name}`;
    const select = make("select", {id, onchange: () => this.room.changed([lever.name], select.value, false)},
      lever.choices.map((one) => make("option", {value: one}, words(one))));
    this.parts.set(lever.name, (state, which) => {
      select.value = valueOf(this.stage, state.scenarios[which], lever.name).value ?? lever.old;
    });
    return make("div", {className: "dial"}, make("label", {htmlFor: id}, lever.label), select, this.about(lever, ""));
  }

  several(lever) {
    const boxes = lever.choices.map((one) => make("input", {type: "checkbox", value: one,
      onchange: () => this.room.changed([lever.name], boxes.filter((box) => box.checked).map((box) => box.value), false)}));
    this.parts.set(lever.name, (state, which) => {
      const value = valueOf(this.stage, state.scenarios[which], lever.name).value ?? lever.old;
      boxes.forEach((box) => { box.checked = value.includes(box.value); });
    });
    return make("fieldset", {className: "dial"}, make("legend", {}, lever.label),
      boxes.map((box) => make("label", {className: "tick"}, box, ` ${words(box.value)}`)), this.about(lever, ""));
  }

  show(state, which) {
    for (const part of this.parts.values()) part(state, which);
    at("base").value = state.base;
    at("begins").value = state.scenarios[which].begins;
    const {question, does} = readyOf(this.stage, state.scenarios[which].begins);
    at("asks").textContent = question;
    fill(at("does"), list(does.map(([day, what]) => `${dayOf(day)}: ${what}`)));
    const on = new Set(state.rivals);
    at("rivals").querySelectorAll("input").forEach((box) => { box.checked = on.has(box.value); });
  }
}
