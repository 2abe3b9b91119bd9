import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { ServerAddresses } from '#server'

export interface BelfryProcess extends AsyncDisposable {
  readonly child: ChildProcess
  readonly addresses: ServerAddresses
}

/**
 * Starts `belfry.ts`, or a script in its place, in a process of its own: with the options of Node that `bin/belfry` has,
 * and those of this one.
 */
export async function startBelfry(
  script = new URL('belfry.ts', import.meta.url),
  args: readonly string[] = [],
): Promise<BelfryProcess> {
  const child = fork(script, args, { execArgv: [...optionsOfLauncher(), ...process.execArgv] })
  const exited = once(child, 'exit')
  const [{ addresses }] = await Promise.race([
    once(child, 'message'),
    exited.then(([code, signal]) => Promise.reject(new Error(`Belfry did not start (${signal ?? code})`))),
  ])
  const stop = async () => {
    child.kill('SIGTERM')
    await exited
  }
  return { child, addresses, [Symbol.asyncDispose]: stop }
}

function optionsOfLauncher(): string[] {
  const launcher = readFileSync(new URL('../../bin/belfry', import.meta.url), 'utf8')
  const [, options] = /^exec "\$node" (.*) "\$main" "\$@"$/m.exec(launcher) ?? []
  if (options === undefined) throw new Error('bin/belfry does not start Node as expected')
  return options.split(' ')
}
