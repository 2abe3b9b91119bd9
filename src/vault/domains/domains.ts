import Type from 'typebox'
import type { User } from '#store'
import { changeUser } from '../accounts/index.ts'
import type { VaultContext } from '../context.ts'
import { badRequest } from '../errors.ts'
import { parseJson } from '../json-text.ts'
import type { VaultApp } from '../schema.ts'
import { GLOBAL_DOMAINS } from './global-domains.ts'

/** What one user may store, as JSON: it is read with every request of theirs. */
const MAX_CHARACTERS = 100_000

/** Vaultwarden reads them as 32 bits with a sign, and panics at any other. */
const GroupNumber = Type.Integer({ minimum: -(2 ** 31), maximum: 2 ** 31 - 1 })
const orNull = { type: ['array', 'null'] }

/** Absent and null stand for none. */
const DomainsRequest = Type.Object({
  equivalentDomains: Type.Optional(
    Type.Unsafe<string[][] | null>({ ...Type.Array(Type.Array(Type.String())), ...orNull }),
  ),
  excludedGlobalEquivalentDomains: Type.Optional(
    Type.Unsafe<number[] | null>({ ...Type.Array(GroupNumber), ...orNull }),
  ),
})

/** Domains that share their logins: the user's own groups, and which of those that everybody has they opted out of. */
export function registerDomains(scope: VaultApp, context: VaultContext): void {
  scope.get('/settings/domains', async ({ session }) => domainsResponse(session.user, { lists: 'all' }))

  scope.route({
    method: ['PUT', 'POST'],
    url: '/settings/domains',
    schema: { body: DomainsRequest },
    handler: async ({ session, body }) => {
      const equivalentDomains = JSON.stringify(body.equivalentDomains ?? [])
      const excludedGlobals = JSON.stringify([...new Set(body.excludedGlobalEquivalentDomains)])
      if (equivalentDomains.length + excludedGlobals.length > MAX_CHARACTERS) {
        throw badRequest(`Equivalent domains take more than ${MAX_CHARACTERS} characters`, 'equivalentDomains')
      }
      const user = await changeUser(context, session, (user) => {
        Object.assign(user, { equivalentDomains, excludedGlobals })
      })
      // To all devices: the acting client learns its own new groups from a sync only.
      context.notifier.account('SyncSettings', user.id, user.updatedAt, null)
      return {}
    },
  })
}

/** `GET /settings/domains`, which lists all groups; a sync has only those that count for the user. */
export function domainsResponse(user: User, { lists }: { lists: 'all' | 'counting' }) {
  const excluded = new Set(readList(user.excludedGlobals))
  const groups = GLOBAL_DOMAINS.map((group) => ({ ...group, excluded: excluded.has(group.type) }))
  return {
    equivalentDomains: readList(user.equivalentDomains),
    globalEquivalentDomains: lists === 'all' ? groups : groups.filter((group) => !group.excluded),
    object: 'domains',
  }
}

/** What Vaultwarden or we have written; nothing where that is no list. */
function readList(text: string): unknown[] {
  const list = parseJson(text)
  return Array.isArray(list) ? list : []
}
