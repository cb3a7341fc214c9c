// Starts the real Chromium. In: CHROMIUM, its program; SCRATCH, a folder for its profile.

import { createServer } from 'node:http';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';

const { CHROMIUM, SCRATCH } = process.env;

export const launch = () =>
  puppeteer.launch({
    executablePath: CHROMIUM,
    userDataDir: join(SCRATCH, 'profile'),
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

/** Gives the pages of an application at this origin: each path with its media type and its content. */
export function serve(origin, pages) {
  const { hostname, port } = new URL(origin);
  const server = createServer((request, response) => {
    const page = pages[new URL(request.url, origin).pathname];
    response.writeHead(page ? 200 : 404, { 'content-type': page?.[0] ?? 'text/plain' });
    response.end(page?.[1] ?? '');
  });
  return new Promise((resolve) => server.listen(Number(port), hostname, () => resolve(server)));
}
