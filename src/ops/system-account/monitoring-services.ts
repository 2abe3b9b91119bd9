import { accountz, accstatz } from '../monitoring/accounts.ts'
import { connz } from '../monitoring/connz.ts'
import { healthz } from '../monitoring/healthz.ts'
import type { JsonObject } from '../monitoring/json.ts'
import { leafz } from '../monitoring/leafz.ts'
import type { ProcessUsage } from '../monitoring/process-usage.ts'
import { BadRequest } from '../monitoring/query.ts'
import type { Scan } from '../monitoring/scans.ts'
import type { MonitoringSource } from '../monitoring/source.ts'
import { gatewayz, jsz, routez } from '../monitoring/stand-alone.ts'
import { subsz } from '../monitoring/subsz.ts'
import { varz } from '../monitoring/varz.ts'
import type { OptionNames, RequestOptions } from './request-options.ts'

/** What a service answers from. */
export interface ServiceContext {
  readonly source: MonitoringSource
  readonly nowMs: number
  readonly scan: Scan
  usage(): ProcessUsage
}

/** A monitoring endpoint as a service: it answers the same with the same options, in JSON. */
export interface MonitoringService {
  readonly options: OptionNames
  /** `undefined`: nothing is answered. Throws a `BadRequest`, or rejects with it. */
  answer(
    options: RequestOptions,
    context: ServiceContext,
    account: string,
  ): JsonObject | undefined | Promise<JsonObject>
}

const PAGE: OptionNames = { offset: { type: 'integer' }, limit: { type: 'integer' } }
const SUBSCRIPTIONS: OptionNames = {
  subscriptions_detail: { type: 'boolean', parameter: 'subs=detail' },
  subscriptions: { type: 'boolean', parameter: 'subs=1' },
}
/** nats-server's numbers for them. */
const CONNECTION_STATES = ['open', 'closed', 'any']

const CONNZ: OptionNames = {
  ...PAGE,
  ...SUBSCRIPTIONS,
  sort: { type: 'string' },
  auth: { type: 'boolean' },
  cid: { type: 'integer' },
  mqtt_client: { type: 'string' },
  state: { type: 'integer' },
  user: { type: 'string' },
  acc: { type: 'string' },
  filter_subject: { type: 'string' },
}
const SUBSZ: OptionNames = {
  ...PAGE,
  subscriptions: { type: 'boolean', parameter: 'subs=1' },
  account: { type: 'string', parameter: 'acc' },
  test: { type: 'string' },
}
const LEAFZ: OptionNames = {
  subscriptions: { type: 'boolean', parameter: 'subs=1' },
  account: { type: 'string', parameter: 'acc' },
}
const JSZ: OptionNames = {
  ...PAGE,
  accounts: { type: 'boolean' },
  streams: { type: 'boolean' },
  consumer: { type: 'boolean', parameter: 'consumers' },
  config: { type: 'boolean' },
  leader_only: { type: 'boolean' },
}
const STATZ: OptionNames = {
  accounts: { type: 'strings' },
  include_unused: { type: 'boolean', parameter: 'unused' },
}
const HEALTHZ: OptionNames = {
  'js-enabled': { type: 'boolean' },
  'js-enabled-only': { type: 'boolean' },
  'js-server-only': { type: 'boolean' },
  'js-meta-only': { type: 'boolean' },
  account: { type: 'string' },
  stream: { type: 'string' },
  consumer: { type: 'string' },
  details: { type: 'boolean' },
}

/** `$SYS.REQ.SERVER.<id>.<name>` and `$SYS.REQ.SERVER.PING.<name>`. */
export const SERVER_SERVICES: Readonly<Record<string, MonitoringService>> = {
  VARZ: {
    options: {},
    answer: (_options, { source, usage, nowMs }) =>
      varz({
        server: source.server(),
        totals: source.totals(),
        usage: usage(),
        nowMs,
        basePath: '',
        requests: {},
      }),
  },
  CONNZ: { options: CONNZ, answer: (options, context) => connectionsOf(options, context, options.text('acc')) },
  SUBSZ: {
    options: SUBSZ,
    answer: (options, { source, nowMs, scan }) => subsz(source, options.query(), nowMs, scan),
  },
  ACCOUNTZ: {
    options: { account: { type: 'string', parameter: 'acc' } },
    answer: (options, { source, nowMs }) => accountz(source, options.query(), nowMs),
  },
  HEALTHZ: {
    options: HEALTHZ,
    answer(options, { source }) {
      const { status, body } = healthz(source, options.query())
      const { status: word, ...what } = body
      return { status: word, status_code: status, ...what }
    },
  },
  LEAFZ: { options: LEAFZ, answer: (options, { source, nowMs }) => leafz(source, options.query(), nowMs) },
  ROUTEZ: { options: SUBSCRIPTIONS, answer: (options, { source, nowMs }) => routez(source, options.query(), nowMs) },
  GATEWAYZ: {
    options: { ...SUBSCRIPTIONS, accounts: { type: 'boolean', parameter: 'accs' } },
    answer: (options, { source, nowMs }) => gatewayz(source, options.query(), nowMs),
  },
  JSZ: {
    options: JSZ,
    // Nobody is a leader here.
    answer: (options, { source, nowMs }) =>
      options.boolean('leader_only') ? undefined : jsz(source, options.query(), nowMs),
  },
  // No queue inside of it ever waits, and no Raft group is there to be named.
  IPQUEUESZ: { options: {}, answer: () => ({}) },
  RAFTZ: { options: {}, answer: () => ({}) },
}

/** `$SYS.REQ.ACCOUNT.<account>.<name>`. */
export const ACCOUNT_SERVICES: Readonly<Record<string, MonitoringService>> = {
  CONNZ: { options: CONNZ, answer: connectionsOf },
  SUBSZ: {
    options: SUBSZ,
    answer: (options, { source, nowMs, scan }, account) =>
      subsz(source, options.query({ acc: account, subs: '1' }), nowMs, scan),
  },
  LEAFZ: {
    options: LEAFZ,
    answer: (options, { source, nowMs }, account) => leafz(source, options.query({ acc: account }), nowMs),
  },
  JSZ: {
    options: JSZ,
    answer() {
      throw new BadRequest('jetstream not enabled')
    },
  },
  INFO: {
    options: {},
    answer: (options, { source, nowMs }, account) =>
      accountz(source, options.query({ acc: account }), nowMs).account_detail as JsonObject,
  },
  STATZ: { options: STATZ, answer: (options, context, account) => statisticsOf(options, context, [account]) },
}

/** `$SYS.REQ.ACCOUNT.PING.<name>`. */
export const ACCOUNT_PING_SERVICES: Readonly<Record<string, MonitoringService>> = {
  STATZ: {
    options: STATZ,
    answer: (options, context) => statisticsOf(options, context, options.texts('accounts')),
  },
}

function connectionsOf(
  options: RequestOptions,
  { source, nowMs, scan }: ServiceContext,
  account: string,
): Promise<JsonObject> {
  const state = options.integer('state') ?? 0
  // A number in JSON, a word as a parameter.
  const word = CONNECTION_STATES[state]
  if (word === undefined) throw new BadRequest(`Error decoding state for ${state}`)
  return connz(source, options.query({ acc: account, state: word }), nowMs, scan)
}

/** Of all accounts when none is named. Nothing is answered when there is nothing to say, unless that is asked for. */
function statisticsOf(
  options: RequestOptions,
  { source, nowMs }: ServiceContext,
  accounts: readonly string[],
): JsonObject | undefined {
  const all = accstatz(source, options.query(), nowMs)
  const statistics = (all.account_statz as readonly JsonObject[]).filter(
    ({ acc }) => accounts.length === 0 || accounts.includes(acc as string),
  )
  if (statistics.length === 0 && !options.boolean('include_unused')) return undefined
  return { ...all, account_statz: statistics }
}
