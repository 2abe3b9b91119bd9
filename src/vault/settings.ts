/** One token every `seconds`, at most `maxBurst` of them kept. */
export interface RateLimit {
  readonly seconds: number
  readonly maxBurst: number
}

/** What the operator decides about the vault; `services/vault/vault-rooms.ts` fills it from the configuration. */
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
  /** Whether an address must be proven before its account can be used. */
  readonly signupsVerify: boolean
  /** How often a mail that verifies an address is sent again at a login; `limit` 0: without end. */
  readonly signupsVerifyResend: { readonly seconds: number; readonly limit: number }
  /** Whether invitations may still come; then clients show their sign-up page although sign-up is closed. */
  readonly invitationsAllowed: boolean
  /** How long what is sent by mail is good. */
  readonly mailedTicketHours: number
  /** PBKDF2 iterations of the stored password hash; at least 100000. */
  readonly passwordIterations: number
  /** Whether the hint of a password is sent to its user, or without e-mail shown to whoever asks. */
  readonly passwordHintsAllowed: boolean
  readonly showsPasswordHint: boolean
  readonly emailChangeAllowed: boolean
  /** Whether a login from a new device fails when no mail about it could be sent. */
  readonly requiresDeviceEmail: boolean
  /** Logins by one client address. */
  readonly loginRateLimit: RateLimit
  /** Registrations and whatever else needs no login, by one client address. */
  readonly unauthenticatedRateLimit: RateLimit
  /** Longest encrypted note of an item. */
  readonly maxNoteCharacters: number
  /** Bitwarden server version announced to clients, which steers what they use. */
  readonly serverVersion: string
  /** Switched on in clients. */
  readonly featureFlags: readonly string[]
  readonly suppressesOnboarding: boolean
  readonly twoFactor: TwoFactorSettings
  readonly attachments: AttachmentSettings
  readonly sends: SendSettings
  readonly icons: IconSettings
  readonly outgoing: OutgoingSettings
}

export interface TwoFactorSettings {
  /** Whether a device may be remembered, and then needs no second factor. */
  readonly remembersDevices: boolean
  /** Whether the code of an authenticator app counts one step (30 s) before and after its own as well. */
  readonly allowsTimeDrift: boolean
  /** Codes by e-mail, where there is e-mail. */
  readonly email: {
    readonly isOn: boolean
    readonly digits: number
    readonly expirationSeconds: number
    readonly maxAttempts: number
  }
  /** `undefined`: YubiKeys cannot be set up. `server`: a validation server instead of Yubico's. */
  readonly yubico:
    | { readonly clientId: string; readonly secretKey: string; readonly server: string | undefined }
    | undefined
  /** After how many minutes without a second factor a user is told of a login; 0: never. */
  readonly incompleteAfterMinutes: number
}

export interface AttachmentSettings {
  readonly folder: string
  /** Of one user, in all; 0 refuses them. `undefined`: no limit. */
  readonly maxBytesPerUser: number | undefined
}

export interface SendSettings {
  readonly isOn: boolean
  readonly folder: string
  /** Of one user's files, in all; 0 refuses them. `undefined`: no limit. */
  readonly maxBytesPerUser: number | undefined
}

export interface IconSettings {
  /** `internal`: fetched here. Else a URL with one `{}` for the domain, to which clients are redirected. */
  readonly service: string
  readonly redirectCode: 301 | 302 | 307 | 308
  readonly cacheFolder: string
  /** How long an icon is kept; 0: for good. */
  readonly cacheSeconds: number
  /** How long it is remembered that there is none; 0: for good. */
  readonly negativeCacheSeconds: number
  readonly downloadTimeoutMs: number
  /** Whether icons that are not in the cache are fetched. */
  readonly downloads: boolean
}

/** What may be asked of other servers on behalf of users. */
export interface OutgoingSettings {
  /** Hosts that match are never asked. */
  readonly blockedHosts: { test(host: string): boolean } | undefined
  /** Whether addresses of private networks are never asked. */
  readonly blocksNonGlobalAddresses: boolean
  readonly prefersIpv6: boolean
}

/** How mail leaves. */
export interface MailSettings {
  readonly transport: SmtpSettings | { readonly kind: 'sendmail'; readonly command: string }
  /** Of the sender. */
  readonly from: string
  readonly fromName: string
  /** Where the operator's own templates are looked for first. */
  readonly templatesFolder: string
  /** Whether these are read again for every letter. */
  readonly reloadsTemplates: boolean
  /** Whether images come with the letter, and are not fetched by whoever reads it. */
  readonly embedsImages: boolean
  /** IANA name for the times in letters; `undefined`: UTC. */
  readonly timeZone: string | undefined
}

export interface SmtpSettings {
  readonly kind: 'smtp'
  readonly host: string
  readonly port: number
  readonly security: 'starttls' | 'force_tls' | 'off'
  readonly username: string | undefined
  readonly password: string | undefined
  /** In the order of preference; empty: what the server offers. */
  readonly authMechanisms: readonly ('plain' | 'login' | 'xoauth2')[]
  readonly timeoutMs: number
  /** What we call ourselves; `undefined`: the name of this machine. */
  readonly heloName: string | undefined
  /** Whether what is said is logged. */
  readonly debug: boolean
  readonly acceptsInvalidCertificates: boolean
  readonly acceptsInvalidHostnames: boolean
}

/**
 * The address that links in letters begin with, without a slash at its end. Never the one that somebody asked for: a letter
 * goes to another than who asks.
 */
export function mailedAddress({ domain, origin, pathPrefix }: Pick<VaultSettings, 'domain' | 'origin' | 'pathPrefix'>) {
  return domain ?? origin + pathPrefix
}

/** Whether anybody at `email` may sign up; an invitation is another matter. */
export function isSignupAllowed(settings: VaultSettings, email: string): boolean {
  return settings.signupsDomainsWhitelist.length === 0 ? settings.signupsAllowed : isDomainAllowed(settings, email)
}

/** Whether accounts may have addresses at the domain of `email`. */
export function isDomainAllowed({ signupsDomainsWhitelist: allowed }: VaultSettings, email: string): boolean {
  if (allowed.length === 0) return true
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase()
  return allowed.some((candidate) => candidate.trim().toLowerCase() === domain)
}

/** Whether clients should hide their sign-up page. Who is invited by mail finds it by the link in there. */
export function isSignupHidden(settings: VaultSettings, sendsMail: boolean): boolean {
  const isOpen = settings.signupsAllowed || settings.signupsDomainsWhitelist.length > 0
  return !isOpen && (sendsMail || !settings.invitationsAllowed)
}
