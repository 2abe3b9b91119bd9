import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { DEFAULT_PASSPHRASE, generatePassphrase } from '../../../web/src/generator/passphrase.ts'
import {
  generateCatchAllAddress,
  generatePlusAddress,
  generateWordUsername,
} from '../../../web/src/generator/username.ts'
import { loadWords } from '../../../web/src/generator/words.ts'
import { fixedRandom, scriptedRandom, tally, unevenness } from './statistics.ts'

const ALPHANUMERIC = 'abcdefghijklmnopqrstuvwxyz0123456789'

test("the words are the EFF's long list, whole and in its order", async () => {
  const words = await loadWords()
  assert.equal(new Set(words).size, 6 ** 5)
  assert.deepEqual([words.at(0), words.at(-1)], ['abacus', 'zoom'])
  // Of eff_large_wordlist.txt, its second column, each word with a line feed behind it.
  const digest = createHash('sha256')
    .update(words.map((word) => `${word}\n`).join(''))
    .digest('hex')
  assert.equal(digest, '6d557f0693958fb5e650b68b5bee585eb82cf4da32965505c789e924743bc522')
})

test('a passphrase is words of the list with the separator between them', async () => {
  const random = scriptedRandom(0, 7775, 1)
  assert.equal(await generatePassphrase({ ...DEFAULT_PASSPHRASE, words: 3 }, random), 'abacus-zoom-abdomen')
})

test('capitals and a digit at one of the words', async () => {
  const random = scriptedRandom(0, 7775, 1, /* the second word */ 1, /* the digit */ 7)
  const options = { words: 3, separator: ' ', capitalize: true, includeNumber: true }
  assert.equal(await generatePassphrase(options, random), 'Abacus Zoom7 Abdomen')
})

test('every word comes up, and about as often as any other; so does the place of the digit', async () => {
  const random = fixedRandom()
  const options = { words: 20, separator: '_', capitalize: false, includeNumber: true }
  const found: string[] = []
  const places: string[] = []
  for (let i = 0; i < 8000; i++) {
    const words = (await generatePassphrase(options, random)).split('_')
    found.push(...words.map((word) => word.replace(/\d$/, '')))
    places.push(String(words.findIndex((word) => /\d$/.test(word))))
  }
  assert.ok(unevenness(tally(await loadWords(), found)) < 4)
  assert.ok(
    unevenness(
      tally(
        Array.from({ length: 20 }, (_, place) => String(place)),
        places,
      ),
    ) < 4,
  )
})

for (const words of [2, 21, 3.5, Number.NaN]) {
  test(`there is no passphrase of ${words} words`, async () => {
    await assert.rejects(generatePassphrase({ ...DEFAULT_PASSPHRASE, words }), RangeError)
  })
}

test('a username is a word, with a capital and four digits where asked for', async () => {
  assert.equal(await generateWordUsername({ capitalize: false, includeNumber: false }, scriptedRandom(7775)), 'zoom')
  const random = scriptedRandom(7775, 0, 0, 4, 2)
  assert.equal(await generateWordUsername({ capitalize: true, includeNumber: true }, random), 'Zoom0042')
})

test('a plus address keeps what stands around the tag', () => {
  const random = () => scriptedRandom(0, 1, 2, 25, 26, 27, 34, 35)
  assert.equal(generatePlusAddress(' alice@example.com ', random()), 'alice+abcz0189@example.com')
  assert.equal(generatePlusAddress('"a@b"@example.com', random()), '"a@b"+abcz0189@example.com')
})

test('a catch-all address is a name of chance at the domain', () => {
  const random = () => scriptedRandom(0, 1, 2, 25, 26, 27, 34, 35)
  assert.equal(generateCatchAllAddress('example.com', random()), 'abcz0189@example.com')
  assert.equal(generateCatchAllAddress(' @example.com', random()), 'abcz0189@example.com')
})

test('names of chance are even', () => {
  const random = fixedRandom()
  const names = Array.from({ length: 10_000 }, () => generateCatchAllAddress('x', random).replace('@x', ''))
  assert.ok(unevenness(tally(ALPHANUMERIC, names.join(''))) < 4)
})

for (const address of ['', 'alice', '@example.com', 'alice@']) {
  test(`"${address}" is no address to add to`, () => {
    assert.throws(() => generatePlusAddress(address), RangeError)
  })
}

for (const domain of ['', ' ', '@', 'alice@example.com', 'example com']) {
  test(`"${domain}" is no domain`, () => {
    assert.throws(() => generateCatchAllAddress(domain), RangeError)
  })
}
