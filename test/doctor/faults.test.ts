import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FAULTS, PROXIES } from '#doctor'
import type { Arrival } from '#net'
import type { Answer } from '../../src/doctor/ask.ts'
import { mendFor } from '../../src/doctor/mends/index.ts'
import { ProxyMarks } from '../../src/doctor/proxy-marks.ts'
import { troubleshootingPage } from './document.ts'

test('docs/troubleshooting.md has all faults', () => {
  const { written, wanted } = troubleshootingPage()
  assert.equal(written, wanted, 'Run: node test/doctor/document.ts')
})

test('lines that mend name their path and header, and never nothing', () => {
  const about = { path: '/notifications/hub', basePath: '/vault', header: 'X-Client' }
  for (const proxy of PROXIES) {
    for (const fault of Object.keys(FAULTS) as (keyof typeof FAULTS)[]) {
      const mend = mendFor(fault, proxy, about)
      if (mend === undefined) continue
      assert.ok(mend.where !== '' && mend.lines.length > 0 && mend.lines.every((line) => line.trim() !== ''), fault)
      if (fault.startsWith('client-address')) assert.match(mend.lines.join('\n'), /X-Client/)
    }
  }
})

const ANSWER: Answer = {
  url: new URL('https://a'),
  status: 200,
  headers: {},
  namesAreLowerCase: false,
  body: '',
  partsAtMs: [],
  local: { address: '', port: 0 },
  upgraded: undefined,
}
const ARRIVAL = { headers: {}, namesAreLowerCase: false } as unknown as Arrival

for (const [what, proxy, answer, arrival] of [
  ['its own name', 'nginx', { headers: { server: 'nginx/1.22.1' } }, {}],
  ['its own name', 'apache', { headers: { server: 'Apache/2.4.57 (Debian)' } }, {}],
  ['Via', 'caddy', { headers: { via: '1.1 Caddy' } }, {}],
  ['the network in front of the proxy', 'cloudflare', { headers: { server: 'nginx', 'cf-ray': '1' } }, {}],
  ['its error page', 'nginx', { status: 502, body: '<center>nginx</center>' }, {}],
  ['names in lower case', 'haproxy', { headers: { date: 'x' }, namesAreLowerCase: true }, {}],
  ['what it adds', 'apache', {}, { headers: { 'x-forwarded-server': 'a' } }],
  ['what it adds', 'traefik', {}, { headers: { 'x-forwarded-server': 'a', 'x-forwarded-port': '443' } }],
  ['nothing', undefined, {}, {}],
] as const) {
  test(`${proxy ?? 'no proxy'} is recognized by ${what}`, () => {
    const marks = new ProxyMarks()
    marks.noteAnswer({ ...ANSWER, ...answer })
    marks.noteArrival({ ...ARRIVAL, ...arrival })
    assert.equal(marks.proxy, proxy)
    assert.equal(marks.isThere, proxy !== undefined)
  })
}
