// The ways of a data steward. They are walked where GUICHET_JOURNEYS_STEWARD says where
// the files and the other member's pages are (TestStewardJourneys).
import { readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const told = process.env.GUICHET_JOURNEYS_STEWARD ? JSON.parse(process.env.GUICHET_JOURNEYS_STEWARD) : null;

const said = {
  en: { send: "Send and take in", taken: "The file is taken in", refused: "The file was not taken in", problem: "There is a problem", look: "Look at the submission", whom: "See whom it concerns", withdraw: "Withdraw", withdrawn: "Withdrawn on", back: "Use them again", again: "Take it in", lines: "Look at the lines", rule: "Make a rule", setRule: "Make this rule", hold: "Set a hold", setHold: "Set this hold", see: "See what would be removed", begin: "Begin the draft", preview: "See what it lets out", propose: "Make it a proposal", sign: "Sign for the member", wrong: "does not open the key", lookAt: "Look at it", publish: "Put it in force here", inForce: "It is in force", remove: "Remove the file", asks: "Look at this before it is taken in", change: "Change what you said of the file", early: "cannot have been published", noday: "has 29 days", replaced: "It took the place of figures", totals: "its lines do not add up to them", full: "The disk of the node is full", kept: "nothing is lost", goOn: "Go on", signInGoOn: "Sign in and go on", as: "Go on as data steward", everywhere: "Sign out everywhere", tick: "Also end my sessions in all other browsers", signOut: "Sign out", out: "You have signed out" },
  fr: { send: "Envoyer et recevoir", taken: "Le fichier est reçu", refused: "Le fichier n’est pas reçu", problem: "Il y a un problème", look: "Voir l’envoi", whom: "Voir qui cela concerne", withdraw: "Retirer", withdrawn: "Retiré le", back: "Utiliser de nouveau", again: "Recevoir", lines: "Voir les lignes", rule: "Faire une règle", setRule: "Faire cette règle", hold: "Poser un gel", setHold: "Poser ce gel", see: "Voir ce qui serait supprimé", begin: "Commencer le projet", preview: "Voir ce qu’il donne", propose: "En faire une proposition", sign: "Signer pour le membre", wrong: "n’ouvre pas", lookAt: "La voir", publish: "La mettre en vigueur ici", inForce: "Elle est en vigueur", remove: "Supprimer le fichier", asks: "À voir avant de le recevoir", change: "Changer ce que vous avez dit du fichier", early: "n’a pu être publié", noday: "a 29 jours", replaced: "Il a pris la place de chiffres", totals: "ses lignes n’y correspondent pas", full: "Le disque du nœud est plein", kept: "rien n’est perdu", goOn: "Continuer", signInGoOn: "Se connecter et continuer", as: "Continuer comme gestionnaire des données", everywhere: "Se déconnecter partout", tick: "Mettre fin aussi à mes sessions dans tous les autres navigateurs", signOut: "Se déconnecter", out: "Vous êtes déconnecté" },
};

const main = (w) => w.page.locator("main");
const button = (w, name) => main(w).getByRole("button", { name, exact: true });
// must waits until a page says a text: a click does not wait for the page that it leads to.
const must = async (w, text) => {
  const wanted = text.replace(/[\u00a0\u202f]/g, " ");
  const end = Date.now() + 60000;
  while (!(await w.page.locator("body").innerText().catch(() => "")).replace(/[\u00a0\u202f]/g, " ").includes(wanted)) {
    if (Date.now() > end) throw new Error(`the page does not say “${text}”`);
    await w.page.waitForTimeout(50);
  }
};

// signed waits until the page of a paper follows the one where it was signed.
const signed = (w) => w.page.waitForURL(/\/drafts\/[0-9a-f]{32}$/);

// fileOf is a file whose content no other walk has sent: the same file twice is one
// submission. The line is one more of the file's own.
function fileOf(from, name, lines) {
  const all = readFileSync(from, "utf8").trimEnd().split("\n");
  let n = 0;
  for (const c of name) n = (n * 31 + c.charCodeAt(0)) % all.length;
  const out = all.slice(0, lines ? Math.min(lines + 1, all.length) : all.length);
  out.push(all[1 + (n % (all.length - 1))]);
  const path = join(tmpdir(), `declarations-us-${name}-generated.csv`);
  writeFileSync(path, out.join("\n") + "\n");
  return [path, out.length - 1];
}

// waited waits until a file is no longer under way, with and without script.
async function waited(w) {
  const end = Date.now() + 120000;
  while (Date.now() < end) {
    // The foot of the page is there: all above it has come.
    const whole = (await w.page.locator("footer").count().catch(() => 0)) > 0;
    if (whole && (await w.page.locator("[data-events]").count().catch(() => 1)) === 0 && /\/intake\/[0-9a-f]{32}$/.test(w.page.url())) return;
    await w.page.waitForTimeout(100);
  }
  throw new Error("the file is not taken in");
}

// sends chooses a file and sends it; how long it took until the page said what came of it.
async function sends(w, path) {
  const t = said[w.lang];
  await w.page.goto(`${w.base}/${w.lang}/intake`);
  await w.page.setInputFiles("#file", path);
  const began = Date.now();
  await button(w, t.send).click({ timeout: 120000 });
  await waited(w);
  return (Date.now() - began) / 1000;
}

// presses does what sends a form, and waits for what comes of the file. The page before
// has the same address: it must be gone first.
async function presses(w, press) {
  const gone = w.page.waitForEvent("framenavigated", { timeout: 120000 });
  await press();
  await gone;
  await waited(w);
}

// agrees presses the button below what a file would do, where it is asked.
async function agrees(w) {
  const t = said[w.lang];
  if ((await main(w).getByRole("heading", { name: t.asks, exact: true }).count()) === 0) return 0;
  const began = Date.now();
  await presses(w, () => button(w, t.again).click());
  return (Date.now() - began) / 1000;
}

// hash is a number of a walk's own.
const hash = (name) => [...name].reduce((n, c) => (n * 31 + c.charCodeAt(0)) % 9973, 7);

// stewardTakesIn: a file comes in, is looked at, withdrawn, and used again.
export async function stewardTakesIn(w) {
  const { page, lang } = w;
  const t = said[lang];
  await page.goto(`${w.base}/${lang}/`);
  await w.look("steward-start");
  await page.goto(`${w.base}/${lang}/intake`);
  await w.look("intake");
  const [path] = fileOf(told.small, w.name);
  await sends(w, path);
  await agrees(w);
  await must(w, t.taken);
  await w.look("taken");
  await main(w).getByRole("link", { name: t.look, exact: true }).click();
  for (const d of await page.locator("main details summary").all()) await d.click();
  await w.look("submission");
  const submission = page.url();
  if (await main(w).getByRole("link", { name: t.lines, exact: true }).count()) {
    await main(w).getByRole("link", { name: t.lines, exact: true }).click();
    await w.look("aside");
    await page.goto(submission);
  }
  await main(w).getByRole("link", { name: t.whom, exact: true }).click();
  await w.look("withdraw");
  await button(w, t.withdraw).click();
  await must(w, t.problem);
  await w.look("withdraw-wrong");
  await page.fill("#why", "the office took it back");
  await button(w, t.withdraw).click();
  await must(w, t.withdrawn);
  await w.look("withdrawn");
  await main(w).getByRole("link", { name: t.whom, exact: true }).click();
  await page.fill("#why", "it was right");
  await button(w, t.back).click();
  await page.goto(`${w.base}/${lang}/submissions`);
  await w.look("submissions");
}

// stewardLarge: a file of 100,000 lines, and how long it takes.
export async function stewardLarge(w) {
  const [path, lines] = fileOf(told.large, w.name, 100000 - 1);
  const looked = await sends(w, path);
  const taken = await agrees(w);
  const took = taken || looked;
  await must(w, said[w.lang].taken);
  await must(w, w.lang === "en" ? "100,000" : "100\u202f000");
  await w.look("taken-large");
  if (taken) console.log(`until it is shown what the file would do: ${looked.toFixed(1)} s`);
  console.log(`a file of ${lines} lines, ${(readFileSync(path).length / 1e6).toFixed(1)} MB, from the button to the page that says what came in: ${took.toFixed(1)} s`);
}

// stewardWrong: files and forms that are not right, and nothing typed is lost.
export async function stewardWrong(w) {
  const { page, lang } = w;
  const t = said[lang];
  await page.goto(`${w.base}/${lang}/intake`);
  await page.fill("#released", "31.5.2024");
  await button(w, t.send).click();
  await must(w, t.problem);
  if ((await page.inputValue("#released")) !== "31.5.2024") throw new Error("the day that was typed is lost");
  await w.look("intake-wrong");
  await page.setInputFiles("#file", told.pdf);
  await button(w, t.send).click();
  await waited(w);
  await must(w, t.problem);
  await w.look("intake-held");
  await page.fill("#released", "2024-05-31");
  await presses(w, () => button(w, t.again).click());
  await must(w, t.refused);
  await w.look("intake-refused");
  await button(w, t.remove).click();
  await page.goto(`${w.base}/${lang}/intake/${"0".repeat(32)}`);
  await w.look("intake-none");
}

// stewardReplaces: what a file would do is shown before it does; days that cannot be are
// explained there, and the file is not sent again.
export async function stewardReplaces(w) {
  const { page, lang } = w;
  const t = said[lang];
  await sends(w, fileOf(told.small, `${w.name}-first`, 200)[0]);
  await agrees(w);
  await must(w, t.taken);
  await sends(w, fileOf(told.small, `${w.name}-second`, 210)[0]);
  await must(w, t.asks);
  await w.look("plan");
  for (const d of await page.locator("main details summary").all()) await d.click();
  await w.look("plan-open");
  for (const [day, why, what] of [["2024-02-30", t.noday, "day"], ["2019-12-31", t.early, "early"]]) {
    if (!(await page.locator("#released").isVisible())) await page.getByText(t.change, { exact: true }).click();
    await page.fill("#released", day);
    await presses(w, () => main(w).locator('form[action*="/intake/"] button').first().click());
    await must(w, why);
    if ((await page.inputValue("#released")) !== day) throw new Error("the day that was typed is lost");
    await w.look(`plan-${what}`);
  }
  await page.fill("#released", "");
  await presses(w, () => main(w).locator('form[action*="/intake/"] button').first().click());
  await agrees(w);
  await must(w, t.replaced);
  await w.look("replaced");
}

// stewardTotals: control totals that do not agree, and the reason for which they are accepted.
export async function stewardTotals(w) {
  const { page, lang } = w;
  const t = said[lang];
  const all = 100 + hash(w.name);
  const rest = ",,,,,,,,,,,,,";
  const path = join(tmpdir(), `crossings-${w.name}-generated.csv`);
  const heads = "reporter,month,port,mode,direction,nationality,crossings,stated_p50,stated_p90,wait_to_5,wait_to_10,wait_to_15,wait_to_20,wait_to_25,wait_to_30,wait_to_45,wait_to_60,wait_to_90,wait_to_120,wait_over_120";
  writeFileSync(path, `${heads}\nCA,2024-01,CATOR,air,entry,,${all}${rest}\nCA,2024-01,CATOR,air,entry,GB,${all - 10}${rest}\n`);
  await sends(w, path);
  await must(w, t.refused);
  await must(w, t.totals);
  await w.look("totals");
  await page.fill("#totals", "the office confirmed it on 3 May");
  await presses(w, () => button(w, t.again).click());
  await agrees(w);
  await must(w, t.taken);
  await must(w, "the office confirmed it on 3 May");
  await w.look("totals-accepted");
}

// enters signs in at the node with the real door, and comes to the form.
async function enters(page, lang) {
  await page.goto(`${told.disk}/sign-in?to=/${lang}/intake`);
  await page.locator("main").getByRole("button", { name: said[lang].as, exact: true }).click();
}

// stewardDiskFull: the disk fills before the file is taken in; with room again it goes on.
export async function stewardDiskFull(w) {
  const { page, lang } = w;
  const t = said[lang];
  const ballast = join(told.diskAt, "ballast");
  await enters(page, lang);
  await page.fill("#released", "2024-02-30");
  await page.setInputFiles("#file", fileOf(told.large, w.name, 20000)[0]);
  await button(w, t.send).click();
  await waited(w);
  await must(w, t.noday);
  const s = statfsSync(told.diskAt);
  writeFileSync(ballast, Buffer.alloc(s.bavail * s.bsize - 256 * 1024));
  try {
    await page.fill("#released", "");
    await presses(w, () => button(w, t.again).click());
    await must(w, t.full);
    await w.look("disk-full");
  } finally {
    rmSync(ballast);
  }
  await presses(w, () => button(w, t.again).click());
  await agrees(w);
  await must(w, t.taken);
}

// stewardSessionOver: the session ends while the form is filled in; what was typed is kept,
// the file is chosen again.
export async function stewardSessionOver(w) {
  const { page, lang } = w;
  const t = said[lang];
  const [path] = fileOf(told.small, `${w.name}-session`);
  await enters(page, lang);
  await page.fill("#released", "2024-05-31");
  await page.setInputFiles("#file", path);
  const other = await w.another();
  const elsewhere = await other.newPage();
  await enters(elsewhere, lang);
  await elsewhere.goto(`${told.disk}/${lang}/`);
  await elsewhere.locator("main").getByRole("link", { name: t.everywhere, exact: true }).click();
  await elsewhere.getByLabel(t.tick).check({ force: true });
  await elsewhere.locator("main").getByRole("button", { name: t.signOut, exact: true }).click();
  if (!(await elsewhere.content()).includes(t.out)) throw new Error("signing out everywhere does not end");
  await other.close();
  await button(w, t.send).click();
  await must(w, t.kept);
  await w.look("session-over");
  await main(w).getByRole("link", { name: t.signInGoOn, exact: true }).click();
  await page.locator("main").getByRole("button", { name: t.as, exact: true }).click();
  await must(w, "2024-05-31");
  await w.look("session-go-on");
  await page.setInputFiles("#file", path);
  await presses(w, () => button(w, t.goOn).click());
  await agrees(w);
  await must(w, t.taken);
  await w.look("session-taken");
}

// stewardKeeps: rules and holds, and what would be removed.
export async function stewardKeeps(w) {
  const { page, lang } = w;
  const t = said[lang];
  await page.goto(`${w.base}/${lang}/retention`);
  await w.look("retention-before");
  await page.getByText(t.rule, { exact: true }).click();
  await page.fill("#keep", "ten");
  await button(w, t.setRule).click();
  await must(w, t.problem);
  await w.look("retention-wrong");
  await page.fill("#keep", "10y");
  await page.fill("#basis", "Archives Act, s. 12");
  await button(w, t.setRule).click();
  await page.getByText(t.hold, { exact: true }).click();
  await page.fill("#name", `case-${w.name}`);
  await page.fill("#period", "2015-01:2015-12");
  await page.fill("#why", "an audit");
  await button(w, t.setHold).click();
  await w.look("retention");
  await main(w).getByRole("link", { name: t.see, exact: true }).click();
  await w.look("purge");
}

// stewardSigns: draft, preview, propose, sign at two nodes, and put it in force.
export async function stewardSigns(w) {
  const { page, lang } = w;
  const t = said[lang];
  const other = told.other;
  await page.goto(`${w.base}/${lang}/drafts`);
  await w.look("drafts");
  await button(w, t.begin).click();
  await must(w, t.problem);
  await w.look("drafts-wrong");
  await page.check('input[name="template"][value="small-circle"]', { force: true });
  for (const m of ["US", "NZ"]) await page.check(`input[name="party"][value="${m}"]`, { force: true });
  await page.fill("#id", `by-${w.name}`);
  await button(w, t.begin).click();
  await w.look("draft");
  await button(w, t.preview).click();
  await w.look("preview");
  await page.goBack();
  await page.check("#unfilled", { force: true });
  await page.fill("#why", "the supply of goods");
  await button(w, t.propose).click();
  await w.look("proposal");
  await page.fill("#passphrase", "wrong");
  await button(w, t.sign).click();
  await must(w, t.wrong);
  if ((await page.inputValue("#passphrase")) !== "") throw new Error("the passphrase is kept in the page");
  await w.look("passphrase-wrong");
  await page.fill("#passphrase", told.passphrase);
  await button(w, t.sign).click();
  await signed(w);
  await w.look("signed");
  const mine = page.url();
  const take = async (base, from) => {
    const text = await (await page.request.get(`${from}/file`)).body();
    const path = join(tmpdir(), `proposal-${w.name}.json`);
    writeFileSync(path, text);
    await page.goto(`${base}/sign-in?as=steward&to=/${lang}/drafts`);
    await page.setInputFiles("#file", path);
    await button(w, t.lookAt).click();
  };
  await take(other, mine);
  await w.look("theirs");
  await page.fill("#passphrase", told.passphrase);
  await button(w, t.sign).click();
  await signed(w);
  const theirs = page.url();
  await w.look("ready");
  const paper = await (await page.request.get(`${theirs}/file`)).body();
  await button(w, t.publish).click();
  await must(w, t.inForce);
  await w.look("in-force");
  const path = join(tmpdir(), `proposal-${w.name}.json`);
  writeFileSync(path, paper);
  await page.goto(`${w.base}/sign-in?as=steward&to=/${lang}/drafts`);
  await page.setInputFiles("#file", path);
  await button(w, t.lookAt).click();
  await button(w, t.publish).click();
  await must(w, t.inForce);
}

// stewardByKeyboard: a file by keys alone; a browser's own window to choose it is not ours.
export async function stewardByKeyboard(w) {
  const { page, lang } = w;
  const [path] = fileOf(told.small, `${w.name}-by-keys`);
  await page.goto(`${w.base}/${lang}/intake`);
  await page.setInputFiles("#file", path);
  const on = async (id) => {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((x) => document.activeElement.matches(x), id)) {
        const seen = await page.evaluate(() => { const s = getComputedStyle(document.activeElement); const l = document.activeElement.labels?.[0]; const b = l && getComputedStyle(l, "::before"); return [s.outlineStyle, s.boxShadow, b?.boxShadow, b?.outlineStyle].some((x) => x && x !== "none"); });
        if (!seen) throw new Error(`the focus on ${id} is not seen`);
        return;
      }
    }
    throw new Error(`${id} cannot be reached by keyboard`);
  };
  await on("#profile");
  await on("#released");
  await page.keyboard.type("2024-05-31");
  await on("#generated");
  await page.keyboard.press("Space");
  await on("#file");
  await on("main form button");
  await page.keyboard.press("Enter");
  await waited(w);
  if (await main(w).getByRole("heading", { name: said[lang].asks, exact: true }).count()) {
    await on("main details summary");
    await on('main form[action*="/intake/"] button');
    await presses(w, () => page.keyboard.press("Enter"));
  }
  await must(w, said[lang].taken);
  await w.look("by-keyboard");
}

// stewardWays are the walks, each in both languages, with and without script.
export function stewardWays() {
  if (!told) return [];
  const ways = [];
  for (const lang of ["en", "fr"]) {
    for (const script of [true, false]) {
      ways.push({ way: stewardLarge, lang, script, width: 1280, as: "steward" });
      for (const width of [320, 768, 1280]) ways.push({ way: stewardTakesIn, lang, script, width, as: "steward" });
      for (const way of [stewardWrong, stewardKeeps, stewardSigns, stewardTotals, stewardSessionOver]) {
        for (const width of [320, 1280]) ways.push({ way, lang, script, width, as: "steward" });
      }
      for (const width of [320, 768, 1280]) ways.push({ way: stewardReplaces, lang, script, width, as: "steward" });
      ways.push({ way: stewardDiskFull, lang, script, width: 768, as: "steward" });
    }
    ways.push({ way: stewardByKeyboard, lang, script: true, width: 1280, as: "steward" });
  }
  return ways;
}
