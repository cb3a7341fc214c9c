// The vendor's browser SDK in a real Chromium: from the push to the revocation, with a silent renewal in between.
// In: PAGE, the application's origin; DISCOVERY, CLIENT_ID, USERNAME, PASSWORD; CHROMIUM, SCRATCH.
// Out: one line of JSON: what the page reports, the requests it made of the server, and what the browser complained about.

import { build } from 'esbuild';
import { launch, serve } from './chromium.mjs';

const { PAGE, DISCOVERY, CLIENT_ID, USERNAME, PASSWORD } = process.env;
const REDIRECT_URI = `${PAGE}/cb`;

const bundled = await build({ entryPoints: ['pingone-page.mjs'], bundle: true, format: 'esm', write: false });
const text = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>';
const server = await serve(PAGE, {
  '/': ['text/html', text],
  '/cb': ['text/html', text],
  '/page.js': ['text/javascript', bundled.outputFiles[0].contents],
});
const configuration = {
  serverConfig: { wellknown: DISCOVERY },
  clientId: CLIENT_ID,
  redirectUri: REDIRECT_URI,
  scope: 'openid profile',
};
const browser = await launch();
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(30_000);
  const [asked, complaints] = [[], []];
  page.on('request', (request) => {
    if (request.url().startsWith(PAGE) || request.resourceType() === 'stylesheet') return;
    const { origin, pathname } = new URL(request.url());
    if (origin === new URL(DISCOVERY).origin) asked.push([request.resourceType(), request.method(), pathname].join(' '));
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  let report;
  const reported = new Promise((resolve, reject) => {
    report = resolve;
    setTimeout(() => reject(new Error(`nothing was reported: ${complaints.join('; ')}`)), 60_000).unref();
  });
  await page.exposeFunction('report', (value) => report(value));
  await page.evaluateOnNewDocument(`globalThis.configuration = ${JSON.stringify(configuration)}`);
  await page.goto(PAGE);
  await page.waitForSelector('#login');
  await page.type('#username', USERNAME);
  await page.type('#password', PASSWORD);
  await Promise.all([page.waitForNavigation(), page.click('#login')]);
  await page.waitForSelector('#allow');
  await page.click('#allow');
  console.log(JSON.stringify({ report: await reported, asked, complaints }));
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
}
