import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PAGES, parsePage, readPage } from './page.ts'
import { wrongWords } from './test-page.ts'

test('what pages name of the checkout, of commands, options and settings is there', () => {
  assert.deepEqual(
    PAGES.flatMap((page) => wrongWords(readPage(page))),
    [],
  )
})

describe('the reader of pages', () => {
  const source = [
    'Say `belfry admin hash` or `npm start`, not ``belfry no``.',
    '```sh',
    '# a remark',
    "belfry -c 'a",
    "b.conf'   # it's quoted",
    'curl \\',
    '  localhost',
    'cat <<END > x',
    "it's",
    'END',
    '```',
    '```console',
    '$ belfry --version',
    '1',
    '```',
  ].join('\n')

  test('finds commands in blocks, in what a console shows and in sentences', () => {
    const found = parsePage('x.md', source).commands.map(({ commands }) =>
      commands.map(({ text, line }) => [line, text]),
    )
    assert.deepEqual(found, [
      [
        [4, "belfry -c 'a\nb.conf'   # it's quoted"],
        [6, 'curl \\\n  localhost'],
        [8, "cat <<END > x\nit's\nEND"],
      ],
      [[13, 'belfry --version']],
      [[1, 'belfry admin hash']],
      [[1, 'npm start']],
    ])
  })

  test('objects to what there is not', () => {
    const wrong = (text: string) =>
      wrongWords(parsePage('x.md', `\`\`\`sh\n${text}\n\`\`\``)).map((line) => line.slice(8))
    assert.deepEqual(wrong('belfry -c x.conf && belfry admin hash --argon2 | tee belfry'), [])
    assert.deepEqual(wrong('belfry admin hsah'), ['there is no belfry admin hsah'])
    assert.deepEqual(wrong('sudo BELFRY_NATS_PORT=1 belfry watch --jsonl a@b'), ['belfry watch has no option --jsonl'])
    assert.deepEqual(wrong('docker exec belfry belfry rebuild'), ['there is no belfry rebuild'])
    assert.deepEqual(wrong('BELFRY_NATS_PROT=1 belfry'), ['there is no setting BELFRY_NATS_PROT'])
    assert.deepEqual(wrong('belfry nats-server -q'), ['FlagError: flag provided but not defined: -q'])
    assert.deepEqual(wrong('npm run bulid'), ['there is no npm run bulid'])
    assert.deepEqual(wrong('cp docker/cluster/nothing.yaml x'), ['there is no docker/cluster/nothing.yaml'])
  })
})
