import { goTime } from './go-format.ts'
import { type JsonObject, unlessEmpty } from './json.ts'
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
    account_detail: account === undefined ? undefined : accountDetail(account, account.name === systemAccount),
  }
}

function accountDetail(account: AccountSnapshot, isSystem: boolean): JsonObject {
  const stats = account.stats()
  return {
    account_name: account.name,
    update_time: goTime(account.updatedMs),
    is_system: unlessEmpty(isSystem),
    expired: false,
    complete: true,
    jetstream_enabled: false,
    leafnode_connections: 0,
    client_connections: account.connections,
    subscriptions: stats.subscriptions,
    name_tag: account.name,
    sublist_stats: sublistStats([stats]),
  }
}

/** `/accstatz`: what went through each account that somebody is connected to; with `unused=1`, through all. */
export function accstatz(source: MonitoringSource, query: Query, nowMs: number): JsonObject {
  const showsUnused = query.boolean('unused')
  const accounts = [...source.accounts()].filter(({ connections }) => showsUnused || connections > 0)
  return { server_id: source.server().id, now: goTime(nowMs), account_statz: accounts.map(accountStat) }
}

function accountStat(account: AccountSnapshot): JsonObject {
  return {
    acc: account.name,
    name: account.name,
    conns: account.connections,
    leafnodes: 0,
    total_conns: account.connections,
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
