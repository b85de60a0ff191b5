// How soon a page stands before somebody far away: the largest contentful paint of the
// start page, at a round trip of 150 ms and 1.6 Mbit/s, with nothing kept from before.

const rounds = 5;

export async function paints(browser, address) {
  const times = [];
  for (let i = 0; i < rounds; i++) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    const line = await context.newCDPSession(page);
    await line.send("Network.enable");
    await line.send("Network.setCacheDisabled", { cacheDisabled: true });
    await line.send("Network.emulateNetworkConditions", { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 1.6e6 / 8 });
    await page.goto(address, { waitUntil: "load" });
    times.push(
      await page.evaluate(
        () =>
          new Promise((done) => {
            let last = 0;
            new PerformanceObserver((list) => {
              for (const e of list.getEntries()) last = e.startTime;
            }).observe({ type: "largest-contentful-paint", buffered: true });
            setTimeout(() => done(last), 500);
          }),
      ),
    );
    await context.close();
  }
  times.sort((a, b) => a - b);
  return Math.round(times[Math.floor(rounds / 2)]);
}
