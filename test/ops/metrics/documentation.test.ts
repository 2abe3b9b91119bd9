/** docs/observability.md has what `/metrics` has, no more and no less. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { startTestServer } from '../../helpers/server.ts'
import { type Family, labelsOf, parseExposition } from './exposition.ts'

const page = readFileSync(new URL('../../../docs/observability.md', import.meta.url), 'utf8')

/** Of a server on which nothing has happened. */
async function scrape(): Promise<ReadonlyMap<string, Family>> {
  await using server = await startTestServer({ metrics: { listen: { host: '127.0.0.1', port: 0 } } })
  const { port } = server.server.addresses.metrics!
  await (await fetch(server.webUrl)).arrayBuffer()
  return parseExposition(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text())
}

interface Row {
  readonly name: string
  readonly kind: string
  readonly labels: readonly string[]
  readonly help: string
}

function rows(): Row[] {
  return [...page.matchAll(/^\| `(belfry_\w+)` \| (\w+) \| ([^|]*) \| (.*) \|$/gm)].map(
    ([, name = '', kind = '', labels = '', help = '']) => ({
      name,
      kind,
      labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label),
      help,
    }),
  )
}

test('every metric is in the table as a scrape has it', async () => {
  const ours = [...(await scrape()).values()].filter(({ name }) => name.startsWith('belfry_'))
  const described = (one: Pick<Row, 'name' | 'kind' | 'help'>) => [one.name, one.kind, one.help]
  assert.deepEqual(
    rows().map(described),
    ours.map(({ name, type, help }) => described({ name, kind: type, help })),
  )
  assert.ok(ours.length > 30)
  const labels = new Map(rows().map((row) => [row.name, row.labels]))
  for (const { name, series } of ours) {
    for (const one of series.keys()) {
      const found = [...labelsOf(one.replace(/^\w+/, '')).keys()].filter((label) => label !== 'le')
      assert.deepEqual(found, labels.get(name), one)
    }
  }
})

test('alerts ask for metrics that there are', async () => {
  const yaml = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) => parse(text))
  const [{ rules }] = yaml.find((block) => 'groups' in block).groups
  const names = new Set((await scrape()).keys())
  for (const { alert, expr } of rules) {
    const asked = [...expr.matchAll(/\b(?:belfry|process|nodejs)_\w+/g)].map(([name]) => name.replace(/_count$/, ''))
    assert.ok(asked.length > 0 || alert === 'BelfryAway')
    for (const name of asked) assert.ok(names.has(name), `${alert} asks for ${name}`)
  }
  assert.ok(rules.length >= 6)
})
