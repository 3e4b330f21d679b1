(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const config = read("config"), charts = new Map(read("charts").map((chart) => [chart.id, chart]));
  const draw = (at) => {
    if (at.dataset.drawn) return;
    at.dataset.drawn = "yes";
    at.textContent = "";
    const {data, layout} = charts.get(at.id);
    Plotly.newPlot(at, data, layout, config);
  };
  const places = [...charts.keys()].map((id) => document.getElementById(id));
  // charts are drawn when they come near, so that the page opens at once
  const near = new IntersectionObserver((seen) => seen.forEach((one) => one.isIntersecting && draw(one.target)),
    {rootMargin: "800px"});
  places.forEach((at) => near.observe(at));
  const fit = (width) => places.forEach((at) => {
    draw(at);
    Plotly.relayout(at, width ? {width, autosize: false} : {autosize: true, width: null});
  });
  addEventListener("beforeprint", () => fit(660));
  addEventListener("afterprint", () => fit(0));
})();
