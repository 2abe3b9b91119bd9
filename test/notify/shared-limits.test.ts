import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Broker, InProcessClient } from '#core'
import { CONTROL_TAKEN, Instances, SharedLimits, VAULT_ACCOUNT } from '#notify'
import { FakeClock } from '../helpers/fake-clock.ts'
import { recordingLogger } from '../helpers/recording-logger.ts'

/** Two instances of which each hears all that the other says. */
function twoInstances() {
  const account = new Broker(() => 0).account(VAULT_ACCOUNT)
  const events: string[] = []
  const logger = recordingLogger(({ event }) => events.push(event))
  const start = (id: string) => {
    const instances = new Instances({ account, id, clock: new FakeClock(), logger, lookUp: async () => {} })
    return new SharedLimits({ account, id, logger, say: (subject, payload) => instances.say(subject, payload) })
  }
  const client = new InProcessClient(account, (error) => {
    throw error
  })
  return { a: start('a'), b: start('b'), events, client }
}

test('what is taken of a limit is told to the same limit of the others, and not to oneself', () => {
  const { a, b } = twoInstances()
  const heard: string[] = []
  const takeA = a.share('login', (key) => heard.push(`a login ${key}`))
  a.share('other', (key) => heard.push(`a other ${key}`))
  const takeB = b.share('login', (key) => heard.push(`b login ${key}`))
  takeA('192.0.2.1')
  takeB('192.0.2.2')
  b.share('unknown to a', () => {})('192.0.2.3')
  assert.deepEqual(heard, ['b login 192.0.2.1', 'a login 192.0.2.2'])
  b.close()
  takeA('192.0.2.4')
  assert.equal(heard.length, 2)
})

test('what nobody in particular says takes nothing, and nonsense is logged', () => {
  const { a, events, client } = twoInstances()
  const heard: string[] = []
  a.share('login', (key) => heard.push(key))
  client.publish(CONTROL_TAKEN, Buffer.from('{"Limit":"login","Key":"x"}'))
  const header = Buffer.from('NATS/1.0\r\nBelfry-Instance: somebody\r\n\r\n')
  for (const text of ['', 'null', '{"Limit":"login"}', '{"Limit":1,"Key":"x"}', '{"Limit":"login","Key":"y"}']) {
    client.publish(CONTROL_TAKEN, Buffer.from(text), '', header)
  }
  assert.deepEqual(heard, ['y'])
  assert.equal(events.filter((event) => event.includes('not understood')).length, 4)
})
