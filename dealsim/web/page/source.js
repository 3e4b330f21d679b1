// Where answers come from: the server on this machine, a line of JSON at a time; a new wish ends the one before.

const LONGEST_WAIT = 75_000;

export class Server {
  constructor() {
    this.client = [...crypto.getRandomValues(new Uint8Array(8))].map((one) => one.toString(16).padStart(2, "0")).join("");
    this.open = new Map();
  }

  async stage() {
    const answer = await fetch("api/stage");
    if (!answer.ok) throw new Error("the page could not be set up");
    return answer.json();
  }

  // Ends what was asked of a view; nobody hears of it any more.
  leave(view) {
    this.open.get(view)?.abort();
    this.open.delete(view);
  }

  // Asks for a view; `hear` is called with every message. True when it came to its end, false when a newer wish ended it.
  async ask(view, wish, hear) {
    this.open.get(view)?.abort();
    const mine = new AbortController();
    this.open.set(view, mine);
    const isNewest = () => this.open.get(view) === mine;
    const late = setTimeout(() => mine.abort("late"), LONGEST_WAIT);
    try {
      const answer = await fetch(`api/${view}`, {method: "POST", signal: mine.signal, body: JSON.stringify(wish),
        headers: {"content-type": "application/json", "x-dealsim-client": this.client}});
      if (!answer.ok) {
        const {problems} = await answer.json().catch(() => ({problems: [`the server answered ${answer.status}`]}));
        if (isNewest()) hear({kind: "failed", said: problems.join("; ")});
        return isNewest();
      }
      await eachLine(answer.body, (message) => isNewest() && hear(message));
      return isNewest();
    } catch (error) {
      if (!isNewest()) return false;
      hear({kind: "failed", said: mine.signal.aborted ? "no answer in time; the last result stays"
        : "the server does not answer; the last result stays. Start it again with `dealsim serve`, then move a slider"});
      return true;
    } finally {
      clearTimeout(late);
      if (isNewest()) this.open.delete(view);
    }
  }
}

export const eachLine = async (body, hear) => {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const {done, value} = await reader.read();
    rest += value ?? "";
    const lines = rest.split("\n");
    rest = lines.pop();
    for (const line of lines) if (line) hear(JSON.parse(line));
    if (done) return;
  }
};
