import { randomInt } from 'node:crypto'
import type { VaultContext } from '../context.ts'
import type { VaultApp } from '../schema.ts'
import { formatDate } from '../wire.ts'
import { changeUser } from './change-user.ts'
import { requireSecret, SecretRequest } from './secret.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** Some 178 bits. */
const LENGTH = 30

/** The personal API key, with which a program logs in as the user. */
export function registerApiKey(scope: VaultApp, context: VaultContext): void {
  for (const [path, isRotation] of [
    ['/accounts/api-key', false],
    ['/accounts/rotate-api-key', true],
  ] as const) {
    scope.post(path, { schema: { body: SecretRequest } }, async ({ session, body }) => {
      await requireSecret(context, session.user, body)
      const isThere = session.user.apiKey !== null && !isRotation
      const user = isThere
        ? session.user
        : await changeUser(context, session, (user) => {
            // Meanwhile another request may have made the first key.
            if (isRotation || user.apiKey === null) user.apiKey = newApiKey()
          })
      return { apiKey: user.apiKey, revisionDate: formatDate(user.updatedAt), object: 'apiKey' }
    })
  }
}

const newApiKey = () => Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
