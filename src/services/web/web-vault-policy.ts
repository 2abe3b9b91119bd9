import type { WebVaultOptions } from '#config'

/**
 * The policy (CSP) of Belfry's own web vault: nothing that is not a file of it runs, and it asks nobody but this server, so what
 * operators allow others to ask has no effect. `'self'` includes the WebSocket of the hub (CSP 3 §6.7.2.8; Chrome since 70, Safari
 * since 16).
 */
export function ownPolicy({ iframeAncestors }: WebVaultOptions): string {
  return policyOf({ ...OWN_DIRECTIVES, 'frame-ancestors': ["'self'", ...iframeAncestors] })
}

/** That of the admin pages, which nobody may show in a frame. */
export function adminPolicy(): string {
  return policyOf({ ...OWN_DIRECTIVES, 'frame-ancestors': ["'none'"] })
}

const OWN_DIRECTIVES = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  // Its forms are sent by script. Were one sent by the browser, what was typed would stand in an address.
  'form-action': ["'none'"],
  'manifest-src': ["'self'"],
  // Argon2id is WebAssembly.
  'script-src': ["'self'", "'wasm-unsafe-eval'"],
  'style-src': ["'self'"],
  'img-src': ["'self'"],
  'connect-src': ["'self'"],
  // No text becomes HTML or a script, but for the templates that Svelte has compiled.
  'require-trusted-types-for': ["'script'"],
  'trusted-types': ['svelte-trusted-html'],
}

/** Extensions of Bitwarden for Chrome and Edge; Firefox makes up an id for each installation. */
const EXTENSIONS = [
  'chrome-extension://nngceckbapebfimnlniiiahkandclblb',
  'chrome-extension://jbkfoedolllekgbhcbcoahefnbanhhlh',
  'moz-extension://*',
]

/** Whom the clients' own code asks: about leaked passwords, about sites with two-step login, for mail aliases. */
const ASKED_SERVICES = [
  'https://api.pwnedpasswords.com',
  'https://api.2fa.directory',
  'https://app.simplelogin.io/api/',
  'https://app.addy.io/api/',
  'https://api.fastmail.com/',
  'https://api.forwardemail.net',
]

/** As Vaultwarden has it, but for Duo, which is not here. */
export function foreignPolicy({ iframeAncestors, connectSources }: WebVaultOptions, iconService: string): string {
  const iconOrigin = iconService === 'internal' ? [] : [new URL(iconService.replace('{}', 'example.com')).origin]
  return policyOf({
    'default-src': ["'none'"],
    'font-src': ["'self'"],
    'manifest-src': ["'self'"],
    'base-uri': ["'self'"],
    'form-action': ["'self'"],
    'media-src': ["'self'"],
    'object-src': ["'self'", 'blob:'],
    'script-src': ["'self'", "'wasm-unsafe-eval'"],
    'style-src': ["'self'", "'unsafe-inline'"],
    'child-src': ["'self'"],
    'frame-src': ["'self'"],
    'frame-ancestors': ["'self'", ...EXTENSIONS, ...iframeAncestors],
    'img-src': ["'self'", 'data:', 'https://haveibeenpwned.com', ...iconOrigin],
    'connect-src': ["'self'", ...ASKED_SERVICES, ...connectSources],
  })
}

function policyOf(directives: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(directives)
    .map(([name, sources]) => [name, ...sources].join(' '))
    .join('; ')
}
