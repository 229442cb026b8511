/// The script of a page: it sorts tables. It is one constant, so that the page's policy can name it by its hash and
/// no other script runs, whatever the names in a file contain.
enum PageScript {
  static let text = """
    for (const button of document.querySelectorAll("th button")) {
      button.addEventListener("click", () => {
        const header = button.parentElement;
        const body = header.closest("table").tBodies[0];
        const column = header.cellIndex;
        const isDescending = header.getAttribute("aria-sort") === "ascending";
        const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
        const isNumber = header.classList.contains("number");
        const compare = (a, b) => isNumber ? Number(a) - Number(b) : a < b ? -1 : a > b ? 1 : 0;
        const rows = [...body.rows].sort((a, b) => compare(key(a), key(b)) * (isDescending ? -1 : 1));
        for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
        header.setAttribute("aria-sort", isDescending ? "descending" : "ascending");
        body.append(...rows);
      });
    }
    """

  /// SHA-256 of `text` in base64, as a content security policy has it.
  static let hash = "MP6wfMS9jH6eQ8nGQJSPoC+ec9BEi9SpQbUdo5HqHzc="
}
