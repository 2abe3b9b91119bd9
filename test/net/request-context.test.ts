import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { answerInContext, continueInContext, currentRequest, RequestContext, type RequestEnd } from '#net'

const request = () => ({}) as IncomingMessage

test('whatever runs because of a request finds it, and nothing else does', async () => {
  const seen: (string | undefined)[] = []
  const answer = async () => {
    seen.push(currentRequest()?.id)
    await nextTurn()
    seen.push(currentRequest()?.id)
  }
  const answered = ['a', 'b'].map((id) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    answerInContext(request(), new RequestContext(id), () => void answer().then(resolve))
    return promise
  })
  assert.equal(currentRequest(), undefined)
  await Promise.all(answered)
  assert.deepEqual(seen, ['a', 'b', 'a', 'b'])
})

test('what goes on after the answer is about no request any more', async () => {
  const context = new RequestContext('a')
  let later: Promise<string | undefined> | undefined
  answerInContext(request(), context, () => {
    later = nextTurn().then(() => currentRequest()?.id)
  })
  context.end({ status: 200 })
  assert.equal(await later, undefined)
})

test('work that takes a hold is, until it lets go', async () => {
  const context = new RequestContext('a')
  let later: Promise<void> | undefined
  answerInContext(request(), context, () => {
    const letGo = currentRequest()!.hold()
    later = nextTurn().then(() => {
      assert.equal(currentRequest()?.id, 'a')
      letGo()
      assert.equal(currentRequest(), undefined)
    })
  })
  context.end({ status: 200 })
  await later
  assert.ok(context.isOver)
})

test('a request ends once', () => {
  const ends: RequestEnd[] = []
  const context = new RequestContext('a', (end) => ends.push(end))
  context.end({ status: 101 })
  context.end({ status: undefined })
  assert.deepEqual(ends, [{ status: 101 }])
  assert.ok(context.isOver)
})

test('it can be gone on with where Node has lost it, and a request without context goes on, too', () => {
  const known = request()
  answerInContext(known, new RequestContext('a'), () => {})
  let id: string | undefined
  continueInContext(known, () => {
    id = currentRequest()?.id
  })
  assert.equal(id, 'a')
  continueInContext(request(), () => {
    id = currentRequest()?.id
  })
  assert.equal(id, undefined)
})
