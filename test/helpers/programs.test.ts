import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runProgram } from './processes.ts'
import { type ProgramName, requireProgram } from './programs.ts'

const VERSION_OPTIONS: Record<ProgramName, string> = {
  'nats-server': '--version',
  postgres: '--version',
  nginx: '-v',
  apache2: '-v',
  haproxy: '-v',
  caddy: 'version',
  chromium: '--version',
  openssl: 'version',
  curl: '--version',
  jq: '--version',
  script: '--version',
  shellcheck: '--version',
  'systemd-analyze': '--version',
}

for (const [name, option] of Object.entries(VERSION_OPTIONS) as [ProgramName, string][]) {
  const { path, skip } = requireProgram(name)
  test(`${name} is here for the tests that start it`, { skip }, async () => {
    const { code, stdout, stderr } = await runProgram({ command: path, args: [option] })
    assert.equal(code, 0, stderr)
    assert.match(stdout + stderr, /\d+\.\d+/)
  })
}

test('a missing program skips with a word on how to install it, and fails where nothing may be skipped', async () => {
  const script = `import { requireProgram } from ${JSON.stringify(import.meta.resolve('./programs.ts'))}
    console.log(requireProgram('belfry-no-such-program').skip)`
  const run = (required: string) =>
    runProgram({
      command: process.execPath,
      args: ['--input-type=module', '-e', script],
      env: { BELFRY_REQUIRE_PROGRAMS: required },
    })
  assert.match((await run('')).stdout, /^belfry-no-such-program is not installed; on Debian: apt-get install /)
  const strict = await run('1')
  assert.notEqual(strict.code, 0)
  assert.match(strict.stderr, /belfry-no-such-program is not installed/)
})
