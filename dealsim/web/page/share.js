// Taking it away: a link, a file, the scenario as a file of dealsim, the command that makes the same runs, and what was tried.

import {make, fill, at, save} from "./dom.js";
import {LETTERS, LONGEST_LINK, askedFor, linkOf, read, readyOf, textOf} from "./state.js";

// What makes the same runs again: a file for each scenario that is not a ready one, the command, and the line of Python.
export const reproduction = (stage, state, titles) => {
  const files = [], {rivals} = state;
  const base = rivals.length ? "base.yaml" : state.base, fileOf = (scenario, title) => yamlOf(scenario, rivals, title, readyOf(stage, scenario.begins).dated);
  if (rivals.length) files.push({name: base, text: fileOf({begins: state.base, levers: {}}, titles[0])});
  const names = state.scenarios.map((scenario, k) => {
    if (!Object.keys(scenario.levers).length && !rivals.length && scenario.begins !== state.base) return scenario.begins;
    const name = `${LETTERS[k].toLowerCase()}.yaml`;
    files.push({name, text: fileOf(scenario, titles[k + 1])});
    return name;
  });
  const asked = [base, ...names];
  return {files, command: `dealsim compare ${asked.join(" ")} --size ${stage.size} --ensemble ${stage.sets}`,
    python: `print(dealsim.compare(${asked.map((one) => JSON.stringify(one)).join(", ")}, size=${stage.size}, ensemble=${stage.sets}).rows())`};
};

// A scenario as a file of dealsim; text is written as JSON writes it, which YAML reads. What moves at a date does so still.
export const yamlOf = ({begins, levers}, rivals, title, dated) => {
  const all = Object.entries(levers), held = all.filter(([name]) => !(name in dated)), moved = all.filter(([name]) => name in dated);
  return ["format: 1", `name: ${JSON.stringify(title)}`, `extends: ${begins}`,
    ...(held.length ? ["levers:", ...held.map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`)] : []),
    ...(moved.length ? ["schedule:", ...moved.map(([name, value]) => `  - {lever: ${name}, from: ${dated[name].from}, value: ${JSON.stringify(value)}${
      dated[name].paid_by ? `, paid_by: ${dated[name].paid_by}` : ""}}`)] : []),
    ...(rivals.length ? ["rivals:", ...rivals.map((name) => `  - ${name}`)] : []), ""].join("\n");
};

export class Share {
  constructor(stage, room) {
    this.stage = stage;
    this.room = room;
    this.tried = [];
    at("save-file").addEventListener("click", () => save("dealsim-page.json", textOf(room.state()), "application/json"));
    at("open-file").addEventListener("change", () => this.open(at("open-file").files[0]));
    at("copy-link").addEventListener("click", () => this.copy());
    at("reproduce").addEventListener("click", () => this.reproduce());
  }

  async open(file) {
    if (!file) return;
    const {state, problems} = file.size > 65_536 ? {problems: ["the file is too long"]} : read(this.stage, await file.text());
    at("open-file").value = "";
    if (problems) this.say(`The file cannot be used: ${problems.join("; ")}. Nothing is changed.`);
    else {
      this.room.set(state);
      this.say("The file is open.");
    }
  }

  say(text) {
    at("share-says").textContent = text;
  }

  link(state) {
    const link = linkOf(state);
    return link.length > LONGEST_LINK ? null : `#${link}`;
  }

  async copy() {
    const link = this.link(this.room.state());
    if (!link) {
      this.say("This is too much for a link. Save the file instead.");
      return;
    }
    const address = `${location.href.split("#")[0]}${link}`;
    try {
      await navigator.clipboard.writeText(address);
      this.say("The link is copied.");
    } catch {
      this.say(`Copy this link: ${address}`);
    }
  }

  // What was shown of an older wish goes.
  forget() {
    fill(at("reproduced"));
  }

  reproduce() {
    const {files, command, python} = reproduction(this.stage, this.room.runOf(this.room.state()), this.room.titles());
    const shown = (text) => make("pre", {tabIndex: 0}, make("code", {}, text));
    fill(at("reproduced"),
      make("p", {}, files.length ? "Save what stands here in one folder, then run the command there. It lives the very same runs."
        : "This command lives the very same runs."),
      files.map((file) => make("div", {}, make("h3", {}, file.name), shown(file.text),
        make("button", {type: "button", onclick: () => save(file.name, file.text, "text/yaml")}, `Save ${file.name}`))),
      make("h3", {}, "Command"), shown(command), make("h3", {}, "Python"), shown(`import dealsim\n\n${python}\n`));
  }

  // One line for every attempt that was lived to the end.
  note(asked, titles, told) {
    const state = this.room.runOf(asked), text = textOf(state);
    if (this.tried.some((one) => one.text === text)) return;
    const said = told.scenarios.slice(1).map((own) => own.headline).join(" ");
    this.tried.push({text, state, said});
    at("attempts").append(make("li", {}, make("button", {type: "button", onclick: () => this.room.set(state)}, `Attempt ${this.tried.length}`), ` ${askedFor(this.stage, state)}. ${said}`));
    at("no-attempts").hidden = true;
  }
}
