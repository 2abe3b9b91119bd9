import { Secret, TOTP } from 'otpauth'
import { type Json, postForm, type Reply, type TestDevice } from '../../helpers/account.ts'
import type { TestVault } from '../harness.ts'

/** The code that an app with that key shows at the time of the vault's clock, or `steps` of 30 s later. */
export function appCode(vault: TestVault, key: string, steps = 0): string {
  const totp = new TOTP({ secret: Secret.fromBase32(key), algorithm: 'SHA1', digits: 6, period: 30 })
  return totp.generate({ timestamp: vault.context.clock.now() + steps * 30_000 })
}

/** Goes on to the beginning of a step (30 s) of which no code is used, nor any beside it. */
export function toFreshStep(vault: TestVault): void {
  vault.advance(90_000 - (vault.context.clock.now() % 30_000))
}

/** Sets up an authenticator app; resolves with its key. Its code of now is used by that. */
export async function setUpApp(vault: TestVault, device: TestDevice): Promise<string> {
  toFreshStep(vault)
  const { passwordHash: masterPasswordHash } = device
  const { key } = (await device.post('/api/two-factor/get-authenticator', { masterPasswordHash })).json
  const body = { masterPasswordHash, key, token: appCode(vault, key) }
  const { status, json } = await device.put('/api/two-factor/authenticator', body)
  if (status !== 200) throw new Error(`The app was not set up: ${JSON.stringify(json)}`)
  return key
}

export interface FormLogin {
  readonly deviceId?: string
  readonly version?: string
  /** Fields besides the usual ones, or in their place. */
  readonly fields?: Record<string, string | number>
}

/** Logs the user of `device` in by the form of a client; that device itself unless another is named. */
export function logInAgain(vault: TestVault, device: TestDevice, options: FormLogin = {}): Promise<Reply> {
  const { deviceId = device.deviceId, version, fields = {} } = options
  const form: Record<string, string> = {
    scope: 'api offline_access',
    client_id: 'web',
    grant_type: 'password',
    username: device.email,
    password: device.passwordHash,
    deviceType: '9',
    deviceIdentifier: deviceId,
    deviceName: 'test device',
  }
  for (const [name, value] of Object.entries(fields)) form[name] = String(value)
  const fetch: typeof globalThis.fetch = (url, init) =>
    vault.fetch(url, {
      ...init,
      headers: {
        ...(init?.headers as Json),
        ...(version === undefined ? {} : { 'Bitwarden-Client-Version': version }),
      },
    })
  return postForm(fetch, `${vault.server}/identity/connect/token`, form)
}

/** The fields of a login that bring a code. */
export const withCode = (provider: number, code: string, fields: Json = {}) => ({
  fields: { twoFactorProvider: provider, twoFactorToken: code, ...fields },
})
