// The ways of an officer beyond one answer: what is shared, taken along, left and come
// back to. Each is given a walker (run.mjs) and fails by throwing.
import { readFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";
import { decompress } from "fzstd";
import { parquetReadObjects } from "hyparquet";

import { must } from "./says.mjs";

const said = {
  en: { ask: "Ask", receipt: "Receipt", verified: "Verified", none: "You have asked nothing yet", unknown: "There is nothing at this address", asking: "being asked", share: "Address of the question, to share", broke: "broke off before it answered", hint: "What to do:", find: "Find goods", masks: "surgical masks", change: "Change the question", value: "Value", download: "Download the receipt" },
  fr: { ask: "Demander", receipt: "Reçu", verified: "Vérifié", none: "Vous n’avez encore rien demandé", unknown: "Il n’y a rien à cette adresse", asking: "en cours", share: "Adresse de la demande, à partager", broke: "s’est rompue avant sa réponse", hint: "Que faire :", find: "Chercher", masks: "masques chirurgicaux", change: "Modifier la demande", value: "Valeur", download: "Télécharger le reçu" },
};

const main = (w) => w.page.locator("main");
const button = (w, name) => main(w).getByRole("button", { name, exact: true });
const quick = (w, members) => `${w.base}/${w.lang}/question?flow=imports&product=630790&${members.map((m) => `member=${m}&`).join("")}office=statistics&from=2020-01&to=2020-12&by=period&by=partner&purpose=supply-monitoring`;

// sharesAndTakesAlong: the address of a question is another person's question too, and
// no answer; the figures are the same on the page, in CSV, in Excel and in Parquet; the
// receipt is seen proved, and taken along.
export async function sharesAndTakesAlong(w) {
  const { page, lang } = w;
  const t = said[lang];
  await page.goto(quick(w, ["AU", "CA", "US"]));
  await button(w, t.ask).click();
  await page.waitForSelector("#who", { timeout: 120000 });
  const asked = page.url();
  const share = await page.getByRole("link", { name: t.share }).getAttribute("href");
  const context = await w.another();
  const other = await context.newPage();
  await other.goto(`${w.base}/sign-in?as=officer2&to=/${lang}/`);
  await other.goto(new URL(share, asked).href);
  await must(other, t.ask);
  await other.goto(`${w.base}/${lang}/asked`);
  await must(other, t.none); // opening the address asked nobody
  if ((await other.request.get(asked)).status() !== 404) throw new Error("another person sees the answer");
  await other.goto(asked);
  await must(other, t.unknown);
  await w.at(other, "not-another-s");
  await context.close();

  const onPage = await figuresOnPage(w, asked, t);
  const files = {};
  for (const format of ["csv", "xlsx", "parquet"]) {
    await page.goto(asked);
    const [download] = await Promise.all([page.waitForEvent("download"), main(w).locator(`a[href$="/figures/${format}"]`).click()]);
    files[format] = readFileSync(await download.path());
    if (!download.suggestedFilename().endsWith(`.${format}`)) throw new Error(`the file is called ${download.suggestedFilename()}`);
  }
  const found = { page: onPage, csv: fromCSV(files.csv.toString()), xlsx: fromXlsx(files.xlsx, t.value), parquet: await fromParquet(files.parquet) };
  for (const [what, values] of Object.entries(found)) {
    const is = JSON.stringify(values.slice().sort((a, b) => a - b));
    const want = JSON.stringify(found.csv.slice().sort((a, b) => a - b));
    if (!values.length || is !== want) throw new Error(`the figures of ${what} are ${is.slice(0, 200)}, of the CSV ${want.slice(0, 200)}`);
  }
  await page.goto(asked);
  await page.getByRole("link", { name: new RegExp(`^${t.receipt}`) }).first().click();
  await must(page, t.verified);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: t.download }).click()]);
  if (!readFileSync(await download.path(), "utf8").startsWith("c2sp.org/tlog-proof@")) throw new Error("the receipt is no proof");
  await page.locator(".govuk-back-link").click();
  await must(page, share.split("?")[0].split("/")[1] === lang ? "/asked/" : "");
}

// figuresOnPage are the values of all parts of the table, as numbers.
async function figuresOnPage(w, asked, t) {
  const out = [];
  for (let n = 1; ; n++) {
    await w.page.goto(`${asked}?page=${n}`);
    out.push(...(await w.page.evaluate((head) => {
      const table = document.querySelector('[aria-labelledby="figures"] table');
      const at = [...table.querySelectorAll("thead th")].findIndex((x) => x.textContent.trim() === head || x.textContent.trim().startsWith(head + " ("));
      return [...table.querySelectorAll("tbody tr")].map((r) => Number(r.children[at].textContent.replace(/[\s,\u202f\u00a0]/g, "")));
    }, t.value)));
    if (!(await w.page.locator(".govuk-pagination__next").count())) return out;
  }
}

function fromCSV(text) {
  const rows = text.trim().split("\n").map((l) => l.match(/("([^"]|"")*"|[^,]*)(,|\r?$)/g).map((c) => c.replace(/,$|\r$/g, "").replace(/^"|"$/g, "")));
  const at = rows[0].indexOf("value");
  return rows.slice(1).map((r) => Number(r[at]));
}

// fromXlsx reads the first sheet of a workbook: a ZIP file of XML.
function fromXlsx(bytes, head) {
  const sheet = unzip(bytes, "xl/worksheets/sheet1.xml");
  const rows = [...sheet.matchAll(/<row [^>]*>(.*?)<\/row>/gs)].map((r) => Object.fromEntries([...r[1].matchAll(/<c r="([A-Z]+)\d+"[^>]*>(?:<v>(.*?)<\/v>|<is><t[^>]*>(.*?)<\/t><\/is>)/gs)].map((c) => [c[1], c[2] ?? c[3]])));
  const column = Object.keys(rows[0]).find((c) => rows[0][c] === head);
  return rows.slice(1).map((r) => Number(r[column]));
}

function unzip(bytes, name) {
  let end = bytes.length - 22;
  while (bytes.readUInt32LE(end) !== 0x06054b50) end--;
  let at = bytes.readUInt32LE(end + 16);
  for (let n = bytes.readUInt16LE(end + 10); n > 0; n--) {
    const [packed, long, extra, comment, local] = [bytes.readUInt32LE(at + 20), bytes.readUInt16LE(at + 28), bytes.readUInt16LE(at + 30), bytes.readUInt16LE(at + 32), bytes.readUInt32LE(at + 42)];
    if (bytes.toString("utf8", at + 46, at + 46 + long) === name) {
      const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
      const body = bytes.subarray(from, from + packed);
      return (bytes.readUInt16LE(local + 8) ? inflateRawSync(body) : body).toString("utf8");
    }
    at += 46 + long + extra + comment;
  }
  throw new Error(`the workbook has no ${name}`);
}

async function fromParquet(bytes) {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const rows = await parquetReadObjects({ file, compressors: { ZSTD: (input) => decompress(input) } });
  return rows.map((r) => Number(r.value));
}

// leavesAndComesBack: while a member keeps us waiting the page is left; the question goes
// on, is found among one's own, and says at the end who died and what to do.
export async function leavesAndComesBack(w) {
  const { page, lang } = w;
  const t = said[lang];
  await page.goto(quick(w, ["AU", "GB"]));
  await button(w, t.ask).click();
  await page.waitForURL(/\/asked\/[0-9a-f]{32}$/);
  const asked = page.url();
  await page.goto(`${w.base}/${lang}/asked`);
  await must(page, `>${t.asking}</strong>`);
  await w.glance("asked-under-way");
  await main(w).locator(`a[href="${new URL(asked).pathname}"]`).click();
  await page.waitForSelector("#who", { timeout: 120000 });
  if (page.url() !== asked) throw new Error(`the question is now at ${page.url()}`);
  await must(page, t.broke);
  await must(page, t.hint);
  if (/https?:\/\/127|read tcp/.test(await main(w).innerText())) throw new Error("the page tells of connections");
  await w.look("a-member-died");
}

// togglesWhileTyping: what is typed is there in the other language, and nobody is told
// that it is wrong before they are done.
export async function togglesWhileTyping(w) {
  const { page, lang } = w;
  const other = lang === "en" ? "fr" : "en";
  for (const [path, fields] of [
    ["ask", { "#goods": "masques & gants", "#partner": "Atlantis", "#from": "2024-13", "#to": "2020" }],
    ["compare", { "#goods": "123", "#from": "janvier" }],
    ["codes", { "#q": "gauze" }],
  ]) {
    await page.goto(`${w.base}/${lang}/${path}`);
    for (const [id, text] of Object.entries(fields)) await page.fill(id, text);
    if (path === "ask") await page.check('input[name="purpose"][value="customs-risk"]', { force: true });
    for (const to of [other, lang]) {
      await page.locator(".guichet-header__toggle").click();
      if (!page.url().includes(`/${to}/${path}`)) throw new Error(`the toggle leads to ${page.url()}`);
      for (const [id, text] of Object.entries(fields)) {
        if ((await page.inputValue(id)) !== text) throw new Error(`${path}: ${id} lost what was typed in ${to}`);
      }
      if (path === "ask" && !(await page.isChecked('input[name="purpose"][value="customs-risk"]'))) throw new Error("the purpose is lost");
      if (await page.locator(".govuk-error-summary").count()) throw new Error(`${path}: the toggle checks the form`);
    }
    await w.look(`toggled-${path}`);
  }
}

// officers are the ways with how each is gone.
export function officers() {
  const out = [];
  for (const lang of ["en", "fr"]) {
    for (const script of [true, false]) {
      out.push({ way: sharesAndTakesAlong, lang, script, width: script ? 1280 : 320, as: "officer" });
      out.push({ way: leavesAndComesBack, lang, script, width: script ? 320 : 768, as: "officer" });
      out.push({ way: togglesWhileTyping, lang, script, width: script ? 768 : 320, as: "officer" });
    }
  }
  return out;
}
