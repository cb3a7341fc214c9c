// A page that sends a request with jQuery, in a real Chromium.
// In: PAGE, the page's origin; SNIPPET, its script; CHROMIUM, SCRATCH. Out: what the script logs, as one line of JSON.

import { readFileSync } from 'node:fs';
import { launch, serve } from './chromium.mjs';

const { PAGE, SNIPPET } = process.env;

const text = '<!doctype html><link rel="icon" href="data:,"><script src="/jquery.js"></script><script src="/snippet.js"></script>';
const server = await serve(PAGE, {
  '/': ['text/html', text],
  '/jquery.js': ['text/javascript', readFileSync('node_modules/jquery/dist/jquery.js')],
  '/snippet.js': ['text/javascript', readFileSync(SNIPPET)],
});
const browser = await launch();
try {
  const page = await browser.newPage();
  const logged = new Promise((resolve, reject) => {
    page.on('console', (message) =>
      message.type() === 'log' ? resolve(message.args()[0].jsonValue()) : reject(new Error(message.text())),
    );
    page.on('pageerror', reject);
    setTimeout(() => reject(new Error('nothing was logged')), 30_000).unref();
  });
  await page.goto(PAGE);
  console.log(JSON.stringify(await logged));
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
}
