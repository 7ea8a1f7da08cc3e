// The page is complete without this: it adds buttons that copy code, and searches.
function fold(text) {  // so that "malaga" finds Málaga
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
function addSearch(before, label, placeholder, items, read) {
  const search = document.createElement("input");
  const found = document.createElement("span");
  const line = document.createElement("p");
  search.type = "search";
  search.placeholder = placeholder;
  search.setAttribute("aria-label", label);
  found.setAttribute("role", "status");
  found.className = "quiet";
  line.className = "search";
  line.append(search, found);
  search.addEventListener("input", () => {
    const words = fold(search.value).split(/\s+/);
    for (const item of items) {
      const text = fold(read(item));
      item.hidden = !words.every((word) => text.includes(word));
    }
    const count = items.filter((item) => !item.hidden).length;
    found.textContent = search.value ? `${count} of ${items.length}` : "";
    before.dispatchEvent(new CustomEvent("searched", { detail: Boolean(search.value) }));
  });
  before.before(line);
}
for (const code of document.querySelectorAll(".code")) {
  const button = document.createElement("button");
  const text = code.querySelector("pre").textContent;
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy: ${code.querySelector("pre").getAttribute("aria-label")}`);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code.querySelector("pre"));
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  code.prepend(button);
}
for (const table of document.querySelectorAll("table.columns")) {
  const rows = [...table.tBodies[0].rows];
  if (rows.length < 12) continue;
  const name = document.getElementById(table.getAttribute("aria-labelledby")).textContent;
  const label = `Search the columns of ${name}`;
  addSearch(table, label, `Search ${rows.length} columns`, rows, (row) => row.cells[0].textContent);
}
for (const list of document.querySelectorAll(".catalogue")) {
  const tables = [...list.querySelectorAll(".tables > li")];
  const facts = (dataset) => [...dataset.querySelectorAll(":scope > h2, :scope > p")];
  const read = (table) => [...facts(table.closest(".dataset")), table].map((each) => each.textContent).join(" ");
  addSearch(list, "Search tables and columns", "Search tables and columns", tables, read);
  list.addEventListener("searched", (event) => {
    for (const dataset of list.querySelectorAll(".dataset")) {
      dataset.hidden = event.detail && !dataset.querySelector(".tables > li:not([hidden])");
      dataset.querySelector("details").open = event.detail;
    }
  });
}
