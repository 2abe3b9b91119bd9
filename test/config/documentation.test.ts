import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { loadNatsOptions, loadOptions } from '#config'
import { configurationPage } from '../../src/config/documentation.ts'

import { Folder } from './folder.ts'
import { operatorJwt, systemKey } from './jwts.ts'

const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')

test('docs/configuration.md is what `node src/config/document.ts` writes', () => {
  assert.equal(page, configurationPage())
})

describe('an example of docs/configuration.md', () => {
  const blocks = [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
  const examples = blocks.flatMap(([, language, text = '']) => (language === '' ? text : []))

  for (const text of examples) {
    test(`is right: ${text.slice(0, 40).replaceAll('\n', ' ')}…`, () => {
      using folder = new Folder({
        'x.conf': text,
        'operator.jwt': operatorJwt({ system_account: systemKey.publicKey }),
      })
      const from = { configFile: 'x.conf', env: {}, cwd: folder.path }
      const { warnings } = /VAULT|vault/.test(text) ? loadOptions(from) : loadNatsOptions(from)
      assert.deepEqual(warnings, [])
    })
  }

  test('is there for users and accounts', () => {
    assert.ok(examples.some((text) => text.startsWith('accounts {')))
  })
})
