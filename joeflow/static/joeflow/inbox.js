// Selects all tasks that can be taken. Without this script, each is selected by hand.
for (const box of document.querySelectorAll("[data-select-all]")) {
  const boxes = [...document.querySelectorAll(`input[type=checkbox][name="${box.dataset.selectAll}"]`)];
  if (boxes.length > 1) {
    box.closest("[hidden]").hidden = false;
  }
  const show = () => {
    const count = boxes.filter((each) => each.checked).length;
    box.checked = count > 0 && count === boxes.length;
    box.indeterminate = count > 0 && count < boxes.length;
  };
  box.addEventListener("change", () => {
    for (const each of boxes) {
      each.checked = box.checked;
    }
  });
  for (const each of boxes) {
    each.addEventListener("change", show);
  }
  show();
}
