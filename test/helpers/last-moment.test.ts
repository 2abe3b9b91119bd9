import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { startProgram } from './processes.ts'
import { until } from './wait.ts'

/** A test of its own, in the middle of which it says where its folder and its program are. */
const SCRIPT = `
  import { startProgram } from ${JSON.stringify(path.join(import.meta.dirname, 'processes.ts'))}
  import { temporaryFolder } from ${JSON.stringify(path.join(import.meta.dirname, 'temp.ts'))}
  const folder = await temporaryFolder()
  const program = await startProgram({ command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'] })
  console.log(JSON.stringify({ folder: folder.path, pid: program.child.pid }))
`

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`what a test has started and written goes with it when it ends by ${signal}`, async () => {
    await using killed = await startProgram({
      command: process.execPath,
      args: ['--disable-warning=ExperimentalWarning', '--input-type=module-typescript', '-e', SCRIPT],
      ready: /\}\n/,
    })
    const { folder, pid } = JSON.parse(killed.stdout) as { folder: string; pid: number }
    assert.ok(existsSync(folder))
    process.kill(pid, 0)
    assert.deepEqual(await killed.stop(signal), { code: null, signal })
    assert.ok(!existsSync(folder))
    await until(() => hasEnded(pid), 'the program to end')
  })
}

function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}
