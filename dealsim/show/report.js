// Draws the charts of a report when they come near, and adds what can be done with each: read it step by step, show
// another group, save it as a picture or as a table. It reads the data in the page and asks nothing of any machine.
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const config = read("config"), page = config.page, charts = new Map(read("charts").map((chart) => [chart.id, chart]));
  const make = (tag, about, ...inside) => {
    const made = Object.assign(document.createElement(tag), about);
    made.append(...inside);
    return made;
  };
  const place = (chart) => document.getElementById(`${chart.id}-chart`);
  const lines = (chart) => chart.data.map((trace, at) => [trace, at]).filter(([trace]) => trace.name && !trace.yaxis);
  // the two edges of a line's band, which are drawn before it; none where a line has no interval
  const edges = (chart, index) => chart.data[index - 1]?.fill ? [chart.data[index - 2], chart.data[index - 1]] : null;
  const number = (value) => value === null ? "no figure" : String(value).replace("-", "−");

  const draw = (chart) => {
    const at = place(chart);
    if (at.dataset.drawn) return;
    at.dataset.drawn = "yes";
    at.textContent = "";
    // on a small screen values written beside bars would run into each other; the table has them
    const data = at.clientWidth < 560 ? chart.data.filter((trace) => trace.mode !== "text") : chart.data;
    Plotly.newPlot(at, data, chart.layout, config);
  };

  const day = (trace, at) => trace.x ? new Date(trace.x[at]) : new Date(Date.parse(trace.x0) + at * trace.dx);
  const month = (date) => date.toLocaleDateString("en-GB", {month: "long", year: "numeric", timeZone: "UTC"});

  // What every line stands at, at one point in time, as a sentence that a screen reader speaks.
  const spoken = (chart, at) => {
    const said = lines(chart).map(([trace, index]) => {
      const band = edges(chart, index)?.map((edge) => number(edge.y[at])).join(" to ");
      return `${trace.name} ${number(trace.y[at])}${band ? ` (${band})` : ""}`;
    });
    return `${month(day(lines(chart)[0][0], at))}: ${said.join("; ")}`;
  };

  const stepper = (chart) => {
    const count = lines(chart)[0][0].y.length;
    const output = make("output", {className: "reading"});
    const slider = make("input", {type: "range", min: 0, max: count - 1, value: count - 1, step: 1});
    slider.setAttribute("aria-label", `Read “${chart.title}” step by step in time`);
    const show = () => {
      const at = Number(slider.value), said = spoken(chart, at);
      output.value = said;
      slider.setAttribute("aria-valuetext", said);
      if (place(chart).dataset.drawn) {
        Plotly.Fx.hover(place(chart), lines(chart).map(([, curveNumber]) => ({curveNumber, pointNumber: at})));
      }
    };
    slider.addEventListener("input", show);
    slider.setAttribute("aria-valuetext", spoken(chart, count - 1));
    const again = () => {
      slider.max = lines(chart)[0][0].y.length - 1;
      slider.value = slider.max;
      slider.setAttribute("aria-valuetext", spoken(chart, Number(slider.value)));
      output.value = chart.group ? `The chart shows ${chart.group}; the sentence above and the table below are for everyone.` : "";
      if (place(chart).dataset.drawn) Plotly.Fx.unhover(place(chart));
    };
    return [make("label", {className: "step"}, "Step through time ", slider), output, again];
  };

  const chooser = (chart, again) => {
    const select = make("select", {}, ...[page.everyone, ...Object.keys(chart.views.heights)].map((name) =>
      make("option", {value: name, textContent: name})));
    const whole = chart.data.map(({x, x0, dx, y}) => ({x, x0, dx, y}));
    select.addEventListener("change", () => {
      const heights = chart.views.heights[select.value];
      chart.data.forEach((trace, at) => Object.assign(trace, heights ? {x: undefined, ...chart.views.dates} : whole[at]));
      if (heights) lines(chart).forEach(([trace, at], which) => {
        const {mean, half} = heights[which];
        trace.y = mean;
        if (half) edges(chart, at)?.forEach((edge, isHigh) => {
          edge.y = mean.map((value, k) => value === null || half[k] === null ? null
            : Number((value + (isHigh ? half[k] : -half[k])).toPrecision(4)));
        });
      });
      chart.group = heights ? select.value : "";
      again();
      if (place(chart).dataset.drawn) Plotly.react(place(chart), chart.data, chart.layout, config);
    });
    return make("label", {}, "Show ", select);
  };

  const save = (name, blob) => {
    const link = make("a", {href: URL.createObjectURL(blob), download: name});
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  const named = (chart, ending) =>
    `${chart.id}${chart.group ? `-${chart.group.toLowerCase().replace(/[^a-z0-9]+/g, "-")}` : ""}-${page.run}.${ending}`;

  // A picture carries its own title, since it leaves the page.
  const picture = async (chart, format) => {
    const text = chart.group ? `${chart.title}: ${chart.group}` : chart.title;
    const top = (chart.layout.margin.t || 0) + 44;
    const layout = {...chart.layout, autosize: false, width: 900, height: (chart.layout.height || 340) + 44,
      margin: {...chart.layout.margin, t: top},
      title: {text: text.replace(/[<>&]/g, " "), font: {size: 16}, x: 0.02, xanchor: "left", y: 0.985, yanchor: "top"}};
    const image = await Plotly.toImage({data: chart.data, layout}, {format, width: 900, height: layout.height, scale: 2});
    save(named(chart, format), await (await blobOf(image)));
  };
  const blobOf = async (uri) => {
    const [head, body] = [uri.slice(0, uri.indexOf(",")), uri.slice(uri.indexOf(",") + 1)];
    const bytes = head.includes("base64") ? Uint8Array.from(atob(body), (sign) => sign.charCodeAt(0))
      : new TextEncoder().encode(decodeURIComponent(body));
    return new Blob([bytes], {type: head.slice(5).split(";")[0]});
  };

  // Text that a spreadsheet would take for a formula is quoted.
  const cell = (value) => {
    if (typeof value === "number") return String(value);
    const text = value === null || value === undefined ? "" : String(value);
    return `"${(/^[=+\-@\t\r|%]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  };
  const csv = (chart) => {
    const rows = [["line", "group", "week_ends", "mean", "low", "high", "unit", "run"]];
    lines(chart).forEach(([trace, index]) => {
      const [low, high] = edges(chart, index) ?? [];
      trace.y.forEach((value, at) => rows.push([trace.name, chart.group || page.everyone,
        day(trace, at).toISOString().slice(0, 10), value, low?.y[at], high?.y[at], chart.unit, page.run]));
    });
    return rows;
  };
  const shown = (chart) => [...document.getElementById(chart.id).querySelectorAll("table tr")].map((row) =>
    [...row.cells].map((at) => at.textContent));
  const table = (chart) => {
    const rows = chart.overTime ? csv(chart) : shown(chart);
    save(named(chart, "csv"), new Blob(["\uFEFF", rows.map((row) => row.map(cell).join(",")).join("\r\n"), "\r\n"],
      {type: "text/csv;charset=utf-8"}));
  };

  const button = (text, chart, act) => {
    const made = make("button", {type: "button", textContent: text});
    made.setAttribute("aria-label", `${text} of “${chart.title}”`);
    made.addEventListener("click", act);
    return made;
  };
  const tools = (chart) => {
    const here = document.getElementById(`${chart.id}-tools`);
    if (chart.overTime) {
      const [label, output, again] = stepper(chart);
      if (chart.views) here.append(chooser(chart, again));
      here.append(label, output);
    }
    here.append(make("span", {className: "save"},
      button("Figures (CSV)", chart, () => table(chart)),
      button("Picture (PNG)", chart, () => picture(chart, "png")),
      button("Picture (SVG)", chart, () => picture(chart, "svg"))));
  };

  charts.forEach(tools);
  // charts are drawn when they come near, so that the page opens at once
  const near = new IntersectionObserver((seen) => seen.forEach((one) =>
    one.isIntersecting && draw(charts.get(one.target.id.slice(0, -"-chart".length)))), {rootMargin: "800px"});
  charts.forEach((chart) => near.observe(place(chart)));
  const fit = (width) => charts.forEach((chart) => {
    if (place(chart).closest("details:not([open])")) return;
    draw(chart);
    Plotly.relayout(place(chart), width ? {width, autosize: false} : {autosize: true, width: null});
  });
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details.rest").forEach((one) => { one.open = true; }); // no sentence is left out on paper
    fit(640);
  });
  addEventListener("afterprint", () => fit(0));
  // a link to a measure that is folded away opens it
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();
})();
