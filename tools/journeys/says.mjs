// What pages say and ways look for, as texts: a space that breaks no line is a space.
const plain = (text) => text.replace(/&nbsp;|\u00a0|\u202f/g, " ");

// must fails where a page lacks one of the texts.
export async function must(page, ...texts) {
  const content = plain(await page.content());
  for (const text of texts) if (!content.includes(plain(text))) throw new Error(`the page does not say “${text}”`);
}
