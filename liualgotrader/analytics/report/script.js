"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  // -- what stands under the pointer ---------------------------------------------------------------
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone: "America/New_York", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  });
  const fixed = (value, places) => Math.abs(value).toLocaleString("en-US", {
    minimumFractionDigits: places, maximumFractionDigits: Math.max(places, 2),
  });
  const units = {
    usd: (value) => (value < 0 ? "−$" : "$") + fixed(value, 2),
    percent: (value) => (value < 0 ? "−" : "") + fixed(value * 100, 2) + " %",
    price: (value) => "$" + Math.abs(value).toLocaleString("en-US", {
      minimumFractionDigits: 2, maximumFractionDigits: 4,
    }),
  };

  const nearest = (times, wanted) => {
    let low = 0, high = times.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (times[middle] <= wanted) low = middle; else high = middle;
    }
    return wanted - times[low] <= times[high] - wanted ? low : high;
  };

  const follow = (chart) => {
    const source = chart.querySelector("script");
    if (!source) return;
    const data = JSON.parse(source.textContent);
    const plot = chart.querySelector(".plot svg");
    const cross = plot.querySelector(".cross");
    const output = chart.querySelector(".readout");
    let sum = 0;
    const times = data.gaps.map((gap) => (sum += gap));
    const show = (event) => {
      const box = plot.getBoundingClientRect();
      const part = (event.clientX - box.left) / box.width;
      if (part < 0 || part > 1) return hide();
      const at = nearest(times, part * data.span);
      const x = (times[at] / data.span) * 100 + "%";
      cross.setAttribute("x1", x);
      cross.setAttribute("x2", x);
      cross.style.visibility = "visible";
      output.textContent = clock.format((data.start + times[at]) * 1000);
      for (const each of data.series) {
        const value = document.createElement("b");
        value.textContent = units[each.unit](each.values[at]);
        output.append(data.series.length > 1 ? `  ${each.name} ` : "  ", value);
      }
    };
    const hide = () => {
      cross.style.visibility = "hidden";
      output.textContent = "";
    };
    const area = chart.querySelector(".plot");
    area.addEventListener("pointermove", show);
    area.addEventListener("pointerdown", show);
    area.addEventListener("pointerleave", hide);
  };
  document.querySelectorAll(".chart").forEach(follow);

  // -- what was bought and sold -----------------------------------------------------------------
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("role", "tooltip");
  document.body.append(tip);
  const texts = new WeakMap();
  document.querySelectorAll("g.mark").forEach((mark) => {
    const title = mark.querySelector("title");
    texts.set(mark, title.textContent);
    mark.setAttribute("aria-label", title.textContent);
    title.remove();
    const show = () => {
      tip.textContent = texts.get(mark);
      tip.hidden = false;
      const box = mark.querySelector("path").getBoundingClientRect();
      const left = Math.min(box.left + box.width / 2 + 12, root.clientWidth - tip.offsetWidth - 8);
      const above = box.top - tip.offsetHeight - 10;
      tip.style.left = Math.max(left, 8) + window.scrollX + "px";
      tip.style.top = (above < 4 ? box.bottom + 10 : above) + window.scrollY + "px";
    };
    const hide = () => { tip.hidden = true; };
    mark.addEventListener("pointerenter", show);
    mark.addEventListener("focus", show);
    mark.addEventListener("pointerleave", hide);
    mark.addEventListener("blur", hide);
  });

  // -- one strategy only ---------------------------------------------------------------------------
  const buttons = [...document.querySelectorAll("[data-filter]")];
  const filter = (button) => {
    const wanted = button.dataset.filter;
    buttons.forEach((each) => each.setAttribute("aria-pressed", String(each === button)));
    document.querySelectorAll("[data-strategies]").forEach((card) => {
      card.hidden = wanted !== "" && !card.dataset.strategies.split(" ").includes(wanted);
    });
    document.querySelectorAll("tbody[data-strategy]").forEach((body) => {
      body.hidden = wanted !== "" && body.dataset.strategy !== wanted;
    });
  };
  buttons.forEach((button) => button.addEventListener("click", () => filter(button)));

  // -- tables in another order ---------------------------------------------------------------------
  const sortBy = (table, heading, column) => {
    const down = heading.getAttribute("aria-sort") === "ascending";
    table.querySelectorAll("th[aria-sort]").forEach((each) => each.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const numeric = heading.classList.contains("n");
    const key = (body) => {
      const cell = body.rows[0].cells[column];
      return numeric ? parseFloat(cell.dataset.v) : cell.textContent;
    };
    const rows = [...table.tBodies].map((body) => ({ body, key: key(body) }));
    rows.sort((a, b) => {
      if (!numeric) return (down ? -1 : 1) * a.key.localeCompare(b.key);
      const missing = Number.isNaN(a.key) - Number.isNaN(b.key);
      return missing || (down ? b.key - a.key : a.key - b.key) || 0;
    });
    rows.forEach((row) => table.append(row.body));
  };
  document.querySelectorAll("table.sortable").forEach((table) => {
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      heading.querySelector("button").addEventListener("click", () => sortBy(table, heading, column));
    });
  });
})();
