/** What holds for every page: its commands are run by a test, and its blocks say what they are. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { PAGES, ROOT, readPage } from './page.ts'
import { hasToBeRun } from './test-page.ts'

/** What a block may be. `text` is all that no program reads: drawings, what was printed. */
const LANGUAGES = [
  ...[
    'sh',
    'bash',
    'console',
    'conf',
    'dotenv',
    'nginx',
    'apache',
    'caddy',
    'haproxy',
    'json',
    'yaml',
    'ini',
    'js',
    'ts',
  ],
  ...['html', 'logql', 'promql', 'xml', 'dockerfile', 'text'],
]

/** `docs/protocols/hub.md` → `test/docs/protocols-hub.test.ts` */
function testOf(page: string): string {
  const name = page
    .replace(/^docs\//, '')
    .replace(/\.md$/, '')
    .replaceAll('/', '-')
    .toLowerCase()
  return `test/docs/${name}.test.ts`
}

/** Says what was typed once. */
const HISTORY = 'CHANGELOG.md'

describe('a page whose commands somebody may type has a test that runs them:', () => {
  for (const name of PAGES.filter((page) => page !== HISTORY && readPage(page).commands.some(hasToBeRun))) {
    test(name, () => {
      const file = path.join(ROOT, testOf(name))
      assert.ok(existsSync(file), `there is no ${testOf(name)}; test/docs/README.md says what belongs into it`)
      const source = readFileSync(file, 'utf8').replaceAll(/\(\s+/g, '(')
      assert.ok(source.includes(`testPage('${name}'`), `${testOf(name)} tests another page`)
    })
  }
})

test('each block says what it is', () => {
  const unknown = PAGES.flatMap((page) =>
    readPage(page)
      .blocks.filter(({ language }) => !LANGUAGES.includes(language))
      .map(({ language, line }) => `${page}:${line}: ${language || 'no language'}`),
  )
  assert.deepEqual(unknown, [])
})
