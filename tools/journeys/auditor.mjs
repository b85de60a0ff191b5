// The ways of an auditor, and of somebody without an account. Each is given a walker
// (run.mjs) and fails by throwing.

import { must as says } from "./says.mjs";

const said = {
  en: { agreements: "Good signatures of", journal: "Pick leaves", verify: "Verify", well: "Our own journal", leaf: "See it proved", verified: "Verified", exceptions: "Exceptions", words: "What every word means", nobody: "fewer than 10", day: "is no day", csv: "period", checkpoint: "The newest checkpoint", made: "MADE FIGURES" },
  fr: { agreements: "Signatures valables de", journal: "Choisir des feuilles", verify: "Vérifier", well: "Notre propre journal", leaf: "En voir la preuve", verified: "Vérifié", exceptions: "Exceptions", words: "Ce que veut dire chaque mot", nobody: "moins de 10", day: "pas un jour", csv: "period", checkpoint: "Le dernier point de contrôle", made: "CHIFFRES FABRIQUÉS" },
};
const main = (w) => w.page.locator("main");
const must = (w, ...texts) => says(w.page, ...texts);

// auditing: read agreements, the journal and one leaf with its proof, verify all journals
// in the page, and look at what was done outside the usual way.
export async function auditing(w) {
  const { page, lang } = w;
  const t = said[lang];
  await page.goto(`${w.base}/${lang}/`);
  await w.look("auditor-start");
  await page.goto(`${w.base}/${lang}/agreements`);
  await w.look("agreements");
  await main(w).locator("tbody a").first().click();
  await must(w, t.agreements);
  await w.look("agreement");
  await page.goto(`${page.url()}/changes`);
  await w.look("changes");
  await page.goto(`${w.base}/${lang}/journal`);
  await w.look("journal");
  await main(w).locator("summary").click();
  await page.selectOption("#what", "asked");
  await page.fill("#from", "2024-13-01");
  await main(w).locator("form button").click();
  await must(w, t.day);
  await w.look("journal-wrong");
  await page.fill("#from", "");
  await main(w).locator("form button").click();
  await w.look("journal-picked");
  await page.goto(`${w.base}/${lang}/journal`);
  await main(w).locator("tbody a").first().click();
  await w.look("leaf");
  await page.goto(`${w.base}/${lang}/checks`);
  await w.look("checks");
  await main(w).locator("form button").click();
  await page.waitForURL(/\/checks\/[0-9a-f]{32}$/);
  if ((await page.locator("#stands").count()) === 0) await w.look("checking").catch(() => {}); // it may be over while it is looked at
  await page.waitForSelector("#stands", { timeout: 120000 });
  await must(w, t.well);
  await w.look("check");
  await page.goto(`${w.base}/${lang}/record`);
  await must(w, t.exceptions);
  await w.look("record");
}

// publicView: nobody signs in; nothing is set in the browser.
export async function publicView(w) {
  const { page, lang } = w;
  const t = said[lang];
  await page.goto(`${w.base}/${lang}/public`);
  await must(w, t.nobody);
  await w.look("public");
  await page.locator(".guichet-cards a").first().click();
  await must(w, t.made);
  await w.look("public-table");
  const csv = await page.request.get(`${page.url()}/csv`);
  if (!csv.ok() || !(await csv.text()).startsWith("made,")) throw new Error("no CSV that says it is made");
  await page.goto(`${w.base}/${lang}/public/log`);
  await must(w, t.checkpoint);
  await w.look("public-log");
  await page.goto(`${w.base}/${lang}/public/words`);
  await must(w, t.words);
  await w.look("public-words");
  await page.locator('header a[rel="alternate"]').click();
  if (!page.url().includes(lang === "en" ? "/fr/public/words" : "/en/public/words")) throw new Error("the toggle leads elsewhere");
  if ((await page.context().cookies()).length > 0) throw new Error("the public view sets a cookie");
  page.removeAllListeners("console"); // the browser tells of every page that is not 200
  await page.goto(`${w.base}/${lang}/public/table/none`);
  await w.look("public-none");
}

// auditorsKeyboard: from the form to the verified journals without a mouse.
export async function auditorsKeyboard(w) {
  const { page, lang } = w;
  await page.goto(`${w.base}/${lang}/checks`);
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(() => document.activeElement.matches("main form button"))) break;
  }
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/checks\/[0-9a-f]{32}$/);
  await page.waitForSelector("#stands", { timeout: 120000 });
  await w.look("check-by-keyboard");
}
