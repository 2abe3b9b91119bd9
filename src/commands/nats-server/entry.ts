import { Command } from 'commander'
import { PROTOCOL_VERSION } from '#doors/nats'
import { loadTls } from '#net'
import { runNatsServer, type StartNatsServer } from './index.ts'

/** What the arguments of `belfry` begin with to make it nats-server (`main.ts`). */
const NATS_SERVER_COMMAND = 'nats-server'

/**
 * For the list of commands. Its arguments are not this parser's: they are those of Go's, so `main.ts` hands them to
 * `natsServerMain` before any parsing.
 */
export function natsServerCommand(): Command {
  return new Command(NATS_SERVER_COMMAND)
    .description('be nats-server: only the NATS listeners, with its command line (nats-server --help)')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
}

/** Runs this process as nats-server; it ends with the exit code that this resolves with. */
export async function natsServerMain(
  args: readonly string[],
  { start, belfryVersion }: { start: StartNatsServer; belfryVersion: string },
): Promise<number> {
  // Tools find it by this name, and credentials of the command line are in no list of processes any more.
  process.title = NATS_SERVER_COMMAND
  return runNatsServer(args, {
    start,
    loadTls,
    belfryVersion,
    protocolVersion: PROTOCOL_VERSION,
    env: process.env,
    cwd: process.cwd(),
    stdout: process.stdout,
    stderr: process.stderr,
    signals: process,
    pid: process.pid,
    kill: (pid, signal) => void process.kill(pid, signal),
  })
}
