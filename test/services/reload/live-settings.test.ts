/** Which settings a reload takes over: the list that the documentation has is what the code does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadOptions, type Overrides } from '#config'
import {
  LIVE_SETTINGS,
  optionsInForce,
  settingChanges,
  settingsInForce,
} from '../../../src/services/reload/live-settings.ts'

const yubico = { enableYubico: true, yubicoClientId: '1', yubicoSecretKey: 'c2VjcmV0' }
const mail = { smtpHost: 'localhost', smtpFrom: 'a@example.com' }

/** Another value of each live setting; of those that need others, with them. */
const OTHERS: Record<string, { readonly set: Overrides; readonly beside?: Overrides }> = {
  'log.level': { set: { log: { level: 'warn' } } },
  'log.roomLevels': { set: { log: { roomLevels: { hub: 'debug' } } } },
  'log.debug': { set: { log: { debug: true } } },
  'web.host': { set: { web: { host: '127.0.0.2' } } },
  'web.port': { set: { web: { port: 1 } } },
  'web.tls': { set: { web: { tls: { certFile: 'a', keyFile: 'b' } } }, beside: { web: { https: false } } },
  'web.ipHeader': { set: { web: { ipHeader: 'CF-Connecting-IP' } } },
  'web.ipHeaderTrustedProxies': { set: { web: { ipHeaderTrustedProxies: ['192.0.2.1'] } } },
  'hub.maxConnections': { set: { hub: { maxConnections: 5 } } },
  'hub.handshakeTimeoutMs': { set: { hub: { handshakeTimeoutMs: 2_000 } } },
  'hub.keepAliveMs': { set: { hub: { keepAliveMs: 2_000 } } },
  'hub.clientTimeoutMs': { set: { hub: { clientTimeoutMs: 40_000 } } },
  'hub.drainWindowMs': { set: { hub: { drainWindowMs: 1 } } },
  'vault.signupsAllowed': { set: { vault: { signupsAllowed: false } } },
  'vault.signupsDomainsWhitelist': { set: { vault: { signupsDomainsWhitelist: ['example.com'] } } },
  'vault.signupsVerify': { set: { vault: { signupsVerify: true } }, beside: { vault: mail } },
  'vault.signupsVerifyResendTime': { set: { vault: { signupsVerifyResendTime: 7 } } },
  'vault.signupsVerifyResendLimit': { set: { vault: { signupsVerifyResendLimit: 7 } } },
  'vault.invitationsAllowed': { set: { vault: { invitationsAllowed: false } } },
  'vault.passwordIterations': { set: { vault: { passwordIterations: 700_000 } } },
  'vault.passwordHintsAllowed': { set: { vault: { passwordHintsAllowed: false } } },
  'vault.showPasswordHint': { set: { vault: { showPasswordHint: true } } },
  'vault.emailChangeAllowed': { set: { vault: { emailChangeAllowed: false } } },
  'vault.requireDeviceEmail': { set: { vault: { requireDeviceEmail: true } }, beside: { vault: mail } },
  'vault.increaseNoteSizeLimit': { set: { vault: { increaseNoteSizeLimit: true } } },
  'vault.experimentalClientFeatureFlags': {
    set: { vault: { experimentalClientFeatureFlags: ['ssh-key-vault-item'] } },
  },
  'vault.clientSuppressOnboarding': { set: { vault: { clientSuppressOnboarding: true } } },
  'vault.disable2faRemember': { set: { vault: { disable2faRemember: true } } },
  'vault.authenticatorDisableTimeDrift': { set: { vault: { authenticatorDisableTimeDrift: true } } },
  'vault.enableEmail2fa': { set: { vault: { enableEmail2fa: false } }, beside: { vault: mail } },
  'vault.emailTokenSize': { set: { vault: { emailTokenSize: 9 } } },
  'vault.emailExpirationTime': { set: { vault: { emailExpirationTime: 99 } } },
  'vault.emailAttemptsLimit': { set: { vault: { emailAttemptsLimit: 9 } } },
  'vault.enableYubico': { set: { vault: { enableYubico: false } }, beside: { vault: yubico } },
  'vault.yubicoClientId': { set: { vault: { yubicoClientId: '2' } }, beside: { vault: yubico } },
  'vault.yubicoSecretKey': { set: { vault: { yubicoSecretKey: 'b3RoZXI=' } }, beside: { vault: yubico } },
  'vault.yubicoServer': { set: { vault: { yubicoServer: 'https://example.com/wsapi' } }, beside: { vault: yubico } },
  'vault.userAttachmentLimit': { set: { vault: { userAttachmentLimit: 7 } } },
  'vault.sendsAllowed': { set: { vault: { sendsAllowed: false } } },
  'vault.userSendLimit': { set: { vault: { userSendLimit: 7 } } },
}

/** Some of each kind of those that wait for the next start. */
const LATER: Record<string, Overrides> = {
  'vault.domain': { vault: { domain: 'https://example.com/vault' } },
  'vault.dataFolder': { vault: { dataFolder: 'elsewhere' } },
  'vault.databaseUrl': { vault: { databaseUrl: 'postgresql://u:secret-password@localhost/vault' } },
  'vault.attachmentsFolder': { vault: { attachmentsFolder: 'a' } },
  'vault.sendsFolder': { vault: { sendsFolder: 's' } },
  'vault.loginRatelimitMaxBurst': { vault: { loginRatelimitMaxBurst: 77 } },
  'vault.iconService': { vault: { iconService: 'google' } },
  'vault.incomplete2faTimeLimit': { vault: { incomplete2faTimeLimit: 7 } },
  'web.nats': { web: { nats: 'all' } },
  'web.https': { web: { https: false } },
  'web.servesHub': { web: { servesHub: false } },
  'hub.maxConnectionsPerUser': { hub: { maxConnectionsPerUser: 3 } },
  'hub.maxPendingBytes': { hub: { maxPendingBytes: 65_536 } },
  'log.requests': { log: { requests: 'all' } },
  'admin.token': { admin: { token: 'a token that nobody may read' } },
  'metrics.token': { metrics: { token: 'a-token-that-nobody-may-read' } },
  'control.socket': { control: { socket: false } },
  'oldHub.enabled': { oldHub: { enabled: true } },
}

function load(...all: readonly Overrides[]) {
  const overrides: Record<string, object> = {}
  for (const [group, settings] of all.flatMap((one) => Object.entries(one))) {
    overrides[group] = { ...overrides[group], ...settings }
  }
  return loadOptions({ env: {}, cwd: '/srv', overrides })
}

test('every live setting has another value here', () => {
  assert.deepEqual(Object.keys(OTHERS).toSorted(), LIVE_SETTINGS.toSorted())
})

for (const [option, { set, beside = {} }] of Object.entries(OTHERS)) {
  test(`${option} is taken over, and told`, () => {
    const [started, next] = [load(beside), load(beside, set)]
    assert.notDeepEqual(next.options, started.options)
    assert.deepEqual(optionsInForce(started.options, next.options), next.options)
    const { live, later } = settingChanges(started.settings, next.settings)
    assert.deepEqual(later, [])
    assert.equal(live.length, 1)
    assert.doesNotMatch(live[0]!, /c2VjcmV0|b3RoZXI/)
    const inForce = settingsInForce(started.settings, next.settings)
    assert.deepEqual(settingChanges(inForce, next.settings), { live: [], later: [] })
  })
}

for (const [option, set] of Object.entries(LATER)) {
  test(`${option} waits for the next start, and is told each time`, () => {
    const [started, next] = [load(), load(set)]
    assert.notDeepEqual(next.options, started.options)
    assert.deepEqual(optionsInForce(started.options, next.options), started.options)
    const inForce = settingsInForce(started.settings, next.settings)
    for (const before of [started.settings, inForce]) {
      const { live, later } = settingChanges(before, next.settings)
      assert.deepEqual(live, [])
      assert.equal(later.length, 1)
      assert.doesNotMatch(later[0]!, /secret-password|nobody.may.read/)
    }
  })
}

test('settings are called what their writer called them', () => {
  const started = loadOptions({ env: {}, cwd: '/srv' })
  const next = loadOptions({
    env: { DOMAIN: 'https://example.com', SIGNUPS_ALLOWED: 'false', ADMIN_TOKEN: 'x'.repeat(40) },
    cwd: '/srv',
    overrides: { hub: { maxConnections: 9 } },
  })
  const { live, later } = settingChanges(started.settings, next.settings)
  assert.deepEqual(live.toSorted(), ['SIGNUPS_ALLOWED: true -> false', 'hub.max_connections: 65536 -> 9'])
  assert.deepEqual(later.toSorted(), ['ADMIN_TOKEN: changed', 'DOMAIN: none -> "https://example.com"'])
})
