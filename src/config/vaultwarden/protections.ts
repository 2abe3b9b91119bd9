/** What protects a Vaultwarden and cannot protect a Belfry: going on without a word would open what was closed. */
export interface Protection {
  /** Goes on from "this version of Belfry". */
  readonly lack: string
  /** What to do. `key` writes the name of a variable as it is written in that place. */
  readonly remedy: (key: (variable: string) => string) => string
}

/** By the variable that asks for it by being true. */
export const PROTECTIONS: Readonly<Record<string, Protection>> = {
  SSO_ONLY: {
    lack: 'has no single sign-on, only master passwords',
    remedy: () => 'remove it if those will do',
  },
}
