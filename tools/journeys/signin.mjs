// The ways of people who sign in as the demonstration lets them (run.mjs).

import { must } from "./says.mjs";

const said = {
  en: { signIn: "Sign in", signOut: "Sign out", everywhere: "Sign out everywhere", as: (r) => `Go on as ${r}`, roles: ["officer", "data steward", "auditor", "operator"], out: "You have signed out", marked: "Demonstration: nobody checks", who: "DEMONSTRATION", ask: "Ask", kept: "nothing is lost", goOn: "Go on", look: "Look at the question", signInGoOn: "Sign in and go on", again: "Look again", members: "Members", notYours: "This page is for: operator", tick: "Also end my sessions in all other browsers" },
  fr: { signIn: "Se connecter", signOut: "Se déconnecter", everywhere: "Se déconnecter partout", as: (r) => `Continuer comme ${r}`, roles: ["agent", "gestionnaire des données", "auditeur", "exploitant"], out: "Vous êtes déconnecté", marked: "Démonstration : personne ne vérifie", who: "DÉMONSTRATION", ask: "Demander", kept: "rien n’est perdu", goOn: "Continuer", look: "Voir la demande", signInGoOn: "Se connecter et continuer", again: "Examiner à nouveau", members: "Membres", notYours: "Cette page est pour : exploitant", tick: "Mettre fin aussi à mes sessions dans tous les autres navigateurs" },
};

const main = (page) => page.locator("main");
const quietly = (w) => w.page.removeAllListeners("console"); // the browser tells of every page that is not 200

// enter signs in from a page, as the role of a number, and comes back to it.
async function enter(page, t, n) {
  await page.locator("header").getByRole("link", { name: t.signIn, exact: true }).click();
  await main(page).getByRole("button", { name: t.as(t.roles[n]), exact: true }).click();
}

// signsIn: each of the demonstration's users comes in, sees what the role opens, and goes;
// every page says that it is a demonstration.
export async function signsIn(w) {
  const { page, lang } = w;
  const t = said[lang];
  quietly(w);
  await page.goto(`${w.demonstration}/${lang}/`);
  await must(page, t.marked);
  await w.look("marked");
  if ((await page.context().cookies()).length) throw new Error("who only reads is given a cookie");
  await page.locator("header").getByRole("link", { name: t.signIn, exact: true }).click();
  await w.look("choose");
  await page.locator('header a[rel="alternate"]').click();
  if (!page.url().includes(lang === "en" ? "to=%2Ffr%2F" : "to=%2Fen%2F")) throw new Error("the toggle leads elsewhere");
  await page.locator('header a[rel="alternate"]').click();
  await page.goto(`${w.demonstration}/${lang}/`);
  for (let n = 0; n < 4; n++) {
    await enter(page, t, n);
    if (!page.url().endsWith(`/${lang}/`)) throw new Error(`signing in leads to ${page.url()}`);
    await must(page, `${t.who} ${t.roles[n]}`);
    await must(page, t.marked);
    await w.look(`in-as-${n}`);
    if (n !== 3) {
      await page.goto(`${w.demonstration}/${lang}/operator`);
      await must(page, t.notYours);
      if (n === 0) await w.look("not-yours");
    }
    await page.locator("header").getByRole("button", { name: t.signOut, exact: true }).click();
    await must(page, t.out);
    if (n === 0) await w.look("out");
    await main(page).getByRole("link").first().click();
    if (!page.url().endsWith(`/${lang}/`)) throw new Error(`after signing out: ${page.url()}`);
  }
}

// sessionOver: the session ends elsewhere in the middle of a form; what it holds is kept
// for the same person, and sent when they say so.
export async function sessionOver(w) {
  const { page, lang } = w;
  const t = said[lang];
  quietly(w);
  const question = `${w.demonstration}/${lang}/question?flow=imports&product=630790&member=US&office=statistics&from=2020-01&to=2020-03&by=period&purpose=supply-monitoring`;
  await page.goto(question);
  await enter(page, t, 0);
  await w.look("form");
  const other = await w.another();
  const elsewhere = await other.newPage();
  await elsewhere.goto(`${w.demonstration}/${lang}/`);
  await enter(elsewhere, t, 0);
  await main(elsewhere).getByRole("link", { name: t.everywhere, exact: true }).click();
  await elsewhere.getByLabel(t.tick).check({ force: true });
  await main(elsewhere).getByRole("button", { name: t.signOut, exact: true }).click();
  await must(elsewhere, t.out);
  await other.close();
  await main(page).getByRole("button", { name: t.ask, exact: true }).click();
  await must(page, t.kept);
  await w.look("kept");
  await main(page).getByRole("link", { name: t.signInGoOn, exact: true }).click();
  await w.look("choose-again");
  await main(page).getByRole("button", { name: t.as(t.roles[0]), exact: true }).click();
  await must(page, t.look);
  await w.look("go-on");
  await main(page).getByRole("button", { name: t.goOn, exact: true }).click();
  await page.waitForURL(/\/asked\/[0-9a-f]{32}$/);
  await page.waitForSelector("#who", { timeout: 120000 });
  await page.goto(`${w.demonstration}/sign-out?to=/${lang}/`);
  await w.look("sign-out");
}

// operates: how the node does, and how the look goes on.
export async function operates(w) {
  const { page, lang } = w;
  const t = said[lang];
  await page.goto(`${w.demonstration}/${lang}/`);
  await enter(page, t, 3);
  await page.goto(`${w.demonstration}/${lang}/operator`);
  await page.waitForSelector("main table", { timeout: 120000 });
  await must(page, t.members);
  await w.look("operator");
  // A look that goes on: without what tells the page how far it is, it waits before it looks again.
  quietly(w);
  await page.route("**/operator/events", (r) => r.abort());
  await main(page).getByRole("button", { name: t.again, exact: true }).click();
  if ((await page.locator("main table").count()) === 0) await w.look("looking");
  await page.unroute("**/operator/events");
  await page.waitForSelector("main table", { timeout: 120000 });
}
