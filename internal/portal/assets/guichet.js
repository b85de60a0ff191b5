// The pages work without this. It takes a reader to what is wrong with a form, and shows
// what members say as they say it, where a browser without script looks again by itself.
"use strict";
const wrong = document.querySelector(".govuk-error-summary");
if (wrong) wrong.focus();
const waiting = document.querySelector("[data-events]");
if (waiting) {
  const events = new EventSource(waiting.dataset.events);
  const again = () => { events.close(); location.reload(); };
  events.addEventListener("came", (e) => {
    const row = document.getElementById("came-" + e.data.slice(0, e.data.indexOf(" ")));
    if (row) row.textContent = e.data.slice(e.data.indexOf(" ") + 1);
  });
  events.addEventListener("far", (e) => {
    const far = document.querySelector("[role=status]");
    if (far) far.textContent = e.data;
  });
  events.addEventListener("over", again);
  events.addEventListener("error", () => { events.close(); setTimeout(() => location.reload(), 3000); });
}
