"use strict";
(() => {
  // What stands under the pointer, with its day: the session report's script shows times of one day.
  const day = new Intl.DateTimeFormat("en-GB", {
    timeZone: "America/New_York", day: "numeric", month: "short", year: "numeric",
  });
  const fixed = (value, least, most) => Math.abs(value).toLocaleString("en-US", {
    minimumFractionDigits: least, maximumFractionDigits: most,
  });
  const sign = (value) => (value < 0 ? "−" : "");
  const units = {
    usd: (value) => sign(value) + "$" + fixed(value, 0, 0),
    percent: (value) => sign(value) + fixed(value * 100, 2, 2) + " %",
    price: (value) => fixed(value, 2, 4),
  };

  const nearest = (places, wanted) => {
    let low = 0, high = places.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (places[middle] <= wanted) low = middle; else high = middle;
    }
    return wanted - places[low] <= places[high] - wanted ? low : high;
  };

  const follow = (frame) => {
    const data = JSON.parse(frame.querySelector("script").textContent);
    const area = frame.querySelector(".plot");
    const plot = area.querySelector("svg");
    const cross = plot.querySelector(".cross");
    const output = frame.querySelector(".readout");
    let sum = 0;
    const seconds = data.seconds.map((gap) => (sum += gap));
    const hide = () => {
      cross.style.visibility = "hidden";
      output.textContent = "";
    };
    const show = (event) => {
      const box = plot.getBoundingClientRect();
      const part = (event.clientX - box.left) / box.width;
      if (part < 0 || part > 1) return hide();
      const at = nearest(data.at, part);
      const x = data.at[at] * 100 + "%";
      cross.setAttribute("x1", x);
      cross.setAttribute("x2", x);
      cross.style.visibility = "visible";
      output.textContent = day.format(seconds[at] * 1000);
      for (const each of data.series) {
        if (each.values[at] === null) continue;
        const value = document.createElement("b");
        value.textContent = units[each.unit](each.values[at]);
        output.append(`  ${each.name} `, value);
      }
    };
    area.addEventListener("pointermove", show);
    area.addEventListener("pointerdown", show);
    area.addEventListener("pointerleave", hide);
  };
  document.querySelectorAll(".followed").forEach(follow);
})();
