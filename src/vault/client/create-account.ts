import type { Kdf } from '#store'
import { DEFAULT_KDF, deriveMasterKey, deriveMasterPasswordHash, makeKeys } from './keys.ts'
import { type Fetch, post } from './post.ts'

export interface CreateAccountOptions {
  /** The server's address, with the path that it may have. */
  readonly server: string
  readonly email: string
  readonly password: string
  readonly name: string
  /** Default PBKDF2 with 600000 iterations. */
  readonly kdf?: Kdf
  readonly fetch?: Fetch
}

/**
 * Registers an account as a Bitwarden client does: every key is made here, and neither the password nor a key leaves
 * unprotected. Throws as `post` does, and an Error when the server wants a mail to be answered first.
 */
export async function createAccount(options: CreateAccountOptions): Promise<void> {
  const { server, password, name, kdf = DEFAULT_KDF } = options
  const email = options.email.trim().toLowerCase()
  const register = (step: string, json: unknown) =>
    post(`${server.replace(/\/+$/, '')}/identity/accounts/register/${step}`, { json }, options.fetch)

  const token = await register('send-verification-email', { email, name })
  if (token === undefined) {
    throw new Error(`${server} sends a mail to ${email} first; create the account in the web vault`)
  }
  const masterKey = await deriveMasterKey(password, email, kdf)
  const keys = await makeKeys(masterKey)
  const wireKdf = {
    kdfType: kdf.type,
    iterations: kdf.iterations,
    memory: kdf.memory,
    parallelism: kdf.parallelism,
  }
  await register('finish', {
    email,
    emailVerificationToken: token,
    masterPasswordAuthentication: {
      kdf: wireKdf,
      salt: email,
      masterPasswordAuthenticationHash: await deriveMasterPasswordHash(masterKey, password),
    },
    masterPasswordUnlock: { kdf: wireKdf, salt: email, masterKeyWrappedUserKey: keys.protectedUserKey },
    userAsymmetricKeys: { publicKey: keys.publicKey, encryptedPrivateKey: keys.protectedPrivateKey },
  })
}
