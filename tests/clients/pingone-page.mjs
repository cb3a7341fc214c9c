// The script of an application's page, written as the vendor's SDK wants it; pingone-sdk.mjs bundles it for the browser.
// It reports to the function `report`, and takes its configuration from `configuration`.

import { oidc } from '@forgerock/oidc-client';

const { authorize, token, user } = await oidc({ config: globalThis.configuration });
const returned = new URLSearchParams(location.search);

/** The page is also loaded in the frame of a silent renewal, where it has nothing to do. */
if (window.parent === window) {
  if (returned.has('code')) {
    const tokens = await token.exchange(returned.get('code'), returned.get('state'));
    const info = await user.info();
    const renewed = await token.get({ forceRenew: true, authorizeOptions: { prompt: 'none' } });
    // The SDK hands the new tokens out before it has revoked the old ones and stored the new.
    for (let tries = 0; tries < 100 && (await token.get()).accessToken !== renewed.accessToken; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const stillKnown = await user.info();
    const revoked = await token.revoke();
    const kept = await token.get();
    await globalThis.report({ tokens, info, renewed, stillKnown, revoked, kept });
  } else if (returned.has('error')) {
    await globalThis.report({ error: Object.fromEntries(returned) });
  } else {
    const url = await authorize.url();
    if (typeof url === 'string') location.assign(url);
    else await globalThis.report({ error: url });
  }
}
