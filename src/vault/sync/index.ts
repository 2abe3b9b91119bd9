import Type from 'typebox'
import type { User } from '#store'
import { profileResponse } from '../accounts/index.ts'
import { cipherResponse, SSH_KEY } from '../ciphers/index.ts'
import { isAtLeast } from '../client-version.ts'
import type { VaultContext } from '../context.ts'
import { domainsResponse } from '../domains/index.ts'
import { folderResponse } from '../folders/index.ts'
import { jsonList, sendWithList } from '../json-text.ts'
import type { VaultApp } from '../schema.ts'
import { sendResponse } from '../sends/index.ts'
import { turnForAll } from '../whole-answers.ts'

const SyncQuery = Type.Object({ excludeDomains: Type.Optional(Type.String()) })

/** `GET /sync`: the whole vault in one answer. */
export function registerSync(scope: VaultApp, context: VaultContext): void {
  const { store } = context
  scope.get('/sync', { schema: { querystring: SyncQuery } }, async ({ session, query, headers, address }, reply) => {
    const { user } = session
    await turnForAll(user.id, reply)
    const [folders, ciphers, sends, userKeyId, secondFactors] = await Promise.all([
      store.folders.ofUser(user.id),
      store.ciphers.ownOf(user.id),
      store.sends.ofUser(user.id),
      store.users.keyId(user.id),
      store.users.secondFactors(user.id),
    ])
    // Older apps cannot read a vault that holds an SSH key.
    const readsSshKeys = isAtLeast(headers['bitwarden-client-version'], 2024, 12)
    const readable = ciphers.filter((cipher) => readsSshKeys || cipher.type !== SSH_KEY)
    const text = await jsonList(readable, (cipher) => cipherResponse(cipher, address))
    const rest = {
      profile: profileResponse(context, user, secondFactors),
      folders: folders.map(folderResponse),
      collections: [],
      policies: [],
      domains: query.excludeDomains?.toLowerCase() === 'true' ? null : domainsResponse(user, { lists: 'counting' }),
      sends: sends.map(sendResponse),
      userDecryption: {
        masterPasswordUnlock: masterPasswordUnlock(user),
        ...(userKeyId === undefined ? {} : { userKeyId }),
      },
      object: 'sync',
    }
    return sendWithList(reply, rest, { name: 'ciphers', text })
  })
}

/** What opens the user key; null for a user without a master password. */
function masterPasswordUnlock({ passwordHash, kdf, key, email }: User) {
  if (passwordHash.length === 0) return null
  return {
    kdf: { kdfType: kdf.type, iterations: kdf.iterations, memory: kdf.memory, parallelism: kdf.parallelism },
    // One value under its old and its new name: clients ask for either.
    masterKeyEncryptedUserKey: key,
    masterKeyWrappedUserKey: key,
    salt: email,
  }
}
