import { systemClock } from '#kit'
import { openStore } from '#store'
import { postgresOptions } from './open-postgres-store.ts'

/** Begins exclusive work, says so on standard output and never ends. */
const store = await openStore({ ...postgresOptions(process.argv[2]!), clock: systemClock })
await store.exclusively('purge', async () => {
  process.stdout.write('running\n')
  setInterval(() => {}, 60_000)
  await new Promise(() => {})
})
