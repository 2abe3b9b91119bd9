import type { User } from '#store'
import { badRequest } from '../errors.ts'
import type { OpenedSession } from '../sessions/index.ts'
import type { Form } from './form.ts'

/** The scope of a grant, which clients must ask for exactly. */
export function checkScope(form: Form, expected: string): readonly string[] {
  if (form.require('scope') !== expected) throw badRequest('scope is not supported', 'scope')
  return expected.split(' ')
}

/** The answer to a login: the access token, and what the client needs to open the vault. */
export function loginResponse({ user, token, expiresInSeconds }: OpenedSession, scope: readonly string[]) {
  return {
    access_token: token,
    expires_in: expiresInSeconds,
    token_type: 'Bearer',
    scope: scope.join(' '),
    ...unlockResponse(user),
  }
}

/**
 * What a client needs to open the vault. PascalCase but for the key pair: clients look for exactly these names
 * (spec/vault.md §2.4.3 lists what breaks when one is missing).
 */
function unlockResponse(user: User) {
  const { kdf } = user
  const hasMasterPassword = user.passwordHash.length > 0
  return {
    ...(user.key === '' ? {} : { Key: user.key }),
    PrivateKey: user.privateKey,
    Kdf: kdf.type,
    KdfIterations: kdf.iterations,
    KdfMemory: kdf.memory,
    KdfParallelism: kdf.parallelism,
    ResetMasterPassword: false,
    ForcePasswordReset: false,
    AccountKeys:
      user.privateKey === null
        ? null
        : {
            publicKeyEncryptionKeyPair: {
              wrappedPrivateKey: user.privateKey,
              publicKey: user.publicKey,
              Object: 'publicKeyEncryptionKeyPair',
            },
            Object: 'privateKeys',
          },
    UserDecryptionOptions: {
      HasMasterPassword: hasMasterPassword,
      MasterPasswordUnlock: hasMasterPassword
        ? {
            Kdf: {
              KdfType: kdf.type,
              Iterations: kdf.iterations,
              Memory: kdf.memory,
              Parallelism: kdf.parallelism,
            },
            // One value under its old and its new name: clients ask for either.
            MasterKeyEncryptedUserKey: user.key,
            MasterKeyWrappedUserKey: user.key,
            Salt: user.email,
          }
        : null,
      Object: 'userDecryptionOptions',
    },
  }
}
