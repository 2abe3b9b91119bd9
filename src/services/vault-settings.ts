import path from 'node:path'
import type { Options } from '#config'
import type { VaultSettings } from '#vault'

/** The Bitwarden server release whose API this is; clients switch features on by it. */
const BITWARDEN_VERSION = '2026.6.0'

/** Longest encrypted note of an item, as Bitwarden's own server has it, and with `increase_note_size_limit`. */
const NOTE_CHARACTERS = 10_000
const INCREASED_NOTE_CHARACTERS = 100_000

/** What the configuration says, as the vault wants it. */
export function vaultSettings({ vault }: Options): VaultSettings {
  return {
    domain: vault.domain,
    origin: vault.origin,
    pathPrefix: vault.basePath,
    signupsAllowed: vault.signupsAllowed,
    signupsDomainsWhitelist: vault.signupsDomainsWhitelist,
    signupsVerify: false,
    signupsVerifyResend: { seconds: 3600, limit: 6 },
    invitationsAllowed: vault.invitationsAllowed,
    mailedTicketHours: 120,
    passwordIterations: vault.passwordIterations,
    passwordHintsAllowed: true,
    showsPasswordHint: false,
    emailChangeAllowed: true,
    requiresDeviceEmail: false,
    loginRateLimit: { seconds: vault.loginRatelimitSeconds, maxBurst: vault.loginRatelimitMaxBurst },
    unauthenticatedRateLimit: {
      seconds: vault.unauthenticatedRatelimitSeconds,
      maxBurst: vault.unauthenticatedRatelimitMaxBurst,
    },
    maxNoteCharacters: vault.increaseNoteSizeLimit ? INCREASED_NOTE_CHARACTERS : NOTE_CHARACTERS,
    serverVersion: BITWARDEN_VERSION,
    featureFlags: [],
    suppressesOnboarding: false,
    twoFactor: {
      remembersDevices: true,
      allowsTimeDrift: true,
      email: { isOn: false, digits: 6, expirationSeconds: 600, maxAttempts: 3, isFallback: false },
      yubico: undefined,
      incompleteAfterMinutes: 3,
    },
    attachments: { folder: path.join(vault.dataFolder, 'attachments'), maxBytesPerUser: undefined },
    sends: { isOn: true, folder: path.join(vault.dataFolder, 'sends'), maxBytesPerUser: undefined },
    icons: {
      service: 'internal',
      redirectCode: 302,
      cacheFolder: path.join(vault.dataFolder, 'icon_cache'),
      cacheSeconds: 2_592_000,
      negativeCacheSeconds: 259_200,
      downloadTimeoutMs: 10_000,
      downloads: true,
    },
    outgoing: { blockedHosts: undefined, blocksNonGlobalAddresses: true, prefersIpv6: false },
  }
}
