// The pictures of the README: some pages that the ways come by, at 800 pixels, in 256
// colours (make pictures). Each is said by how its way is gone and what it shows.
import { readFileSync, writeFileSync } from "node:fs";
import { deflateSync } from "node:zlib";

const pictures = {
  "en-script-1280 answer": ["answer", 1300],
  "fr-script-1280 compared": ["comparer", 1190],
  "en-script-1280 operator": ["operator", 700],
  "en-script-1280 public-table": ["public", 690],
  "en-script-1280 taken": ["reception", 830],
};

const wide = 800;

// picture keeps a page for the README where it is one of these.
export async function picture(browser, folder, name, what, shot) {
  const wanted = pictures[`${name} ${what}`];
  if (!folder || !wanted) return;
  const page = await browser.newPage();
  const { width, height, bits } = await page.evaluate(async ([source, wide, tall]) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = new OffscreenCanvas(wide, Math.min(tall, Math.round((image.height * wide) / image.width)));
    const c = canvas.getContext("2d");
    c.imageSmoothingQuality = "high";
    c.drawImage(image, 0, 0, wide, Math.round((image.height * wide) / image.width));
    const { data, width, height } = c.getImageData(0, 0, canvas.width, canvas.height);
    let bits = "";
    for (let i = 0; i < data.length; i += 4) bits += String.fromCharCode(data[i], data[i + 1], data[i + 2]);
    return { width, height, bits: btoa(bits) };
  }, [`data:image/png;base64,${readFileSync(shot).toString("base64")}`, wide, wanted[1]]);
  await page.close();
  writeFileSync(`${folder}/${wanted[0]}.png`, paletted(width, height, Buffer.from(bits, "base64")));
}

// paletted writes a PNG of the 256 colours that are there most.
function paletted(width, height, rgb) {
  const counts = new Map();
  const key = (i) => ((rgb[i] >> 2) << 12) | ((rgb[i + 1] >> 2) << 6) | (rgb[i + 2] >> 2);
  for (let i = 0; i < rgb.length; i += 3) {
    const k = key(i);
    const had = counts.get(k) ?? [0, [rgb[i], rgb[i + 1], rgb[i + 2]]];
    had[0]++;
    counts.set(k, had);
  }
  const palette = [...counts.values()].sort((a, b) => b[0] - a[0]).slice(0, 256).map((x) => x[1]);
  const nearest = new Map();
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0, i = 0, at = 0; y < height; y++) {
    rows[at++] = 0;
    for (let x = 0; x < width; x++, i += 3) {
      const k = key(i);
      if (!nearest.has(k)) {
        let best = 0, least = Infinity;
        palette.forEach((p, n) => {
          const d = (p[0] - rgb[i]) ** 2 + (p[1] - rgb[i + 1]) ** 2 + (p[2] - rgb[i + 2]) ** 2;
          if (d < least) [best, least] = [n, d];
        });
        nearest.set(k, best);
      }
      rows[at++] = nearest.get(k);
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("PLTE", Buffer.from(palette.flat())), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(kind, body) {
  const out = Buffer.alloc(12 + body.length);
  out.writeUInt32BE(body.length, 0);
  out.write(kind, 4, "latin1");
  body.copy(out, 8);
  out.writeUInt32BE(crc(out.subarray(4, 8 + body.length)), 8 + body.length);
  return out;
}

function crc(bytes) {
  let c = ~0;
  for (const b of bytes) {
    c ^= b;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  }
  return ~c >>> 0;
}
