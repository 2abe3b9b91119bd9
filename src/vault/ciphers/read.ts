import type { VaultContext } from '../context.ts'
import { jsonList, sendWithList } from '../json-text.ts'
import { ID, IdParams, type VaultApp } from '../schema.ts'
import { turnForAll } from '../whole-answers.ts'
import { ownCipher } from './cipher-store.ts'
import { cipherResponse } from './response.ts'

/** Reading items. What clients ask for after an event is `details`. */
export function registerReading(scope: VaultApp, { store }: VaultContext): void {
  scope.get('/ciphers', async ({ session, address }, reply) => {
    await turnForAll(session.user.id, reply)
    const ciphers = await store.ciphers.ownOf(session.user.id)
    const text = await jsonList(ciphers, (cipher) => cipherResponse(cipher, address))
    return sendWithList(reply, { object: 'list', continuationToken: null }, { name: 'data', text })
  })

  for (const url of [`/ciphers/${ID}`, `/ciphers/${ID}/details`]) {
    scope.get(url, { schema: { params: IdParams } }, async ({ session, params, address }) =>
      cipherResponse(await ownCipher(store, session.user.id, params.id), address),
    )
  }
}
