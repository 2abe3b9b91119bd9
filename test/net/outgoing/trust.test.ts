import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { TestAuthority } from '../../helpers/certificates.ts'
import { RunningProgram } from '../../helpers/processes.ts'
import { temporaryFolder } from '../../helpers/temp.ts'
import { within } from '../../helpers/wait.ts'

for (const [what, variable, expected] of [
  ['whom NODE_EXTRA_CA_CERTS names is trusted', 'NODE_EXTRA_CA_CERTS', /^status 200$/],
  ['whom SSL_CERT_FILE names is trusted', 'SSL_CERT_FILE', /^status 200$/],
  ['whom nobody names is not trusted', 'UNHEARD_OF', /^error .*x509/],
] as const) {
  test(`${what} when we are the client`, async () => {
    await using folder = await temporaryFolder()
    const authority = await TestAuthority.create(folder)
    const { cert, key } = await authority.issue()
    const server = createServer({ cert, key }, (request, response) => request.resume().on('end', () => response.end()))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    await using program = new RunningProgram({
      command: process.execPath,
      args: ['--disable-warning=ExperimentalWarning', path.join(import.meta.dirname, 'trust-child.ts'), `${port}`],
      env: { NODE_EXTRA_CA_CERTS: undefined, SSL_CERT_FILE: undefined, [variable]: authority.caFile },
    })
    await within(program.exited, 'the program')
    assert.match(program.stdout, expected, program.stderr)
    server.close()
  })
}
