import { systemClock } from '#kit'
import { openStore } from '#store'
import { sampleUser } from './samples.ts'

/** Commits one user, leaves a second in an open transaction, says so on standard output and waits to be killed. */
const store = await openStore({ kind: 'sqlite', databaseFile: process.argv[2]!, clock: systemClock })
const [committed, open] = [sampleUser(), sampleUser()]
await store.transaction((inside) => inside.users.insert(committed))
const staysOpen = setInterval(() => {}, 60_000)
await store.transaction(async (inside) => {
  await inside.users.insert(open)
  process.stdout.write(JSON.stringify({ committed: committed.id, open: open.id }))
  await new Promise(() => {})
})
clearInterval(staysOpen)
