// The ways of a statistician. Each is given a walker (run.mjs) and fails by throwing.

import { must as says } from "./says.mjs";

const said = {
  en: { check: "Look at the comparison", look: "Look at the question", ask: "Ask", find: "Find", masks: "surgical masks", problem: "There is a problem", bymonth: "by month", receipt: "Receipt", verified: "Verified", estimated: "What is estimated in this answer", twice: "Ask it as of two days, side by side", editions: "From edition to edition", nothing: "Nothing is called" },
  fr: { check: "Voir la comparaison", look: "Voir la demande", ask: "Demander", find: "Chercher", masks: "masques chirurgicaux", problem: "Il y a un problème", bymonth: "par mois", receipt: "Reçu", verified: "Vérifié", estimated: "Ce qui est estimé dans cette réponse", twice: "La poser à deux dates, côte à côte", editions: "D’édition en édition", nothing: "Rien ne s’appelle" },
};

const main = (w) => w.page.locator("main");
const button = (w, name) => main(w).getByRole("button", { name, exact: true });
const must = (w, ...texts) => says(w.page, ...texts);

// office says which of several offices asks.
async function office(w) {
  if (await w.page.locator("#office").count()) await w.page.selectOption("#office", { index: 1 });
}

// compares: both members, all goods; one product by month; the figures along; the proof.
export async function compares(w) {
  const { page, lang } = w;
  const t = said[lang];
  await page.goto(`${w.base}/${lang}/compare`);
  await w.look("compare");
  await page.fill("#goods", "123999");
  await page.fill("#from", "2020-13");
  await button(w, t.check).click();
  await must(w, t.problem);
  await w.look("compare-wrong");
  if ((await page.inputValue("#goods")) !== "123999" || (await page.inputValue("#from")) !== "2020-13") throw new Error("what was typed is lost");
  await page.selectOption("#exporter", "CA");
  await page.selectOption("#importer", "US");
  await page.fill("#goods", "covid19");
  await page.fill("#from", "2020-01");
  await page.fill("#to", "2020");
  await page.check('input[name="purpose"][value="supply-monitoring"]', { force: true });
  await office(w);
  await button(w, t.check).click();
  await page.waitForURL(/\/compare\/question\?/);
  await w.look("compare-question");
  const address = page.url();
  await button(w, t.ask).click();
  await page.waitForURL(/\/asked\/[0-9a-f]{32}$/);
  if (w.glance && (await page.locator("#sides").count()) === 0) await w.glance("comparing");
  await page.waitForSelector("#sides", { timeout: 120000 });
  await w.look("compared");
  const asked = page.url();
  for (const format of ["csv", "xlsx", "parquet"]) {
    if (!(await page.request.get(`${asked}/figures/${format}`)).ok()) throw new Error(`no ${format}`);
  }
  await page.locator('header a[rel="alternate"]').click();
  if (!page.url().includes(lang === "en" ? "/fr/asked/" : "/en/asked/")) throw new Error("the toggle leads elsewhere");
  await page.goto(asked);
  await page.getByRole("link", { name: t.estimated }).click();
  await w.look("estimated");
  await page.goto(asked);
  await page.getByRole("link", { name: new RegExp(`^${t.receipt}`) }).first().click();
  await must(w, t.verified);
  await page.goto(asked);
  const closer = page.getByRole("link", { name: new RegExp(`^${t.bymonth}`) }).first();
  if (await closer.count()) {
    await closer.click();
    await button(w, t.ask).click();
    await page.waitForSelector("#sides", { timeout: 120000 });
    await w.look("compared-product");
  }
  // A side that is silent, and both that refuse.
  await page.goto(address.replace("importer=US", "importer=GB"));
  await button(w, t.ask).click();
  await page.waitForSelector("#sides", { timeout: 120000 });
  await w.look("compared-silent");
  await page.goto(address.replace("purpose=supply-monitoring", "purpose=customs-risk").replace("exporter=CA", "exporter=AU"));
  await button(w, t.ask).click();
  await page.waitForSelector("#sides", { timeout: 120000 });
  await w.look("compared-refused");
}

// codes: by words, by a code, from edition to edition.
export async function codes(w) {
  const { page, lang } = w;
  const t = said[lang];
  await page.goto(`${w.base}/${lang}/codes`);
  await w.look("codes");
  await page.fill("#q", t.masks);
  await button(w, t.find).click();
  await w.look("codes-found");
  await page.goto(`${w.base}/${lang}/codes?q=6307.90`);
  await must(w, t.editions);
  await w.look("code");
  await page.goto(`${w.base}/${lang}/codes/6307909885?list=us-hts`);
  await w.look("code-national");
  await page.goto(`${w.base}/${lang}/codes/63`);
  await w.look("code-chapter");
}

// twoDays: a question, then the same as of two days.
export async function twoDays(w) {
  const { page, lang } = w;
  const t = said[lang];
  await page.goto(`${w.base}/${lang}/twice`);
  await w.look("twice-none");
  await page.goto(`${w.base}/${lang}/question?flow=imports&product=630790&member=US&member=CA&from=2020-01&to=2020-06&by=period&by=partner&purpose=supply-monitoring`);
  if (await page.locator("#office").count()) {
    await office(w);
    await button(w, t.look).click();
  }
  await page.getByRole("link", { name: t.twice }).click();
  await page.fill("#first", "2020-02-30");
  await button(w, t.look).click();
  await must(w, t.problem);
  await w.look("twice-wrong");
  if ((await page.inputValue("#first")) !== "2020-02-30") throw new Error("what was typed is lost");
  await page.fill("#first", "2020-05-31");
  await button(w, t.look).click();
  await w.look("twice-question");
  await button(w, t.ask).click();
  await page.waitForSelector("#who", { timeout: 120000 });
  await w.look("twiced");
}

// compareByKeyboard: from the form to the comparison without a mouse.
export async function compareByKeyboard(w) {
  const { page, lang } = w;
  await page.goto(`${w.base}/${lang}/compare`);
  const on = async (test, what) => {
    for (let i = 0; i < 80; i++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(test)) return;
    }
    throw new Error(`${what} cannot be reached by keyboard`);
  };
  await on(() => document.activeElement.id === "exporter", "the exporter");
  await page.keyboard.type("Can");
  await on(() => document.activeElement.id === "importer", "the importer");
  await page.keyboard.press("End"); // the United States
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
  if (await page.locator("#office").count()) {
    await on(() => document.activeElement.id === "office", "the office");
    await page.keyboard.press("ArrowDown");
  }
  await on(() => document.activeElement.name === "check", "the button");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/compare\/question\?/);
  await on(() => document.activeElement.matches("main button"), "the button to ask");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#sides", { timeout: 120000 });
  await w.look("compare-by-keyboard");
}

// statistician are the ways with how each is gone.
export function statistician() {
  const out = [];
  for (const lang of ["en", "fr"]) {
    for (const script of [true, false]) {
      for (const width of [320, 768, 1280]) {
        out.push({ way: compares, lang, script, width, as: "officer" }, { way: codes, lang, script, width, as: "auditor" });
      }
      out.push({ way: twoDays, lang, script, width: script ? 1280 : 320, as: "steward" });
    }
    out.push({ way: compareByKeyboard, lang, script: true, width: 1280, as: "officer" });
  }
  return out;
}
