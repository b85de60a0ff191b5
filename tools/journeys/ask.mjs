// The way of an officer who asks of border crossings. It is given a walker (run.mjs) and
// fails by throwing.

const said = {
  en: { show: "Show its fields", check: "Look at the question", ask: "Ask", problem: "There is a problem", change: "Change the question", receipt: "Receipt", verified: "Verified", estimated: "What is estimated in this answer", now: "The form now asks about", none: "There is no day 30 in February", minutes: "minutes", mode: "Air", entry: "Entry", band: "counts per band", trade: "Which goods?" },
  fr: { show: "Voir ses champs", check: "Voir la demande", ask: "Demander", problem: "Il y a un problème", change: "Modifier la demande", receipt: "Reçu", verified: "Vérifié", estimated: "Ce qui est estimé dans cette réponse", now: "Le formulaire porte maintenant sur", none: "Il n’y a pas de jour 30 en février", minutes: "minutes", mode: "Voie aérienne", entry: "Entrée", band: "effectifs par tranche", trade: "Quels biens" },
};

const main = (w) => w.page.locator("main");
const button = (w, name) => main(w).getByRole("button", { name, exact: true });
const must = async (w, text) => {
  if (!(await main(w).innerText()).replace(/[\u00a0\u202f]/g, " ").includes(text)) throw new Error(`the page does not say “${text}”`);
};
const never = async (w, text) => {
  if ((await main(w).innerText()).toLowerCase().includes(text.toLowerCase())) throw new Error(`the page says “${text}”`);
};
const tick = (w, name, value) => w.page.check(`input[name="${name}"][value="${value}"]`, { force: true });
// unfold opens a details element by its summary, where it is not open.
const unfold = async (w, details) => {
  if ((await details.getAttribute("open")) === null) await details.locator("summary").first().click();
};
const answered = async (w) => {
  await button(w, said[w.lang].ask).click();
  await w.page.waitForSelector("#who", { timeout: 120000 });
};

// travelAsk: choose the dataset, its ports and figures; a day that there is not; ask; see
// months as lines and ports as bars, what is estimated, the proof, and the question again.
export async function travelAsk(w) {
  const { page, lang } = w;
  const t = said[lang];
  await page.goto(`${w.base}/${lang}/ask`);
  await must(w, t.trade);
  await tick(w, "dataset", "travel.crossings");
  await button(w, t.show).click();
  await must(w, t.now);
  await never(w, t.trade);
  await w.look("travel-form");
  await page.uncheck('input[name="member"][value="GB"]', { force: true }); // the slow one
  await unfold(w, page.locator("details", { has: page.locator('input[name="port"]') }));
  for (const port of ["CATOR", "USNYC", "AUSYD"]) {
    if (await page.locator(`input[name="port"][value="${port}"]`).count()) await tick(w, "port", port);
  }
  await tick(w, "mode", "air");
  await page.fill("#from", "01/2024");
  await page.fill("#to", "2024-03");
  await unfold(w, page.locator("#more"));
  await page.fill("#as_of", "2024-02-30 10:30");
  await page.fill("#vintage", "soon");
  await tick(w, "purpose", "border-capacity");
  await page.selectOption("#office", "border");
  await button(w, t.check).click();
  await must(w, t.problem);
  await must(w, t.none);
  await w.look("travel-wrong");
  for (const [id, value] of [["#as_of", "2024-02-30 10:30"], ["#vintage", "soon"], ["#to", "2024-03"]]) {
    if ((await page.inputValue(id)) !== value) throw new Error(`${id} lost what was typed`);
  }
  if (!(await page.isChecked('input[name="mode"][value="air"]'))) throw new Error("the mode was lost");
  await page.locator('.govuk-error-summary a[href="#as_of"]').click();
  if (w.script && (await page.evaluate(() => document.activeElement.id)) !== "as_of") throw new Error("the summary does not lead to the field");
  await page.fill("#as_of", "");
  await page.fill("#vintage", "");
  await button(w, t.check).click();
  await page.waitForURL(/\/question\?.*dataset=travel\.crossings/);
  await must(w, t.mode);
  await must(w, "Toronto");
  await w.look("travel-question");
  const address = page.url();
  await answered(w);
  await w.look("travel-lines");
  for (const text of [t.minutes, t.entry]) await must(w, text);
  const asked = page.url();
  const csv = await (await page.request.get(`${asked}/figures/csv`)).text();
  if (!/^member,.*crossings,.*wait_p50,wait_p90/.test(csv) || csv.includes("hs6") || csv.includes("currency")) throw new Error(`the CSV begins ${csv.split("\n")[0]}`);
  for (const format of ["xlsx", "parquet"]) {
    if (!(await page.request.get(`${asked}/figures/${format}`)).ok()) throw new Error(`no ${format}`);
  }
  await page.getByRole("link", { name: t.estimated }).click();
  await must(w, t.band);
  await w.look("travel-estimated");
  await page.goto(asked);
  await page.getByRole("link", { name: new RegExp(`^${t.receipt}`) }).first().click();
  await must(w, t.verified);
  await page.goto(asked);
  await page.getByRole("link", { name: t.change }).click();
  if (!(await page.isChecked('input[name="port"][value="CATOR"]')) || !(await page.isChecked('input[name="dataset"][value="travel.crossings"]'))) throw new Error("the question to change lost its port");
  // Ports beside each other, of all members that answer: bars.
  await page.goto(address.replace(/port=[A-Z0-9]+&/g, "").replace("by=period", "by=port").replace(/mode=air&/, ""));
  await answered(w);
  await w.look("travel-bars");
  // Few need it: measures and a moment, by the address, and what is no port.
  await page.goto(address.replace("by=period", "by=port&by=period&measure=stated_p90&as_of=2100-01-01&port=XXXXX"));
  await must(w, t.problem);
  await w.look("travel-address");
  await page.goto(`${w.base}/${lang}/asked`);
  await w.look("travel-asked");
}

// asksOfTravel are the ways, in both languages, with and without script, at three widths.
export function asksOfTravel() {
  const ways = [];
  for (const lang of ["en", "fr"]) {
    for (const script of [true, false]) {
      for (const width of [320, 768, 1280]) ways.push({ way: travelAsk, lang, script, width, as: "officer" });
    }
  }
  return ways;
}
