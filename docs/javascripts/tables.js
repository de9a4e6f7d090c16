// On a narrow screen each row of a table stands by itself (site.css), so a cell has to say its column.
document$.subscribe(() => {
  for (const table of document.querySelectorAll(".md-typeset table:not([class])")) {
    const columns = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent);
    for (const row of table.querySelectorAll("tbody tr")) {
      [...row.cells].forEach((cell, number) => (cell.dataset.column = columns[number]));
    }
  }
});
