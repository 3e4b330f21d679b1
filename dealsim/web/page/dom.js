// Makes elements. Text is always set as text, so no name can become markup.

export const make = (tag, properties = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && !name.includes("-")) element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return element;
};

export const at = (id) => document.getElementById(id);

// Work on a chart that goes on for a while: the chart is let go of only after it, or it would find nothing to draw on.
export const drawing = (chart, work) => {
  chart.work = Promise.all([chart.work, work]).catch((error) => { if (chart.isConnected) throw error; });
};

// What stood there goes; charts are let go of, or each would stay in memory.
export const fill = (element, ...children) => {
  const gone = [...element.querySelectorAll(".js-plotly-plot")];
  element.replaceChildren(...children.flat().filter((child) => child));
  for (const chart of gone) Promise.resolve(chart.work).finally(() => globalThis.Plotly.purge(chart));
};

// A table with a caption; `rows` begin with what the row is about.
export const table = (caption, heads, rows) => make("div", {className: "wide", tabIndex: 0, role: "region", "aria-label": caption},
  make("table", {},
    make("caption", {}, caption),
    make("thead", {}, make("tr", {}, heads.map((head) => make("th", {scope: "col"}, head)))),
    make("tbody", {}, rows.map(([first, ...rest]) => make("tr", {},
      make("th", {scope: "row"}, first), rest.map((cell) => make("td", {}, cell)))))));

// Figures that are folded away below a picture.
export const folded = (of, rows, ontoggle) => make("details", {ontoggle}, make("summary", {}, "Figures as a table", make("span", {className: "unseen"}, `: ${of}`)), rows);

// A table that is folded away, and the same figures as a file.
export const figures = (of, file, heads, rows) => folded(of, make("div", {}, table(of, heads, rows),
  make("p", {className: "save"}, make("button", {type: "button", onclick: () => save(`${file}.csv`, csvOf([heads, ...rows]), "text/csv;charset=utf-8")},
    "Figures (CSV)", make("span", {className: "unseen"}, ` of ${of}`)))));

export const list = (lines) => make("ul", {}, lines.map((line) => make("li", {}, line)));

export const save = (name, text, kind) => {
  const link = make("a", {href: URL.createObjectURL(new Blob([text], {type: kind})), download: name});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
};

// Text that a spreadsheet would take for a formula is quoted.
export const csvOf = (rows) => {
  const cell = (value) => {
    if (typeof value === "number") return String(value);
    const text = value === null || value === undefined ? "" : String(value);
    return `"${(/^[=+\-@\t\r|%]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  };
  return `\uFEFF${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
};

const dated = (text, more) => new Date(text).toLocaleDateString("en-GB", {month: "long", year: "numeric", timeZone: "UTC", ...more});
export const month = (text) => dated(text, {});
export const dayOf = (text) => dated(text, {day: "numeric"});
