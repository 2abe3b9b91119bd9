import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { loadNatsOptions, loadOptions } from '#config'
import { configurationPage } from '../../src/config/documentation.ts'
import { splitKey } from '../../src/config/settings/blocks.ts'
import { allSettings } from '../../src/config/settings/schema.ts'

import { Folder } from './folder.ts'
import { operatorJwt, systemKey } from './jwts.ts'

const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')

test('docs/configuration.md is what `node src/config/document.ts` writes', () => {
  assert.equal(page, configurationPage())
})

/** The rows of its tables, as cells without the marks of code. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('`', '').replaceAll('\\|', '|')))

test('every setting is there once, with its names, what it may be, its default and its meaning', () => {
  for (const { option, setting } of allSettings) {
    const found = rows.filter((cells) => cells.length === 7 && cells[2] === option)
    assert.equal(found.length, 1, `${option} stands in ${found.length} rows`)
    const [, names = '', , value, initial, meaning = ''] = found[0]!
    const keys = [setting.key ?? [], setting.aliases ?? []].flat()
    assert.deepEqual(
      names.split(' ').filter(Boolean),
      keys.map((key) => splitKey(key)[1]),
      option,
    )
    for (const cell of [value, initial, meaning]) assert.notEqual(cell, '', option)
    if (setting.variable !== undefined) assert.match(meaning, new RegExp(`${setting.variable} in the environment\\.`))
  }
})

test('every variable is in the index, in its order, and leads to its setting', () => {
  const index = rows.flatMap(([, name = '', where = '']) => (/\]\(#/.test(where) ? [[name, where] as const] : []))
  const variables = allSettings.flatMap(({ setting: { variable, key = '' } }) =>
    variable === undefined ? [] : [[variable, splitKey(key)[1]] as const],
  )
  assert.deepEqual(
    index.map(([name]) => name),
    variables.map(([name]) => name).toSorted(),
  )
  for (const [name, where] of index) {
    const [, key] = variables.find(([variable]) => variable === name)!
    const [, shown, heading] = /^\[(.*)\]\(#(.*)\)$/.exec(where)!
    assert.ok(shown?.split(/[{} ]+/).includes(key), where)
    const slug = (title: string) =>
      title
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-')
    const section = page.split(/^## /m).find((text) => slug(text.split('\n', 1)[0]!) === heading)
    assert.ok(section?.includes(`\`${key}\``), `${name}: ${heading} does not have ${key}`)
  }
})

describe('an example of docs/configuration.md', () => {
  const blocks = [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
  const examples = blocks.flatMap(([, language, text = '']) => (language === 'conf' ? text : []))

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
