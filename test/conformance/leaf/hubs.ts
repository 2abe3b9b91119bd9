/** The real nats-servers that tests link to: Debian's 2.9.10, and, where BELFRY_TEST_NATS_SERVER names one, the newest. */
import { describe } from 'node:test'
import { requireProgram } from '../../helpers/programs.ts'

export interface HubProgram {
  readonly name: 'nats-server' | 'newest'
  /** Default: whatever `nats-server` is. */
  readonly command?: string
}

const NEWEST = process.env.BELFRY_TEST_NATS_SERVER
const PROGRAMS: readonly HubProgram[] = [
  { name: 'nats-server' },
  ...(NEWEST ? [{ name: 'newest', command: NEWEST } as const] : []),
]

/** Runs `rows` for every program. */
export function describeHubs(name: string, rows: (program: HubProgram) => void): void {
  for (const program of PROGRAMS) {
    const { skip } = program.command === undefined ? requireProgram('nats-server') : { skip: false }
    describe(`${name} (${program.name})`, { skip }, () => rows(program))
  }
}
