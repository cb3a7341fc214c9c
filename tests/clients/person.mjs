// A person at a browser without JavaScript, as far as a script can be one: keeps cookies, fills in forms by id.

const LAST_HOP = 10;

/**
 * Walks from `url` to `redirectUri`, pressing `decision` (allow or deny). Gives the callback's URL, the form that was
 * to be posted there if the response came by one, and the cookies.
 */
export async function walk(url, redirectUri, { username, password }, decision = 'allow', cookies = new Map()) {
  let request = { url: new URL(url) };
  for (let hop = 0; hop < LAST_HOP; hop++) {
    const response = await send(request, cookies);
    const location = response.headers.get('location');
    if (location) {
      const next = new URL(location, request.url);
      if (next.href.startsWith(redirectUri)) return { callback: next, cookies };
      request = { url: next };
      continue;
    }
    const html = await response.text();
    const typed = { username, password };
    const button = ['login', decision, 'continue'].find((id) => has(html, id));
    if (!button) throw new Error(`nothing to press at ${request.url}: ${response.status}\n${html}`);
    request = press(html, request.url, button, typed);
    if (request.url.href.startsWith(redirectUri)) return { callback: request.url, form: request.form, cookies };
  }
  throw new Error('redirected without end');
}

/** Goes to one address with the cookies of a walk, and no further. */
export const visit = (url, cookies) => send({ url: new URL(url) }, cookies);

async function send({ url, form }, cookies) {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const response = await fetch(url, {
    method: form ? 'POST' : 'GET',
    body: form,
    redirect: 'manual',
    headers: cookie ? { cookie } : {},
  });
  for (const line of response.headers.getSetCookie()) {
    const [pair] = line.split(';');
    const at = pair.indexOf('=');
    cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
  return response;
}

function press(html, base, button, typed) {
  const form = html.match(/<form\b[\s\S]*?<\/form>/g).find((text) => has(text, button));
  const fields = new URLSearchParams();
  for (const [tag] of form.matchAll(/<(?:input|button)\b[^>]*>/g)) {
    const [name, id] = [attribute(tag, 'name'), attribute(tag, 'id')];
    const pressed = !tag.startsWith('<button') || id === button;
    if (name && pressed) fields.set(name, typed[id] ?? attribute(tag, 'value') ?? '');
  }
  return { url: new URL(attribute(form, 'action') ?? '', base), form: fields };
}

const has = (html, id) => html.includes(`id="${id}"`);

function attribute(tag, name) {
  const found = tag.match(new RegExp(`\\s${name}="([^"]*)"`))?.[1];
  return found?.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code)).replaceAll('&amp;', '&');
}
