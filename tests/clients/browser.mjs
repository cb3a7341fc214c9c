// A person at a real Chromium: opens an authorize URL, types, clicks, and arrives at the application.
// In: URL, REDIRECT_URI, USERNAME, PASSWORD, DECISION (allow, deny), JAVASCRIPT (on, off), SCREENSHOTS (a folder, or
// empty), CHROMIUM, SCRATCH. Out: one line of JSON: the callback's parameters and what the browser complained about.

import { createServer } from 'node:http';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launch } from './chromium.mjs';

const { URL: START, REDIRECT_URI, USERNAME, PASSWORD, DECISION, JAVASCRIPT, SCREENSHOTS } = process.env;

const LOOKS = [
  ['phone', { width: 390, height: 844, deviceScaleFactor: 2, isMobile: true, hasTouch: true }, 'light'],
  ['desktop', { width: 1280, height: 900 }, 'light'],
  ['dark', { width: 1280, height: 900 }, 'dark'],
];

/** The application: answers its redirect URI and hands over the parameters it was given. */
function application() {
  const expected = new URL(REDIRECT_URI);
  let arrived;
  const callback = new Promise((resolve) => (arrived = resolve));
  const server = createServer((request, response) => {
    const url = new URL(request.url, expected);
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>Application</title><link rel="icon" href="data:,"><p id="arrived">Back.</p>');
    if (url.pathname === expected.pathname) arrived(Object.fromEntries(url.searchParams));
  });
  return new Promise((resolve) =>
    server.listen(Number(expected.port), expected.hostname, () => resolve({ server, callback })),
  );
}

async function photograph(page, name) {
  if (!SCREENSHOTS) return;
  await mkdir(SCREENSHOTS, { recursive: true });
  for (const [look, viewport, scheme] of LOOKS) {
    await page.setViewport(viewport);
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await page.screenshot({ path: join(SCREENSHOTS, `${name}-${look}.png`), fullPage: true });
  }
  await page.setViewport({ width: 1280, height: 900 });
}

async function logIn(page, password) {
  await page.$eval('#username', (field) => (field.value = ''));
  await page.type('#username', USERNAME);
  await page.type('#password', password);
  await Promise.all([page.waitForNavigation(), page.click('#login')]);
}

async function journey(page) {
  await page.goto(START);
  await page.waitForSelector('#login');
  await photograph(page, 'login');
  if (SCREENSHOTS) {
    await logIn(page, 'not the password');
    await page.waitForSelector('#error');
    await photograph(page, 'login-failed');
  }
  await logIn(page, PASSWORD);
  await page.waitForSelector('#allow');
  await photograph(page, 'consent');
  await Promise.all([page.waitForNavigation(), page.click(`#${DECISION}`)]);
  await page.waitForSelector('#arrived');
}

async function afterwards(page) {
  const response = await page.goto(START);
  await page.waitForSelector('#error');
  await photograph(page, 'error');
  return response.status();
}

const { server, callback } = await application();
const browser = await launch();
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(30_000);
  await page.setJavaScriptEnabled(JAVASCRIPT !== 'off');
  const complaints = [];
  // Chromium also reports pages that say no with 4xx; for what a page refers to, the response is looked at below.
  const isAboutStatus = (text) => text.startsWith('Failed to load resource: the server responded with a status of');
  page.on('console', (message) => {
    if (message.type() === 'error' && !isAboutStatus(message.text())) complaints.push(message.text());
  });
  page.on('response', (response) => {
    const isPage = response.request().resourceType() === 'document';
    if (!isPage && response.status() >= 400) complaints.push(`${response.url()}: ${response.status()}`);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
  await journey(page);
  const seen = [...complaints];
  console.log(JSON.stringify({ callback: await callback, complaints: seen, afterwards: await afterwards(page) }));
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
}
