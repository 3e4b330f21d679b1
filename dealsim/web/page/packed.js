// Where answers come from in a packed page: real runs that lie in the file. Between them the nearest is shown, and said to be.

const bytesOf = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
const NO_FIGURE = 65_535;

// The nearest point of the grid: {levels, moved: [what was asked and what is shown]}, or {problem} where the file holds none.
export const nearest = (stage, scenario) => {
  const ready = stage.presets.find((one) => one.name === scenario.begins);
  if (ready && !Object.keys(scenario.levers).length) return {ready: ready.name, moved: []};
  if (ready) return {problem: `this file holds the ready scenario ${ready.title} only as it is; begin from the baseline to move levers`};
  const known = new Set(stage.dials.flatMap((dial) => dial.moves));
  const other = Object.keys(scenario.levers).find((name) => !known.has(name));
  if (other) return {problem: `this file holds no runs with ${other.replaceAll("_", " ")} moved; it holds the six dials`};
  const moved = [], levels = stage.dials.map((dial) => {
    const asked = dial.moves.map((name) => scenario.levers[name] ?? dial.old);
    const away = dial.levels.map((level) => Math.max(...asked.map((value) => Math.abs(value - level))));
    const level = away.indexOf(Math.min(...away));
    if (away[level] > 1e-9) moved.push({dial: dial.label, asked: asked[0], shown: dial.levels[level], unit: dial.unit});
    return level;
  });
  return {levels, moved};
};

// The place of a point of the grid in the file: levels count like the digits of a number.
export const pointOf = (stage, levels) => levels.reduce((number, level, k) => number * stage.dials[k].levels.length + level, 0);

// Numbers of a measure at a point: 16-bit steps between the least and the most of that measure.
export const unpacked = (data, measure, kind, point, quarters) => {
  const {low, step, values} = data.curves[measure][kind];
  return Array.from(values.subarray(point * quarters, (point + 1) * quarters), (one) => one === NO_FIGURE ? null : Number((low + one * step).toPrecision(4)));
};

export const readPack = (told) => {
  for (const kinds of Object.values(told.curves)) {
    for (const kind of Object.values(kinds)) kind.values = new Uint16Array(bytesOf(kind.values).buffer);
  }
  return told;
};

export class Pack {
  constructor(told) {
    this.told = readPack(told);
  }

  async stage() {
    return this.told.stage;
  }

  leave() {}

  found(scenario) {
    const {stage} = this.told, near = nearest(stage, scenario);
    if (near.problem) return near;
    const point = near.ready === undefined ? pointOf(stage, near.levels)
      : this.told.points.length - stage.presets.length + stage.presets.findIndex((one) => one.name === near.ready);
    return this.told.points[point] ? {...near, point} : {problem: "this file was made to be tried out, and does not hold these runs"};
  }

  // The state whose runs are shown.
  runOf(state) {
    return {...state, scenarios: state.scenarios.map((scenario) => {
      const near = nearest(this.told.stage, scenario);
      if (!near.levels) return scenario;
      const levers = {};
      this.told.stage.dials.forEach((dial, k) => dial.moves.forEach((name) => { if (near.levels[k]) levers[name] = dial.levels[near.levels[k]]; }));
      return {...scenario, levers};
    })};
  }

  async ask(view, wish, hear) {
    await null;
    const {stage, points} = this.told;
    if (wish.base !== stage.bases[0].name) {
      hear({kind: "failed", said: `this file compares with ${stage.bases[0].title} only`});
      return true;
    }
    const scenarios = wish.scenarios.map((one) => ({levers: {}, ...one})), which = scenarios.map((one) => this.found(one));
    const problem = which.find((one) => one.problem);
    if (problem) {
      hear({kind: "failed", said: problem.problem});
      return true;
    }
    const titles = scenarios.map((one, k) => one.name ?? stage.presets.find((ready) => ready.name === one.begins).title);
    const named = (value, k) => JSON.parse(JSON.stringify(value).replaceAll(stage.placeholder, () => JSON.stringify(titles[k]).slice(1, -1)));
    if (view === "runs") {
      const names = stage.measures.map((one) => one.name), quarters = stage.quarters.length;
      const curves = [this.curve(names, 0, quarters, false), ...which.map(({point}) => this.curve(names, point, quarters, true))];
      hear({kind: "told", last: true, done: stage.pairs, of: stage.pairs, id: `${this.told.id}-${which.map(({point}) => point).join("-")}`, mark: this.told.mark, curves, standing: stage.standing,
        near: which.map(({moved}) => moved), scenarios: [points[0].base, ...which.map(({point}, k) => named(points[point].own, k))]});
    } else if (view === "why") {
      const why = points[which[wish.which].point].why;
      hear(why ? {kind: "why", done: stage.pairs, of: stage.pairs, measures: why} : {kind: "failed", said: "nothing is moved yet, so there is nothing to explain"});
    } else {
      this.seen(view, wish, which, hear, named);
    }
    hear({kind: "ended"});
    return true;
  }

  curve(names, point, quarters, isApart) {
    return Object.fromEntries(names.map((name) => [name, Object.fromEntries((isApart ? ["mean", "half", "apart", "apart_half"] : ["base", "base_half"]).map((kind) => [
      {base: "mean", base_half: "half"}[kind] ?? kind, unpacked(this.told, name, kind, kind.startsWith("base") ? 0 : point, quarters)]))]));
  }

  // People, ties and places are kept for ready scenarios and for the corners of the grid.
  seen(view, wish, which, hear, named) {
    const kept = this.told.seen, missing = () => hear({kind: "failed",
      said: "this file keeps this view for the ready scenarios, and where every dial stands as it was or at the far end. Move the dials there, or begin from a ready scenario."});
    if (view === "people") {
      const own = kept.people[which[wish.which].point];
      if (own) hear({kind: "people", lives: named(own, wish.which)});
      else missing();
    } else if (view === "network") {
      const worlds = which.map(({point}) => kept.network.worlds[point]);
      if (worlds.every(Boolean)) hear({kind: "network", places: kept.network.places, ties: kept.network.ties, worlds: [kept.network.base, ...worlds]});
      else missing();
    } else if (view === "places") {
      const own = which.map(({point}) => kept.places[point]);
      if (!own.every(Boolean)) {
        missing();
        return;
      }
      const joined = (k, kind) => [own[0].measures[k][kind][0], ...own.map((one) => one.measures[k][kind][1])];
      hear({...own[0], measures: own[0].measures.map((measure, k) => ({...measure, ...Object.fromEntries(["mean", "apart", "low", "high"].map((kind) => [kind, joined(k, kind)]))}))});
    }
  }
}
