import { join, resolve } from 'node:path'
import type { TwoFactorSettings } from '#vault'
import { clusterRemote } from './assemble-cluster.ts'
import { assembleDatabase } from './assemble-database.ts'
import { assembleMail } from './assemble-mail.ts'
import type { Problems } from './language/index.ts'
import type { VaultOptions } from './options.ts'
import { schema } from './settings/schema.ts'
import { compileHostPattern } from './types/host-pattern.ts'
import type { Surroundings } from './types/setting-type.ts'
import type { Choice } from './values.ts'

const { vault } = schema

const KILOBYTE = 1024

/** Longest encrypted note of an item, as Bitwarden's own server has it, and with `increase_note_size_limit`. */
const NOTE_CHARACTERS = 10_000
const INCREASED_NOTE_CHARACTERS = 100_000

/** What the vault is told: defaults that depend on others, and Vaultwarden's rules between settings. */
export function assembleVault(choose: Choice, surroundings: Surroundings, problems: Problems): VaultOptions {
  const { cwd } = surroundings
  const dataFolder = resolve(cwd, choose(vault.dataFolder))
  const inDataFolder = (given: string | undefined, name: string) => resolve(cwd, given ?? join(dataFolder, name))
  const domain = choose(vault.domain)
  // Vaultwarden's issuer where no address is set: tokens must stay good when a data folder moves between the two.
  const { origin, pathname } = new URL(domain ?? 'http://localhost')
  const mail = assembleMail(choose, { dataFolder, surroundings, problems })
  const blockedHosts = choose(vault.httpRequestBlockRegex) ?? choose(vault.iconBlacklistRegex)
  reportWithoutMail()
  return {
    dataFolder,
    database: assembleDatabase(choose, { cwd, dataFolder, problems }),
    rsaKeyFile: `${inDataFolder(choose(vault.rsaKeyFilename), 'rsa_key')}.pem`,
    domain,
    origin,
    basePath: pathname.replace(/\/+$/, ''),
    signupsAllowed: choose(vault.signupsAllowed),
    signupsDomainsWhitelist: choose(vault.signupsDomainsWhitelist),
    signupsVerify: choose(vault.signupsVerify),
    signupsVerifyResend: {
      seconds: choose(vault.signupsVerifyResendTime),
      limit: choose(vault.signupsVerifyResendLimit),
    },
    invitationsAllowed: choose(vault.invitationsAllowed),
    mailedTicketHours: choose(vault.invitationExpirationHours),
    passwordIterations: choose(vault.passwordIterations),
    passwordHintsAllowed: choose(vault.passwordHintsAllowed),
    showsPasswordHint: choose(vault.showPasswordHint),
    emailChangeAllowed: choose(vault.emailChangeAllowed),
    requiresDeviceEmail: choose(vault.requireDeviceEmail),
    loginRateLimit: { seconds: choose(vault.loginRatelimitSeconds), maxBurst: choose(vault.loginRatelimitMaxBurst) },
    unauthenticatedRateLimit: {
      seconds: choose(vault.unauthenticatedRatelimitSeconds),
      maxBurst: choose(vault.unauthenticatedRatelimitMaxBurst),
    },
    maxNoteCharacters: choose(vault.increaseNoteSizeLimit) ? INCREASED_NOTE_CHARACTERS : NOTE_CHARACTERS,
    featureFlags: choose(vault.experimentalClientFeatureFlags),
    suppressesOnboarding: choose(vault.clientSuppressOnboarding),
    twoFactor: twoFactorSettings(),
    attachments: {
      folder: inDataFolder(choose(vault.attachmentsFolder), 'attachments'),
      maxBytesPerUser: bytes(choose(vault.userAttachmentLimit)),
    },
    sends: {
      isOn: choose(vault.sendsAllowed),
      folder: inDataFolder(choose(vault.sendsFolder), 'sends'),
      maxBytesPerUser: bytes(choose(vault.userSendLimit)),
    },
    icons: {
      service: choose(vault.iconService),
      redirectCode: choose(vault.iconRedirectCode),
      cacheFolder: inDataFolder(choose(vault.iconCacheFolder), 'icon_cache'),
      cacheSeconds: choose(vault.iconCacheTtl),
      negativeCacheSeconds: choose(vault.iconCacheNegttl),
      downloadTimeoutMs: choose(vault.iconDownloadTimeout) * 1000,
      downloads: !choose(vault.disableIconDownload),
    },
    outgoing: {
      blockedHosts: blockedHosts === undefined ? undefined : compileHostPattern(blockedHosts),
      blocksNonGlobalAddresses:
        choose(vault.httpRequestBlockNonGlobalIps) ?? choose(vault.iconBlacklistNonGlobalIps) ?? true,
      prefersIpv6: choose(vault.dnsPreferIpv6),
    },
    mail,
    jobs: {
      pollIntervalMs: choose(vault.jobPollIntervalMs),
      trashPurgeSchedule: choose(vault.trashPurgeSchedule) || undefined,
      trashAutoDeleteDays: choose(vault.trashAutoDeleteDays),
      sendPurgeSchedule: choose(vault.sendPurgeSchedule) || undefined,
      incompleteLoginSchedule: choose(vault.incompleteLoginSchedule) || undefined,
      authRequestPurgeSchedule: choose(vault.authRequestPurgeSchedule) || undefined,
    },
    cluster: clusterRemote(choose, { cwd, problems }),
  }

  function twoFactorSettings(): TwoFactorSettings {
    const isOn = choose(vault.enableEmail2fa) ?? mail !== undefined
    if (isOn && mail === undefined) problems.error('_ENABLE_EMAIL_2FA is true, but no mail can be sent: set SMTP_HOST')
    return {
      remembersDevices: !choose(vault.disable2faRemember),
      allowsTimeDrift: !choose(vault.authenticatorDisableTimeDrift),
      email: {
        isOn,
        digits: choose(vault.emailTokenSize),
        expirationSeconds: choose(vault.emailExpirationTime),
        maxAttempts: choose(vault.emailAttemptsLimit),
      },
      yubico: choose(vault.enableYubico) ? yubicoSettings() : undefined,
      incompleteAfterMinutes: choose(vault.incomplete2faTimeLimit),
    }
  }

  function yubicoSettings(): TwoFactorSettings['yubico'] {
    const clientId = choose(vault.yubicoClientId)
    const secretKey = choose(vault.yubicoSecretKey)
    if (clientId !== undefined && secretKey !== undefined) {
      // Vaultwarden finds out when the first code comes. The key itself stays out of the message.
      if (!/^[A-Za-z0-9+/]+={0,2}$/.test(secretKey)) problems.error('YUBICO_SECRET_KEY must be in Base64')
      return { clientId, secretKey, server: choose(vault.yubicoServer) }
    }
    if (clientId !== undefined || secretKey !== undefined) {
      problems.error('YUBICO_CLIENT_ID and YUBICO_SECRET_KEY must be set together')
    }
    return undefined
  }

  /** In Vaultwarden as well these protect nothing without mail; but there nobody is told. */
  function reportWithoutMail(): void {
    if (mail !== undefined) return
    for (const setting of [vault.signupsVerify, vault.requireDeviceEmail]) {
      if (choose(setting)) problems.warning(`${setting.variable} is true, but no mail can be sent: it has no effect`)
    }
  }
}

function bytes(kilobytes: number | undefined): number | undefined {
  return kilobytes === undefined ? undefined : Math.min(kilobytes * KILOBYTE, Number.MAX_SAFE_INTEGER)
}
