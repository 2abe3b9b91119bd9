import { systemClock } from '#kit'
import { openPostgres } from '../../store/open-postgres-store.ts'
import { observedRunner } from './observed-runner.ts'

/** Runs a job that says so on standard output and never ends. */
setInterval(() => {}, 60_000)
const store = await openPostgres(process.argv[2]!)
observedRunner(store, {
  clock: systemClock,
  run() {
    process.stdout.write('running\n')
    return new Promise(() => {})
  },
})
