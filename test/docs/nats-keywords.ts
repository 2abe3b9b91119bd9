/**
 * The part of docs/nats-compatibility.md about configuration files: every keyword that the newest nats-server reads, and
 * what it does here. `node test/docs/nats-keywords.ts` writes it anew.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { listenKeys, blocks as ourBlocks } from '../../src/config/settings/blocks.ts'
import { REFUSED, WITHOUT_EFFECT } from '../../src/config/settings/foreign.ts'
import { allSettings } from '../../src/config/settings/schema.ts'
import { ROOT } from './page.ts'

export const PAGE = 'docs/nats-compatibility.md'
const BEGIN = '<!-- Made by `node test/docs/nats-keywords.ts` from the schema of settings. -->'
const END = '<!-- Up to here. -->'

const list = JSON.parse(readFileSync(path.join(ROOT, 'test/vectors/nats-server-keywords.json'), 'utf8'))
export const SOURCE: string = list.source
/** By block, each keyword with its other names. */
export const KEYWORDS: Readonly<Record<string, readonly (readonly string[])[]>> = list.blocks

export type Verdict = 'there' | 'no effect' | 'refused'

const TITLES: Readonly<Record<string, string>> = {
  '': 'Top level',
  authorization: '`authorization`',
  websocket: '`websocket`',
  leafnodes: '`leafnodes`',
  'leafnodes.authorization': '`leafnodes { authorization }`',
  'leafnodes.remotes': '`leafnodes { remotes }`',
  tls: '`tls`, in whichever block',
}

/** Of blocks that have no schema: what is not there of them. All else of them is. (docs/configuration.md) */
const FLAWS: Readonly<Record<string, Readonly<Record<string, Verdict>>>> = {
  'leafnodes.remotes': { jetstream_cluster_migrate: 'no effect', compression: 'no effect' },
  tls: {
    connection_rate_limit: 'no effect',
    verify_cert_and_check_known_urls: 'refused',
    cert_store: 'refused',
    cert_match_by: 'refused',
    cert_match: 'refused',
    ca_certs_match: 'refused',
    cert_match_skip_invalid: 'refused',
    ocsp_peer: 'refused',
  },
}

const known = new Set([
  ...allSettings.flatMap(({ setting: { key, aliases = [] } }) => (key === undefined ? [] : [key, ...aliases])),
  ...listenKeys.map(({ key }) => key),
  ...Object.keys(ourBlocks),
])

/** What a keyword does here; `undefined`: nothing is known of it. */
export function verdictOf(block: string, names: readonly string[]): Verdict | undefined {
  const name = names[0]!
  if (names.some((one) => one in (REFUSED[block] ?? {}))) return 'refused'
  if (names.some((one) => one in (WITHOUT_EFFECT[block] ?? {}))) return 'no effect'
  if (block === 'leafnodes' && name === 'compression') return 'no effect'
  const flaws = FLAWS[block]
  if (flaws) return flaws[name] ?? 'there'
  return names.some((one) => known.has(block === '' ? one : `${block}.${one}`)) ? 'there' : undefined
}

function keywordSection(): string {
  const rows = Object.entries(KEYWORDS).map(([block, keywords]) => {
    const cell = (verdict: Verdict) =>
      keywords
        .filter((names) => verdictOf(block, names) === verdict)
        .map((names) => names.map((name) => `\`${name}\``).join(' '))
        .join(', ')
    return `| ${TITLES[block]} | ${cell('there')} | ${cell('no effect')} | ${cell('refused')} |`
  })
  const head = '| In | There | No effect, and a warning | Refused when it is set |\n| --- | --- | --- | --- |'
  return `${BEGIN}\n\n${head}\n${rows.join('\n')}\n\n${END}`
}

/** The page with this part as it has to be. */
export function withKeywords(page: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin === -1 || end === -1) throw new Error(`${PAGE} lacks the marks of its generated part`)
  return page.slice(0, begin) + keywordSection() + page.slice(end + END.length)
}

if (import.meta.main) {
  const file = path.join(ROOT, PAGE)
  writeFileSync(file, withKeywords(readFileSync(file, 'utf8')))
}
