/** One token every `seconds`, at most `maxBurst` of them kept. */
export interface RateLimit {
  readonly seconds: number
  readonly maxBurst: number
}

/** What the operator decides about the vault; `main.ts` fills it from the configuration. */
export interface VaultSettings {
  /** The address clients are given, without a slash at its end. `undefined`: the one each of them asked for. */
  readonly domain: string | undefined
  /** Scheme, host and port of `domain`, the issuer of tokens. */
  readonly origin: string
  /** Path of `domain`: empty, or with a slash before and none behind. Stands before every route. */
  readonly pathPrefix: string
  readonly signupsAllowed: boolean
  /** When not empty it decides instead of `signupsAllowed`: only addresses of these domains may sign up. */
  readonly signupsDomainsWhitelist: readonly string[]
  /** Whether invitations may still come; then clients show their sign-up page although sign-up is closed. */
  readonly invitationsAllowed: boolean
  /** PBKDF2 iterations of the stored password hash; at least 100000. */
  readonly passwordIterations: number
  /** Logins by one client address. */
  readonly loginRateLimit: RateLimit
  /** Registrations by one client address. */
  readonly unauthenticatedRateLimit: RateLimit
  /** Longest encrypted note of an item. */
  readonly maxNoteCharacters: number
  /** Bitwarden server version announced to clients, which steers what they use. */
  readonly serverVersion: string
}

/** Whether anybody at `email` may sign up; an invitation is another matter. */
export function isSignupAllowed(settings: VaultSettings, email: string): boolean {
  const allowed = settings.signupsDomainsWhitelist
  if (allowed.length === 0) return settings.signupsAllowed
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase()
  return allowed.some((candidate) => candidate.trim().toLowerCase() === domain)
}

/** Whether clients should hide their sign-up page. */
export function isSignupHidden(settings: VaultSettings): boolean {
  return !settings.signupsAllowed && settings.signupsDomainsWhitelist.length === 0 && !settings.invitationsAllowed
}
