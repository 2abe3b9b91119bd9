import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { asked, confirm, withdrawQuestion } from '../../../web/src/ui/confirm.ts'
import { dismissToast, toast, toasts } from '../../../web/src/ui/toasts.ts'

const shown = () => toasts.value.map(({ text }) => text)

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }))
afterEach(() => {
  for (const { id } of toasts.value) dismissToast(id)
  mock.timers.reset()
})

test('what is said in passing goes by itself, an error later', () => {
  toast('Copied')
  toast('It failed', { kind: 'error' })
  assert.deepEqual(shown(), ['Copied', 'It failed'])
  mock.timers.tick(4_000)
  assert.deepEqual(shown(), ['It failed'])
  mock.timers.tick(6_000)
  assert.deepEqual(shown(), [])
})

test('what is said again is shown once, for as long as it was never said before', () => {
  toast('Copied')
  mock.timers.tick(3_000)
  toast('Copied')
  assert.deepEqual(shown(), ['Copied'])
  mock.timers.tick(2_000)
  assert.deepEqual(shown(), ['Copied'])
  mock.timers.tick(2_000)
  assert.deepEqual(shown(), [])
})

test('of many, the last three are shown', () => {
  for (const text of ['one', 'two', 'three', 'four']) toast(text)
  assert.deepEqual(shown(), ['two', 'three', 'four'])
})

test('a question is answered by whoever answers it, and by another question with no', async () => {
  const question = { title: 'Delete?', text: 'For good.', action: 'Delete' }
  const first = confirm(question)
  assert.equal(asked.value?.title, 'Delete?')
  const second = confirm({ ...question, title: 'Really?' })
  assert.equal(await first, false)
  asked.value?.answer(true)
  assert.equal(await second, true)
  assert.equal(asked.value, null)
})

test('a question that is withdrawn is answered with no', async () => {
  const answer = confirm({ title: 'Delete?', text: 'For good.', action: 'Delete' })
  withdrawQuestion()
  assert.equal(await answer, false)
  assert.equal(asked.value, null)
  withdrawQuestion()
})
