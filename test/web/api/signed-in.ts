import { randomUUID } from 'node:crypto'
import { Api, type ApiOptions } from '../../../web/src/api/client.ts'
import type { DeviceInfo } from '../../../web/src/api/device.ts'
import { beginRegistration, finishRegistration, logIn, preLogin } from '../../../web/src/api/identity.ts'
import { deriveMasterKey, deriveMasterPasswordHash, type Kdf } from '../../../web/src/crypto/kdf.ts'
import type { SymmetricKey } from '../../../web/src/crypto/symmetric-key.ts'
import { type Credentials, masterSecretsOf, newAccount, openUserKey } from '../../../web/src/model/account-keys.ts'
import { readKdf } from '../../../web/src/model/kdf-wire.ts'
import { FAST_KDF, PASSWORD } from '../../helpers/account.ts'

export const KDF: Kdf = { type: 'PBKDF2', iterations: FAST_KDF.iterations }

export function newDevice(): DeviceInfo {
  return { identifier: randomUUID(), type: 9, name: 'Chrome' }
}

/** A client of the web vault that is logged in, with all that it knows. */
export interface SignedIn {
  readonly api: Api
  readonly email: string
  readonly userKey: SymmetricKey
  readonly current: Credentials
  /** What proves the password. */
  readonly secret: { readonly masterPasswordHash: string }
}

type Where = Omit<ApiOptions, 'device'> & { readonly device?: DeviceInfo }

/** Registers an account as the web vault does, and logs in. */
export async function registerAndLogIn(where: Where): Promise<SignedIn> {
  const email = `${randomUUID()}@example.com`
  const api = new Api({ device: newDevice(), ...where })
  const proof = await beginRegistration(api, { email, name: 'Alice' })
  await finishRegistration(api, await newAccount({ email, password: PASSWORD, kdf: KDF }), proof ?? '')
  return logInto(email, where)
}

/** Logs another device in to the account; or the same one, if it is given. */
export async function logInto(email: string, where: Where): Promise<SignedIn> {
  const api = new Api({ device: newDevice(), ...where })
  const { kdfSettings } = await preLogin(api, email)
  const current: Credentials = { password: PASSWORD, salt: email, kdf: readKdf(kdfSettings) }
  const secrets = await masterSecretsOf(current)
  const { tokens, answer } = await logIn(api, { email, passwordHash: secrets.hash })
  api.tokens.value = tokens
  const userKey = await openUserKey(secrets, String(answer.Key))
  return { api, email, userKey, current, secret: { masterPasswordHash: secrets.hash } }
}

/** What proves a password, derived without the model. */
export async function hashOf(email: string, password: string): Promise<string> {
  return deriveMasterPasswordHash(await deriveMasterKey(password, email, KDF), password)
}
