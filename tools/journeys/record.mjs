// The ways of people at members to which something happened (TestRecordJourneys): figures
// hidden by a rule, removed, withdrawn, taken in against their totals; a journal that
// somebody altered. Each is given a walker (run.mjs) and fails by throwing.

import { must as says } from "./says.mjs";

const told = process.env.GUICHET_JOURNEYS_RECORD ? JSON.parse(process.env.GUICHET_JOURNEYS_RECORD) : null;

const said = {
  en: { ask: "Ask", why: "two rows were kept as a sample", event: "Figures withdrawn", purged: "Rows removed for good", month: "a wrong month", case: "a case before a court", closed: "the case is closed", hidden: "Cells hidden", rule: "fewer than 3 contributors", which: "Which cells were hidden", suspended: "has suspended", papers: "SHA-256", grave: "altered", changed: "changed after it was written", evidence: "Keep the evidence", leaf: "See the leaf", hides: "hidden by the disclosure rules of the agreement", cell: "hidden by the agreement", widened: "lets", filter: "Pick leaves", show: "Show" },
  fr: { ask: "Demander", why: "two rows were kept as a sample", event: "Chiffres retirés", purged: "Lignes supprimées", month: "a wrong month", case: "a case before a court", closed: "the case is closed", hidden: "Cellules masquées", rule: "moins de 3 contributeurs", which: "Quelles cellules ont été masquées", suspended: "suspend", papers: "SHA-256", grave: "altéré", changed: "modification après écriture", evidence: "Gardez la preuve", leaf: "Voir la feuille", hides: "masqués par les règles de confidentialité", cell: "masqué par l’accord", widened: "", filter: "Choisir des feuilles", show: "Montrer" },
};

const main = (w) => w.page.locator("main");
const must = (w, ...texts) => says(w.page, ...texts);

// recordExamined: an auditor reads who did what outside the usual way and why, follows an
// event to its leaf, and sees what an answer hid, by which rule.
export async function recordExamined(w) {
  const { page, lang } = w;
  const t = said[lang];
  const at = `${w.base}/${lang}`;
  await page.goto(`${at}/record`);
  await must(w, t.why, "360", t.event, t.purged, t.month, t.case, t.closed, t.suspended, "&lt;b&gt;");
  if (await main(w).locator("b").count()) throw new Error("markup in the name of a file is taken for markup");
  await w.look("record-full");
  for (const [what, name] of [[t.event, "event-withdrawn"], [t.purged, "event-purged"]]) {
    await page.goto(`${at}/record`);
    await main(w).locator("tbody tr", { hasText: what }).locator("a").first().click();
    await must(w, t.papers, what);
    await w.look(name);
    await main(w).locator('a[href*="/journal/"]').first().click();
    await must(w, what === t.event ? t.month : "");
    await w.look(`${name}-leaf`);
  }
  await page.goto(`${at}/journal?what=hidden`);
  await w.look("journal-hidden");
  await main(w).locator("tbody a").last().click(); // the ledger names cells under the exchange that gave them first
  await must(w, t.hidden, t.rule);
  await main(w).locator("summary", { hasText: t.which }).first().click();
  await w.look("leaf-hidden");
  await page.goto(`${at}/journal?what=events`);
  await w.look("journal-events");
  await page.goto(`${at}/agreements/three/three-copies/changes`);
  await w.look("changes-of-two");
}

// recordHides: an officer is answered with cells that a rule hides, and told why, on the
// page and in the file.
export async function recordHides(w) {
  const { page, lang } = w;
  const t = said[lang];
  w.base = told.other;
  await page.goto(`${w.base}/sign-in?as=officer&to=/${lang}/`);
  await page.goto(`${w.base}/${lang}/question?flow=imports&product=630790&member=US&from=2020-03&to=2020-03&by=period&by=partner&purpose=official-statistics`);
  await main(w).getByRole("button", { name: t.ask, exact: true }).click();
  await page.waitForSelector("#who", { timeout: 120000 });
  await must(w, t.hides, t.cell);
  await w.look("hidden-cells");
  const csv = await (await page.request.get(`${page.url()}/figures/csv`)).text();
  if (!csv.split("\n")[0].includes("value_why_none") || !csv.includes("hidden")) throw new Error(`the CSV does not say why a cell is empty: ${csv.split("\n")[0]}`);
}

// recordAlarms: a leaf was altered on the disk of a node that runs; the auditor finds out, is told
// what it means and what to do, and can still read the journal.
export async function recordAlarms(w) {
  const { page, lang } = w;
  const t = said[lang];
  w.base = told.altered;
  await page.goto(`${w.base}/sign-in?as=auditor&to=/${lang}/`);
  await page.goto(`${w.base}/${lang}/checks`);
  await main(w).locator("form button").click();
  await page.waitForURL(/\/checks\/[0-9a-f]{32}$/);
  await page.waitForSelector("#stands", { timeout: 120000 });
  await must(w, t.grave, t.changed, t.evidence);
  await w.look("grave");
  w.page.removeAllListeners("console"); // the browser tells of every page that is not 200
  await page.getByRole("link", { name: t.leaf }).first().click();
  await w.look("grave-leaf");
  await page.goto(`${w.base}/${lang}/journal`);
  await w.look("grave-journal");
}

// recordWays are the ways with how each is gone; none where nothing happened to anybody.
export function recordWays() {
  if (!told) return [];
  const out = [];
  for (const [lang, script, width] of [["en", true, 320], ["en", true, 768], ["en", true, 1280], ["en", false, 768], ["fr", true, 320], ["fr", true, 768], ["fr", true, 1280], ["fr", false, 320]]) {
    out.push({ way: recordExamined, lang, script, width, as: "auditor" }, { way: recordHides, lang, script, width });
  }
  for (const [lang, script, width] of [["en", true, 320], ["en", false, 768], ["fr", true, 1280], ["fr", false, 320]]) out.push({ way: recordAlarms, lang, script, width });
  return out;
}
