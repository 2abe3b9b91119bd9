import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Afterwards } from '../../src/vault/afterwards.ts'
import { type LoggedEvent, recordingLogger } from '../helpers/recording-logger.ts'

function start() {
  const logged: LoggedEvent[] = []
  return { afterwards: new Afterwards(recordingLogger((line) => logged.push(line))), logged }
}

test('work goes on after its caller, and what fails of it is in the log', async () => {
  const { afterwards, logged } = start()
  let done = 0
  afterwards.run('a', async () => done++)
  afterwards.runHidden('b', async () => done++)
  afterwards.run('c', async () => {
    throw new Error('no')
  })
  assert.equal(done, 0)
  await afterwards.settle()
  assert.equal(done, 2)
  assert.deepEqual(
    logged.map(({ level, fields }) => [level, fields.what, fields.error]),
    [['error', 'c', 'no']],
  )
})

test('a flood of one kind of work is dropped beyond a bound, and costs no other', async () => {
  const { afterwards, logged } = start()
  const end = Promise.withResolvers<void>()
  for (let index = 0; index < 300; index++) afterwards.run('flood', () => end.promise)
  let done = 0
  afterwards.run('other', async () => done++)
  assert.equal(logged.length, 100)
  end.resolve()
  await afterwards.settle()
  afterwards.run('flood', async () => done++)
  await afterwards.settle()
  assert.equal(done, 2)
  assert.equal(logged.length, 100)
})
