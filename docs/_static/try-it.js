// Answers SQL over a data wheel that is installed into CPython in this tab.
const place = new URL("../try/", import.meta.url);
const [start, form, status, answer] = ["start", "query", "status", "answer"].map((name) =>
  document.getElementById(`try-${name}`));

// Bounded as for agents: a statement without end, or a value of a gigabyte, would end the tab.
const PROGRAM = `
import json, sqlite3
import microcosm_sqlite
from microcosm_sqlite.interop.agents.reading import BoundedReader, Limits

elements = microcosm_sqlite.dataset("elements")
reader = BoundedReader(["elements"], Limits(rows=100, seconds=5))

def answer(sql):
    try:
        return json.dumps(reader.query("elements", sql))
    except microcosm_sqlite.errors.DatasetError as error:
        return json.dumps({"error": str(error)})

f"{elements.name} {elements.version} is open, with Python and SQLite {sqlite3.sqlite_version} in this tab."
`;

let python;

async function load() {
  const { loadPyodide } = await import(new URL("pyodide.mjs", place));
  const loaded = await loadPyodide({ indexURL: place.href });
  const names = await (await fetch(new URL("wheels.json", place))).json();
  for (const name of names) {
    const wheel = await fetch(new URL(name, place));
    loaded.unpackArchive(await wheel.arrayBuffer(), "wheel");
  }
  status.textContent = loaded.runPython(PROGRAM);
  return loaded;
}

function show({ error, columns, rows, note }) {
  answer.replaceChildren();
  if (error) {
    status.textContent = error;
    return;
  }
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  for (const name of columns) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = name;
    head.append(cell);
  }
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const value of row) line.insertCell().textContent = value ?? "NULL";
  }
  answer.append(table);
  status.textContent = note ?? `Rows: ${rows.length}.`;
}

start.addEventListener("click", async () => {
  start.disabled = true;
  status.textContent = "Loading Python, about 13 MB ...";
  try {
    python = await load();
    form.hidden = false;
    start.hidden = true;
  } catch (error) {
    start.disabled = false;
    status.textContent = `This did not load: ${error.message}`;
  }
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const ask = python.globals.get("answer");
  show(JSON.parse(ask(form.elements.sql.value)));
  ask.destroy();
});
start.hidden = false;
