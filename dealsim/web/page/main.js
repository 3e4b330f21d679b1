// Puts the page together: what the room moves becomes a wish, and answers become charts and sentences.

import {at, make, fill} from "./dom.js";
import {LETTERS, LONGEST_LINK, LONGEST_NAME, Steps, fresh, isUntouched, linkOf, readLink, readyOf, textOf, titlesOf, untouched, withLevers, withScenario} from "./state.js";
import {Server} from "./source.js";
import {Pack} from "./packed.js";
import {Controls} from "./controls.js";
import {Curves} from "./curves.js";
import {Answer} from "./answer.js";
import {Flows} from "./flows.js";
import {Clock} from "./clock.js";
import {Share} from "./share.js";
import {Network, People, Places, Why} from "./understand.js";

class Page {
  constructor(stage, source) {
    this.stage = stage;
    this.source = source;
    this.which = 0;
    this.told = null;
    this.steps = new Steps(this.fromLink() ?? fresh(stage));
    this.controls = new Controls(stage, this);
    this.curves = new Curves(stage);
    for (const option of [...at("theme").options]) if (!at(`curves-${option.value}`).children.length) option.remove();
    at("more-levers").parentElement.hidden = !stage.more.length;
    at("rivals").parentElement.hidden = !stage.rivals.length;
    this.answer = new Answer(stage);
    this.flows = new Flows(this);
    this.share = new Share(stage, this);
    this.views = {why: new Why(this), people: new People(this), network: new Network(this), places: new Places(this)};
    this.asked = new Map();
    this.clock = new Clock(stage, (when) => {
      this.curves.at(when);
      this.views.people.at(when);
      this.views.network.at(when);
      this.views.places.at(when);
      return this.curves.heard();
    });
    this.wire();
    this.renew(false);
  }

  state() {
    return this.steps.now;
  }

  fromLink() {
    const link = location.hash.slice(1);
    if (!link || at(link)) return null; // nothing, or a part of the page
    const {state, problems} = readLink(this.stage, link);
    if (problems) this.trouble(`The link cannot be used: ${problems.join("; ")}. ${this.steps ? "Nothing is changed." : "The page begins afresh."}`);
    return state;
  }

  wire() {
    at("skip").addEventListener("click", (event) => { event.preventDefault(); at("answer").focus(); });
    at("undo").addEventListener("click", () => { this.steps.undo(); this.renew(); });
    at("redo").addEventListener("click", () => { this.steps.redo(); this.renew(); });
    at("afresh").addEventListener("click", () => { this.which = 0; this.set(fresh(this.stage)); });
    at("add").addEventListener("click", () => this.add());
    at("drop").addEventListener("click", () => this.drop());
    at("scenario-name").addEventListener("change", () => this.named(at("scenario-name").value.trim()));
    at("projector").addEventListener("change", () => this.projected(at("projector").checked));
    at("apart").addEventListener("change", () => {
      this.curves.isApart = at("apart").checked;
      this.curves.figures.forEach((parts) => this.curves.draw(parts));
    });
    at("theme").addEventListener("change", () => {
      for (const {value} of at("theme").options) at(`curves-${value}`).hidden = value !== at("theme").value;
      this.curves.figures.forEach((parts) => this.curves.draw(parts));
    });
    for (const tab of document.querySelectorAll("[data-shows]")) tab.addEventListener("change", () => this.tab(tab));
    addEventListener("hashchange", () => {
      if (location.hash.slice(1) === linkOf(this.state())) return;
      const state = this.fromLink();
      if (state) this.set(state);
    });
    addEventListener("keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || /^(text|number)$/.test(event.target.type)) return;
      event.preventDefault();
      if (event.shiftKey) this.steps.redo();
      else this.steps.undo();
      this.renew();
    });
  }

  tab(tab) {
    for (const one of document.querySelectorAll(`input[name=${tab.name}]`)) at(one.dataset.shows).hidden = !one.checked;
    at("older-too").hidden = true;
    // the clock stands where it is needed
    at(["view-people", "view-network", "view-places"].includes(tab.dataset.shows) ? "clock-there" : "clock-here").append(at("the-clock"));
    this.flows.draw();
    this.clock.to(this.clock.when);
    this.look();
  }

  // What the open view shows is asked for once the curves are there; a newer wish asks again.
  look() {
    const wish = `${textOf(this.state())}${this.which}`;
    for (const [name, view] of Object.entries(this.views)) {
      const isOpen = !at(`view-${name}`).hidden;
      if (isOpen) at("older-too").hidden = !this.isBusy || !at(name).children.length;
      if (!isOpen || this.isBusy || this.asked.get(name) === wish) continue;
      this.asked.set(name, wish);
      view.ask();
    }
  }

  projected(isOn) {
    document.documentElement.classList.toggle("projector", isOn);
    this.curves.size = isOn ? 24 : 14;
    this.curves.figures.forEach((parts) => this.curves.draw(parts, true));
    this.flows.draw();
    this.asked.clear();
    this.look();
  }

  // What the controls do.
  changed(levers, value, isDragging) {
    const {stage, which} = this, next = withLevers(stage, this.state(), which, levers, value);
    this.steps.add(next, this.isDragging);
    this.isDragging = isDragging;
    this.renew();
  }

  restored(levers) {
    const own = {...this.state().scenarios[this.which].levers};
    for (const lever of levers) delete own[lever];
    this.set(withScenario(this.state(), this.which, {levers: own}));
  }

  begun(begins) {
    this.set(withScenario(this.state(), this.which, untouched(begins)));
  }

  based(base) {
    const {scenarios, base: before} = this.state();
    this.set({...this.state(), base, scenarios: scenarios.map((one) => one.begins === before ? {...one, begins: base} : one)});
  }

  rivalled(rivals) {
    this.set({...this.state(), rivals});
  }

  named(name) {
    this.set(withScenario(this.state(), this.which, {name: name.slice(0, LONGEST_NAME)}));
  }

  set(state) {
    this.isDragging = false;
    this.steps.add(state);
    this.renew();
  }

  add() {
    const {scenarios} = this.state();
    if (scenarios.length >= this.stage.most_scenarios) return;
    this.which = scenarios.length;
    this.set({...this.state(), scenarios: [...scenarios, {...scenarios[scenarios.length - 1], name: ""}]});
    at("dials").querySelector("input").focus();
  }

  drop() {
    const {scenarios} = this.state();
    if (scenarios.length < 2) return;
    const rest = scenarios.filter((_, k) => k !== this.which);
    this.which = Math.max(0, this.which - 1);
    this.set({...this.state(), scenarios: rest});
  }

  titles(state = this.state()) {
    return titlesOf(this.stage, state);
  }

  renew(writes = true) {
    const state = this.state();
    this.which = Math.min(this.which, state.scenarios.length - 1);
    this.controls.show(state, this.which);
    // a button that cannot be used keeps its place, and whoever stands on it
    const can = {undo: this.steps.canUndo, redo: this.steps.canRedo, add: state.scenarios.length < this.stage.most_scenarios, drop: state.scenarios.length > 1};
    for (const [name, is] of Object.entries(can)) at(name).setAttribute("aria-disabled", String(!is));
    at("scenario-name").value = state.scenarios[this.which].name;
    this.choices(state);
    const link = linkOf(state);
    if (writes && link.length <= LONGEST_LINK) history.replaceState(null, "", `#${link}`);
    // letting go of a slider asks for nothing new
    if (this.isBusy && this.running === textOf(state)) return;
    this.running = textOf(state);
    this.run(state);
  }

  choices(state) {
    const titles = this.titles(state), shown = JSON.stringify([titles, this.which]);
    if (this.shown === shown) return; // the same buttons stay, and whoever stands on one of them
    this.shown = shown;
    fill(at("scenarios"), state.scenarios.map((_, k) => make("label", {className: "choice"},
      make("input", {type: "radio", name: "scenario", checked: k === this.which, onchange: () => {
        this.which = k;
        this.controls.show(this.state(), k);
        at("scenario-name").value = this.state().scenarios[k].name;
        this.look();
        this.shown = JSON.stringify([titles, k]);
        if (!this.isBusy && this.told?.last && this.told.scenarios[k + 1]) this.words();
      }}), ` ${LETTERS[k]}${titles[k + 1] === LETTERS[k] ? "" : `: ${titles[k + 1]}`}`)));
  }

  // The state that was really lived: a packed page lives nothing, and shows the nearest runs it holds.
  runOf(state) {
    return this.source.runOf ? this.source.runOf(state) : state;
  }

  wish(state) {
    const titles = this.titles(state);
    return {base: state.base, rivals: state.rivals, scenarios: state.scenarios.map((one, k) => ({begins: one.begins, levers: one.levers,
      ...(titles[k + 1] === readyOf(this.stage, one.begins).title ? {} : {name: titles[k + 1]})}))};
  }

  async ask(view, hear) {
    const wish = this.wish(this.state());
    return this.source.ask(view, ["why", "people"].includes(view) ? {...wish, which: this.which} : wish, hear);
  }

  async run(state) {
    const titles = this.titles(state);
    this.answer.begin(this.stage.pairs);
    document.documentElement.dataset.busy = "yes";
    this.isBusy = true;
    for (const name of Object.keys(this.views)) this.source.leave(name);
    this.asked.clear();
    this.share.forget();
    this.look();
    let isNewest = true;
    try {
      isNewest = await this.source.ask("runs", this.wish(state), (message) => this.hear(message, state, titles));
    } catch (error) {
      this.trouble(`Something went wrong on this page: ${error.message}. The last result stays.`);
    }
    if (!isNewest) return;
    delete document.documentElement.dataset.busy;
    this.isBusy = false;
    this.answer.rest(this.newest);
    this.look();
  }

  hear(message, state, titles) {
    if (message.kind === "curves" || message.kind === "told") {
      if (this.isOfRun) this.trouble("");
      this.newest = message;
      this.curves.show(message, titles);
      this.answer.count(message, titles, this.which + 1);
      this.answer.near(message.near ?? [], titles);
      if (message.kind === "told") {
        this.told = {...message, state, titles};
        if (message.last) this.words();
        this.flows.show(message, titles);
        this.curves.say((name) => message.scenarios.slice(1).map((own) => own.sentences[name]).filter(Boolean).join(" "));
        if (message.last && (state.rivals.length || !state.scenarios.every((_, k) => isUntouched(state, k)))) this.share.note(state, titles, message);
      }
    } else if (message.kind === "failed" || message.kind === "late") {
      this.trouble(message.said, message.kind === "late" && (() => this.run(this.state())));
      this.isOfRun = true;
    }
  }

  // What is found of the scenario that is looked at.
  words() {
    if (isUntouched(this.told.state, this.which)) this.answer.nothing();
    else this.answer.full(this.told, this.told.titles, this.which + 1);
  }

  // `goOn` asks again: what was lived is kept, so it goes on from there.
  trouble(text, goOn = null) {
    this.isOfRun = false;
    fill(at("trouble"), text, goOn && make("button", {type: "button", onclick: goOn}, "Go on"));
    at("trouble").hidden = !text;
  }
}

const begin = async () => {
  const packed = at("packed"), source = packed ? new Pack(JSON.parse(packed.textContent)) : new Server();
  try {
    globalThis.page = new Page(await source.stage(), source);
    document.documentElement.dataset.ready = "yes";
  } catch (error) {
    at("trouble").hidden = false;
    at("trouble").textContent = `The page could not begin: ${error.message}`;
    throw error;
  }
};

begin();
