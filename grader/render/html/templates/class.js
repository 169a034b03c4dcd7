"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const table = document.getElementById("table");
  if (!table) return;
  const $ = (id) => document.getElementById(id);
  const [STUDENT, FILE, SCORE, STATUSES, FOUND, CONVENTION, LINK, BEFORE] = [0, 1, 2, 3, 4, 5, 6, 7];
  const PAGE = 100;
  const rows = data.rows;
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const number = new Intl.NumberFormat("en");

  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  // ------------------------------------------------------------------ what a row is sorted and searched by
  const passed = (row) => row[STATUSES].split("0").length - 1;
  const total = (row) => row[STATUSES].replaceAll("-", "").length;
  const change = (row) => (row[BEFORE] === null ? null : (row[SCORE] ?? 0) - row[BEFORE]);
  const names = (row) => row[FOUND].map((index) => data.misconceptions[index]);
  const haystacks = rows.map((row) => [row[STUDENT], row[FILE], ...names(row)].join("\n").toLowerCase());

  // ------------------------------------------------------------------------------------------- the cells
  const strips = new Map();
  const strip = (row) => {
    const key = row[STATUSES];
    if (!strips.has(key)) strips.set(key, drawStrip(row));
    return strips.get(key).cloneNode(true);
  };
  const drawStrip = (row) => {
    const cell = make("td", "numeric");
    if (!row[STATUSES]) return cell;
    const box = make("span", "strip");
    const wrong = new Map();
    [...row[STATUSES]].forEach((status, index) => {
      const mark = make("i", "s" + status);
      const label = data.statuses[status];
      if (label) mark.title = data.functions[index] + ": " + label;
      if (label && status !== "0") wrong.set(label, [...(wrong.get(label) ?? []), data.functions[index]]);
      box.append(mark);
    });
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", [...wrong].map(([label, list]) => label + ": " + list.join(", ")).join("; ") || "all passed");
    cell.append(box, passed(row) + "/" + total(row));
    return cell;
  };
  const nameCell = (row, column) => {
    const cell = make(column === STUDENT ? "th" : "td", column === FILE ? "file" : "");
    if (column === STUDENT) cell.scope = "row";
    const text = row[column] || (column === STUDENT ? row[FILE] : "");
    if (!row[LINK] || column === FILE) return (cell.textContent = text), cell;
    const link = make("a", "", text);
    link.href = row[LINK];
    cell.append(link);
    return cell;
  };
  const foundCell = (row) => {
    const cell = make("td");
    cell.append(...names(row).flatMap((name) => [make("code", "", name), " "]));
    return cell;
  };
  const changeCell = (row) => {
    const value = change(row);
    if (value === null) return make("td", "numeric soft", "new");
    const text = Math.abs(value) < 0.005 ? "0" : (value > 0 ? "+" : "−") + number.format(Math.abs(value));
    return make("td", "numeric " + (value > 0.005 ? "good" : value < -0.005 ? "bad" : "soft"), text);
  };
  const scoreCell = (row) =>
    row[SCORE] === null ? make("td", "numeric soft", "not graded") : make("td", "numeric", number.format(row[SCORE]));

  // ----------------------------------------------------------------------------------------- the columns
  const text = (a, b) => (a && b ? collator.compare(a, b) : a ? -1 : b ? 1 : 0); // what is empty comes last
  const anyFile = rows.some((row) => row[FILE] && row[STUDENT]);
  const columns = [
    { label: "Student", cell: (row) => nameCell(row, STUDENT), key: (row) => row[STUDENT] || row[FILE], compare: text },
    anyFile && { label: "File", className: "file", cell: (row) => nameCell(row, FILE), key: (row) => row[FILE], compare: text },
    { label: "Score", className: "numeric", numeric: true, cell: scoreCell, key: (row) => row[SCORE] ?? -1 },
    data.compared && { label: "Change", className: "numeric", numeric: true, cell: changeCell, key: (row) => change(row) ?? -Infinity },
    { label: "Functions passed", className: "numeric", numeric: true, cell: strip, key: passed },
    { label: "Misconceptions", cell: foundCell, key: (row) => names(row).join(" "), compare: text },
    { label: "Convention", cell: (row) => make("td", "soft", row[CONVENTION]), key: (row) => row[CONVENTION], compare: text },
  ].filter(Boolean);

  const heads = columns.map((column) => {
    const head = make("th", column.className ?? "");
    head.scope = "col";
    const button = make("button", "", column.label);
    button.type = "button";
    button.addEventListener("click", () => sort(column));
    head.append(button);
    return head;
  });
  table.tHead.rows[0].append(...heads);

  // ------------------------------------------------------------------------------------ sort, filter, draw
  let order = rows.map((_, index) => index);
  let current = null;
  let descending = false;
  let filter = null;
  let visible = [];
  let limit = PAGE;

  // Comparing words is slow, so each column's order is found once, when the browser has nothing else to do.
  const ascendingOrder = (column) => {
    if (column.order) return column.order;
    const keys = rows.map(column.key);
    const compare = column.compare ?? ((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    return (column.order = rows.map((_, index) => index).sort((a, b) => compare(keys[a], keys[b]) || a - b));
  };
  const descendingOrder = (column) => [...ascendingOrder(column)].reverse();
  const prepare = () => columns.forEach((column) => idle(() => ascendingOrder(column)));
  const idle = window.requestIdleCallback ?? ((task) => setTimeout(task, 50));

  const sort = (column) => {
    descending = column === current ? !descending : Boolean(column.numeric);
    current = column;
    order = descending ? descendingOrder(column) : ascendingOrder(column);
    heads.forEach((head, index) => {
      if (columns[index] !== column) head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    });
    update();
  };

  const update = () => {
    const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    visible = order.filter((index) => words.every((word) => haystacks[index].includes(word)) && (!filter || filter.test(rows[index])));
    limit = PAGE;
    draw();
  };

  const draw = () => {
    const body = make("tbody");
    visible.slice(0, limit).forEach((index) => {
      const line = make("tr");
      line.append(...columns.map((column) => column.cell(rows[index])));
      body.append(line);
    });
    table.tBodies[0].replaceWith(body);
    const some = visible.length === rows.length ? "" : number.format(visible.length) + " of ";
    $("shown").textContent = some + number.format(rows.length) + (rows.length === 1 ? " submission" : " submissions");
    const rest = visible.length - limit;
    $("more").parentElement.hidden = rest <= 0;
    $("more").textContent = "Show " + Math.min(PAGE, rest) + " more";
    $("all").textContent = "Show all " + number.format(visible.length);
  };

  const grow = (size) => {
    const first = limit;
    limit = size;
    draw();
    table.tBodies[0].rows[first]?.querySelector("a")?.focus({ preventScroll: true });
  };
  $("more").addEventListener("click", () => grow(limit + PAGE));
  $("all").addEventListener("click", () => grow(Infinity));
  $("search").addEventListener("input", update);

  // ---------------------------------------------------------------------- filters from the charts above
  const only = (label, test) => {
    filter = test ? { test } : null;
    $("filter").hidden = !test;
    $("filter").textContent = test ? label + " ✕" : "";
    if (test) $("filter").setAttribute("aria-label", "Remove the filter " + label);
    update();
    if (!test) return $("search").focus();
    $("students").scrollIntoView();
    $("students").focus({ preventScroll: true });
  };
  $("filter").addEventListener("click", () => only("", null));
  document.addEventListener("click", (event) => {
    const set = event.target.closest("button[aria-controls]")?.dataset;
    if (!set) return;
    if (set.misconception) {
      const wanted = Number(set.misconception);
      only(data.misconceptions[wanted], (row) => row[FOUND].includes(wanted));
    } else if (set.function) {
      const index = Number(set.function);
      only(data.functions[index] + ": " + data.statuses[set.status], (row) => row[STATUSES][index] === set.status);
    } else if (set.changed) {
      only("changed", (row) => Math.abs(change(row) ?? 0) > 0.005);
    }
  });

  document.querySelectorAll(".copy").forEach((button) => {
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.previousElementSibling.textContent);
      button.textContent = "Copied";
    });
  });

  // Paper has no buttons: it gets every row.
  let before = limit;
  addEventListener("beforeprint", () => ((before = limit), (limit = Infinity), draw()));
  addEventListener("afterprint", () => ((limit = before), draw()));

  sort(columns[0]);
  prepare();
})();
