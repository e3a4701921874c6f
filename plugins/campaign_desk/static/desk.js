// Airflow shows the desk in a sandboxed frame, which may not navigate the page around it.  A link to Airflow's own
// pages is therefore followed by a link of that page; without this script it opens inside the frame, and works too.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-airflow]");
  if (!link || window.top === window.self) return;
  event.preventDefault();
  const outer = window.top.document.createElement("a");
  outer.href = link.href;
  window.top.document.body.append(outer);
  outer.click();
  outer.remove();
});
