import { exportsOf, importsOf, mappingsOf } from './account-detail.ts'
import { goTime } from './go-format.ts'
import { type JsonObject, unlessEmpty } from './json.ts'
import { jwtPayload } from './jwt-payload.ts'
import { BadRequest, type Query } from './query.ts'
import type { AccountSnapshot, MonitoringSource } from './source.ts'
import { sublistStats } from './subsz.ts'

/** `/accountz`: the names of all accounts; with `acc=` one of them in detail. */
export function accountz(source: MonitoringSource, query: Query, nowMs: number): JsonObject {
  const { id, systemAccount } = source.server()
  const name = query.text('acc')
  const accounts = [...source.accounts()]
  const account = accounts.find((candidate) => candidate.name === name)
  if (name !== '' && account === undefined) throw new BadRequest(`Account ${name} does not exist`)
  return {
    server_id: id,
    now: goTime(nowMs),
    system_account: unlessEmpty(systemAccount),
    accounts: account === undefined ? unlessEmpty(accounts.map((one) => one.name)) : undefined,
    account_detail:
      account === undefined ? undefined : accountDetail(account, { isSystem: account.name === systemAccount, nowMs }),
  }
}

function accountDetail(
  account: AccountSnapshot,
  { isSystem, nowMs }: { readonly isSystem: boolean; readonly nowMs: number },
): JsonObject {
  const stats = account.stats()
  const { definition, jwt } = account
  const claims = jwt === undefined ? undefined : (jwtPayload(jwt) as AccountClaimsJson)
  return {
    account_name: account.name,
    update_time: goTime(account.updatedMs),
    is_system: unlessEmpty(isSystem),
    expired: claims?.exp !== undefined && claims.exp * 1000 <= nowMs,
    complete: true,
    jetstream_enabled: false,
    leafnode_connections: account.leafNodes,
    client_connections: account.clients,
    subscriptions: stats.subscriptions,
    mappings: definition && unlessNothing(mappingsOf(definition.mappings)),
    exports: definition && unlessEmpty(exportsOf(definition.exports)),
    imports: definition && unlessEmpty(importsOf(definition.imports)),
    jwt,
    issuer_key: claims?.iss,
    name_tag: nameTag(account),
    tags: unlessEmpty(claims?.nats?.tags),
    decoded_jwt: claims,
    revoked_user: claims?.nats?.revocations && unlessNothing(revokedUsers(claims.nats.revocations)),
    sublist_stats: sublistStats([stats]),
    // Not here: `responses`. Who knows the subjects that answers are to go to can answer in the place of a service, and
    // nobody logs in to monitoring.
  }
}

/** As far as it is looked at here. */
interface AccountClaimsJson extends JsonObject {
  readonly iss?: string
  /** Seconds since the epoch. */
  readonly exp?: number
  readonly nats?: { readonly tags?: readonly string[]; readonly revocations?: Readonly<Record<string, number>> }
}

function revokedUsers(revocations: Readonly<Record<string, number>>): JsonObject {
  return Object.fromEntries(
    Object.entries(revocations).map(([user, epochSeconds]) => [user, goTime(epochSeconds * 1000)]),
  )
}

function nameTag({ name, definition }: AccountSnapshot): string {
  return definition?.nameTag || name
}

/** Go's `omitempty` of a map. */
function unlessNothing(map: JsonObject): JsonObject | undefined {
  return Object.keys(map).length === 0 ? undefined : map
}

/** `/accstatz`: what went through each account that somebody is connected to; with `unused=1`, through all. */
export function accstatz(source: MonitoringSource, query: Query, nowMs: number): JsonObject {
  const showsUnused = query.boolean('unused')
  const accounts = [...source.accounts()].filter(({ clients, leafNodes }) => showsUnused || clients + leafNodes > 0)
  return { server_id: source.server().id, now: goTime(nowMs), account_statz: accounts.map(accountStat) }
}

export function accountStat(account: AccountSnapshot): JsonObject {
  return {
    acc: account.name,
    name: nameTag(account),
    conns: account.clients,
    leafnodes: account.leafNodes,
    total_conns: account.clients + account.leafNodes,
    num_subscriptions: account.stats().subscriptions,
    sent: traffic(account.outMsgs, account.outBytes),
    received: traffic(account.inMsgs, account.inBytes),
    slow_consumers: account.slowConsumers,
  }
}

/** Everything goes to clients or comes from them: there are no other servers. */
function traffic(msgs: number, bytes: number): JsonObject {
  const none = { msgs: 0, bytes: 0 }
  return { msgs, bytes, gateways: none, routes: none, leafs: none }
}
