import { readFileSync } from 'node:fs'
import { ConfigError } from '#kit'

/** Signals by the words of `--signal`. */
const SIGNALS: ReadonlyMap<string, NodeJS.Signals> = new Map([
  ['stop', 'SIGKILL'],
  ['quit', 'SIGINT'],
  ['term', 'SIGTERM'],
  ['reopen', 'SIGUSR1'],
  ['reload', 'SIGHUP'],
  ['ldm', 'SIGUSR2'],
])

const ERRORS: Readonly<Record<string, string>> = {
  ESRCH: 'no such process',
  EPERM: 'operation not permitted',
}

export interface SignalSurroundings {
  /** Where the pid is when the command names none: `--pid`, or `pid_file` of the configuration. */
  pidFile(): string | undefined
  kill(pid: number, signal: NodeJS.Signals): void
}

/**
 * Does what `--signal` asks: `reload=1234`, `reload=/run/nats-server.pid`, or `reload` with a pid file named elsewhere.
 * No process is looked for by name, as nats-server does: whose it is would be a guess.
 *
 * @throws ConfigError in nats-server's words, where it has them.
 */
export function sendSignal(spec: string, { pidFile, kill }: SignalSurroundings): void {
  const [command = '', target = '', ...more] = spec.split('=')
  if (more.length > 0) throw new ConfigError(`invalid signal parameters: [${more.join(' ')}]`)
  const given = target === '' ? pidFile() : target
  if (given === undefined) {
    throw new ConfigError(
      `no process given: Belfry looks for none by name. Write --signal ${command}=<pid>, or ${command}=<pid file>, ` +
        'or name the pid file by --pid or in the configuration of --config',
    )
  }
  const pid = pidOf(given)
  const signal = SIGNALS.get(command)
  if (signal === undefined) throw new ConfigError(`unknown signal ${JSON.stringify(command)}`)
  try {
    kill(pid, signal)
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    throw new ConfigError(`signal ${JSON.stringify(command)} ${pid}: ${ERRORS[code] ?? message}`, { cause: error })
  }
}

/** A pid, or what the file of that name holds. Never 0 nor a negative number, which would mean groups of processes. */
function pidOf(pidOrFile: string): number {
  const text = readIfThere(pidOrFile)?.trim() ?? pidOrFile
  const pid = /^\d{1,10}$/.test(text) ? Number(text) : 0
  if (pid < 1 || pid > 0x7fffffff) throw new ConfigError(`invalid pid: ${text.slice(0, 100)}`)
  return pid
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
