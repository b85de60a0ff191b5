// The ways of people. Each is given a walker (run.mjs) and fails by throwing.

import { must as says } from "./says.mjs";

const said = {
  en: { find: "Find goods", choose: "Choose these", check: "Look at the question", ask: "Ask", masks: "surgical masks", receipt: "Receipt", verified: "Verified", change: "Change the question", problem: "There is a problem", further: "Further rows", none: "There is nothing at this address", chosen: "Chosen." },
  fr: { find: "Chercher", choose: "Choisir ceux-ci", check: "Voir la demande", ask: "Demander", masks: "masques chirurgicaux", receipt: "Reçu", verified: "Vérifié", change: "Modifier la demande", problem: "Il y a un problème", further: "Lignes suivantes", none: "Il n’y a rien à cette adresse", chosen: "Choisis." },
};

const main = (w) => w.page.locator("main");
const button = (w, name) => main(w).getByRole("button", { name, exact: true });
const must = (w, ...texts) => says(w.page, ...texts);

// askToReceipt: find goods by words, ask all members, see who answered, turn pages, take
// the figures along, change the language, see the proof, and find the answer again.
export async function askToReceipt(w) {
  const { page, lang } = w;
  const t = said[lang];
  await page.goto(`${w.base}/${lang}/`);
  await w.look("start");
  await page.goto(`${w.base}/${lang}/ask`);
  await w.look("ask");
  await page.fill("#goods", t.masks);
  await button(w, t.find).click();
  await w.look("found");
  await page.check('input[name="product"][value="630790"]', { force: true });
  await button(w, t.choose).click();
  await must(w, t.chosen);
  await page.fill("#from", "01/2020");
  await page.fill("#to", "2020");
  await page.check('input[name="by"][value="period"]', { force: true });
  await page.check('input[name="by"][value="partner"]', { force: true });
  await page.check('input[name="purpose"][value="supply-monitoring"]', { force: true });
  await page.selectOption("#office", { index: 1 });
  await button(w, t.check).click();
  await w.look("question");
  const address = page.url();
  await button(w, t.ask).click();
  await page.waitForURL(/\/asked\/[0-9a-f]{32}$/);
  if (!(await page.content()).includes("data-events")) throw new Error("the page does not wait for a member that is slow");
  await w.glance("waiting");
  await page.waitForSelector("#who", { timeout: 120000 });
  await w.look("answer");
  const asked = page.url();
  const further = page.getByRole("link", { name: t.further });
  if (await further.count()) {
    await further.click();
    await must(w, "51");
  }
  const csv = await page.request.get(`${asked}/figures/csv`);
  const text = await csv.text();
  if (!csv.ok() || !text.startsWith("member,")) throw new Error("no CSV");
  for (const format of ["xlsx", "parquet"]) {
    if (!(await page.request.get(`${asked}/figures/${format}`)).ok()) throw new Error(`no ${format}`);
  }
  // The other language has the same answer and asks nobody.
  await page.goto(asked);
  await page.locator('header a[rel="alternate"]').click();
  if (!page.url().includes(lang === "en" ? "/fr/asked/" : "/en/asked/")) throw new Error("the toggle leads elsewhere");
  await page.locator('header a[rel="alternate"]').click();
  if (page.url() !== asked) throw new Error("the toggle does not lead back");
  await page.getByRole("link", { name: new RegExp(`^${t.receipt}`) }).first().click();
  await must(w, t.verified);
  await w.look("receipt");
  await page.goto(`${w.base}/${lang}/asked`);
  await w.look("asked");
  // A question whose months nobody has, and one that everybody refuses.
  const quick = address.replace("member=GB&", ""); // without the slow one
  await page.goto(quick.replace("from=2020-01", "from=2015-01").replace("to=2020-12", "to=2015-03"));
  await button(w, t.ask).click();
  await page.waitForSelector("#who", { timeout: 120000 });
  await w.look("empty");
  await page.goto(quick.replace("purpose=supply-monitoring", "purpose=customs-risk"));
  await button(w, t.ask).click();
  await page.waitForSelector("#who", { timeout: 120000 });
  await w.look("refused");
  // By chapter, over partners alone: bars.
  await page.goto(quick.replace("by=period&", "").replace("product=630790", "product=covid19"));
  await button(w, t.ask).click();
  await page.waitForSelector("#who", { timeout: 120000 });
  await w.look("bars");
  // By months alone: lines of few members.
  await page.goto(quick.replace("&by=partner", ""));
  await button(w, t.ask).click();
  await page.waitForSelector("#who", { timeout: 120000 });
  await w.look("lines");
}

// wrongForms: what cannot be asked is said at its field, and nothing typed is lost.
export async function wrongForms(w) {
  const { page, lang } = w;
  const t = said[lang];
  await page.goto(`${w.base}/${lang}/ask?circle=`);
  await page.fill("#goods", "123999");
  await page.fill("#partner", "Atlantis, congo");
  await page.fill("#from", "2024-13");
  await page.fill("#to", "1/1/1");
  await button(w, t.check).click();
  await must(w, t.problem);
  await w.look("wrong");
  for (const [id, value] of [["#goods", "123999"], ["#partner", "Atlantis, congo"], ["#from", "2024-13"], ["#to", "1/1/1"]]) {
    if ((await page.inputValue(id)) !== value) throw new Error(`${id} lost what was typed`);
  }
  if (w.script && !(await page.evaluate(() => document.activeElement.classList.contains("govuk-error-summary")))) throw new Error("the summary has no focus");
  await page.locator('.govuk-error-summary a[href="#from"]').click();
  if (w.script && (await page.evaluate(() => document.activeElement.id)) !== "from") throw new Error("the summary does not lead to the field");
  await page.fill("#goods", "xyzzy plugh");
  await button(w, t.find).click();
  await must(w, "xyzzy plugh");
  await w.look("nothing-found");
}

// strangers: who has not signed in sees the start page and nothing of anybody's.
export async function strangers(w) {
  const { page, lang } = w;
  await page.goto(`${w.base}/${lang}/`);
  await w.look("stranger-start");
  for (const path of ["ask", "asked", "asked/" + "0".repeat(32), "receipt/x/" + "0".repeat(32)]) {
    const r = await page.request.get(`${w.base}/${lang}/${path}`);
    if (r.status() !== 401) throw new Error(`${path} is open: ${r.status()}`);
  }
  await page.goto(`${w.base}/${lang}/ask`);
  await w.look("sign-in-first");
  await page.goto(`${w.base}/${lang}/nowhere`);
  await must(w, said[lang].none);
  await w.look("not-found");
}

// byKeyboard: the whole way without a mouse.
export async function byKeyboard(w) {
  const { page, lang } = w;
  await page.goto(`${w.base}/${lang}/ask`);
  await page.keyboard.press("Tab");
  if (!(await page.evaluate(() => document.activeElement.classList.contains("govuk-skip-link")))) throw new Error("the first stop is not the skip link");
  await page.keyboard.press("Enter");
  // on: press Tab until something has the focus; its outline must be seen.
  const on = async (test, what) => {
    for (let i = 0; i < 80; i++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(test)) {
        const seen = await page.evaluate(() => { const s = getComputedStyle(document.activeElement); const l = document.activeElement.labels?.[0]; const b = l && getComputedStyle(l, "::before"); return [s.outlineStyle, s.boxShadow, b?.boxShadow, b?.outlineStyle].some((x) => x && x !== "none"); });
        if (!seen) throw new Error(`the focus on ${what} is not seen`);
        return;
      }
    }
    throw new Error(`${what} cannot be reached by keyboard`);
  };
  await on(() => document.activeElement.id === "goods", "the goods");
  await page.keyboard.type("630790");
  await on(() => document.activeElement.id === "from", "the first month");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("2020-01");
  await on(() => document.activeElement.id === "to", "the last month");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("2020-12");
  await on(() => document.activeElement.name === "purpose", "the purpose");
  await page.keyboard.press("Space");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await on(() => document.activeElement.id === "office", "the office");
  await page.keyboard.press("ArrowDown");
  await on(() => document.activeElement.name === "check", "the button");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/question\?/, { timeout: 120000 });
  await on(() => document.activeElement.matches("main button"), "the button to ask");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#who", { timeout: 120000 });
  await w.look("by-keyboard");
}
