import type { PermissionClaims, SubjectClaims, TransferKind, UserRights } from './claims.ts'
import { type Fields, JwtError } from './fields.ts'

/** What a user may do, of the user itself or of the template of a signing key. `noLimit` is that of what is missing. */
export function readRights(fields: Fields, noLimit: number): UserRights {
  return {
    permissions: readPermissions(fields),
    networks: readNetworks(fields),
    times: fields
      .objects('times', (range) => ({ start: range.text('start'), end: range.text('end') }))
      .map((range) => range ?? { start: '', end: '' }),
    timesLocation: fields.text('times_location'),
    subscriptions: fields.integer('subs', noLimit),
    data: fields.integer('data', noLimit),
    payload: fields.integer('payload', noLimit),
    isBearer: fields.flag('bearer_token'),
    requiresProxy: fields.flag('proxy_required'),
    connectionTypes: fields.texts('allowed_connection_types'),
  }
}

export function readPermissions(fields: Fields): PermissionClaims {
  const responses = fields.optional('resp')
  return {
    publish: readSubjects(fields.object('pub')),
    subscribe: readSubjects(fields.object('sub')),
    responses: responses && { maxMessages: responses.integer('max'), ttlNs: responses.integer('ttl') },
  }
}

export function transferKind(fields: Fields, name: string): TransferKind {
  const kind = fields.text(name)
  if (kind === '') return 'unknown'
  if (kind === 'stream' || kind === 'service') return kind
  throw new JwtError(`unknown export type "${kind}"`)
}

function readSubjects(fields: Fields): SubjectClaims {
  return { allow: fields.texts('allow'), deny: fields.texts('deny') }
}

/** A list, or one text with commas. */
function readNetworks(fields: Fields): readonly string[] {
  if (typeof fields.raw('src') !== 'string') return fields.texts('src')
  const networks = fields.text('src').toLowerCase().split(',')
  return networks.map((network) => network.trim()).filter((network) => network !== '')
}
