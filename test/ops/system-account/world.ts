import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Broker, InProcessClient, type Message, RequestClient } from '#core'
import { silentLogger } from '#kit'
import {
  type ConnectionRights,
  createSystemAccount,
  type MonitoringSource,
  type ObservedConnection,
  type ServerControl,
} from '#ops'
import { FakeClock } from '../../helpers/fake-clock.ts'
import { NOW_MS, sampleSource } from '../monitoring/sample-source.ts'

export const SYSTEM = '$SYS'

export interface WorldOptions {
  readonly source?: Partial<MonitoringSource>
  readonly control?: Partial<ServerControl>
  readonly rights?: ConnectionRights
  readonly answerClaims?: (subject: string, payload: Buffer) => Promise<Buffer | undefined>
}

/** A system account on a broker, and somebody in it who listens and asks. */
export function systemWorld({ source = {}, control = {}, rights, answerClaims }: WorldOptions = {}) {
  const broker = new Broker(() => 0)
  const clock = new FakeClock()
  const client = new InProcessClient(broker.account(SYSTEM), (error) => assert.fail(error as Error))
  const system = createSystemAccount({
    client,
    broker,
    source: sampleSource(source),
    control: { kick: () => false, sendAway: () => 'unknown', reload: async () => {}, ...control },
    rightsOf: () => rights,
    answerClaims,
    clock,
    randomBytes,
    logger: silentLogger,
  })
  const requests = new RequestClient({ broker, clock, randomBytes })
  const heard: { subject: string; json: Json }[] = []

  return {
    broker,
    clock,
    client,
    system,
    heard,
    listen: (subject: string) =>
      client.subscribe(subject, (message) => heard.push({ subject: message.subject, json: jsonOf(message) })),
    /** `undefined` when nobody answers; `options` as JSON. */
    async ask(subject: string, options?: object | string, headers?: Buffer): Promise<Message | undefined> {
      const text = typeof options === 'string' ? options : options === undefined ? '' : JSON.stringify(options)
      return await requests.request(SYSTEM, { subject, headers, payload: Buffer.from(text) }, 1_000)
    },
    [Symbol.dispose]: () => system.close(),
  }
}

/** As the answer says it. */
// biome-ignore lint/suspicious/noExplicitAny: answers are compared with what is expected, and read where that is not all.
export type Json = any

export function jsonOf(message: Message | undefined): Json {
  assert.ok(message, 'there was no answer')
  return JSON.parse(message.payload.toString())
}

export function observed(fields: Partial<ObservedConnection> = {}): ObservedConnection {
  return {
    cid: 7,
    type: 'websocket',
    ip: '192.0.2.7',
    startMs: NOW_MS - 60_000,
    rttMs: 1.5,
    inMsgs: 3,
    outMsgs: 4,
    inBytes: 30,
    outBytes: 40,
    name: 'app',
    lang: 'node',
    version: '1.2.3',
    authorizedUser: 'bell',
    account: 'A',
    ...fields,
  }
}
