import type { GivenSetting, Options } from '#config'
import { type Change, changeLine, changesBetween } from './changes.ts'
import { vaultInForce } from './live-vault-settings.ts'

/**
 * Groups of settings that NATS takes over, all but `server_name`, and tells by itself what has changed; and hubs of the
 * operator's own, which are told of by their names.
 */
const TOLD_ELSEWHERE = ['nats', 'websocket', 'leafnodes', 'monitoring', 'apps']

/** The other settings that a running server takes over, by their option. What is not here holds from the next start on. */
export const LIVE_SETTINGS: readonly string[] = [
  'log.level',
  'log.roomLevels',
  'log.debug',
  'web.host',
  'web.port',
  'web.tls',
  'web.ipHeader',
  'web.ipHeaderTrustedProxies',
  'hub.maxConnections',
  'hub.handshakeTimeoutMs',
  'hub.keepAliveMs',
  'hub.clientTimeoutMs',
  'hub.drainWindowMs',
  'vault.signupsAllowed',
  'vault.signupsDomainsWhitelist',
  'vault.signupsVerify',
  'vault.signupsVerifyResendTime',
  'vault.signupsVerifyResendLimit',
  'vault.invitationsAllowed',
  'vault.passwordIterations',
  'vault.passwordHintsAllowed',
  'vault.showPasswordHint',
  'vault.emailChangeAllowed',
  'vault.requireDeviceEmail',
  'vault.increaseNoteSizeLimit',
  'vault.experimentalClientFeatureFlags',
  'vault.clientSuppressOnboarding',
  'vault.disable2faRemember',
  'vault.authenticatorDisableTimeDrift',
  'vault.enableEmail2fa',
  'vault.emailTokenSize',
  'vault.emailExpirationTime',
  'vault.emailAttemptsLimit',
  'vault.enableYubico',
  'vault.yubicoClientId',
  'vault.yubicoSecretKey',
  'vault.yubicoServer',
  'vault.userAttachmentLimit',
  'vault.sendsAllowed',
  'vault.userSendLimit',
]

/** The options of a server that was started with some, and has taken over what it can of others. */
export function optionsInForce(started: Options, next: Options): Options {
  const { level, roomLevels, debug } = next.log
  const { host, port, tls, ipHeader, trustedProxies } = next.web
  const { maxConnections, handshakeTimeoutMs, keepAliveMs, clientTimeoutMs, drainWindowMs } = next.hub
  const { nats, websockets, leafnodes, monitoring } = next
  return {
    ...started,
    ...{ nats, websockets, leafnodes, monitoring },
    log: { ...started.log, level, roomLevels, debug },
    web: { ...started.web, host, port, tls, ipHeader, trustedProxies },
    hub: { ...started.hub, maxConnections, handshakeTimeoutMs, keepAliveMs, clientTimeoutMs, drainWindowMs },
    vault: vaultInForce(started.vault, next.vault),
  }
}

/** The settings that have changed, as lines: of those that count now, and of those that count from the next start on. */
export function settingChanges(
  inForce: readonly GivenSetting[],
  next: readonly GivenSetting[],
): { readonly live: readonly string[]; readonly later: readonly string[] } {
  const before = new Map(inForce.map((setting) => [setting.option, setting]))
  const live: string[] = []
  const later: string[] = []
  for (const setting of next) {
    const { option, name } = setting
    const was = before.get(option)
    if (was === undefined || TOLD_ELSEWHERE.includes(option.split('.')[0]!)) continue
    const lines = linesOf(setting, changesBetween(was.value, setting.value, name))
    if (LIVE_SETTINGS.includes(option)) live.push(...lines)
    else later.push(...lines)
  }
  return { live, later }
}

/** Of a server that was started with the one and has taken over what it can of the other. */
export function settingsInForce(
  started: readonly GivenSetting[],
  next: readonly GivenSetting[],
): readonly GivenSetting[] {
  const live = next.filter(({ option }) => LIVE_SETTINGS.includes(option))
  return [...started.filter(({ option }) => !LIVE_SETTINGS.includes(option)), ...live]
}

function linesOf({ isSecret }: GivenSetting, changes: readonly Change[]): readonly string[] {
  return changes.map((change) => (isSecret ? `${change.option}: changed` : changeLine(change)))
}
