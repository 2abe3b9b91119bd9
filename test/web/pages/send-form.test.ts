import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Send } from '../../../web/src/model/send.ts'
import {
  emptyForm,
  type Faults,
  fill,
  formOf,
  isFilled,
  MOST_CONTENT_BYTES,
  type SendForm,
} from '../../../web/src/pages/sends/send-form.ts'

const NOW = new Date('2026-03-04T05:06:07.890Z')
const hoursAhead = (hours: number) => new Date(NOW.getTime() + hours * 3_600_000)
const localText = (date: Date) =>
  new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)

const TEXT: SendForm = { ...emptyForm('text'), name: ' Name ', text: 'text' }

function filled(form: SendForm, before: Send | null = null) {
  const result = fill(form, before, NOW)
  assert.ok(isFilled(result), JSON.stringify(result))
  return result
}

test('a text becomes a Send that goes after a week', () => {
  const { send, password, file } = filled({ ...TEXT, isHidden: true, notes: 'n', maxAccessCount: ' 3 ', password: 'p' })
  const { secret, ...said } = send
  assert.equal(secret?.length, 16)
  assert.deepEqual(said, {
    ...{ type: 'text', text: 'text', isHidden: true, name: 'Name', notes: 'n', maxAccessCount: 3 },
    ...{ expirationDate: null, deletionDate: hoursAhead(168).toISOString(), isDisabled: false, hidesEmail: false },
  })
  assert.deepEqual([password, file], ['p', undefined])
})

test('a file goes with its name', () => {
  const file = new File(['x'], 'a.bin')
  const result = filled({ ...emptyForm('file'), name: 'F', file })
  assert.ok(result.send.type === 'file')
  assert.deepEqual([result.send.fileName, result.send.fileId, result.file], ['a.bin', null, file])
})

const BEFORE: Send = {
  ...filled({ ...TEXT, maxAccessCount: '2' }).send,
  ...{ id: 's', accessId: 'a', accessCount: 1, hasPassword: true, revisionDate: '', damaged: [] },
  ...{ deletionDate: hoursAhead(48).toISOString(), expirationDate: hoursAhead(-1).toISOString() },
}

test('what is opened and saved again is the same, to the second', () => {
  const { send, password } = filled(formOf(BEFORE), BEFORE)
  assert.deepEqual([send, password], [BEFORE, undefined])
})

test('a file stays when the rest of its Send changes', () => {
  const before = { ...BEFORE, type: 'file', fileName: 'a', fileId: 'f', size: 5 } as Send
  const { send, file } = filled({ ...formOf(before), name: 'Other' }, before)
  assert.deepEqual([send, file], [{ ...before, name: 'Other' }, undefined])
})

const at = (hours: number) => localText(hoursAhead(hours))
const FAULTS: [string, Partial<SendForm>, Faults][] = [
  ['no name', { name: ' ' }, { name: 'required' }],
  ['no text', { text: '' }, { text: 'required' }],
  ['a text that is too long', { text: 'ä'.repeat(40_000) }, { text: 'tooLong' }],
  ['a name that is too long', { name: 'x'.repeat(700) }, { name: 'tooLong' }],
  ['no file', { type: 'file' }, { file: 'file' }],
  ['an empty file', { type: 'file', file: new File([], 'a') }, { file: 'emptyFile' }],
  [
    'a file that is too large',
    { type: 'file', file: { name: 'a', size: MOST_CONTENT_BYTES + 1 } as File },
    { file: 'fileTooLarge' },
  ],
  ['no date', { deletion: 'custom', deletionDate: '' }, { deletionDate: 'date' }],
  ['a date of yesterday', { deletion: 'custom', deletionDate: at(-24) }, { deletionDate: 'past' }],
  ['a date in two months', { deletion: 'custom', deletionDate: at(60 * 24) }, { deletionDate: 'tooFar' }],
  ['an end in the past', { expiration: 'custom', expirationDate: at(-1) }, { expirationDate: 'past' }],
  ['an end that is no date', { expiration: 'custom', expirationDate: 'x' }, { expirationDate: 'date' }],
  ['an end after the deletion', { deletion: 24, expiration: 48 }, { expirationDate: 'afterDeletion' }],
  ['no times', { maxAccessCount: '0' }, { maxAccessCount: 'count' }],
  ['half a time', { maxAccessCount: '1.5' }, { maxAccessCount: 'count' }],
]
for (const [name, change, faults] of FAULTS) {
  test(`a form is not filled with ${name}`, () => assert.deepEqual(fill({ ...TEXT, ...change }, null, NOW), faults))
}

test('a text of the longest length is taken', () => {
  // 100,000 characters encrypted: 72 and 99,928 of base64, 74,944 bytes with at least one of padding.
  assert.ok(isFilled(fill({ ...TEXT, text: 'x'.repeat(74_943) }, null, NOW)))
  assert.ok(!isFilled(fill({ ...TEXT, text: 'x'.repeat(74_944) }, null, NOW)))
})
