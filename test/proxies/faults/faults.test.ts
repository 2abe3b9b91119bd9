/** What the doctor says of real proxies that are broken on purpose, and whether the lines that it shows mend them. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type DoctorReport, runDoctor } from '#doctor'
import { runProgram } from '../../helpers/processes.ts'
import { startTestServer, type TestServer } from '../../helpers/server.ts'
import { type TemporaryFolder, temporaryFolder } from '../../helpers/temp.ts'
import { freePorts } from '../../services/free-ports.ts'
import { printed } from '../site.ts'
import { PROXIES, type ProxyKind, startProxy } from '../start-proxy.ts'
import { FAULTS, PATH } from './broken.ts'
import { CERTIFICATE_FAULTS, type Certificates, createCertificates } from './certificates.ts'
import { troubleshootingPage } from './document.ts'
import { instead } from './edit.ts'
import { mended } from './mended.ts'

const MAIN = new URL('../../../src/main.ts', import.meta.url).pathname

let folder: TemporaryFolder
let certificates: Certificates
before(async () => {
  folder = await temporaryFolder()
  certificates = await createCertificates(folder)
})
after(() => folder[Symbol.asyncDispose]())

test('docs/troubleshooting.md has the table', () => {
  const { written, wanted } = troubleshootingPage()
  assert.equal(written, wanted, 'Run: node test/proxies/faults/document.ts')
})

// Each waits half of the time.
describe('the doctor', { concurrency: 3 }, () => {
  for (const kind of Object.keys(PROXIES) as ProxyKind[]) {
    describe(`before ${kind}`, { skip: PROXIES[kind].skip, concurrency: false }, () => {
      let server: TestServer
      let port: number
      let good: string
      let addresses: { readonly upstream: string; readonly nowhere: string }
      before(async () => {
        const [own, nowhere] = (await freePorts(2)) as [number, number]
        port = own
        const domain = `https://127.0.0.1:${port}${PATH}`
        server = await startTestServer({ vault: { domain } })
        const upstreamPort = Number(new URL(server.webUrl).port)
        addresses = { upstream: `127.0.0.1:${upstreamPort}`, nowhere: `127.0.0.1:${nowhere}` }
        const { certFile, keyFile, bothFile } = certificates.good
        good = await printed([
          ...[kind, '--domain', domain, '--listen', `127.0.0.1:${port}`, '--redirect', 'off'],
          ...[
            '--upstream',
            addresses.upstream,
            '--certificate',
            ...(kind === 'haproxy' ? [bothFile] : [certFile, '--key', keyFile]),
          ],
        ])
      })
      after(() => server?.close())

      const examine = async (config: string, idleSeconds = 0) => {
        await using _ = await startProxy({ kind, config, ports: [port] })
        const url = `https://127.0.0.1:${port}${PATH}`
        return await runDoctor({ url, ca: certificates.ca, idleMs: idleSeconds * 1000 })
      }

      test('finds nothing that is not there', async () => {
        const report = await examine(good, 3)
        assert.deepEqual(faultsIn(report), [], inWords(report))
        assert.equal(report.proxy, kind)
      })

      for (const { title, faults, cells, idleSeconds } of FAULTS) {
        const cell = cells[kind]
        if ('cannot' in cell) {
          if (cell.harmless === undefined) continue
          test(`${title}: what would do that harms nobody`, async () => {
            const report = await examine(cell.harmless!(good, addresses), idleSeconds)
            assert.deepEqual(faultsIn(report), [], inWords(report))
          })
          continue
        }
        test(title, async () => {
          const broken = cell.broken(good, addresses)
          const report = await examine(broken, idleSeconds)
          assert.deepEqual(faultsIn(report), [...(cell.faults ?? faults)].sort(), inWords(report))
          assert.equal(report.proxy, kind)
          const lines = report.checks.flatMap(({ mend }) => (mend?.proxy === kind ? mend.lines : []))
          const after = await examine(mended(kind, broken, lines, addresses.upstream), idleSeconds)
          assert.deepEqual(faultsIn(after), [], `${lines.join('\n')}\n\n${inWords(after)}`)
        })
      }

      test('on the command line: JSON, and an exit code', async () => {
        const cell = FAULTS[0]!.cells[kind]
        assert.ok('broken' in cell)
        await using _ = await startProxy({ kind, config: cell.broken(good, addresses), ports: [port] })
        const flags = ['--json', '--idle', '0', '--ca', certificates.caFile]
        const url = `https://127.0.0.1:${port}${PATH}`
        const args = ['--disable-warning=ExperimentalWarning', MAIN, 'doctor', url, ...flags]
        const { code, stdout } = await runProgram({ command: process.execPath, args })
        const report = JSON.parse(stdout) as DoctorReport
        assert.deepEqual([code, faultsIn(report)], [1, ['no-upgrade']], inWords(report))
      })

      for (const { title, certificate, fault, cannot } of CERTIFICATE_FAULTS) {
        if (cannot?.[kind] !== undefined) continue
        test(title, async () => {
          const { certFile, keyFile, bothFile } = certificates[certificate]
          const usual = certificates.good
          const config =
            kind === 'haproxy'
              ? instead(good, usual.bothFile, bothFile)
              : instead(instead(good, usual.certFile, certFile), usual.keyFile, keyFile)
          const report = await examine(config)
          assert.deepEqual(faultsIn(report), [fault], inWords(report))
        })
      }
    })
  }
})

function faultsIn({ checks }: DoctorReport): string[] {
  const ids = checks.flatMap(({ status, fault }) => (status === 'ok' || fault === undefined ? [] : [fault]))
  return [...new Set(ids)].sort()
}

function inWords({ checks }: DoctorReport): string {
  return checks.map(({ status, title, says, ms }) => `${status} ${title} (${ms} ms): ${says}`).join('\n')
}
