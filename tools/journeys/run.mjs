// run.mjs BASE SHOTS: walk through the pages of a node as people do, in a real browser: in
// both languages, with and without script, at three widths, by keyboard. axe looks at
// each page, a page may not be wider than the screen, no script may fail and nothing may
// be refused by the policy of the page. A screenshot of each page is left in SHOTS.
// What is wrong is said line by line, and the process ends with 1.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

import { asksOfTravel } from "./ask.mjs";
import { auditing, auditorsKeyboard, publicView } from "./auditor.mjs";
import { signsIn, sessionOver, operates } from "./signin.mjs";
import { stewardWays } from "./steward.mjs";
import { statistician } from "./compare.mjs";
import { officers } from "./officer.mjs";
import { recordWays } from "./record.mjs";
import { picture } from "./pictures.mjs";
import { paints } from "./paint.mjs";
import { askToReceipt, byKeyboard, wrongForms, strangers } from "./ways.mjs";

const [base, shots, only] = process.argv.slice(2);
const demonstration = process.env.GUICHET_JOURNEYS_DEMONSTRATION; // a node with the demonstration's users
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
mkdirSync(shots, { recursive: true });
const faults = [];
const browser = await chromium.launch({ executablePath: process.env.GUICHET_CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });

// walker is somebody at a screen.
async function walker({ lang, script, width, as }) {
  const context = await browser.newContext({ javaScriptEnabled: script, viewport: { width, height: 900 }, locale: lang === "fr" ? "fr-FR" : "en-GB", bypassCSP: false });
  const page = await context.newPage();
  page.setDefaultTimeout(60000);
  const name = `${lang}-${script ? "script" : "plain"}-${width}`;
  page.on("console", (m) => { if (m.type() === "error" && !/status of 4(01|04|22)/.test(m.text())) faults.push(`${name} ${page.url()}: ${m.text()}`); });
  page.on("pageerror", (e) => faults.push(`${name} ${page.url()}: ${e.message}`));
  if (as) await page.goto(`${base}/sign-in?as=${as}&to=/${lang}/`);
  let n = 0;
  return {
    page, lang, script, width, base, name, demonstration,
    another: () => browser.newContext({ viewport: { width, height: 900 } }), // somebody's other browser
    fault: (text) => faults.push(`${name}: ${text}`),
    // look holds a page to what holds for all, and keeps its picture.
    look: async (what) => {
      const shot = `${shots}/${name}-${String(++n).padStart(2, "0")}-${what}.png`;
      await page.screenshot({ path: shot, fullPage: true });
      await picture(browser, process.env.GUICHET_PICTURES, name, what, shot);
      const wide = script
        ? await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
        : 0;
      if (wide > 0) faults.push(`${name} ${what}: ${wide} pixels wider than the screen`);
      if (!script) return; // axe is a script; the same pages are looked at with it
      const found = await axeOn(page);
      for (const v of found) {
        faults.push(`${name} ${what}: ${v.id} (${v.impact}): ${v.help}: ${v.nodes.slice(0, 3).map((x) => x.target.join(" ")).join(", ")}`);
      }
    },
    // glance keeps the picture of a page that may go on while it is looked at.
    glance: async (what) => {
      await page.screenshot({ path: `${shots}/${name}-${String(++n).padStart(2, "0")}-${what}.png`, fullPage: true }).catch(() => {});
      const found = script ? await axeOn(page).catch(() => []) : [];
      for (const v of found) faults.push(`${name} ${what}: ${v.id} (${v.impact}): ${v.help}`);
    },
    // at keeps the picture of a page of somebody else's.
    at: (other, what) => other.screenshot({ path: `${shots}/${name}-${String(++n).padStart(2, "0")}-${what}.png`, fullPage: true }),
    end: () => context.close(),
  };
}

// axeOn runs axe in a world of its own, which the policy of the page does not reach.
async function axeOn(page) {
  const client = await page.context().newCDPSession(page);
  const { frameTree } = await client.send("Page.getFrameTree");
  const { executionContextId } = await client.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "axe" });
  await client.send("Runtime.evaluate", { contextId: executionContextId, expression: axe });
  const { result, exceptionDetails } = await client.send("Runtime.evaluate", {
    contextId: executionContextId, awaitPromise: true, returnByValue: true,
    expression: `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then((r) => r.violations.map((v) => ({ id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.map((n) => ({ target: n.target.map(String) })) })))`,
  });
  await client.detach();
  if (exceptionDetails) throw new Error(exceptionDetails.text);
  return result.value;
}

const ways = [];
for (const lang of ["en", "fr"]) {
  for (const script of [true, false]) {
    for (const width of [320, 768, 1280]) {
      ways.push({ way: askToReceipt, lang, script, width, as: "officer" });
      ways.push({ way: auditing, lang, script, width, as: "auditor" }, { way: publicView, lang, script, width });
    }
    ways.push({ way: wrongForms, lang, script, width: 320, as: "officer" }, { way: strangers, lang, script, width: 768 });
  }
  ways.push({ way: auditorsKeyboard, lang, script: true, width: 1280, as: "auditor" });
  ways.push({ way: byKeyboard, lang, script: true, width: 1280, as: "officer" });
}
for (const lang of ["en", "fr"]) {
  for (const script of [true, false]) {
    for (const width of [320, 768, 1280]) ways.push({ way: operates, lang, script, width });
    ways.push({ way: signsIn, lang, script, width: 320 }, { way: sessionOver, lang, script, width: 768 });
  }
}
ways.push(...stewardWays());
ways.push(...statistician());
ways.push(...officers());
ways.push(...recordWays());
ways.push(...asksOfTravel());
for (const w of ways) {
  const label = `${w.way.name} ${w.lang} ${w.script ? "with" : "without"} script at ${w.width}`;
  if (only && !only.split(",").some((o) => label.includes(o))) continue;
  const began = Date.now();
  const who = await walker(w);
  try {
    await w.way(who);
  } catch (e) {
    faults.push(`${label}: ${e.message.split("\n")[0]} (at ${who.page.url()})`);
    await who.page.screenshot({ path: `${shots}/failed-${w.way.name}-${who.name}.png`, fullPage: true }).catch(() => {});
  }
  await who.end();
  console.log(`${label}: ${((Date.now() - began) / 1000).toFixed(1)} s`);
}
if (!only || only.split(",").includes("paint")) {
  console.log(`figure start_lcp_ms ${await paints(browser, base.replace(/\/$/, "") + "/en/")}`);
}
await browser.close();
for (const f of new Set(faults)) console.log(`wrong: ${f}`);
console.log(`${ways.length} ways, ${new Set(faults).size} things wrong; pictures in ${shots}`);
process.exitCode = faults.length ? 1 : 0;
