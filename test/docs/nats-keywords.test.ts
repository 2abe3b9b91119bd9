import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { checkConfigFile } from '#config'
import { Folder } from '../config/folder.ts'
import { KEYWORDS, PAGE, SOURCE, verdictOf, withKeywords } from './nats-keywords.ts'
import { ROOT } from './page.ts'

const page = readFileSync(path.join(ROOT, PAGE), 'utf8')

test(`${PAGE} is what node test/docs/nats-keywords.ts writes`, () => {
  assert.equal(page, withKeywords(page))
  assert.ok(page.includes(/nats-server [\d.]+/.exec(SOURCE)![0]))
})

/** The block with `content`, as a file that is right but for that. */
const SURROUNDED: Readonly<Record<string, (content: string) => string>> = {
  '': (content) => content,
  authorization: (content) => `authorization { ${content} }`,
  websocket: (content) => `websocket { port: 8080, no_tls: true, ${content} }`,
  leafnodes: (content) => `leafnodes { port: 7422, ${content} }`,
  'leafnodes.authorization': (content) => `leafnodes { port: 7422, authorization { ${content} } }`,
  'leafnodes.remotes': (content) => `leafnodes { remotes: [ { url: "nats://localhost:7422", ${content} } ] }`,
  tls: (content) => `tls { cert_file: "c.pem", key_file: "k.pem", ${content} }`,
}

/** What is right for keywords of which we say that they do nothing, or are refused. */
const VALUES: Readonly<Record<string, string>> = {
  ...{ cluster: '{}', gateway: '{}', mqtt: '{}', jetstream: 'true', store_dir: '"x"', storedir: '"x"' },
  ...{ default_js_domain: '{}', server_metadata: '{}', feature_flags: '{}', proxies: '{}', remote_syslog: '"x"' },
  ...{ prof_port: '1', prof_block_rate: '1', connect_error_reports: '1', reconnect_error_reports: '1' },
  ...{ connection_rate_limit: '1', compression: 's2_fast', ocsp: 'true' },
  ...{ cert_store: '"x"', cert_match_by: '"x"', cert_match: '"x"', ca_certs_match: '"x"' },
}

/** Everything that is said of a file. */
function said(text: string): { errors: string; remarks: string } {
  using folder = new Folder({ 'x.conf': text })
  try {
    const { warnings, refusals } = checkConfigFile('x.conf', { env: {}, cwd: folder.path })
    return { errors: refusals.join('\n'), remarks: warnings.join('\n') }
  } catch (error) {
    return { errors: String(error), remarks: '' }
  }
}

describe('every keyword of nats-server is known, and does what the page says:', () => {
  for (const [block, keywords] of Object.entries(KEYWORDS)) {
    for (const names of keywords) {
      const verdict = verdictOf(block, names)
      test(`${block} ${names[0]}: ${verdict}`, () => {
        assert.ok(verdict)
        for (const name of names) {
          const { errors, remarks } = said(SURROUNDED[block]!(`${name}: ${VALUES[name] ?? 'true'}`))
          assert.doesNotMatch(errors, /unknown field/, name)
          if (verdict === 'refused') assert.notEqual(errors, '', name)
          if (verdict === 'no effect')
            assert.deepEqual([errors, remarks.includes(name)], ['', true], `${errors}${remarks}`)
        }
      })
    }
  }

  test('one that there is not is unknown in each block', () => {
    for (const surround of Object.values(SURROUNDED)) assert.match(said(surround('nonsense: true')).errors, /nonsense/)
  })
})
