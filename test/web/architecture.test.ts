/** The rows of the web vault's folders, checked against every import. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

/** From the bottom up: a folder imports folders of the rows below its own, and none beside it. */
const ROWS = [
  ['state', 'crypto'],
  ['i18n', 'api'],
  ['model'],
  ['ui', 'session'],
  ['vault', 'live', 'generator', 'totp'],
  ['pages', 'admin'],
]

/** What only computes, or only asks the server: it runs in Node as it is, where it is tested. */
const WITHOUT_A_PAGE = ['state', 'crypto', 'i18n', 'model', 'api', 'session', 'generator', 'totp']
const PAGE = /\b(document|window|localStorage|sessionStorage|navigator)\b\s*[.[(]|from 'svelte'/

const ROOT = path.join(import.meta.dirname, '../../web/src')

const rowOf = (folder: string) => ROWS.findIndex((row) => row.includes(folder))

test('folders of the web vault import downwards, and what needs no page knows none', () => {
  const files = globSync('*/**/*.{ts,svelte}', { cwd: ROOT })
  assert.ok(files.length > 0)
  const offences = files.flatMap((file) => {
    const folder = file.split('/')[0]!
    const code = readFileSync(path.join(ROOT, file), 'utf8').replace(/\/\*.*?\*\/|^\s*\/\/[^\n]*$/gms, '')
    const found = [...code.matchAll(/\b(?:import|export)\s*\(?\s*(?:[\w\s{},*$]+?from\s*)?'(\.[^']+)'/g)].flatMap(
      ([, specifier = '']) => {
        const target = path.posix.join(path.posix.dirname(file), specifier).split('/')[0]!
        const isBelow = target === folder || (rowOf(target) !== -1 && rowOf(target) < rowOf(folder))
        return isBelow ? [] : [`${file} imports ${specifier}`]
      },
    )
    if (rowOf(folder) === -1) found.push(`${file}: there is no folder "${folder}" in the rows`)
    if (WITHOUT_A_PAGE.includes(folder) && PAGE.test(code)) found.push(`${file} needs a page`)
    return found
  })
  assert.deepEqual(offences, [])
})
