// What the room has asked for: pure functions over plain data, checked whenever it comes from a link or a file.
//
// {version, base, rivals, scenarios: [{begins, levers, name}]}; levers hold only what was moved, rivals hold in every world.

export const LONGEST_LINK = 1500;
export const LONGEST_NAME = 60;

export const fresh = (stage) => ({version: stage.version, base: stage.bases[0].name, rivals: [], scenarios: [untouched(stage.bases[0].name)]});

export const untouched = (begins) => ({begins, levers: {}, name: ""});

const leversOf = (stage) => new Map([...stage.dials.flatMap((dial) => dial.moves.map((name) => [name, {...dial, name}])),
  ...stage.more.map((lever) => [lever.name, lever])]);

export const readyOf = (stage, name) => [...stage.bases, ...stage.presets].find((one) => one.name === name);

// What a lever stands at in a scenario: its value, from when it holds (nothing: from the first week), or that it ends there.
export const valueOf = (stage, scenario, lever) => {
  const ready = readyOf(stage, scenario.begins), dated = ready.dated[lever];
  if (lever in scenario.levers) return {value: scenario.levers[lever], from: dated?.begins};
  if (dated) return dated.holds ? {value: dated.end, from: dated.begins} : {value: dated.end, isEnd: true};
  return {value: ready.levers[lever]};
};

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// The state with some levers of one scenario at a value; what is back where it began is not kept.
export const withLevers = (stage, state, which, levers, value) => {
  const scenarios = state.scenarios.map((scenario, at) => {
    if (at !== which) return scenario;
    const ready = readyOf(stage, scenario.begins), own = {...scenario.levers};
    for (const lever of levers) {
      if (!(lever in ready.dated) && same(ready.levers[lever], value)) delete own[lever];
      else own[lever] = value;
    }
    return {...scenario, levers: own};
  });
  return {...state, scenarios};
};

export const withScenario = (state, which, change) =>
  ({...state, scenarios: state.scenarios.map((one, at) => at === which ? {...one, ...change} : one)});

export const isUntouched = (state, which) => {
  const {begins, levers} = state.scenarios[which];
  return begins === state.base && !Object.keys(levers).length;
};

// Everything that is wrong with a state from outside, in words; none if it may be used.
export const problemsOf = (stage, told) => {
  const problems = [], isObject = (one) => typeof one === "object" && one !== null && !Array.isArray(one);
  if (!isObject(told)) return ["this is no state of the page"];
  if (told.version !== stage.version) return [`this is version ${String(told.version).slice(0, 20)}; this page reads version ${stage.version}`];
  if (!stage.compare_with.includes(told.base)) problems.push("the baseline is not one this page knows");
  if (!Array.isArray(told.scenarios) || !told.scenarios.length || told.scenarios.length > stage.most_scenarios) {
    return [...problems, `there must be 1 to ${stage.most_scenarios} scenarios`];
  }
  if (!Array.isArray(told.rivals)) return [...problems, "the other explanations are not a list"];
  const known = leversOf(stage), rivals = new Set(stage.rivals.map((one) => one.name));
  for (const rival of told.rivals) if (!rivals.has(rival)) problems.push("it names an explanation this page does not know");
  told.scenarios.forEach((one, position) => {
    const which = `scenario ${position + 1}`;
    if (!isObject(one) || !isObject(one.levers)) {
      problems.push(`${which} is not whole`);
      return;
    }
    if (!readyOf(stage, one.begins)) problems.push(`${which} begins from a scenario this page does not know`);
    if (typeof one.name !== "string" || one.name.length > LONGEST_NAME) problems.push(`${which} has a name that is too long`);
    for (const [name, value] of Object.entries(one.levers)) {
      const lever = known.get(name);
      if (!lever) problems.push(`${which} moves a lever this page does not know`);
      else if (!fits(lever, value)) problems.push(`${which}: ${lever.label} must be ${lever.range}`);
    }
  });
  return problems;
};

const fits = (lever, value) => {
  if (lever.many) return Array.isArray(value) && new Set(value).size === value.length && value.every((one) => lever.choices.includes(one));
  if (lever.choices.length) return lever.choices.includes(value);
  return typeof value === "number" && Number.isFinite(value) && value >= lever.low && value <= lever.high
    && (!lever.whole || Number.isInteger(value));
};

// Only what a state holds, in a fixed order, so that the same wish is the same link.
const tidy = ({version, base, rivals, scenarios}) => ({version, base, rivals: [...new Set(rivals)].sort(), scenarios: scenarios.map(({begins, levers, name}) => ({
  begins, levers: Object.fromEntries(Object.entries(levers).sort(([one], [other]) => one < other ? -1 : 1)), name}))});

// What every world is called, the base first; no name is given twice.
export const LETTERS = ["A", "B", "C"];
export const titlesOf = (stage, state) => {
  const titles = [readyOf(stage, state.base).title];
  state.scenarios.forEach((one, k) => {
    const isReady = !Object.keys(one.levers).length && one.begins !== state.base;
    const title = one.name || (isReady ? readyOf(stage, one.begins).title : LETTERS[k]);
    titles.push(titles.includes(title) ? `${title} (${LETTERS[k]})` : title);
  });
  return titles;
};

// What was asked for, in a few words: where it begins and what was moved.
export const askedFor = (stage, state) => {
  const known = leversOf(stage), title = (name) => readyOf(stage, name).title;
  const each = state.scenarios.map(({begins, levers, name}) => {
    const moved = Object.entries(levers).map(([lever, value]) => `${known.get(lever).label.toLowerCase()} ${Array.isArray(value) ? value.join(" and ") || "none" : value}`);
    return `${name ? `${name}: ` : ""}${title(begins)}${moved.length ? ` with ${moved.join(", ")}` : ""}`;
  });
  return `${each.join("; ")}, against ${title(state.base)}${state.rivals.length ? `, if ${state.rivals.join(", ").replaceAll("_", " ")} holds` : ""}`;
};

export const textOf = (state) => JSON.stringify(tidy(state));

export const linkOf = (state) => {
  const bytes = new TextEncoder().encode(textOf(state));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
};

// The state that a text or a link tells: {state} or {problems}.
export const read = (stage, text) => {
  let told;
  try {
    told = JSON.parse(text);
  } catch {
    return {problems: ["this is no state of the page"]};
  }
  const problems = problemsOf(stage, told);
  return problems.length ? {problems} : {state: tidy(told)};
};

export const readLink = (stage, link) => {
  if (link.length > LONGEST_LINK) return {problems: ["the link is too long"]};
  try {
    const bytes = Uint8Array.from(atob(link.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
    return read(stage, new TextDecoder("utf-8", {fatal: true}).decode(bytes));
  } catch {
    return {problems: ["the link is not whole"]};
  }
};

// Undo and redo over a list of states; what was undone is forgotten once something new is done.
export class Steps {
  constructor(first) {
    this.states = [first];
    this.position = 0;
  }

  get now() {
    return this.states[this.position];
  }

  get canUndo() {
    return this.position > 0;
  }

  get canRedo() {
    return this.position < this.states.length - 1;
  }

  // `joins`: the new state takes the place of the newest, as while one slider is dragged.
  add(state, joins = false) {
    if (textOf(state) === textOf(this.now)) return;
    const keep = joins && this.position > 0 ? this.position : this.position + 1;
    this.states = [...this.states.slice(0, keep), state].slice(-200);
    this.position = this.states.length - 1;
  }

  undo() {
    if (this.canUndo) this.position -= 1;
    return this.now;
  }

  redo() {
    if (this.canRedo) this.position += 1;
    return this.now;
  }
}
