/** What protects a Vaultwarden and cannot protect a Belfry: going on without a word would open what was closed. */
export interface Protection {
  /** Goes on from "this version of Belfry". */
  readonly lack: string
  /** What to do. `key` writes the name of a variable as it is written in that place. */
  readonly remedy: (key: (variable: string) => string) => string
}

/** By the variable that asks for it by being true. */
export const PROTECTIONS: Readonly<Record<string, Protection>> = {
  // Vaultwarden wants the proof of an address before it makes an account, and refuses accounts without it.
  SIGNUPS_VERIFY: {
    lack: 'cannot verify e-mail addresses',
    remedy: (key) =>
      `remove it and set ${key('SIGNUPS_ALLOWED')} to false, with no ${key('SIGNUPS_DOMAINS_WHITELIST')}, instead`,
  },
  SSO_ONLY: {
    lack: 'has no single sign-on, only master passwords',
    remedy: () => 'remove it if those will do',
  },
  // With it nobody logs in from a new device unless a mail about it could be sent.
  REQUIRE_DEVICE_EMAIL: {
    lack: 'has no e-mail to tell of new devices',
    remedy: () => 'remove it if they may log in unannounced',
  },
}
